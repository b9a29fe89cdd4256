//! Lists of films that are uploaded again after something has changed.

use std::time::{Duration, Instant};

use medchain_e2e::{Running, World, LAB, PATIENT, REGISTRAR, STRANGER};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

use crate::parts::in_turn;

/// Writes a folder `films` and its list `list.csv`, each line with the `rest` behind the patient.
fn write_list(world: &World, seeds: std::ops::Range<u64>, header: &str, rest: &str) {
    let films = world.folder().join("films");
    if films.exists() {
        std::fs::remove_dir_all(&films).unwrap();
    }
    std::fs::create_dir(&films).unwrap();
    let mut list = format!("{header}\n");
    for seed in seeds {
        let name = format!("{seed}.png");
        std::fs::write(films.join(&name), synthetic_radiograph_png(5_000 + seed)).unwrap();
        list.push_str(&format!("{name},{PATIENT}{rest}\n"));
    }
    std::fs::write(world.folder().join("list.csv"), list).unwrap();
}

const UPLOAD: [&str; 4] = ["upload", "films", "--manifest", "list.csv"];

/// The last line that an upload of a list prints.
fn summary(out: &str) -> Value {
    let last = out.lines().last().unwrap_or_default();
    let last: Value = serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {out}"));
    last["summary"].clone()
}

#[test]
fn a_list_is_uploaded_again_after_something_has_changed() {
    // The last part leaves requests open.
    in_turn!(
        World::with_everybody(),
        what_was_added_stays_so_after_the_patient_revokes,
        a_list_that_is_finished_needs_no_funds,
        a_list_that_was_killed_goes_on_with_its_verdicts,
    );
}

fn what_was_added_stays_so_after_the_patient_revokes(world: &World) {
    write_list(world, 10..13, "file,patient", "");
    let first = world.run(LAB, &UPLOAD);
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    world.done(PATIENT, &["revoke", "--from", LAB]);
    let again = world.run(LAB, &UPLOAD);
    assert_eq!(again.code, 0, "{}{}", again.out, again.err);
    assert_eq!(summary(&again.out)["added_before"], 3, "{}", again.out);
    // What is new is refused, and nothing else with it.
    write_list(world, 10..14, "file,patient", "");
    let more = world.run(LAB, &UPLOAD);
    assert_eq!(more.code, 1, "{}{}", more.out, more.err);
    let summary = summary(&more.out);
    assert_eq!(summary["added_before"], 3, "{summary}");
    assert_eq!(summary["failed"], serde_json::json!(["13.png"]), "{summary}");
    // Neither a patient nor a laboratory: the list is answered film by film all the same.
    let registrar = world.run(REGISTRAR, &UPLOAD);
    assert_eq!(registrar.code, 1, "{}{}", registrar.out, registrar.err);
    world.done(PATIENT, &["grant", "--to", LAB, "--actions", "append,infer"]);
}

fn a_list_that_is_finished_needs_no_funds(world: &World) {
    let open = || world.done(LAB, &["resume", "--list"])["entries"].clone();
    let before = open();
    write_list(world, 20..23, "file,patient", "");
    let first = world.run(LAB, &UPLOAD);
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    // All but a hundredth of a MEDC, which pays a fee and no deposit.
    let spendable = world.done(LAB, &["balance"])["spendable"].as_str().unwrap().to_owned();
    let sent = spendable.parse::<u128>().unwrap() - 10_000_000_000;
    let sent = format!("{}.{:012}", sent / 1_000_000_000_000, sent % 1_000_000_000_000);
    // The fee of the transfer comes out of what stays.
    let transfer = world.run(LAB, &["transfer", STRANGER, &sent]);
    assert_eq!(transfer.code, 0, "{}{}", transfer.out, transfer.err);
    let poor = world.run(LAB, &UPLOAD);
    assert_eq!(poor.code, 0, "{}{}", poor.out, poor.err);
    assert_eq!(summary(&poor.out)["added_before"], 3, "{}", poor.out);
    // One more is refused before it is stored.
    write_list(world, 20..24, "file,patient", "");
    let more = world.run(LAB, &UPLOAD);
    assert_eq!(more.code, 1, "{}{}", more.out, more.err);
    assert!(more.err.contains("does not have the funds"), "{}", more.err);
    assert_eq!(open(), before);
    world.done(STRANGER, &["transfer", LAB, "1000"]);
}

/// The patient's records.
fn records(world: &World) -> Vec<u64> {
    let listed = world.done(PATIENT, &["records"]);
    let records = listed["records"].as_array().unwrap().iter();
    records.map(|record| record["record_id"].as_u64().unwrap()).collect()
}

fn a_list_that_was_killed_goes_on_with_its_verdicts(world: &World) {
    const FILMS: u64 = 6;
    let before = records(world);
    let added = || -> Vec<u64> {
        records(world).into_iter().filter(|record| !before.contains(record)).collect()
    };
    write_list(world, 0..FILMS, "file,patient,model", ",0");
    let mut command = world.medchain(LAB, &UPLOAD);
    command.args(["--json", "--yes"]);
    let uploader = Running::start(&mut command, &world.folder().join("uploader.log"));
    let started = Instant::now();
    while added().len() < FILMS as usize {
        assert!(started.elapsed() < Duration::from_secs(90), "{}", uploader.said());
    }
    uploader.kill();
    // The films are there; whether their workers are drawn is a matter of luck.
    let again = world.run(LAB, &UPLOAD);
    assert_eq!(again.code, 0, "{}{}", again.out, again.err);
    let summary = summary(&again.out);
    assert_eq!(summary["added_before"], FILMS, "{summary}");
    assert_eq!(added().len(), FILMS as usize);
    for record in added() {
        let shown = world.show(record);
        let request = &shown["open_requests"][0];
        assert_eq!(request["workers"].as_array().map(Vec::len), Some(1), "{shown}");
        // It has the key: nobody else has to seal it.
        let status = request["status"].as_str().unwrap().to_lowercase();
        assert!(status.contains("commit"), "{shown}");
    }
}
