//! How the whole path performs, with the real programs. Prints one JSON object;
//! `make bench` shows it beside the bare inference rate.
//!
//! `backlog [RECORDS] [UPLOADS]`: the worker's rate over a backlog of so many
//! records, what a record adds to the state, and after how many blocks so many
//! single uploads to a named worker have their verdict.

use std::time::{Duration, Instant};

use futures::StreamExt;
use medchain_client::{
    chain::{Call, Chain, Finality, SubmitOptions},
    crypto::{self, ContentKey, EnvelopeName, Sealed},
    keys::Identity,
    store, AccountId32,
};
use medchain_e2e::{Running, World, LAB, PATIENT, WORKER};
use medchain_primitives::{EncryptionKey, InferenceOrder, ModelId, RecordKind};
use medchain_vision::synthetic_radiograph_png;
use serde_json::json;

/// So many uploads go into one transaction.
const BATCH: u64 = 10;
/// The block time of the parachain on a relay chain.
const BLOCK_TIME: Duration = Duration::from_secs(6);
/// How long a backlog may take.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// What a worker may have of memory, in bytes.
const MEMORY: u64 = 400_000_000;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (records, uploads) = (number(500)?, number(9)?);
    if records == 0 {
        return Err("a backlog has at least one record".into());
    }
    let backlog = backlog(records)?;
    let blocks = (uploads > 0).then(|| blocks_to_verdict(uploads));
    println!("{}", json!({ "backlog": backlog, "upload_to_verdict": blocks }));
    Ok(())
}

/// Fills the chain with open requests, then lets one worker at them.
fn backlog(records: u64) -> Fallible<serde_json::Value> {
    let world = World::with_everybody();
    let runtime = tokio::runtime::Runtime::new()?;
    let before = state_bytes(&world);
    runtime.block_on(upload_all(&world, records))?;
    let with_records = state_bytes(&world);

    let chain = runtime.block_on(Chain::connect(world.url()))?;
    let worker = world.worker();
    let all = async {
        let answered = answered_by_block(&world, &chain, &worker, records);
        tokio::time::timeout(PATIENCE, answered).await
    };
    let blocks = runtime.block_on(all).unwrap_or_else(|_| Err("half an hour is over".into()));
    let blocks = blocks.inspect_err(|_| eprintln!("{}", worker.said()))?;
    // The clock starts with the first answers: loading the model once is not part of the rate.
    // It stops with the last block after which films were left. Until about then the worker had
    // work all the time; the block with the last ones is waited for with none.
    let [first, .., last, end] = &blocks[..] else {
        return Err("so few films are no backlog: one or two blocks have taken them".into());
    };
    let predicted = last.answers - first.answers;
    let seconds = (last.at - first.at).as_secs_f64();
    let memory = worker.peak_memory().unwrap_or_default();
    assert!(memory < MEMORY, "the worker needs {memory} bytes");
    let with_verdicts = state_bytes(&world);
    let ms_each = |of: fn(&Block) -> Option<Duration>| {
        let took = of(last)?.saturating_sub(of(first)?);
        Some(round(took.as_secs_f64() * 1e3 / predicted.max(1) as f64))
    };
    // A verdict may take the place of more than it adds: a committee, an assignment.
    let each = |from: usize, to: usize| (to as f64 - from as f64) / records as f64;
    Ok(json!({
        "records": records,
        "timed": predicted,
        "seconds": round(seconds),
        "verdicts_per_second": round(predicted as f64 / seconds),
        "seconds_to_the_last_verdict": round((end.at - first.at).as_secs_f64()),
        "worker_ms_a_film": ms_each(|block| block.worker),
        "node_ms_a_film": ms_each(|block| block.node),
        "worker_peak_memory_mib": memory / (1024 * 1024),
        "state_bytes_a_record_with_its_request": round(each(before, with_records)),
        "state_bytes_a_verdict": round(each(with_records, with_verdicts)),
    }))
}

/// What was there after a block.
struct Block {
    at: Instant,
    answers: u64,
    /// The time of processors that the worker has used: where they are few, it is the bound.
    worker: Option<Duration>,
    /// The same of the node.
    node: Option<Duration>,
}

/// The blocks from the first one with answers to the one with the last ones.
async fn answered_by_block(
    world: &World,
    chain: &Chain,
    worker: &Running,
    records: u64,
) -> Fallible<Vec<Block>> {
    let account = Identity::from_secret_uri(WORKER)?.account();
    let mut heights = chain.heights(Finality::Best).await?;
    let mut blocks: Vec<Block> = Vec::new();
    while blocks.last().is_none_or(|block| block.answers < records) {
        heights.next().await.ok_or("the node has ended the connection")??;
        let at = Instant::now();
        // One number: to list hundreds of requests would take from what is measured.
        let own = chain.best().await?.worker(&account).await?.ok_or("there is no worker")?;
        let answers = records - u64::from(own.assigned);
        if answers > blocks.last().map_or(0, |block| block.answers) {
            let (worker, node) = (worker.processor_time(), world.node_processor_time());
            blocks.push(Block { at, answers, worker, node });
        }
    }
    Ok(blocks)
}

/// Uploads as `medchain upload --infer 0 --worker …` does, several in one transaction: the
/// record, sealed to patient, laboratory and worker, and a request.
async fn upload_all(world: &World, records: u64) -> Fallible<()> {
    let chain = Chain::connect(world.url()).await?;
    let store = store::open(world.store())?;
    let [lab, patient, worker] = [
        Identity::from_secret_uri(LAB)?,
        Identity::from_secret_uri(PATIENT)?,
        Identity::from_secret_uri(WORKER)?,
    ];
    let readers: Vec<(AccountId32, EncryptionKey)> =
        [&patient, &lab, &worker].map(|who| (who.account(), who.encryption_key())).to_vec();
    let mut seed = 0;
    while seed < records {
        let mut calls = Vec::new();
        for _ in 0..BATCH.min(records - seed) {
            let key = ContentKey::generate();
            let image = synthetic_radiograph_png(1_000 + seed);
            let square = medchain_vision::square(&image)?;
            let bytes = crypto::encrypt(&key, &patient.account().0, &image)?;
            let cid = store::cid_of(&bytes);
            let mut envelopes = Vec::new();
            for (account, public) in &readers {
                let name = EnvelopeName {
                    genesis: chain.genesis_hash().0,
                    patient: patient.account().0,
                    content: Sealed::Record(&cid),
                    reader: account.0,
                };
                envelopes.push((*account, crypto::seal(&key, public, &name)?));
            }
            calls.push(Call::AddRecord {
                patient: patient.account(),
                cid: store.put(&bytes).await?,
                digest: crypto::digest(&bytes),
                kind: RecordKind::ChestXray,
                commitments: key.commitments(square.as_ref()),
                envelopes,
                inference: Some(InferenceOrder {
                    model: ModelId(0),
                    quorum: 1,
                    worker: Some(worker.account()),
                }),
                custody: None,
            });
            seed += 1;
        }
        chain.submit(&lab, &Call::Batch(calls), &SubmitOptions::default()).await?;
    }
    Ok(())
}

/// Single uploads with an idle worker, at the block time of the real chain.
fn blocks_to_verdict(uploads: u64) -> serde_json::Value {
    let world = World::with_block_time(BLOCK_TIME);
    world.set_up();
    let worker = world.worker();
    // The first one waits for the worker to load its model and is not counted.
    let mut blocks: Vec<u64> = (0..=uploads)
        .map(|seed| {
            let image = world.write_image("scan.png", &synthetic_radiograph_png(5_000 + seed));
            let record = world.upload_for(&image, &["--worker", WORKER]);
            let verdict = world.verdict(record, &worker);
            let added = world.show(record)["added_at"].as_u64().unwrap_or_default();
            verdict["block_number"].as_u64().unwrap_or_default().saturating_sub(added)
        })
        .skip(1)
        .collect();
    blocks.sort_unstable();
    json!({
        "uploads": uploads,
        "block_seconds": BLOCK_TIME.as_secs(),
        "blocks_p50": blocks.get(blocks.len() / 2),
        "blocks_max": blocks.last(),
    })
}

/// The bytes of all keys and values of the state.
fn state_bytes(world: &World) -> usize {
    let state: serde_json::Value = serde_json::from_str(&world.export_state()).unwrap_or_default();
    let entries = state["result"].as_array().map_or(&[][..], Vec::as_slice);
    let texts = entries.iter().filter_map(|entry| entry.as_array()).flatten();
    // Two hexadecimal digits a byte, behind "0x".
    texts.filter_map(|text| text.as_str()).map(|text| text.len().saturating_sub(2) / 2).sum()
}

fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
