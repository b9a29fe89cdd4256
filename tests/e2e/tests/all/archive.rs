//! A log that is read through an archive, on a node that has discarded the old states.

use std::{
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use medchain_e2e::{free_port, Running, World, LAB, PATIENT, STRANGER};
use serde_json::Value;

/// The account that runs the archive.
const ARCHIVE: &str = STRANGER;
/// The node keeps this many states, at two blocks a second for a minute.
const STATES: u32 = 128;
const BLOCK_TIME: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(240);

fn kinds(log: &Value) -> Vec<String> {
    let entries = log["entries"].as_array().expect("a list");
    entries.iter().map(|entry| entry["kind"].as_str().expect("a name").to_owned()).collect()
}

fn archive(world: &World) -> Running {
    let run = ["archive", "run", "--every", "4", "--state-dir", "archive", "--yes", "--json"];
    let log = world.folder().join(format!("archive-{}.log", free_port()));
    Running::start(&mut world.medchain(ARCHIVE, &run), &log)
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_secs(1));
    }
}

/// The block up to which the archive has read, as its newest index says.
fn archived(world: &World) -> u64 {
    let shown = world.run(ARCHIVE, &["archive", "show"]);
    if shown.code == 0 {
        shown.json()["block"].as_u64().expect("a block")
    } else {
        0
    }
}

/// The files of the store whose content begins with these bytes.
fn stored(folder: &Path, magic: &[u8], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the store is a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            stored(&path, magic, found);
        } else if fs::read(&path).expect("a block").starts_with(magic) {
            found.push(path);
        }
    }
}

#[test]
fn a_pruned_node_and_an_archive_show_the_whole_log() {
    let world = World::with_states(STATES, BLOCK_TIME);
    let keeper = archive(&world);
    world.set_up_patient();
    let whole = world.done(PATIENT, &["audit"]);
    let newest = whole["to"].as_u64().expect("a block");
    let last = whole["entries"].as_array().unwrap().last().unwrap()["block_number"].clone();
    let last = last.as_u64().expect("a block");
    until("the archive has the entries", || archived(&world) >= last);
    // Killed, it goes on where it was.
    keeper.kill();
    let keeper = archive(&world);

    // The node has discarded the states of the begin, so many blocks later.
    let first = whole["entries"][0]["block_number"].as_u64().expect("a block");
    let now = world.done(PATIENT, &["parameters", "list"])["block_number"].clone();
    let blocks = (first + u64::from(STATES)).saturating_sub(now.as_u64().expect("a block"));
    sleep(BLOCK_TIME * u32::try_from(blocks).expect("no more than the node keeps"));
    until("the node discards states", || {
        let answer = world.run(PATIENT, &["audit"]);
        answer.code != 0 && answer.one_error_line().contains("--archive")
    });
    let read = world.done(PATIENT, &["audit", "--archive", ARCHIVE]);
    assert_eq!(kinds(&read), kinds(&whole));
    assert_eq!(read["entries"], whole["entries"], "times and signers included");
    assert_eq!(read["log"]["length"], whole["log"]["length"]);
    assert!(read["to"].as_u64() > Some(newest));

    // What came since is in the log as well, wherever it is read from.
    world.done(PATIENT, &["grant", "--to", ARCHIVE, "--actions", "view"]);
    let more = world.done(PATIENT, &["audit", "--archive", ARCHIVE]);
    assert_eq!(more["log"]["not_read"], 0);
    assert!(kinds(&more).len() > kinds(&read).len());
    let since = (last + 1).to_string();
    let late = world.done(PATIENT, &["audit", "--archive", ARCHIVE, "--since", &since]);
    assert_eq!(kinds(&late), kinds(&more)[kinds(&read).len()..]);

    // Nobody but the patient opens it, and an account without an archive has none.
    let refused = world.run(LAB, &["audit", PATIENT, "--archive", ARCHIVE]);
    assert!(refused.one_error_line().contains("alone can open them"), "{}", refused.err);
    let refused = world.run(PATIENT, &["audit", "--archive", LAB]);
    assert!(refused.one_error_line().contains("has named no archive"), "{}", refused.err);

    // A piece is lost: the error says which.
    keeper.kill();
    let mut pieces = Vec::new();
    stored(Path::new(world.store()), b"MCLP1", &mut pieces);
    assert!(!pieces.is_empty());
    for piece in pieces {
        fs::remove_file(piece).expect("the store is writable");
    }
    let refused = world.run(PATIENT, &["audit", "--archive", ARCHIVE]);
    let line = refused.one_error_line();
    assert!(line.contains("piece of the log") && line.contains("not to be had"), "{line}");

    world.done(ARCHIVE, &["archive", "remove"]);
    assert_eq!(world.done(PATIENT, &["archive", "list"])["archives"], serde_json::json!([]));
}
