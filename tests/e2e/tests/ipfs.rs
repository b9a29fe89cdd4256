//! A real IPFS daemon in place of the folder: the same CIDs, the same verdict.

use std::{
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use medchain_e2e::{free_port, repository, Running, World, PATIENT};
use medchain_vision::synthetic_radiograph_png;

#[test]
fn a_daemon_serves_as_well_as_a_folder() {
    let folder = tempfile::TempDir::new().unwrap();
    let port = free_port();
    let mut command = Command::new("node");
    command
        .arg(repository().join("tests/ipfs-daemon/daemon.mjs"))
        .arg("--repo")
        .arg(folder.path().join("repo"))
        .args(["--rpc-port", &port.to_string(), "--gateway-port", "0"]);
    let log = folder.path().join("daemon.log");
    let mut daemon = Running::start(&mut command, &log);
    let started = Instant::now();
    while !daemon.said().contains("READY") {
        assert!(!daemon.has_ended(), "{}", daemon.said());
        assert!(started.elapsed() < Duration::from_secs(60), "{}", daemon.said());
        sleep(Duration::from_millis(200));
    }

    let world = World::with_store(&format!("http://127.0.0.1:{port}"));
    let worker = world.worker();
    let image = synthetic_radiograph_png(51);
    let path = world.write_image("scan.png", &image);
    let record = world.upload(&path);
    let prediction = world.prediction(record, &worker);
    world.done(PATIENT, &["fetch", &record.to_string(), "--output", "back.png"]);
    assert_eq!(std::fs::read(world.folder().join("back.png")).unwrap(), image);
    assert!(prediction["label"].is_string());

    // The ciphertext has the same CID in a folder.
    let record = record.to_string();
    world.done(PATIENT, &["fetch", &record, "--output", "scan.mcx", "--ciphertext"]);
    let ciphertext = std::fs::read(world.folder().join("scan.mcx")).unwrap();
    let shown = world.done(PATIENT, &["show", &record]);
    assert_eq!(shown["cid"], medchain_client::store::cid_of(&ciphertext).to_string());
}
