//! A patient leaves and comes back, and the council changes a fee.

use std::time::Duration;

use medchain_e2e::{wait_for, World, LAB, PATIENT, REGISTRAR, STRANGER};
use medchain_vision::synthetic_radiograph_png;

use super::{audit, parts::in_turn};

#[test]
fn a_patient_reads_the_log_leaves_and_comes_back() {
    // The log is read before others write into it, and who leaves leaves no record behind.
    in_turn!(
        World::with_everybody(),
        audit::a_refusal_a_grant_and_an_erasure_are_in_the_log_and_in_its_fhir_file,
        a_patient_leaves_and_comes_back_to_the_same_log,
        a_fee_changes_in_public_and_within_its_bounds,
    );
}

fn a_patient_leaves_and_comes_back_to_the_same_log(world: &World) {
    world.write_image("scan.png", &synthetic_radiograph_png(72));
    let upload = ["upload", "scan.png", "--patient", PATIENT];
    let id = world.done(LAB, &upload)["record_id"].as_u64().unwrap().to_string();
    let leave = ["patient", "deregister"];
    let refused = world.run(STRANGER, &leave);
    assert!(refused.one_error_line().contains("is not a patient"), "{}", refused.err);
    let refused = world.run(PATIENT, &leave);
    assert!(refused.one_error_line().contains("medchain erase"), "{}", refused.err);

    world.done(PATIENT, &["erase", &id]);
    let left = world.done(PATIENT, &leave);
    assert_eq!(left["profile"], serde_json::Value::Null);
    // The patient deployed the policy, for whose code pallet-contracts goes on holding a deposit.
    let held = |world: &World| world.done(PATIENT, &["balance"])["held"].clone();
    let for_code = held(world);
    let entries = |world: &World| -> Vec<String> {
        let log = world.done(PATIENT, &["audit"]);
        let entries = log["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
    };
    let before = entries(world);
    assert_eq!(before.last().map(String::as_str), Some("patient_deregistered"));
    world.done(PATIENT, &["patient", "register"]);
    assert_ne!(held(world), for_code);
    let after = entries(world);
    assert_eq!(after[..before.len()], before, "nothing of the log is lost");
    assert_eq!(after[before.len()], "patient_registered");
    world.done(PATIENT, &leave);
    assert_eq!(held(world), for_code, "every deposit is back");
}

fn a_fee_changes_in_public_and_within_its_bounds(world: &World) {
    let fee = |world: &World| {
        let list = world.done(STRANGER, &["parameters", "list"]);
        let all = list["parameters"].as_array().unwrap().iter();
        let mut found = all.filter(|one| one["name"] == "Custody.DeliveryFee");
        found.next().expect("it is listed")["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(fee(world), "10000000000");
    let propose = |value| ["parameters", "propose", "DeliveryFee", value];
    let refused = world.run(REGISTRAR, &propose("1.5"));
    assert!(refused.one_error_line().contains("from 0 MEDC to 1 MEDC"), "{}", refused.err);
    let refused = world.run(STRANGER, &propose("0.02"));
    assert!(refused.one_error_line().contains("only the council may"), "{}", refused.err);

    let announced = world.done(REGISTRAR, &propose("0.02"));
    let due = announced["enactable_at"].as_u64().unwrap();
    let change = announced["change"].as_u64().unwrap().to_string();
    assert_eq!(fee(world), "10000000000", "it waits");
    wait_for("the change can be enacted", Duration::from_secs(60), || {
        world.done(STRANGER, &["parameters", "list"])["block_number"].as_u64() >= Some(due)
    });
    world.done(STRANGER, &["council", "enact", &change]);
    assert_eq!(fee(world), "20000000000");
}
