//! How requests, models, grants and emergencies are ended before their time, or may not be.

use std::{thread::sleep, time::Duration};

use medchain_e2e::{wait_for, World, DOCTOR, LAB, PATIENT, REGISTRAR, STRANGER, WORKER};
use serde_json::json;

use super::{
    custody::{film, read},
    emergency,
    parts::in_turn,
};

/// The time between two blocks of the chain on which a grant ends.
const BLOCK_TIME: Duration = Duration::from_millis(300);

pub fn a_request_is_cancelled_and_a_model_retired_and_taken_back(world: &World) {
    let record = film(world, 610).0.to_string();
    let infer = ["infer", &record, "--model", "0", "--quorum", "1"];
    let request = world.done(PATIENT, &infer)["request_id"].to_string();
    let early = world.run(PATIENT, &["request", "expire", &request]);
    assert!(early.one_error_line().contains("the deadline of request"), "{}", early.err);
    let cancel = ["request", "cancel", &request];
    let stranger = world.run(STRANGER, &cancel);
    assert!(stranger.one_error_line().contains("may cancel it"), "{}", stranger.err);
    assert_eq!(world.done(PATIENT, &cancel)["status"], "cancelled");
    assert!(!world.run(PATIENT, &cancel).one_error_line().is_empty());

    let refused = world.run(LAB, &["model", "retire", "0"]);
    assert!(refused.one_error_line().contains("only"), "{}", refused.err);
    assert_eq!(world.done(REGISTRAR, &["model", "retire", "0"])["active"], false);
    let again = world.run(REGISTRAR, &["model", "retire", "0"]);
    assert!(again.one_error_line().contains("already"), "{}", again.err);
    let refused = world.run(PATIENT, &infer);
    assert!(refused.one_error_line().to_lowercase().contains("retired"), "{}", refused.err);
    assert_eq!(world.done(REGISTRAR, &["model", "retire", "0", "--undo"])["active"], true);
    let next = world.done(PATIENT, &infer);
    assert_ne!(next["request_id"].to_string(), request);

    // The answer of a worker that was named may be in the pool: it is paid for until its deadline.
    let named = film(world, 612).0.to_string();
    let infer = ["infer", &named, "--model", "0", "--worker", WORKER];
    let request = world.done(PATIENT, &infer)["request_id"].to_string();
    let cancel = ["request", "cancel", &request];
    assert_eq!(world.done(PATIENT, &cancel)["status"], "cancelling");
    assert!(!world.run(PATIENT, &cancel).one_error_line().is_empty());
}

#[test]
fn a_grant_is_released_after_its_time_and_an_emergency_closed_after_its_review() {
    let world = World::with_custodians_and_block_time(BLOCK_TIME);
    let record = film(&world, 611).0;
    let id = record.to_string();

    world.done(
        DOCTOR,
        &["emergency", "break-glass", &id, "--reason", "cannot-consent", "--no-wait"],
    );
    let open = world.done(PATIENT, &["emergency", "list", "--patient", PATIENT]);
    let emergency = open["emergencies"][0]["emergency_id"].to_string();
    let early = world.run(DOCTOR, &["emergency", "close", &emergency]);
    assert!(early.one_error_line().contains("can be closed after block"), "{}", early.err);

    let release = ["release", &id];
    world.done(PATIENT, &["grant", "--to", STRANGER, "--actions", "view"]);
    let asked = world.done(STRANGER, &["request-access", &id, "--no-wait"]);
    let until = asked["until"].as_u64().expect("custodians keep the key");
    let early = world.run(STRANGER, &release);
    assert!(early.one_error_line().contains("the grant lasts until block"), "{}", early.err);
    // Each question is a program's start, so none is asked before the time.
    let number = || world.done(STRANGER, &["parameters", "list"])["block_number"].as_u64();
    let blocks = until.saturating_sub(number().expect("a block's number"));
    sleep(BLOCK_TIME * u32::try_from(blocks).expect("a grant ends some time"));
    wait_for("the grant is over", Duration::from_secs(300), || number() > Some(until));
    // The chain may have done it by itself by now.
    let released = world.run(STRANGER, &release);
    if released.code == 0 {
        assert_eq!(released.json()["record_id"], record);
    }
    let again = world.run(STRANGER, &release);
    assert!(again.one_error_line().contains("have no grant"), "{}", again.err);
}

#[test]
fn what_is_over_and_what_stands_is_said() {
    in_turn!(
        World::with_custodians(),
        a_revocation_says_what_stays_open_and_a_denied_renewal_takes_nothing,
        emergency::what_stands_is_said_before_shares_are_waited_for,
    );
}

fn a_revocation_says_what_stays_open_and_a_denied_renewal_takes_nothing(world: &World) {
    let (record, image) = film(world, 612);
    let id = record.to_string();
    world.done(STRANGER, &["key", "publish"]);
    world.done(PATIENT, &["grant", "--to", STRANGER, "--actions", "view"]);
    world.done(PATIENT, &["share", &id, "--to", STRANGER]);

    let revoked = world.done(PATIENT, &["revoke", "--from", STRANGER]);
    assert_eq!(revoked["still_opens"], json!([record]), "{revoked}");
    assert_eq!(revoked["envelopes_removed"], 0, "{revoked}");
    let denied = world.run(STRANGER, &["request-access", &id, "--renew", "--no-wait"]);
    assert_eq!(denied.code, 3, "{}{}", denied.out, denied.err);
    assert_eq!(read(world, STRANGER, record), Some(image));

    // The grant is revoked already, and the envelope is there still.
    let removed = world.done(PATIENT, &["revoke", "--from", STRANGER, "--remove-envelopes"]);
    assert_eq!(removed["envelopes_removed"], 1, "{removed}");
    assert_eq!(removed["still_opens"], json!([]), "{removed}");
    assert_eq!(read(world, STRANGER, record), None);
    // With nothing left, there is nothing to revoke.
    let again = world.run(PATIENT, &["revoke", "--from", STRANGER, "--remove-envelopes"]);
    assert!(!again.one_error_line().is_empty());
}
