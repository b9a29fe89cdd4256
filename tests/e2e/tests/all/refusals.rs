//! Bad input and a bad world: one clear line, and nothing left behind.

use std::{path::Path, process::Command, time::Duration};

use medchain_e2e::{
    contract, free_port, program, repository, wait_for, World, LAB, PATIENT, REGISTRAR, STRANGER,
};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

use crate::parts::in_turn;

/// A PNG whose header promises 30,000 × 30,000 pixels.
fn bomb() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = b"IHDR".to_vec();
    header.extend(30_000u32.to_be_bytes());
    header.extend(30_000u32.to_be_bytes());
    header.extend([8, 0, 0, 0, 0]);
    png.extend(13u32.to_be_bytes());
    png.extend(&header);
    png.extend(crc32(&header).to_be_bytes());
    png
}

/// The checksum of PNG chunks.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// The number of files below a folder.
fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { files_below(&path) } else { 1 })
        .sum()
}

/// Nothing of `patient` is on chain.
fn no_records(world: &World, patient: &str) {
    let records = world.done(patient, &["records", patient]);
    assert_eq!(records["records"].as_array().map(Vec::len), Some(0), "{records}");
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    // The last ones change what the others find: a key, the institutions, the default policy.
    in_turn!(
        World::with_everybody(),
        bad_images_are_refused_before_anything_happens,
        an_unreachable_store_leaves_nothing_on_chain,
        an_account_without_funds_stores_and_adds_nothing,
        a_profile_of_a_call_that_the_chain_refuses_is_not_left_in_the_store,
        an_account_that_can_pay_the_fee_but_not_the_deposits_stores_nothing,
        money_and_keys_that_are_not_there_are_refused,
        a_role_is_given_by_an_institution_and_ends,
        a_default_policy_waits_and_a_patient_can_say_nobody,
    );
}

fn bad_images_are_refused_before_anything_happens(world: &World) {
    let stored = files_below(Path::new(world.store()));
    let png = synthetic_radiograph_png(1);
    let jpeg = std::fs::read(repository().join("models/fixtures/rgb.jpg")).unwrap();
    let cases: [(&str, Option<Vec<u8>>, &str); 6] = [
        ("truncated.jpg", Some(jpeg[..jpeg.len() / 2].to_vec()), ""),
        ("truncated.png", Some(png[..png.len() / 2].to_vec()), ""),
        ("text.png", Some(b"patient: J. Doe, fever".to_vec()), "image"),
        ("bomb.png", Some(bomb()), "30000"),
        ("empty.png", Some(Vec::new()), "empty"),
        ("missing.png", None, "missing.png"),
    ];
    for (name, bytes, says) in cases {
        if let Some(bytes) = bytes {
            world.write_image(name, &bytes);
        }
        let refused = world.run(LAB, &["upload", name, "--patient", PATIENT, "--infer", "0"]);
        let line = refused.one_error_line();
        let plain = line.to_lowercase().replace([',', ' ', '\u{202f}'], "");
        assert!(plain.contains(says) && line.contains(name), "{name}: {line}");
        assert!(!line.contains("J. Doe"), "an error quotes the content: {line}");
    }
    assert_eq!(files_below(Path::new(world.store())), stored, "something was stored");
    no_records(world, PATIENT);
}

fn an_account_without_funds_stores_and_adds_nothing(world: &World) {
    let stored = files_below(Path::new(world.store()));
    let poor = "//Bob//poor";
    // A profile would be stored before the call is signed.
    std::fs::write(world.folder().join("profile.json"), "{}").unwrap();
    let registered = world.run(poor, &["patient", "register", "--profile", "profile.json"]);
    let line = registered.one_error_line();
    assert!(line.contains("does not have the funds"), "{line}");
    assert_eq!(files_below(Path::new(world.store())), stored, "{line}");
    let shown = world.run(poor, &["patient", "show", poor]);
    assert!(shown.one_error_line().contains("not registered"), "{}", shown.err);
}

fn a_profile_of_a_call_that_the_chain_refuses_is_not_left_in_the_store(world: &World) {
    let stored = files_below(Path::new(world.store()));
    std::fs::write(world.folder().join("profile.json"), "{}").unwrap();
    // It is stored before the call is sent, and only the chain says that this is no patient.
    let refused = world.run(STRANGER, &["patient", "update-profile", "profile.json"]);
    let line = refused.one_error_line();
    assert_eq!(refused.code, 1, "{line}");
    assert!(line.contains("update the profile"), "{line}");
    assert_eq!(files_below(Path::new(world.store())), stored, "{line}");
}

fn an_account_that_can_pay_the_fee_but_not_the_deposits_stores_nothing(world: &World) {
    let stored = files_below(Path::new(world.store()));
    world.write_image("scan.png", &synthetic_radiograph_png(4));
    let poor = "//Bob//poorer";
    // Enough to be a patient, and for the fee of an upload.
    world.done(STRANGER, &["transfer", poor, "0.025"]);
    assert_eq!(world.done(poor, &["balance"])["held"], "0");
    world.done(poor, &["patient", "register"]);
    let refused = world.run(poor, &["upload", "scan.png", "--patient", poor]);
    let line = refused.one_error_line();
    // `… it can spend 0.01 MEDC and the fee is 0.005 MEDC and 0.01 MEDC are held …`
    let amounts: Vec<f64> =
        line.split(" MEDC").filter_map(|part| part.rsplit(' ').next()?.parse().ok()).collect();
    let [spendable, fee, held] = amounts[..] else { panic!("{line}") };
    assert!(fee < spendable && spendable < fee + held, "the test is about another case: {line}");
    assert_eq!(files_below(Path::new(world.store())), stored, "something was stored");
    no_records(world, poor);
}

fn money_and_keys_that_are_not_there_are_refused(world: &World) {
    for (amount, to, says) in [
        ("0", PATIENT, "zero"),
        ("1", STRANGER, "your own account"),
        ("99999999999", PATIENT, "funds"),
    ] {
        let refused = world.run(STRANGER, &["transfer", to, amount]);
        assert!(refused.one_error_line().contains(says), "{amount}: {}", refused.err);
    }
    let before = world.done(STRANGER, &["balance"]);
    assert_ne!(before["held"], "0", "the deposit of the key");
    let again = world.run(STRANGER, &["key", "publish"]);
    assert!(again.one_error_line().contains("published already"), "{}", again.err);
    world.done(STRANGER, &["key", "unpublish"]);
    assert_eq!(world.done(STRANGER, &["balance"])["held"], "0");
    let again = world.run(STRANGER, &["key", "unpublish"]);
    assert!(again.one_error_line().contains("EncryptionKeyNotFound"), "{}", again.err);
    let patient = world.run(PATIENT, &["key", "unpublish"]);
    assert!(patient.one_error_line().contains("EncryptionKeyRequired"), "{}", patient.err);
    // A default policy is a contract, or there is none.
    let announce = |of: &str| world.run(REGISTRAR, &["policy", "default", "announce", of]);
    let refused = announce(STRANGER);
    assert!(refused.one_error_line().contains("no contract"), "{}", refused.err);
    let refused = world.run(STRANGER, &["policy", "default", "announce", "--none"]);
    assert!(refused.one_error_line().contains("only the council may"), "{}", refused.err);
}

fn a_default_policy_waits_and_a_patient_can_say_nobody(world: &World) {
    let bundle = contract("access-control").display().to_string();
    let policy = world.done(STRANGER, &["policy", "deploy", &bundle]);
    let policy = policy["contract"].as_str().unwrap().to_owned();
    let nothing = world.run(STRANGER, &["policy", "default", "enact"]);
    assert!(nothing.one_error_line().contains("DefaultPolicyNotAnnounced"), "{}", nothing.err);
    let announced = world.done(REGISTRAR, &["policy", "default", "announce", &policy]);
    let due = announced["announced"]["enactable_at"].as_u64().unwrap();
    let shown = world.done(PATIENT, &["policy", "default", "show"]);
    assert_eq!(shown["contract"], Value::Null);
    assert_eq!(shown["announced"]["contract"], policy);

    // A patient without a policy of their own sees it, and says nobody.
    world.done(LAB, &["patient", "register"]);
    world.done(LAB, &["patient", "set-policy", "--nobody"]);
    assert_eq!(world.done(LAB, &["patient", "show"])["allows_nobody"], true);
    wait_for("the announced policy can be enacted", Duration::from_secs(60), || {
        world.done(LAB, &["policy", "default", "show"])["block_number"].as_u64() >= Some(due)
    });
    let enacted = world.done(STRANGER, &["policy", "default", "enact"]);
    assert_eq!(enacted["contract"], policy);
    let asked = ["policy", "check", "--patient", LAB, "--subject", STRANGER, "--action", "view"];
    let refused = world.run(LAB, &asked);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert_eq!(refused.json()["policy"], Value::Null);
    world.done(LAB, &["patient", "set-policy", "--pin-default"]);
    assert_eq!(world.done(LAB, &["patient", "show"])["policy"], policy);
}

fn a_role_is_given_by_an_institution_and_ends(world: &World) {
    let refused = world.run(STRANGER, &["provider", "add", STRANGER, "clinician"]);
    assert!(refused.one_error_line().contains("not the registrar"), "{}", refused.err);
    let refused = world.run(STRANGER, &["institution", "add", "Mine", STRANGER]);
    assert!(refused.one_error_line().contains("only the council may"), "{}", refused.err);
    world.done(REGISTRAR, &["institution", "add", "Second Clinic", STRANGER]);
    let all = world.done(STRANGER, &["institution", "list"]);
    assert_eq!(all["institutions"][1]["name"], "Second Clinic");
    let taken = world.run(STRANGER, &["provider", "add", LAB, "lab-technician"]);
    assert!(taken.one_error_line().contains("ProviderAlreadyExists"), "{}", taken.err);
    let long = world.run(STRANGER, &["provider", "add", STRANGER, "clinician", "--days", "731"]);
    assert!(long.one_error_line().contains("at most 730 days"), "{}", long.err);
    world.done(STRANGER, &["provider", "add", STRANGER, "clinician", "--days", "1"]);
    world.done(REGISTRAR, &["institution", "remove", "1"]);
    let roles = world.done(STRANGER, &["provider", "list", STRANGER]);
    assert_eq!(roles["providers"][0]["in_force"], false);
}

fn an_unreachable_store_leaves_nothing_on_chain(world: &World) {
    world.write_image("scan.png", &synthetic_radiograph_png(3));
    let nowhere = format!("http://127.0.0.1:{}", free_port());
    let output = Command::new(program("medchain"))
        .args(["upload", "scan.png", "--patient", PATIENT, "--dev", "--suri", LAB, "--yes"])
        .args(["--node", world.url(), "--store", &nowhere])
        .current_dir(world.folder())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("127.0.0.1"), "{said}");
    no_records(world, PATIENT);
}

#[test]
fn an_unreachable_node_is_named() {
    let nowhere = format!("ws://127.0.0.1:{}", free_port());
    let output = Command::new(program("medchain"))
        .args(["records", PATIENT, "--dev", "--node", &nowhere])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&nowhere), "{said}");
}
