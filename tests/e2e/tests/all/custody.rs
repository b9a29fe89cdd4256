//! Custodians that cheat, against the real chain and honest custodians.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use medchain_client::{
    chain::{ChainEvent, CustodyError},
    custody::{Delivery, ReplyKey},
};
use medchain_e2e::{address, Running, World, CUSTODIANS, DOCTOR, LAB, PATIENT, STRANGER};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

use super::{
    calls::{deliver, delivery, submit},
    parts::in_turn,
};

const LIMIT: Duration = Duration::from_secs(90);

/// The laboratory adds a film, whose key the patient's custodians keep.
pub fn film(world: &World, seed: u64) -> (u64, Vec<u8>) {
    let image = synthetic_radiograph_png(seed);
    let path = world.write_image(&format!("{seed}.png"), &image).display().to_string();
    let added = world.done(LAB, &["upload", &path, "--patient", PATIENT]);
    (added["record_id"].as_u64().expect("a record has a number"), image)
}

/// The film's bytes as `who` reads them; `None` where it cannot.
pub fn read(world: &World, who: &str, record: u64) -> Option<Vec<u8>> {
    let output = format!("read-{record}.png");
    let fetch = ["fetch", &record.to_string(), "--output", &output, "--force"];
    (world.run(who, &fetch).code == 0)
        .then(|| fs::read(world.folder().join(&output)).expect("it was written"))
}

/// Waits until `who` reads the film.
pub fn wait_to_read(world: &World, who: &str, film: &(u64, Vec<u8>), custodians: &[Running]) {
    let (record, image) = film;
    let started = Instant::now();
    while read(world, who, *record).is_none_or(|bytes| bytes != *image) {
        let said = custodians.iter().map(Running::said).collect::<Vec<_>>().join("\n---\n");
        assert!(started.elapsed() < LIMIT, "{who} does not read record {record}: {said}");
        sleep(Duration::from_secs(1));
    }
}

/// The entries of this kind about a record, in the patient's log.
pub fn logged(world: &World, kind: &str, record: u64) -> Vec<Value> {
    let log = world.done(PATIENT, &["audit", "--record", &record.to_string(), "--kind", kind]);
    log["entries"].as_array().expect("a list").clone()
}

/// Submits as `custodian` what the chain must refuse with this error.
fn refused(
    world: &World,
    custodian: &str,
    (record, subject): (u64, &str),
    delivery: (ReplyKey, Delivery),
    expected: CustodyError,
) {
    let answer = submit(world, custodian, &deliver(record, subject, delivery));
    let said = format!("{custodian} delivers record {record} to {subject}: {answer:?}");
    assert!(answer.is_err_and(|error| error.is(expected)), "{said}");
}

fn spendable(world: &World, who: &str) -> u128 {
    let balance = world.done(who, &["balance"]);
    balance["spendable"].as_str().and_then(|text| text.parse().ok()).expect("an amount")
}

#[test]
fn custodians_that_cheat_gain_nothing() {
    // One of the custodians retires in the last part.
    in_turn!(
        World::with_custodians(),
        garbage_is_refused_and_the_other_custodians_serve,
        a_share_is_good_for_one_record_one_subject_and_one_request,
        an_uploader_leaves_the_newest_version_with_the_custodians,
        who_may_be_a_custodian_is_asked,
    );
}

fn garbage_is_refused_and_the_other_custodians_serve(world: &World) {
    let [liar, second, third] = CUSTODIANS;
    let film = film(world, 501);
    let record = film.0;
    world.done(PATIENT, &["grant", "--to", STRANGER, "--actions", "view"]);
    world.done(STRANGER, &["request-access", &record.to_string(), "--no-wait"]);

    // Bytes that are no points, points that do not belong together, and another's share.
    let prepared = |who| delivery(world, who, record, STRANGER);
    let ((reply, own), (_, again)) = (prepared(liar), prepared(liar));
    let mut noise = own;
    noise.share.0 = [0xff; 32];
    let mut unproven = own;
    unproven.proof.0 = [1; 96];
    let mixed = Delivery { share: again.share, ..own };
    let theirs = prepared(second).1;
    let (of, before) = ((record, STRANGER), spendable(world, liar));
    for garbage in [noise, unproven, mixed, theirs] {
        refused(world, liar, of, (reply, garbage), CustodyError::InvalidDelivery);
    }
    assert!(spendable(world, liar) < before, "garbage costs its author a fee");
    refused(world, DOCTOR, of, (reply, own), CustodyError::ShareNotFound);
    assert_eq!(read(world, STRANGER, record), None);

    let honest = [second, third].map(|who| world.custodian(who));
    wait_to_read(world, STRANGER, &film, &honest);
    let delivered = logged(world, "share_delivered", record);
    let who: Vec<&Value> = delivered.iter().map(|entry| &entry["details"]["custodian"]).collect();
    assert_eq!(who.len(), 2, "{delivered:?}");
    assert!(!who.contains(&&Value::from(address(liar))), "{delivered:?}");
}

fn a_share_is_good_for_one_record_one_subject_and_one_request(world: &World) {
    let [first, second, third] = CUSTODIANS;
    let (film, other) = (film(world, 511), film(world, 512).0);
    let record = film.0;
    for who in [STRANGER, DOCTOR] {
        world.done(PATIENT, &["grant", "--to", who, "--actions", "view"]);
        for record in [record, other] {
            world.done(who, &["request-access", &record.to_string(), "--no-wait"]);
        }
    }
    let (reply, copied) = delivery(world, first, record, STRANGER);
    let sent = (reply, copied);
    submit(world, first, &deliver(record, STRANGER, sent)).expect("the grant is served");
    refused(world, first, (record, STRANGER), sent, CustodyError::ShareAlreadyDelivered);

    // The block shows these bytes to everybody. They open nothing for anybody else.
    let invalid = CustodyError::InvalidDelivery;
    let doctors = delivery(world, first, record, DOCTOR).0;
    let others = delivery(world, first, other, STRANGER).0;
    refused(world, first, (record, DOCTOR), sent, CustodyError::AccessNotFound);
    refused(world, first, (record, DOCTOR), (doctors, copied), invalid);
    refused(world, first, (other, STRANGER), (others, copied), invalid);
    refused(world, second, (record, STRANGER), sent, invalid);

    // A reader that ends its request while a share is on its way has it all the same, and the
    // log says so; the share is no good for the next request.
    let on_its_way = delivery(world, second, record, STRANGER);
    world.done(STRANGER, &["request-access", &record.to_string(), "--renew", "--no-wait"]);
    let late = submit(world, second, &deliver(record, STRANGER, on_its_way)).expect("logged");
    let exposed = |event: &ChainEvent| matches!(event, ChainEvent::ShareExposed { .. });
    assert!(late.events.iter().any(exposed), "{:?}", late.events);
    assert_eq!(logged(world, "share_exposed", record).len(), 1);
    let renewed = delivery(world, first, record, STRANGER).0;
    refused(world, first, (record, STRANGER), (renewed, copied), invalid);
    refused(world, second, (record, STRANGER), (renewed, on_its_way.1), invalid);
    for entry in logged(world, "share_delivered", record) {
        assert_eq!(entry["who"], Value::from(address(STRANGER)), "{entry}");
    }

    // The secrets of requests are their owner's alone.
    let secrets = secrets(&world.folder().join("keys"));
    assert!(secrets.len() >= 4, "{secrets:?}");
    let state = world.export_state();
    for path in &secrets {
        let secret = fs::read_to_string(path).expect("it is a text");
        assert!(!state.contains(secret.trim()), "{} is in the state", path.display());
        for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
            let found = fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode, "{}", path.display());
        }
    }

    // Honest custodians serve the renewed request, also the one whose share was copied.
    let honest = [first, second, third].map(|who| world.custodian(who));
    wait_to_read(world, STRANGER, &film, &honest);
}

/// The secrets of everybody's requests, one file each, below the folder of the key files.
fn secrets(keys: &Path) -> Vec<PathBuf> {
    let list = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("the folder can be read");
        entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>()
    };
    let is_of_requests = |path: &PathBuf| path.extension().is_some_and(|end| end == "requests");
    list(keys).iter().filter(|path| is_of_requests(path)).flat_map(|path| list(path)).collect()
}

fn who_may_be_a_custodian_is_asked(world: &World) {
    let [first, second, _] = CUSTODIANS;
    // Without the role, and without a registration.
    let refused = world.run(STRANGER, &["custodian", "register"]);
    assert!(refused.one_error_line().contains("custodian"), "{}", refused.err);
    let refused = world.run(PATIENT, &["custodians", "set", STRANGER, "--threshold", "1"]);
    assert!(refused.one_error_line().contains("CustodianNotFound"), "{}", refused.err);
    // One that declines the patient, and changes its mind.
    world.done(first, &["custodian", "decline", PATIENT]);
    let all = CUSTODIANS.join(",");
    let group = ["custodians", "set", &all, "--threshold", "2"];
    let refused = world.run(PATIENT, &group);
    assert!(refused.one_error_line().contains("CustodianDeclined"), "{}", refused.err);
    world.done(first, &["custodian", "accept", PATIENT]);
    world.done(PATIENT, &group);
    // One that retires has its bond back, and keys are dealt to it no more.
    let held = |who: &str| {
        let balance = world.done(who, &["balance"]);
        balance["held"].as_str().and_then(|text| text.parse::<u128>().ok()).expect("an amount")
    };
    assert!(held(second) >= BOND, "the bond is held");
    world.done(second, &["custodian", "retire"]);
    assert!(held(second) < BOND, "the bond is back");
    let refused = world.run(PATIENT, &group);
    assert!(refused.one_error_line().contains("CustodianNotFound"), "{}", refused.err);
    // A film is added all the same, and no custodian keeps its key.
    assert_eq!(world.show(film(world, 541).0)["custody"], Value::Null);
}

/// 10 MEDC: the bond of a custodian, and of an emergency.
pub const BOND: u128 = 10_000_000_000_000;

/// Otherwise a laboratory could take the film from the doctor in an emergency.
fn an_uploader_leaves_the_newest_version_with_the_custodians(world: &World) {
    let record = film(world, 640).0.to_string();
    let withdraw = ["custodians", "withdraw", &record];
    let refused = world.run(LAB, &withdraw);
    assert!(refused.one_error_line().to_lowercase().contains("shares"), "{}", refused.err);
    let stranger = world.run(STRANGER, &withdraw);
    assert!(!stranger.one_error_line().is_empty());
    world.done(PATIENT, &withdraw);
}
