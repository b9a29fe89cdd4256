//! The history of a patient's records, read from a running chain.

use std::process::Command;

use medchain_e2e::{repository, World, LAB, PATIENT, STRANGER};
use medchain_vision::synthetic_radiograph_png;
use serde_json::{json, Value};

/// The kinds of the entries, in order.
fn kinds(log: &Value) -> Vec<&str> {
    let entries = log["entries"].as_array().expect("a list");
    entries.iter().map(|entry| entry["kind"].as_str().expect("a name")).collect()
}

pub fn a_refusal_a_grant_and_an_erasure_are_in_the_log_and_in_its_fhir_file(world: &World) {
    world.write_image("scan.png", &synthetic_radiograph_png(71));
    world.done(LAB, &["upload", "scan.png", "--patient", PATIENT]);
    let denied = world.run(STRANGER, &["request-access", "0", "--purpose", "research"]);
    assert_eq!(denied.code, 3, "{}", denied.err);
    world.done(PATIENT, &["grant", "--to", STRANGER, "--actions", "view"]);
    world.done(STRANGER, &["request-access", "0"]);
    world.done(PATIENT, &["share", "0", "--to", STRANGER]);
    world.done(PATIENT, &["erase", "0"]);

    let log = world.done(STRANGER, &["audit", PATIENT, "--fhir", "log.json"]);
    let told = kinds(&log);
    for kind in ["patient_registered", "policy_set", "policy_granted", "record_added"] {
        assert!(told.contains(&kind), "no {kind} in {told:?}");
    }
    let (last, before) = told.split_last().unwrap();
    assert_eq!(*last, "record_erased");
    let of_access = |kind: &&&str| kind.starts_with("access_") && **kind != "access_checked";
    let answers: Vec<&&str> = before.iter().filter(of_access).collect();
    assert_eq!(answers, [&"access_denied", &"access_granted"]);

    // Of one reader only.
    let theirs =
        world.done(PATIENT, &["audit", PATIENT, "--kind", "denied", "--subject", STRANGER]);
    let entry = &theirs["entries"][0];
    assert_eq!(kinds(&theirs), ["access_denied"]);
    assert_eq!((&entry["who"], &entry["record_id"]), (&entry["signer"], &json!(0)));
    assert_eq!(entry["details"]["reason"], "no_grant");
    assert_eq!(entry["details"]["purpose"], "research");
    assert!(entry["time"].as_str().unwrap().ends_with('Z'), "{entry}");
    let block = entry["block_number"].as_u64().unwrap();
    let late = ["audit", PATIENT, "--from", &(block + 1).to_string()];
    assert!(!kinds(&world.done(PATIENT, &late)).contains(&"access_denied"));

    // The log has what reading every block has, and says what it was checked against.
    let full = world.done(PATIENT, &["audit", PATIENT, "--full"]);
    // Contracts write only into the logs of patients whose policy they are.
    let of_pallets = |kinds: Vec<&str>| -> Vec<String> {
        let others = kinds.into_iter().filter(|kind| !kind.contains("policy_"));
        others.map(str::to_owned).collect()
    };
    assert_eq!(of_pallets(kinds(&log)), of_pallets(kinds(&full)));
    assert_eq!(full["log"], Value::Null);
    assert!(log["log"]["length"].as_u64() >= u64::try_from(told.len()).ok(), "{log}");
    let since = world.done(PATIENT, &["audit", PATIENT, "--since", &(block + 1).to_string()]);
    assert!(!kinds(&since).contains(&"access_denied"));
    assert!(since["log"]["not_read"].as_u64() > Some(0), "{since}");
    // Again, from what was kept beside the key.
    assert_eq!(kinds(&world.done(PATIENT, &["audit", PATIENT])), told);

    // The log is about patients, not about accounts that ask.
    let refused = world.run(PATIENT, &["audit", LAB]);
    assert!(refused.one_error_line().contains("not registered as a patient"), "{}", refused.err);
    let refused = world.run(PATIENT, &["audit", PATIENT, "--to", "4000000000"]);
    assert!(refused.one_error_line().contains("not final yet"), "{}", refused.err);
    let refused = world.run(PATIENT, &["audit", PATIENT, "--from", "9", "--to", "8"]);
    assert!(refused.one_error_line().contains("--from"), "{}", refused.err);
    let refused = world.run(PATIENT, &["audit", PATIENT, "--fhir", "log.json"]);
    assert!(refused.one_error_line().contains("--force"), "{}", refused.err);

    valid_fhir(world, "log.json");
}

/// Checks a FHIR file in the folder of this world.
pub fn valid_fhir(world: &World, file: &str) {
    let validated = Command::new("node")
        .arg(repository().join("tests/fhir/validate.mjs"))
        .arg(world.folder().join(file))
        .output()
        .expect("node starts");
    assert!(validated.status.success(), "{}", String::from_utf8_lossy(&validated.stderr));
}
