//! The seven stories of consent, with real programs: a node, three custodians,
//! contracts, a store, and command lines.

use std::{collections::BTreeMap, process::Command};

use medchain_e2e::{contract, machine, model_folder, program};
use serde_json::Value;

#[test]
fn seven_stories_of_consent_hold() {
    let _machine = machine();
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let played = Command::new(program("medchain"))
        .args(["demo", "--story", "consent", "--json", "--block-time", "1000", "--contract"])
        .arg(contract("access-control"))
        .arg("--model-dir")
        .arg(model_folder())
        .current_dir(folder.path())
        .output()
        .expect("medchain starts");
    let said = String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{said}");
    let summary: Value = serde_json::from_slice(&played.stdout).expect("one JSON object");
    let mut held = BTreeMap::<&str, usize>::new();
    for check in summary["checks"].as_array().expect("a list of claims") {
        *held.entry(check["story"].as_str().expect("a name")).or_default() += 1;
    }
    // A story that was cut short must not pass.
    let least = [
        ("asleep", 12),
        ("revocation", 9),
        ("emergency", 18),
        ("relatives", 10),
        ("policies", 7),
        ("audit", 4),
        ("erasure", 10),
    ];
    for (story, count) in least {
        assert!(held.get(story).is_some_and(|held| *held >= count), "{story}: {held:?}");
    }
    let blocks = summary["request_to_key_blocks"].as_u64().expect("a number");
    assert!(blocks > 0, "a key cannot be there before it was asked for");
}
