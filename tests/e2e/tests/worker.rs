//! The worker, when consent, the store or the worker itself fails.

use std::{path::Path, thread::sleep, time::Duration};

use medchain_client::{
    chain::{Call, Chain, ChainError, SubmitOptions, TxOutcome},
    keys::Identity,
};
use medchain_e2e::{World, PATIENT, WORKER};
use medchain_primitives::{FailureCode, Output, Receipt, RequestId};
use medchain_vision::synthetic_radiograph_png;

/// Signs a call that no program of ours would send, and waits for its block.
fn submit(world: &World, suri: &str, call: Call) -> Result<TxOutcome, ChainError> {
    let who = Identity::from_secret_uri(suri).expect("a development secret");
    let runtime = tokio::runtime::Runtime::new().expect("the system gives threads");
    runtime.block_on(async {
        let chain = Chain::connect(world.url()).await?;
        chain.submit(&who, &call, &SubmitOptions::default()).await
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
    // The worker asked first and did not try. Had it tried, the chain says no
    // before it looks at the answer, and says why.
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
        match submit(&world, WORKER, call) {
            Err(ChainError::Dispatch(failure)) => {
                assert_eq!((&*failure.pallet, &*failure.error), ("Emr", "GrantRevoked"), "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
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
