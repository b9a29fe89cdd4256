//! A node that lies about who receives keys, and a second one that does not.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use medchain_client::keys::Identity;
use medchain_e2e::{address, free_port, World, CUSTODIANS, DOCTOR, LAB, PATIENT, STRANGER};
use medchain_vision::synthetic_radiograph_png;

use crate::{
    calls::delivery,
    custody::{film, logged, read, wait_to_read},
    parts::in_turn,
    proxy::Proxy,
};

const LIMIT: Duration = Duration::from_secs(90);

/// As a node sends bytes.
fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn one_node_that_lies_does_not_name_who_receives_keys() {
    in_turn!(
        World::with_custodians(),
        a_node_that_names_its_own_key_as_a_custodians_gets_no_share,
        a_custodian_delivers_to_no_reply_key_that_its_witness_does_not_vouch_for,
    );
}

fn a_node_that_names_its_own_key_as_a_custodians_gets_no_share(world: &World) {
    let key = |secret: &str| hex(Identity::from_secret_uri(secret).unwrap().custodian_key().0);
    let proxy = Proxy::start(world.url());
    proxy.exchange(&key(CUSTODIANS[0]), &key("//Somebody//else"));
    world.write_image("film.png", &synthetic_radiograph_png(701));
    let upload = ["upload", "film.png", "--patient", PATIENT, "--second-node", world.url()];
    let mut command = world.medchain_at(&proxy.url, LAB, &upload);
    let refused = command.args(["--json", "--yes"]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("do not agree"), "{said}");
    assert_eq!(world.done(PATIENT, &["records"])["records"].as_array().unwrap().len(), 0);

    // Once the node tells the truth, the same command goes through.
    let true_key = key(CUSTODIANS[0]);
    proxy.exchange(&true_key, &true_key);
    let mut command = world.medchain_at(&proxy.url, LAB, &upload);
    let added = command.args(["--json", "--yes"]).output().unwrap();
    let said = String::from_utf8(added.stderr).unwrap();
    assert_eq!(added.status.code(), Some(0), "{said}");
}

fn a_custodian_delivers_to_no_reply_key_that_its_witness_does_not_vouch_for(world: &World) {
    let film = film(world, 711);
    let record = film.0;
    for who in [STRANGER, DOCTOR] {
        world.done(PATIENT, &["grant", "--to", who, "--actions", "view"]);
        world.done(who, &["request-access", &record.to_string(), "--no-wait"]);
    }
    // The node tells the stranger's request with a key of which another holds the secret.
    let reply = |who| hex(delivery(world, CUSTODIANS[0], record, who).0 .0);
    let (true_key, false_key) = (reply(STRANGER), reply(DOCTOR));
    let proxy = Proxy::start(world.url());
    proxy.exchange(&true_key, &false_key);
    let witness = ["--witness", world.url()];
    let start = |who| world.custodian_with(who, &proxy.url, free_port(), &witness);
    let custodians = CUSTODIANS.map(start);

    // What it does not lie about is served.
    wait_to_read(world, DOCTOR, &film, &custodians);
    let started = Instant::now();
    while !custodians.iter().any(|one| one.said().contains("do not agree")) {
        assert!(started.elapsed() < LIMIT, "{}", custodians[0].said());
        sleep(Duration::from_millis(500));
    }
    assert_eq!(read(world, STRANGER, record), None);
    let stranger = address(STRANGER);
    let delivered = logged(world, "share_delivered", record);
    let has_stranger = delivered.iter().any(|entry| entry.to_string().contains(&stranger));
    assert!(!has_stranger, "{delivered:?}");

    // Once the node tells the truth, the stranger is served as well.
    proxy.exchange(&true_key, &true_key);
    wait_to_read(world, STRANGER, &film, &custodians);
}
