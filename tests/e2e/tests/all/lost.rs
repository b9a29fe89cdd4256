//! What stores lose and damage: found, and put back.

use std::{
    fs,
    path::{Path, PathBuf},
};

use medchain_client::store::{LocalStore, Store};
use medchain_e2e::{World, LAB, PATIENT};
use medchain_vision::synthetic_radiograph_png;

use crate::parts::in_turn;

/// All files in a folder, and in those in it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// The largest block of the world's store.
fn largest_block(world: &World) -> PathBuf {
    let files = files_below(&Path::new(world.store()).join("blocks")).into_iter();
    files.max_by_key(|file| fs::metadata(file).unwrap().len()).expect("there is a block")
}

#[test]
fn what_a_store_loses_is_found_and_put_back() {
    // The first part needs an empty store.
    in_turn!(
        World::with_patient(),
        what_is_given_up_leaves_no_part_of_its_content_in_place,
        a_film_that_the_store_lost_is_put_back_by_the_same_upload,
        what_a_list_has_added_is_put_back_as_well,
    );
}

fn a_film_that_the_store_lost_is_put_back_by_the_same_upload(world: &World) {
    let film = synthetic_radiograph_png(81);
    world.write_image("scan.png", &film);
    let upload = ["upload", "scan.png", "--patient", PATIENT];
    let added = world.done(LAB, &upload);
    let record = added["record_id"].as_u64().unwrap().to_string();
    let again = world.done(LAB, &upload);
    assert_eq!((&again["added_before"], &again["put_back"]), (&true.into(), &false.into()));

    fs::remove_dir_all(Path::new(world.store()).join("blocks")).unwrap();
    let checked = world.run(LAB, &["store", "check"]);
    assert_eq!(checked.code, 3, "{}", checked.err);
    assert_eq!(checked.json()["lost"][0]["cid"], added["cid"]);
    let again = world.done(LAB, &upload);
    assert_eq!((&again["added_before"], &again["put_back"]), (&true.into(), &true.into()));
    assert_eq!((&again["record_id"], &again["cid"]), (&added["record_id"], &added["cid"]));
    world.done(PATIENT, &["fetch", &record, "--output", "back.png"]);
    let back = fs::read(world.folder().join("back.png")).unwrap();
    assert!(back == medchain_vision::deidentify(&film).unwrap().bytes);

    // A bit flips: whoever reads all blocks finds it.
    let block = largest_block(world);
    let mut bytes = fs::read(&block).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&block, &bytes).unwrap();
    let checked = world.run(LAB, &["store", "check", "--verify"]);
    assert_eq!(checked.code, 3, "{}", checked.err);
    assert_eq!(checked.json()["stores"][0]["damaged"][0]["cid"], added["cid"]);
    // Half of it is gone: that shows to everybody who looks.
    fs::write(&block, &bytes[..middle]).unwrap();
    assert_eq!(world.run(LAB, &["store", "check"]).code, 3);
    assert_eq!(world.done(LAB, &upload)["put_back"], true);
    assert_eq!(world.done(LAB, &["store", "check", "--verify"])["verified"], true);

    // Erased, and stored all the same: it is called so.
    world.done(PATIENT, &["erase", &record, "--keep-stored"]);
    let checked = world.done(LAB, &["store", "check"]);
    let unnamed = &checked["stores"][0]["unnamed"];
    assert_eq!(unnamed[0]["known_as"], "erased", "{checked}");
    assert_eq!(unnamed[0]["what"], format!("record {record}"));
}

fn what_a_list_has_added_is_put_back_as_well(world: &World) {
    let films = world.folder().join("films");
    fs::create_dir(&films).unwrap();
    for seed in [82, 83] {
        fs::write(films.join(format!("{seed}.png")), synthetic_radiograph_png(seed)).unwrap();
    }
    let list = format!("file,patient\n82.png,{PATIENT}\n83.png,{PATIENT}\n");
    fs::write(world.folder().join("films.csv"), list).unwrap();
    let upload = ["upload", "films", "--manifest", "films.csv"];
    assert_eq!(world.run(LAB, &upload).code, 0);
    fs::remove_dir_all(Path::new(world.store()).join("blocks")).unwrap();
    let again = world.run(LAB, &upload);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(again.out.matches("\"put_back\":true").count(), 2, "{}", again.out);
    assert_eq!(world.done(LAB, &["store", "check", "--verify"])["lost"], serde_json::json!([]));
}

fn what_is_given_up_leaves_no_part_of_its_content_in_place(world: &World) {
    // A document of several blocks.
    let document: Vec<u8> = (0..700_000u32).map(|at| (at / 7 % 251) as u8).collect();
    fs::write(world.folder().join("letter.bin"), document).unwrap();
    // A store in which nothing can be stored.
    let blocks = Path::new(world.store()).join("blocks");
    fs::create_dir_all(world.store()).unwrap();
    fs::write(&blocks, "").unwrap();
    let upload = ["upload", "letter.bin", "--kind", "report", "--patient", PATIENT];
    let refused = world.run(LAB, &upload);
    assert!(refused.one_error_line().contains("--drop"), "{}", refused.err);
    // What a program leaves that was killed while it stored: all blocks but the root.
    fs::remove_file(&blocks).unwrap();
    let keys = files_below(&world.folder().join("keys"));
    let is_content = |path: &&PathBuf| path.extension().is_some_and(|end| end == "content");
    let content = keys.iter().find(is_content).expect("the journal has the content");
    let bytes = fs::read(content).unwrap();
    let store = LocalStore::open(world.store()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let root = runtime.block_on(store.put(&bytes)).unwrap().to_string();
    let stored = files_below(&blocks);
    assert!(stored.len() > 2, "{stored:?}");
    let root = stored.iter().find(|path| path.ends_with(&root)).expect("the root is a block");
    fs::remove_file(root).unwrap();

    let open = world.done(LAB, &["resume", "--list"]);
    let id = open["entries"][0]["id"].as_str().unwrap().to_owned();
    let dropped = world.done(LAB, &["resume", &id, "--drop"]);
    assert!(dropped["dropped"].as_str().unwrap().contains("is given up"), "{dropped}");
    assert_eq!(files_below(&blocks), Vec::<PathBuf>::new());
    assert!(!content.exists());
    let open = world.done(LAB, &["resume", "--list"]);
    assert_eq!(open["entries"], serde_json::json!([]));
}
