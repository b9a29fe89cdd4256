//! The worker, when consent, the store or the worker itself fails.

use std::{path::Path, process::Command, thread::sleep, time::Duration};

use medchain_client::{
    chain::{Call, Chain, ChainError, EmrError, SubmitOptions, TxOutcome},
    keys::Identity,
};
use medchain_e2e::{free_port, World, HELPER, PATIENT, WORKER};
use medchain_primitives::{FailureCode, Output, Receipt, RequestId};
use medchain_vision::synthetic_radiograph_png;

/// Signs a call that no MedChain program would send, and waits for its block.
fn submit(world: &World, suri: &str, call: &Call) -> Result<TxOutcome, ChainError> {
    let who = Identity::from_secret_uri(suri).expect("a development secret");
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    runtime.block_on(async {
        let chain = Chain::connect(world.url()).await?;
        chain.submit(&who, call, &SubmitOptions::default()).await
    })
}

#[test]
fn consent_revoked_between_upload_and_prediction_stops_it() {
    let world = World::with_everybody();
    let record = world.upload(&world.write_image("scan.png", &synthetic_radiograph_png(21)));
    world.done(PATIENT, &["revoke", "--from", WORKER]);
    let worker = world.worker();
    sleep(Duration::from_secs(12));
    let shown = world.show(record);
    assert_eq!(shown["predictions"].as_array().map(Vec::len), Some(0), "{shown}");
    assert_eq!(shown["open_requests"].as_array().map(Vec::len), Some(1), "{shown}");
    // The worker asked first and sent nothing. The chain refuses such an answer, and gives
    // the reason, before it looks at its content.
    for (call, what) in [
        (
            Call::SubmitPrediction {
                request: RequestId(0),
                output: Output::quantise(&[0.2, 0.3, 0.5]).unwrap(),
                receipt: Receipt([0; 32]),
            },
            "a prediction",
        ),
        (Call::ReportFailure { request: RequestId(0), code: FailureCode::NotAnImage }, "a failure"),
    ] {
        let refused = submit(&world, WORKER, &call);
        assert!(
            refused.as_ref().is_err_and(|error| error.is(EmrError::GrantRevoked)),
            "{what}: {refused:?}"
        );
    }
    world.done(PATIENT, &["grant", "--to", WORKER, "--actions", "infer"]);
    world.prediction(record, &worker);
}

#[test]
fn five_uploads_and_a_worker_that_is_killed_again_and_again() {
    let world = World::with_everybody();
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
        world.prediction(record, &worker);
        let shown = world.show(record);
        assert_eq!(shown["predictions"].as_array().map(Vec::len), Some(1), "{shown}");
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

/// Uploads images, each with a request for a prediction.
fn backlog(world: &World, seeds: std::ops::Range<u64>) -> Vec<u64> {
    let upload = |seed| {
        let image = world.write_image(&format!("{seed}.png"), &synthetic_radiograph_png(seed));
        world.upload(&image)
    };
    seeds.map(upload).collect()
}

#[test]
fn two_workers_share_a_backlog_and_one_finishes_what_the_other_leaves() {
    let world = World::with_everybody();
    world.hire(HELPER);
    let ports = [free_port(), free_port()];
    let first = world.worker_of(WORKER, ports[0]);
    let second = world.worker_of(HELPER, ports[1]);
    let records = backlog(&world, 50..58);
    let mut by = std::collections::BTreeMap::<String, usize>::new();
    for record in records {
        let prediction = world.prediction(record, &first);
        *by.entry(prediction["worker"].as_str().unwrap().to_owned()).or_default() += 1;
        assert_eq!(world.show(record)["predictions"].as_array().map(Vec::len), Some(1));
    }
    assert!(by.len() == 2 && by.values().all(|share| *share >= 2), "{by:?}");
    assert_eq!(by.values().sum::<usize>(), 8);
    // On a busy machine one may take over what the other is about to answer. If both did
    // everything, it would be 16.
    let run: usize = ports.into_iter().map(inferences).sum();
    assert!((8..=11).contains(&run), "{run} inferences\n{}\n{}", first.said(), second.said());

    // The first worker has hardly begun with the newest requests.
    let mut records = backlog(&world, 60..64);
    first.kill();
    records.extend(backlog(&world, 64..68));
    let dead = world.done(WORKER, &["key", "show"])["account"].clone();
    for (number, record) in records.into_iter().enumerate() {
        let prediction = world.prediction(record, &second);
        assert!(number < 4 || prediction["worker"] != dead, "{prediction}");
    }
    assert!(second.said().contains("taken over"), "{}", second.said());
}

#[test]
fn a_flipped_bit_is_reported_and_never_predicted() {
    let world = World::with_everybody();
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
    assert_eq!(shown["predictions"].as_array().map(Vec::len), Some(0), "{shown} {cid}");
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
