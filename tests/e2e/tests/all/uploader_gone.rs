//! The uploader is gone right after its record is in a block: a worker draws, and custodians hand
//! the key to those drawn.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use medchain_e2e::{
    address, free_port, Running, World, CUSTODIANS, HELPER, LAB, PATIENT, STRANGER, WORKER,
};
use medchain_vision::synthetic_radiograph_png;

use super::{custody::logged, parts::in_turn};

const LIMIT: Duration = Duration::from_secs(90);

/// The patient's newest record.
fn newest(world: &World) -> Option<u64> {
    let listed = world.done(LAB, &["records", PATIENT]);
    let records = listed["records"].as_array().expect("a list").iter();
    records.filter_map(|record| record["record_id"].as_u64()).max()
}

/// The laboratory adds a film, whose key the patient's custodians keep, with a request for a
/// verdict of so many workers, and is killed as soon as the record is in a block.
fn abandoned(world: &World, seed: u64, quorum: &str) -> u64 {
    let before = newest(world);
    let image = world.write_image(&format!("{seed}.png"), &synthetic_radiograph_png(seed));
    let image = image.display().to_string();
    let upload = ["upload", &image, "--patient", PATIENT, "--infer", "0", "--quorum", quorum];
    let mut command = world.medchain(LAB, &upload);
    command.args(["--json", "--yes"]);
    let uploader = Running::start(&mut command, &world.folder().join(format!("{seed}.log")));
    let started = Instant::now();
    loop {
        let record = newest(world);
        if let Some(record) = record.filter(|_| record != before) {
            uploader.kill();
            return record;
        }
        assert!(started.elapsed() < LIMIT, "no record: {}", uploader.said());
    }
}

/// A worker that soon takes over from the uploader.
fn worker(world: &World, who: &str) -> Running {
    world.worker_with(who, free_port(), &["--uploader-grace-blocks", "3"])
}

/// Waits until the log has so many entries of this kind about a record.
fn wait_for_entries(world: &World, kind: &str, record: u64, count: usize, program: &Running) {
    let started = Instant::now();
    while logged(world, kind, record).len() < count {
        assert!(started.elapsed() < LIMIT, "no {kind} {count}: {}", program.said());
        sleep(Duration::from_secs(1));
    }
}

#[test]
fn a_verdict_needs_consent_and_not_its_uploader() {
    let world = World::with_everybody();
    world.set_up_custodians();
    // The second part has another worker to draw.
    in_turn!(
        world,
        without_consent_custodians_hand_over_nothing,
        the_verdict_is_reached_without_the_uploader,
    );
}

fn the_verdict_is_reached_without_the_uploader(world: &World) {
    world.hire(HELPER);
    let record = abandoned(world, 601, "2");
    let workers = [WORKER, HELPER].map(|who| worker(world, who));
    wait_for_entries(world, "worker_access", record, 2, &workers[0]);
    let shown = world.show(record);
    assert_eq!(shown["open_requests"][0]["asking_custodians"], 2, "{shown}");

    // What a worker needs to open the shares survives `kill -9`. One custodian stays away.
    let [first, second] = workers;
    first.kill();
    let custodians = [CUSTODIANS[0], CUSTODIANS[2]].map(|who| world.custodian(who));
    wait_for_entries(world, "share_delivered", record, 4, &custodians[0]);
    let again = worker(world, WORKER);
    let verdict = world.verdict(record, &again);
    assert_eq!(verdict["quorum"], 2, "{verdict}");
    assert!(verdict["label"].is_string(), "the patient can read it: {verdict}");

    // Nobody was asked for `View`, and the log says who got what, and why.
    let names = [WORKER, HELPER].map(address);
    let accesses = logged(world, "worker_access", record);
    assert_eq!(accesses.len(), 2, "{accesses:?}");
    for entry in accesses.iter().chain(&logged(world, "share_delivered", record)) {
        let who = entry["who"].as_str().expect("an account").to_owned();
        assert!(names.contains(&who), "{entry}");
        assert_eq!(entry["details"]["request_id"], verdict["request_id"], "{entry}");
    }
    for kind in ["access_granted", "share_exposed"] {
        assert_eq!(logged(world, kind, record).len(), 0, "{kind}");
    }
    drop(second);
}

fn without_consent_custodians_hand_over_nothing(world: &World) {
    let record = abandoned(world, 611, "1");
    let working = worker(world, WORKER);
    wait_for_entries(world, "worker_access", record, 1, &working);
    world.done(PATIENT, &["revoke", "--from", WORKER]);
    let custodians = CUSTODIANS.map(|who| world.custodian(who));
    sleep(Duration::from_secs(12));
    for kind in ["share_delivered", "share_exposed"] {
        assert_eq!(logged(world, kind, record).len(), 0, "{kind}: {}", custodians[0].said());
    }
    let shown = world.show(record);
    assert_eq!(shown["verdicts"].as_array().map(Vec::len), Some(0), "{shown}");

    world.done(PATIENT, &["grant", "--to", WORKER, "--actions", "infer"]);
    world.verdict(record, &working);
    // The draw opened the film to the worker alone.
    let fetch = ["fetch", &record.to_string(), "--output", "film.png"];
    assert_ne!(world.run(STRANGER, &fetch).code, 0);
}
