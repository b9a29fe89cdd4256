//! How much a block of the real parachain holds. Spawns a testnet, hands the
//! collators more transactions than fit, and prints two JSON objects, for records
//! and for answers: what the fullest block held, what ended it, and how large
//! its proof of validity was.
//!
//! `full_block [RECORDS]`, at most about 800: they reach the node in any order, and
//! its pool keeps no more than a tenth of its 8,192 places for those whose turn has
//! not come.

use std::time::{Duration, Instant};

use medchain_client::{
    chain::{Call, Chain, SubmitOptions},
    crypto::{self, ContentKey, EnvelopeName, Sealed},
    keys::Identity,
    store, AccountId32,
};
use medchain_e2e::{model_folder, Testnet, LAB, PATIENT, TESTNET_WORKERS};
use medchain_primitives::{EncryptionKey, InferenceOrder, ModelId, RecordKind, SealedAnswer};
use serde_json::{json, Value};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    let records = std::env::args().nth(1).map_or(Ok(800), |text| text.parse())?;
    let store = tempfile::tempdir()?;
    let net = Testnet::spawn("medchain-local.toml", None, &store.path().display().to_string());
    net.set_up();
    // The workers would answer before the requests have piled up.
    (0..TESTNET_WORKERS.len()).for_each(|index| net.worker(index).kill());
    let model = model_of_one_worker(&net)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(flood(&net, model, records))
}

/// Publishes a model that can be asked of one worker, unlike the testnet's own, and registers
/// the first worker for it.
fn model_of_one_worker(net: &Testnet) -> Fallible<ModelId> {
    let onnx = model_folder().join("medchain-vgg16.onnx").display().to_string();
    let id = net.publish(&[&onnx]);
    net.done(0, TESTNET_WORKERS[0], &["worker", "set-models", "--model", &id.to_string()]);
    Ok(ModelId(id))
}

/// Prints one JSON object for the records, and one for the answers.
async fn flood(net: &Testnet, model: ModelId, records: u64) -> Fallible<()> {
    let chain = Chain::connect(net.collator(0)).await?;
    let lab = Identity::from_secret_uri(LAB)?;
    let patient = Identity::from_secret_uri(PATIENT)?;
    let worker = Identity::from_secret_uri(TESTNET_WORKERS[0])?;
    let readers: Vec<(AccountId32, EncryptionKey)> =
        [&patient, &lab, &worker].map(|who| (who.account(), who.encryption_key())).to_vec();
    let mut calls = Vec::new();
    let mut cids = Vec::new();
    for seed in 0..records {
        let key = ContentKey::generate();
        let bytes = crypto::encrypt(&key, &patient.account().0, &seed.to_le_bytes())?;
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
        cids.push(cid.clone());
        calls.push(Call::AddRecord {
            patient: patient.account(),
            cid,
            digest: crypto::digest(&bytes),
            kind: RecordKind::ChestXray,
            commitments: key.commitments(&[0; 224 * 224]),
            envelopes,
            inference: Some(InferenceOrder { model, quorum: 1, worker: Some(worker.account()) }),
            custody: None,
        });
    }
    let open = chain.best().await?.assignments(&worker.account()).await?.len();
    let (added, taken) = send(net, &chain, &lab, calls).await?;
    println!("{}", json!({ "add_record with a policy check and a request": added }));

    // A block that is not final yet may be taken back, and its requests with it.
    let mut view = chain.finalised().await?;
    let patience = Instant::now();
    while view.assignments(&worker.account()).await?.len() < open + taken {
        if patience.elapsed() > Duration::from_secs(180) {
            return Err("the requests did not become final".into());
        }
        tokio::time::sleep(Duration::from_secs(6)).await;
        view = chain.finalised().await?;
    }
    let model = view.model(model).await?.ok_or("the model is gone")?;
    let mut calls = Vec::new();
    // The chain cannot tell whether an answer opens.
    let sealed = SealedAnswer::truncate_from(vec![0; 18 + 4 * model.labels.len()]);
    for request in view.assignments(&worker.account()).await? {
        calls.push(Call::SubmitAnswer { request, sealed: sealed.clone() });
    }
    let (answered, _) = send(net, &chain, &worker, calls).await?;
    println!("{}", json!({ "submit_answer with a policy check": answered }));
    Ok(())
}

/// Sends everything at once and waits until all of it is in a block. Returns what is
/// to be told of it, and how many were taken.
async fn send(
    net: &Testnet,
    chain: &Chain,
    who: &Identity,
    calls: Vec<Call>,
) -> Fallible<(Value, usize)> {
    let sent = calls.len();
    let first = chain.next_nonce(&who.account()).await?;
    let started = Instant::now();
    let mut waiting = tokio::task::JoinSet::new();
    for (index, call) in calls.into_iter().enumerate() {
        let (chain, suri) = (chain.clone(), who.clone());
        let options = SubmitOptions {
            nonce: Some(first + index as u64),
            timeout: Duration::from_secs(600),
            ..SubmitOptions::default()
        };
        waiting.spawn(async move { chain.submit(&suri, &call, &options).await });
    }
    let mut blocks = std::collections::BTreeMap::<u32, u64>::new();
    let mut failed = 0;
    while let Some(done) = waiting.join_next().await {
        match done? {
            Ok(outcome) => *blocks.entry(outcome.block_number).or_default() += 1,
            Err(error) => {
                eprintln!("not taken: {error}");
                failed += 1;
            }
        }
    }
    let most = blocks.iter().max_by_key(|(_, count)| **count);
    let (block, held) = most.map_or((0, 0), |(block, count)| (*block, *count));
    let told = json!({
        "sent": sent,
        "failed": failed,
        "seconds": started.elapsed().as_secs(),
        "blocks": blocks,
        "fullest_block": block,
        "it_held": held,
        "its_collator": said_of(net, block),
    });
    Ok((told, sent - failed))
}

/// What the collators that made this block said of it: how long it took, what ended
/// it, and how large its proof of validity is.
fn said_of(net: &Testnet, block: u32) -> Vec<String> {
    let made = format!("Prepared block for proposing at {block} ");
    let mut found = Vec::new();
    for name in ["collator-1", "collator-2"] {
        let log = net.folder().join("net").join(format!("{name}.log"));
        let log = std::fs::read_to_string(log).unwrap_or_default();
        let mut lines = log.lines().skip_while(|line| !line.contains(&made));
        let Some(prepared) = lines.next() else { continue };
        let took = prepared.split(&made).nth(1).and_then(|rest| rest.split(" hash").next());
        let end = prepared.split("; ").skip_while(|part| !part.starts_with("end: "));
        found.push(
            [took.unwrap_or_default().to_owned(), end.collect::<Vec<_>>().join(", ")].join(" "),
        );
        for wanted in ["PoV size header", "Compressed PoV size"] {
            if let Some(line) = lines.by_ref().take(40).find(|line| line.contains(wanted)) {
                found.push(line.split("[Parachain] ").last().unwrap_or(line).to_owned());
            }
        }
    }
    found
}
