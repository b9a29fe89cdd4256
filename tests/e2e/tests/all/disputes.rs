//! Workers that answer differently: `medchain-liar` against `medchain-worker`.

use std::{process::Command, thread::sleep, time::Duration};

use medchain_e2e::{
    address, contract, free_port, machine, model_folder, program, wait_for, Running, World, HELPER,
    PATIENT, WORKER,
};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

use super::{parts::in_turn, worker};

const LIMIT: Duration = Duration::from_secs(180);
/// As long as a round has, on a chain that makes blocks fast, and more.
const ROUND_LIMIT: Duration = Duration::from_secs(600);

/// Starts the worker that lies, as [`HELPER`].
fn liar(world: &World, lie: &str) -> Running {
    let mut command = Command::new(program("medchain-liar"));
    command
        .args(["--lie", lie, "run", "--dev", "--suri", HELPER])
        .args(["--node", world.url(), "--store", world.store()])
        .args(["--secret-margin-blocks", "1000"])
        .arg("--model-dir")
        .arg(model_folder())
        .args(["--listen", &format!("127.0.0.1:{}", free_port())])
        .arg("--state-dir")
        .arg(world.folder().join(format!("state-liar-{lie}")));
    Running::start(&mut command, &world.folder().join(format!("liar-{lie}.log")))
}

/// What `medchain worker list` says of a worker.
fn entry(world: &World, account: &str) -> Value {
    let list = world.done(PATIENT, &["worker", "list"]);
    let all = list["workers"].as_array().expect("a list");
    let found = all.iter().find(|worker| worker["worker"] == account);
    found.unwrap_or_else(|| panic!("{account} is not in {list}")).clone()
}

/// Waits until a request for a verdict on the record has one, and returns it.
fn verdict(world: &World, record: u64, programs: [&Running; 2]) -> Value {
    verdict_within(LIMIT, world, record, programs)
}

fn verdict_within(limit: Duration, world: &World, record: u64, programs: [&Running; 2]) -> Value {
    world.wait_for_verdict(record, limit);
    let mut found = Value::Null;
    let said = || programs.map(Running::said).join("\n---\n");
    wait_for(&format!("a verdict on record {record}: {}", said()), limit, || {
        let shown = world.show(record);
        found = shown["verdicts"][0].clone();
        !found.is_null()
    });
    found
}

#[test]
fn two_workers_agree_or_have_a_dispute() {
    let world = World::with_everybody();
    world.hire(HELPER);
    // What is counted of a worker begins at nothing; the last part has it lose its bond.
    in_turn!(
        world,
        worker::two_workers_agree_also_when_one_of_them_is_killed,
        the_patient_ends_a_dispute_and_nobody_loses,
        a_verdict_of_one_liar_is_challenged_and_falls,
    );
}

#[test]
fn each_kind_of_liar_loses_its_bond_and_the_honest_worker_never() {
    let world = World::with_everybody();
    world.hire(HELPER);
    let honest = world.worker();
    let (one, other) = (address(WORKER), address(HELPER));
    let lies = ["weight", "first", "pooled", "dense", "softmax", "seal"];
    for (number, lie) in lies.into_iter().enumerate() {
        let lying = liar(&world, lie);
        let image = synthetic_radiograph_png(200 + number as u64);
        let image = world.write_image(&format!("{lie}.png"), &image);
        let record = world.upload_for(&image, &["--quorum", "2"]);
        let verdict = verdict(&world, record, [&honest, &lying]);
        assert_eq!(verdict["workers"], serde_json::json!([one]), "{lie}: {verdict}");
        let replayed = world.done(PATIENT, &["replay", &record.to_string()]);
        assert_eq!(replayed["equal"], true, "{lie}: {replayed}");

        let lost = number as u64 + 1;
        let liar = entry(&world, &other);
        assert_eq!(liar["lost"], lost, "{lie}: {liar}");
        assert_eq!(liar["status"], "suspended", "{lie}: {liar}");
        let honest = entry(&world, &one);
        assert_eq!((&honest["lost"], &honest["answered"]), (&0.into(), &lost.into()), "{honest}");
        lying.kill();
        // It takes another bond to lie again.
        world.done(HELPER, &["worker", "top-up"]);
        sleep(Duration::from_secs(2));
    }
}

#[test]
fn whoever_stops_answering_in_any_round_loses_its_bond() {
    // A round has 600 blocks.
    let world = World::with_everybody_and_block_time(Duration::from_millis(200));
    world.hire(HELPER);
    let (honest, lying) = (world.worker(), liar(&world, "fading"));
    let (one, other) = (address(WORKER), address(HELPER));
    // All at once: the requests 0 to 4, of which each has a round of its own without an answer.
    let records = (0..5).map(|number| {
        let image = synthetic_radiograph_png(500 + number);
        let image = world.write_image(&format!("fading-{number}.png"), &image);
        world.upload_for(&image, &["--quorum", "2"])
    });
    for record in records.collect::<Vec<u64>>() {
        let verdict = verdict_within(ROUND_LIMIT, &world, record, [&honest, &lying]);
        assert_eq!(verdict["workers"], serde_json::json!([one]), "{verdict}");
        assert!(verdict["request_id"].as_u64().is_some_and(|id| id < 5), "{verdict}");
    }
    let liar = entry(&world, &other);
    assert_eq!((&liar["lost"], &liar["status"]), (&5.into(), &"suspended".into()), "{liar}");
    assert_eq!(liar["bond"], "0", "{liar}");
    let honest = entry(&world, &one);
    assert_eq!((&honest["lost"], &honest["answered"]), (&0.into(), &5.into()), "{honest}");
}

fn a_verdict_of_one_liar_is_challenged_and_falls(world: &World) {
    let lying = liar(world, "pooled");
    let image = world.write_image("alone.png", &synthetic_radiograph_png(300));
    let record = world.upload_for(&image, &["--worker", HELPER]);
    let made_up = verdict(world, record, [&lying, &lying]);
    assert_eq!(made_up["workers"], serde_json::json!([address(HELPER)]));
    let request = made_up["request_id"].to_string();

    // Another worker, to whom the patient gives the key, replays it and disagrees.
    world.done(PATIENT, &["grant", "--to", WORKER, "--actions", "infer,view"]);
    world.done(PATIENT, &["share", &record.to_string(), "--to", WORKER]);
    let honest = world.worker();
    let challenged = world.done(WORKER, &["worker", "challenge", &request]);
    assert_eq!(challenged["equal"], false, "{challenged}");
    wait_for("the verdict is annulled", LIMIT, || {
        world.show(record)["verdicts"][0]["status"] == "annulled"
    });
    assert_eq!(entry(world, &address(HELPER))["lost"], 1);
    assert_eq!(entry(world, &address(WORKER))["lost"], 0);

    // It can be asked for again, and is what the network says.
    lying.kill();
    world.done(PATIENT, &["infer", &record.to_string(), "--model", "0", "--worker", WORKER]);
    wait_for("another verdict", LIMIT, || {
        world.show(record)["verdicts"][0]["status"] == "standing"
    });
    let shown = world.done(PATIENT, &["replay", &record.to_string()]);
    assert_eq!(shown["equal"], true, "{shown}\n{}", honest.said());
}

fn the_patient_ends_a_dispute_and_nobody_loses(world: &World) {
    let honest = world.worker();
    let lying = liar(world, "silent");
    let image = world.write_image("annulled.png", &synthetic_radiograph_png(400));
    let record = world.upload_for(&image, &["--quorum", "2"]);
    let mut request = String::new();
    wait_for("the answers differ", LIMIT, || {
        let disputes = world.done(PATIENT, &["disputes"]);
        let first = &disputes["disputes"][0];
        request = first["request_id"].to_string();
        !first.is_null()
    });
    let refused = world.run(WORKER, &["annul", &request]);
    assert!(refused.one_error_line().contains("patient"), "{}", refused.err);
    world.done(PATIENT, &["annul", &request]);
    let shown = world.show(record);
    assert_eq!(shown["verdicts"].as_array().map(Vec::len), Some(0), "{shown}");
    for who in [WORKER, HELPER] {
        let worker = entry(world, &address(who));
        assert_eq!((&worker["lost"], &worker["status"]), (&0.into(), &"active".into()), "{worker}");
    }
    assert!(world.done(PATIENT, &["disputes"])["disputes"].as_array().is_some_and(Vec::is_empty));
    drop((honest, lying));
}

/// As `make demo STORY=verdict` plays it.
#[test]
fn the_story_of_a_liar_ends_with_its_bond() {
    let _machine = machine();
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let played = Command::new(program("medchain"))
        .args(["demo", "--story", "verdict", "--json", "--contract"])
        .arg(contract("access-control"))
        .arg("--model-dir")
        .arg(model_folder())
        .current_dir(folder.path())
        .output()
        .expect("medchain starts");
    let said = String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{said}");
    let summary: Value = serde_json::from_slice(&played.stdout).expect("one JSON object");
    assert_eq!(summary["lost"], 100_000_000_000_000_u64, "{summary}");
    assert_eq!(summary["rounds"], 5, "{summary}");
    assert_eq!(summary["replay_equal"], true, "{summary}");
    assert_ne!(summary["honest"], summary["liar"], "{summary}");
}
