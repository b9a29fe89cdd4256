//! The worker, when consent, the store or the worker itself fails.

use std::{path::Path, process::Command, thread::sleep, time::Duration};

use medchain_client::chain::{Call, EmrError};
use medchain_e2e::{free_port, World, HELPER, PATIENT, STRANGER, WORKER};
use medchain_primitives::{RequestId, SealedAnswer};
use medchain_vision::synthetic_radiograph_png;

use super::{calls::submit, endings, one_worker::Working, parts::in_turn};

#[test]
fn a_worker_goes_on_when_consent_the_store_or_itself_fails() {
    // The first part names the first request of the chain.
    in_turn!(
        World::with_everybody(),
        consent_revoked_between_upload_and_answer_stops_it,
        five_uploads_and_a_worker_that_is_killed_again_and_again,
        endings::a_request_is_cancelled_and_a_model_retired_and_taken_back,
        a_flipped_bit_is_reported_and_never_predicted,
    );
}

fn consent_revoked_between_upload_and_answer_stops_it(world: &World) {
    let image = world.write_image("scan.png", &synthetic_radiograph_png(21));
    let record = world.upload_for(&image, &["--worker", WORKER]);
    world.done(PATIENT, &["revoke", "--from", WORKER]);
    let worker = world.worker();
    sleep(Duration::from_secs(12));
    let shown = world.show(record);
    assert_eq!(shown["verdicts"].as_array().map(Vec::len), Some(0), "{shown}");
    assert_eq!(shown["open_requests"].as_array().map(Vec::len), Some(1), "{shown}");
    // The worker asked first and sent nothing. The chain refuses such an answer, and gives
    // the reason.
    let sealed = SealedAnswer::truncate_from(vec![0; 30]);
    let call = Call::SubmitAnswer { request: RequestId(0), sealed };
    let refused = submit(world, WORKER, &call);
    assert!(refused.as_ref().is_err_and(|error| error.is(EmrError::GrantRevoked)), "{refused:?}");
    world.done(PATIENT, &["grant", "--to", WORKER, "--actions", "infer"]);
    world.verdict(record, &worker);
}

fn five_uploads_and_a_worker_that_is_killed_again_and_again(world: &World) {
    let records: Vec<u64> = (0..5)
        .map(|i| {
            let image = world.write_image(&format!("{i}.png"), &synthetic_radiograph_png(30 + i));
            world.upload(&image)
        })
        .collect();
    // The times fall into different stages: start, fetch, inference, submission.
    for milliseconds in [300, 1_000, 1_700, 2_600, 3_500] {
        let worker = world.worker();
        sleep(Duration::from_millis(milliseconds));
        worker.kill();
    }
    let worker = world.worker();
    for record in records {
        world.verdict(record, &worker);
        let shown = world.show(record);
        assert_eq!(shown["verdicts"].as_array().map(Vec::len), Some(1), "{shown}");
    }
}

/// How many times a worker has run the network, by its own metric.
fn inferences(port: u16) -> usize {
    let url = format!("http://127.0.0.1:{port}/metrics");
    let shown = Command::new("curl").args(["--silent", "--fail", &url]).output();
    let shown = String::from_utf8(shown.expect("curl is installed").stdout).unwrap();
    let line = "medchain_worker_stage_seconds_count{stage=\"infer\"} ";
    let count = shown.lines().find_map(|shown| shown.strip_prefix(line));
    count.unwrap_or_else(|| panic!("no count in {shown}")).parse().unwrap()
}

/// Uploads images, each with a request for the answers of two workers.
fn backlog(world: &World, seeds: std::ops::Range<u64>) -> Vec<u64> {
    let upload = |seed| {
        let image = world.write_image(&format!("{seed}.png"), &synthetic_radiograph_png(seed));
        world.upload_for(&image, &["--quorum", "2"])
    };
    seeds.map(upload).collect()
}

pub fn two_workers_agree_also_when_one_of_them_is_killed(world: &World) {
    let ports = [free_port(), free_port()];
    let first = world.worker_of(WORKER, ports[0]);
    let second = world.worker_of(HELPER, ports[1]);
    let records = backlog(world, 50..54);
    for record in &records {
        let verdict = world.verdict(*record, &first);
        assert_eq!(verdict["quorum"], 2, "{verdict}");
        assert_eq!(verdict["provisional_until"], serde_json::Value::Null, "{verdict}");
        assert!(verdict["label"].is_string(), "the patient can read it: {verdict}");
    }
    // Nobody did anything twice, and nobody the other's work.
    for port in ports {
        assert_eq!(inferences(port), 4, "{}\n{}", first.said(), second.said());
    }

    // It may have committed to some of them, and must show them when it is back.
    let records = backlog(world, 60..63);
    sleep(Duration::from_secs(2));
    first.kill();
    sleep(Duration::from_secs(3));
    let again = world.worker_of(WORKER, ports[0]);
    for record in records {
        assert_eq!(world.verdict(record, &again)["quorum"], 2);
    }
    let workers = world.done(PATIENT, &["worker", "list"]);
    for worker in workers["workers"].as_array().expect("a list") {
        assert_eq!((&worker["answered"], &worker["missed"]), (&7.into(), &0.into()), "{worker}");
    }
}

pub fn a_stranger_sees_that_there_is_a_verdict_and_the_patient_alone_discloses_it(
    Working { world, worker, .. }: &Working,
) {
    let record = world.upload(&world.write_image("scan.png", &synthetic_radiograph_png(72)));
    let verdict = world.verdict(record, worker);
    let seen = world.done(STRANGER, &["show", &record.to_string()])["verdicts"][0].clone();
    assert_eq!(seen["receipt"], verdict["receipt"]);
    assert_eq!(seen["label"], serde_json::Value::Null, "{seen}");
    let request = verdict["request_id"].to_string();
    let refused = world.run(STRANGER, &["disclose", &request]);
    assert!(refused.one_error_line().contains("patient"), "{}", refused.err);
    let disclosed = world.done(PATIENT, &["disclose", &request]);
    assert_eq!(disclosed["label"], verdict["label"], "{disclosed}");
}

fn a_flipped_bit_is_reported_and_never_predicted(world: &World) {
    let record = world.upload(&world.write_image("scan.png", &synthetic_radiograph_png(41)));
    let cid = world.show(record)["cid"].as_str().unwrap().to_owned();
    let block = largest_block(Path::new(world.store()));
    let mut bytes = std::fs::read(&block).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&block, bytes).unwrap();

    let record_text = record.to_string();
    let refused = world.run(PATIENT, &["fetch", &record_text, "--output", "back.png"]);
    assert!(refused.one_error_line().contains("corrupt"), "{}", refused.err);
    assert!(!world.folder().join("back.png").exists());

    let worker = world.worker();
    for _ in 0..120 {
        sleep(Duration::from_millis(500));
        if world.show(record)["open_requests"].as_array().is_some_and(Vec::is_empty) {
            break;
        }
    }
    let shown = world.show(record);
    assert_eq!(shown["open_requests"].as_array().map(Vec::len), Some(0), "{}", worker.said());
    assert_eq!(shown["verdicts"].as_array().map(Vec::len), Some(0), "{shown} {cid}");
}

/// The file that holds the most bytes of the record. The model's blocks are
/// older than the record's.
fn largest_block(store: &Path) -> std::path::PathBuf {
    fn walk(folder: &Path, found: &mut Vec<(std::time::SystemTime, std::path::PathBuf)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push((path.metadata().unwrap().modified().unwrap(), path));
            }
        }
    }
    let mut found = Vec::new();
    walk(store, &mut found);
    found.sort();
    found.pop().expect("the store is not empty").1
}
