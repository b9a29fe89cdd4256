//! The libraries behind Polkadot.js Apps decode this chain and its contracts.

use std::process::{Command, Output};

use medchain_e2e::{contract, program, repository, World};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

use super::one_worker::Working;

fn script(name: &str, world: &World, arguments: &[&str]) -> Output {
    Command::new("node")
        .arg(repository().join("tests/js").join(name))
        .args(arguments)
        .args(["--node", world.url(), "--bundle"])
        .arg(contract("access-control"))
        .output()
        .expect("Node.js is installed")
}

fn passed(output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains(" passed, 0 failed"), "{said}\n{complained}");
}

pub fn polkadot_js_carries_the_flow(Working { world, worker, .. }: &Working) {
    let record = world.upload(&world.write_image("scan.png", &synthetic_radiograph_png(61)));
    world.verdict(record, worker);
    passed(&script("flow.mjs", world, &["--record", &record.to_string()]));
}

#[test]
fn an_exported_account_opens_in_a_wallet() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    for (name, words) in [("old", "four little words"), ("new", "four other words")] {
        let path = folder.path().join(name);
        std::fs::write(&path, words).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let medchain = |arguments: &[&str]| -> Value {
        let ended = Command::new(program("medchain"))
            .args(arguments)
            .args(["--json", "--passphrase-file", "old"])
            .env_remove("MEDCHAIN_KEY")
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success(), "{arguments:?}: {said}");
        serde_json::from_slice(&ended.stdout).unwrap()
    };
    let account = medchain(&["key", "new", "--out", "me.key"])["account"].clone();
    let export = ["key", "export", "--key", "me.key", "--new-passphrase-file", "new"];
    medchain(&[&export[..], &["--out", "wallet.json"]].concat());
    let open = |passphrase: &str| {
        Command::new("node")
            .arg(repository().join("tests/js/key.mjs"))
            .args(["--passphrase", passphrase, "--file", "wallet.json"])
            .current_dir(folder.path())
            .output()
            .expect("Node.js is installed")
    };
    let opened = open("four other words");
    let complained = String::from_utf8_lossy(&opened.stderr);
    assert!(opened.status.success(), "{complained}");
    assert_eq!(String::from_utf8_lossy(&opened.stdout).trim(), account.as_str().unwrap());
    assert!(!open("four little words").status.success(), "it opens with another passphrase");
}

pub fn the_contract_bundle_loads_and_runs(Working { world, .. }: &Working) {
    passed(&script("contract.mjs", world, &[]));
}

pub fn the_steps_of_the_readme_name_what_there_is(Working { world, .. }: &Working) {
    passed(&script("readme.mjs", world, &[]));
}
