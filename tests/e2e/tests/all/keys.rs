//! The wrong key, and a node that tells another key than before.

use std::process::Command;

use medchain_client::{chain::Call, keys::Identity};
use medchain_e2e::{model_folder, program, World, LAB, PATIENT, REGISTRAR, STRANGER, WORKER};
use medchain_vision::synthetic_radiograph_png;

use crate::{
    calls::{account, submit, submit_as},
    parts::in_turn,
    proxy::Proxy,
};

/// Publishes the encryption key of another secret for an account.
fn publish_foreign_key(world: &World, who: &str) {
    let key = Identity::from_secret_uri("//Somebody//else").unwrap().encryption_key();
    submit(world, who, &Call::SetEncryptionKey { key }).unwrap();
}

fn record(world: &World, seed: u64) -> String {
    let image = world.write_image(&format!("{seed}.png"), &synthetic_radiograph_png(seed));
    let image = image.display().to_string();
    let report = world.done(LAB, &["upload", &image, "--patient", PATIENT]);
    report["record_id"].to_string()
}

#[test]
fn a_key_that_is_not_the_one_it_was_stops_what_would_use_it() {
    // The worker's key stays the wrong one.
    in_turn!(
        World::with_everybody(),
        what_is_for_oneself_is_sealed_to_the_own_key_alone,
        a_changed_key_stops_before_anything_is_sealed_to_it,
        an_account_with_another_published_key_is_not_imported,
        a_worker_with_the_wrong_key_does_not_start,
    );
}

fn a_changed_key_stops_before_anything_is_sealed_to_it(world: &World) {
    let (first, second) = (record(world, 1), record(world, 2));
    world.done(PATIENT, &["share", &first, "--to", STRANGER]);
    publish_foreign_key(world, STRANGER);

    let share = ["share", &second, "--to", STRANGER];
    let stopped = world.run(PATIENT, &share);
    let line = stopped.one_error_line();
    assert!(line.contains("has changed") && line.contains("--accept-new-key"), "{line}");
    let readers = world.done(PATIENT, &["show", &second]).to_string();
    assert!(!readers.contains(&account(STRANGER).to_string()), "{readers}");
    // A second node vouches for it, which is no news to the list; the first one may not.
    let other = Proxy::start(world.url());
    for (node, said) in [(other.url.as_str(), "has changed"), (world.url(), "another operator")] {
        let ran = world.run(PATIENT, &[&share[..], &["--second-node", node]].concat());
        let line = ran.one_error_line();
        assert!(line.contains(said), "{line}");
    }
    let accepted = [&share[..], &["--accept-new-key", STRANGER]].concat();
    world.done(PATIENT, &accepted);

    // The owner is told, and replaces it on purpose only.
    for command in [&["key", "publish"][..], &["worker", "register", "--model", "0"]] {
        let refused = world.run(STRANGER, command);
        let line = refused.one_error_line();
        assert!(line.contains("has published the encryption key 0x"), "{line}");
        assert!(line.contains("--replace"), "{line}");
    }
    world.done(STRANGER, &["key", "publish", "--replace"]);

    // What was sealed to the other key opens again once it is shared again.
    let fetch = ["fetch", &second, "--output", "second.png"];
    assert_ne!(world.run(STRANGER, &fetch).code, 0, "it was sealed to another key");
    world.done(PATIENT, &accepted);
    world.done(STRANGER, &fetch);
    // For that key it is there now.
    let again = world.run(PATIENT, &accepted);
    assert!(again.one_error_line().contains("can already open"), "{}", again.err);
}

fn what_is_for_oneself_is_sealed_to_the_own_key_alone(world: &World) {
    publish_foreign_key(world, LAB);
    world.write_image("film.png", &synthetic_radiograph_png(3));
    let refused = world.run(LAB, &["upload", "film.png", "--patient", PATIENT]);
    let line = refused.one_error_line();
    assert!(line.contains("has published the encryption key 0x"), "{line}");
    assert!(line.contains("--replace") && line.contains("Nothing was sealed"), "{line}");
    assert_eq!(world.done(PATIENT, &["records"])["records"].as_array().unwrap().len(), 0);
    world.done(LAB, &["key", "publish", "--replace"]);
    let record = record(world, 3);
    world.done(LAB, &["fetch", &record, "-o", "back.png"]);
}

fn an_account_with_another_published_key_is_not_imported(world: &World) {
    let key = |arguments: &[&str]| {
        let mut command = Command::new(program("medchain"));
        command.arg("key").args(arguments).args(["--out", "again.key", "--unencrypted"]);
        command.env_remove("MEDCHAIN_KEY").env_remove("MEDCHAIN_NODE");
        command.current_dir(world.folder()).output().unwrap()
    };
    let again = world.folder().join("again.key");
    assert!(key(&["new"]).status.success());
    let exported = world.folder().join("exported.json");
    std::fs::rename(&again, &exported).unwrap();
    let me = Identity::load(&exported).unwrap();
    world.done(REGISTRAR, &["transfer", &me.ss58(), "10"]);
    let other = Identity::from_secret_uri("//Somebody//else").unwrap().encryption_key();
    submit_as(world, &me, &Call::SetEncryptionKey { key: other }).unwrap();

    let refused = key(&["import", "exported.json", "--node", world.url()]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("has published the encryption key 0x"), "{said}");
    assert!(said.contains("Nothing was imported"), "{said}");
    assert!(!again.exists());
    // Who knows of it has the file all the same.
    assert!(key(&["import", "exported.json"]).status.success());
    assert_eq!(Identity::load(&again).unwrap().account(), me.account());
}

fn a_worker_with_the_wrong_key_does_not_start(world: &World) {
    publish_foreign_key(world, WORKER);
    let output = Command::new("timeout")
        .arg("60")
        .arg(program("medchain-worker"))
        .args(["run", "--dev", "--suri", WORKER, "--log", "error"])
        .args(["--node", world.url(), "--store", world.store()])
        .arg("--model-dir")
        .arg(model_folder())
        .current_dir(world.folder())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("has published the encryption key 0x"), "{said}");
    assert!(said.contains("medchain key publish --replace"), "{said}");
}
