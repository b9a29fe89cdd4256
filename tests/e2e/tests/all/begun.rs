//! What an interrupted command has begun: the next one knows of it and finishes it.

use std::{
    collections::BTreeSet,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use medchain_e2e::{World, LAB, PATIENT, REGISTRAR};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

use super::{
    killed::{self, assert_nothing_open, contents, list_of, next, since, unnamed},
    parts::in_turn,
    proxy::Proxy,
};

#[test]
fn what_is_begun_is_finished() {
    // The last part leaves its models' files in the store.
    in_turn!(
        World::with_patient(),
        what_is_begun_of_a_folder_is_finished_film_by_film,
        an_upload_of_which_nobody_knows_ends_with_4_and_is_found,
        a_stranger_stores_nothing_and_what_was_killed_is_finished_without_its_film,
        ctrl_c_in_the_middle_of_an_upload_says_what_is_begun,
        commands_of_one_account_at_the_same_time_all_get_through,
        killed::a_model_whose_publication_is_killed_and_repeated_is_one_model,
    );
}

fn what_is_begun_of_a_folder_is_finished_film_by_film(world: &World) {
    let open = || {
        let listed = world.done(LAB, &["resume", "--list"]);
        listed["entries"].as_array().unwrap().len()
    };
    // A list may end before it is killed, on a busy machine: then the next one is.
    let (first, begun, before) = (0..5)
        .find_map(|attempt| {
            let first = next(world);
            let seed = 4_100 + 10 * attempt;
            let arguments = list_of(world, "films", seed..seed + 8);
            let mut command = world.medchain(LAB, &arguments.each_ref().map(String::as_str));
            let command = command.args(["--json", "--yes"]).stdin(Stdio::null());
            let mut child = command.stdout(Stdio::null()).spawn().unwrap();
            while open() == 0 && child.try_wait().unwrap().is_none() {}
            let _ = child.kill();
            let _ = child.wait();
            std::fs::remove_dir_all(world.folder().join("films")).unwrap();
            let begun = open();
            (begun > 0).then(|| (first, begun, since(world, first).len()))
        })
        .expect("all of them ended before they were killed");
    // `resume` prints a report for each film that it finishes, from the journal alone.
    let resumed = world.run(LAB, &["resume"]);
    assert_eq!(resumed.code, 0, "{}{}", resumed.out, resumed.err);
    // Killed between a content and its entry, it leaves the content, which goes a day later.
    let left = contents(world);
    assert!(left.len() <= 1, "{left:?}");
    left.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    assert_nothing_open(world, LAB);
    assert_eq!(unnamed(world, LAB), Vec::<Value>::new());
    let listed = since(world, first);
    // The transaction may have been in a block when the list was killed.
    assert!((begun..=begun + before).contains(&listed.len()), "{begun}, {before}: {listed:?}");
    let cids: BTreeSet<&String> = listed.iter().map(|(.., cid)| cid).collect();
    assert_eq!(cids.len(), listed.len());
}

/// The node is gone once it has the transaction, and stays so for as long as is looked for it.
fn an_upload_of_which_nobody_knows_ends_with_4_and_is_found(world: &World) {
    let first = next(world);
    world.write_image("film.png", &synthetic_radiograph_png(955));
    let proxy = Proxy::start(world.url());
    proxy.end_at("author_extrinsicUpdate");
    let upload = ["upload", "film.png", "--patient", PATIENT];
    let mut command = world.medchain_at(&proxy.url, LAB, &upload);
    let ended = command.args(["--json", "--yes"]).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(4), "{said}");
    assert!(said.contains("is unknown") && said.contains("medchain resume"), "{said}");
    // The block has it: the message names what the record has.
    let added = since(world, first);
    let [(_, _, cid)] = &added[..] else { panic!("one record: {said}") };
    assert!(said.contains(cid), "{cid}: {said}");
    world.done(LAB, &["resume"]);
    assert_eq!(since(world, first).len(), 1);
    let again = world.done(LAB, &upload);
    assert_eq!(again["added_before"], true, "{again}");
    assert_eq!(unnamed(world, LAB), Vec::<Value>::new());
    assert_nothing_open(world, LAB);
}

/// Starts an upload, and waits until the journal has it. Its node is gone once it has the
/// transaction, so that it does not end by itself soon.
fn begun(world: &World, arguments: &[&str]) -> Child {
    let proxy = Proxy::start(world.url());
    proxy.end_at("author_extrinsicUpdate");
    let mut command = world.medchain_at(&proxy.url, LAB, arguments);
    let command = command.args(["--json", "--yes"]).stdin(Stdio::null());
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while world.done(LAB, &["resume", "--list"])["entries"].as_array().unwrap().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(60), "nothing was begun");
    }
    child
}

fn a_stranger_stores_nothing_and_what_was_killed_is_finished_without_its_film(world: &World) {
    let first = next(world);
    world.write_image("film.png", &synthetic_radiograph_png(960));
    // Refused before anything is stored.
    let stranger = world.run("//Eve", &["upload", "film.png", "--patient", PATIENT]);
    assert_eq!(stranger.code, 1, "{}", stranger.err);
    assert_nothing_open(world, "//Eve");
    // Killed, and finished from the content that is kept.
    let mut child = begun(world, &["upload", "film.png", "--patient", PATIENT]);
    let _ = child.kill();
    let _ = child.wait();
    std::fs::remove_file(world.folder().join("film.png")).unwrap();
    world.done(LAB, &["resume"]);
    assert_eq!(unnamed(world, LAB), Vec::<Value>::new());
    assert_nothing_open(world, LAB);
    assert_eq!(since(world, first).len(), 1);
}

fn ctrl_c_in_the_middle_of_an_upload_says_what_is_begun(world: &World) {
    let first = next(world);
    for (seed, signal, code) in [(970, "-INT", 130), (971, "-TERM", 143)] {
        let film = format!("film-{seed}.png");
        world.write_image(&film, &synthetic_radiograph_png(seed));
        let upload = ["upload", &film, "--patient", PATIENT];
        let child = begun(world, &upload);
        // The line is set once the entry is on disk.
        sleep(Duration::from_millis(100));
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(code), "{said}");
        assert!(said.contains("interrupted: "), "{said}");
        // As far as it came: the transaction may be sent by then.
        let is_begun = said.contains("is begun and not on chain");
        assert!(is_begun || said.contains("may be in a block"), "{said}");
        assert!(said.contains("medchain resume"), "{said}");
        world.done(LAB, &upload);
        assert_nothing_open(world, LAB);
    }
    assert_eq!(since(world, first).len(), 2);
    assert_eq!(unnamed(world, LAB), Vec::<Value>::new());
}

fn commands_of_one_account_at_the_same_time_all_get_through(world: &World) {
    let first = next(world);
    let films: Vec<String> = (980..983u64)
        .map(|seed| {
            let name = format!("film-{seed}.png");
            world.write_image(&name, &synthetic_radiograph_png(seed));
            name
        })
        .collect();
    let uploads = films.iter().map(|film| vec!["upload", film.as_str(), "--patient", PATIENT]);
    let commands = uploads.chain([vec!["transfer", REGISTRAR, "1"]]);
    let running: Vec<(Vec<&str>, Child)> = commands
        .map(|arguments| {
            let mut command = world.medchain(LAB, &arguments);
            let command = command.args(["--json", "--yes"]).stdin(Stdio::null());
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            (arguments, child)
        })
        .collect();
    for (arguments, child) in running {
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {said}");
    }
    let listed = since(world, first);
    let cids: BTreeSet<&String> = listed.iter().map(|(.., cid)| cid).collect();
    assert_eq!((listed.len(), cids.len()), (3, 3), "{listed:?}");
    assert_eq!(unnamed(world, LAB), Vec::<Value>::new());
    assert_nothing_open(world, LAB);
}
