//! The chain keeps no CID of an erased record: where a later command finds what is to be deleted.

use std::time::Duration;

use medchain_client::store::{cid_of, LocalStore, Store};
use medchain_e2e::{wait_for, Answer, World, PATIENT};
use medchain_primitives::Cid;

use super::erasure::{add, is_stored, verify};

/// The node keeps so few states that it soon forgets the block that added a record.
const STATES: u32 = 32;
const BLOCK_TIME: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(240);

/// Runs a command of the patient on another computer, which does not have the journal.
fn elsewhere(world: &World, arguments: &[&str]) -> Answer {
    let mut command = world.medchain(PATIENT, arguments);
    command.env("MEDCHAIN_KEYS", world.folder().join("elsewhere"));
    let output = command.args(["--json", "--yes"]).output().expect("medchain starts");
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A film in the store, and its record.
fn film(world: &World, content: &[u8]) -> (Cid, u64) {
    let store = LocalStore::open(world.store()).unwrap();
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    runtime.block_on(store.put(content)).unwrap();
    let cid = cid_of(content);
    (cid.clone(), add(world, PATIENT, cid))
}

#[test]
fn an_erasure_is_finished_by_whatever_still_knows_the_cid() {
    let world = World::with_states(STATES, BLOCK_TIME);
    world.done(PATIENT, &["patient", "register"]);

    // The block that added the record, as long as the node has it.
    let (cid, record) = film(&world, b"a film");
    let id = record.to_string();
    world.done(PATIENT, &["erase", &id, "--keep-stored"]);
    let finished = elsewhere(&world, &["erase", &id]).json();
    assert_eq!(finished["cid"], cid.to_string(), "{finished}");
    assert_eq!(finished["stores"][0]["outcome"], "deleted", "{finished}");
    assert!(!is_stored(&world, &cid));

    // What the store lists.
    let (cid, record) = film(&world, b"another film");
    let id = record.to_string();
    world.done(PATIENT, &["erase", &id, "--keep-stored"]);
    let block = world.show(record)["added_at"].to_string();
    wait_for("the node forgets the block", PATIENCE, || {
        world.run(PATIENT, &["audit", "--from", &block, "--to", &block]).code != 0
    });
    let finished = elsewhere(&world, &["erase", &id]).json();
    assert_eq!(finished["cid"], cid.to_string(), "{finished}");
    assert_eq!(finished["stores"][0]["outcome"], "deleted", "{finished}");
    assert!(!is_stored(&world, &cid));

    // Nothing there knows it any more, and says so.
    let again = elsewhere(&world, &["erase", &id]).json();
    assert!(again["cid"].is_null(), "{again}");
    let why = again["stores_not_asked"].as_str().unwrap_or_default();
    assert!(why.contains("keeps only the hash of its CID"), "{again}");
    let refused = elsewhere(&world, &["erase", &id, "--certificate", "none.json"]);
    let line = refused.one_error_line();
    assert!(line.contains("no certificate can be made") && line.contains("--cid"), "{line}");
    // Unless somebody says it.
    let (given, false_one) = (cid.to_string(), cid_of(b"a film").to_string());
    let refused = elsewhere(&world, &["erase", &id, "--cid", &false_one]);
    let line = refused.one_error_line();
    assert!(line.contains("does not have the hash on chain"), "{line}");
    let certify = ["erase", &id, "--cid", &given, "--certificate", "given.json"];
    let finished = elsewhere(&world, &certify).json();
    assert_eq!(finished["stores"][0]["outcome"], "not_kept", "{finished}");
    assert_eq!(verify(&world, "given.json").code, 0);

    // The journal does.
    let again = world.done(PATIENT, &["erase", &id, "--certificate", "later.json"]);
    assert_eq!(again["stores"][0]["outcome"], "not_kept", "{again}");
    let verified = verify(&world, "later.json");
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
}
