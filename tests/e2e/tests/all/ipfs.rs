//! Real IPFS daemons in place of the folder: the same CIDs, the same verdict,
//! and with two of them, one may be missing.

use std::process::Command;

use medchain_client::store;
use medchain_e2e::{free_port, model_folder, program, IpfsDaemon, World, LAB, PATIENT, WORKER};
use medchain_primitives::Cid;
use medchain_vision::synthetic_radiograph_png;

use super::{erasure, parts::in_turn};

fn no_daemons() -> bool {
    let none = !IpfsDaemon::is_installed();
    if none {
        eprintln!("skipped: no IPFS daemon; `npm ci` in tests/ipfs-daemon installs one");
    }
    none
}

#[test]
fn a_daemon_is_a_store() {
    if no_daemons() {
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let daemon = IpfsDaemon::start(&folder.path().join("repo"));
    in_turn!(
        World::with_store(daemon.url()),
        a_daemon_serves_as_well_as_a_folder,
        erasure::an_ipfs_node_unpins_the_file,
    );
}

fn a_daemon_serves_as_well_as_a_folder(world: &World) {
    let worker = world.worker();
    let image = synthetic_radiograph_png(51);
    let path = world.write_image("scan.png", &image);
    let record = world.upload(&path);
    let verdict = world.verdict(record, &worker);
    world.done(PATIENT, &["fetch", &record.to_string(), "--output", "back.png"]);
    assert_eq!(std::fs::read(world.folder().join("back.png")).unwrap(), image);
    assert!(verdict["label"].is_string());

    // The ciphertext has the same CID in a folder.
    let record = record.to_string();
    world.done(PATIENT, &["fetch", &record, "--output", "scan.mcx", "--ciphertext"]);
    let ciphertext = std::fs::read(world.folder().join("scan.mcx")).unwrap();
    let shown = world.done(PATIENT, &["show", &record]);
    assert_eq!(shown["cid"], store::cid_of(&ciphertext).to_string());
}

#[test]
fn with_two_daemons_one_may_be_missing() {
    if no_daemons() {
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let (first_port, second_port) = (free_port(), free_port());
    let first_url = format!("http://127.0.0.1:{first_port}");
    let second_url = format!("http://127.0.0.1:{second_port}");
    let first = IpfsDaemon::start_at(&folder.path().join("first"), first_port);
    let second = IpfsDaemon::start_at(&folder.path().join("second"), second_port);
    let world = World::with_store(&format!("{first_url},{second_url}"));

    // What is uploaded is in both.
    let image = synthetic_radiograph_png(52);
    let record = world.upload(&world.write_image("scan.png", &image));
    let has = |url: &str, record: u64| {
        let cid = world.show(record)["cid"].as_str().unwrap().to_owned();
        let cid = Cid::parse(cid.as_bytes()).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(store::open(url).unwrap().get(&cid, 1 << 20)).is_ok()
    };
    assert!(has(&first_url, record) && has(&second_url, record));

    // Without the first, the second serves a person and a worker.
    first.kill();
    let fetch = |record: u64, name: &str| {
        world.run(PATIENT, &["fetch", &record.to_string(), "--output", name])
    };
    let fetched = fetch(record, "one.png");
    assert_eq!(fetched.code, 0, "{}", fetched.err);
    assert_eq!(std::fs::read(world.folder().join("one.png")).unwrap(), image);
    let worker = world.worker();
    world.verdict(record, &worker);
    let check = check(&world);
    assert!(says(&check, &first_url, "the store does not answer"), "{check}");
    assert!(says(&check, &second_url, "the store answers"), "{check}");

    // An upload now warns about the missing store, and the record is added.
    world.write_image("other.png", &synthetic_radiograph_png(53));
    let upload = ["upload", "other.png", "--patient", PATIENT, "--infer", "0"];
    let uploaded = world.run(LAB, &upload);
    assert_eq!(uploaded.code, 0, "{}", uploaded.err);
    let warning = format!("warning: the file is not in every store: the IPFS node at {first_url}:");
    assert!(uploaded.err.starts_with(&warning), "{}", uploaded.err);
    assert_eq!(uploaded.err.lines().count(), 1, "{}", uploaded.err);
    assert_eq!(uploaded.json()["store"], format!("the IPFS node at {second_url}"));
    let other = uploaded.json()["record_id"].as_u64().unwrap();
    world.verdict(other, &worker);

    // The first comes back with an empty disk and is passed over. (The old disk is still
    // locked, because the daemon was killed.)
    let first = IpfsDaemon::start_at(&folder.path().join("empty"), first_port);
    assert!(!has(&first_url, other));
    assert_eq!(fetch(other, "other-back.png").code, 0);

    // With neither there is one clear line.
    first.kill();
    second.kill();
    let refused = fetch(record, "none.png");
    let line = refused.one_error_line();
    assert!(line.contains("none of 2 stores delivered the content"), "{line}");
    for url in [&first_url, &second_url] {
        let cause = format!("the IPFS node at {url}: cannot be reached: ");
        assert_eq!(line.matches(&cause).count(), 1, "{line}");
    }
    assert!(!world.folder().join("none.png").exists());
}

/// The output of `medchain-worker check`, which must succeed.
fn check(world: &World) -> String {
    let output = Command::new(program("medchain-worker"))
        .args(["check", "--dev", "--suri", WORKER, "--node", world.url()])
        .args(["--store", world.store(), "--model-dir"])
        .arg(model_folder())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// Whether one line says this about that store.
fn says(text: &str, store: &str, what: &str) -> bool {
    text.lines().any(|line| line.contains(store) && line.contains(what))
}
