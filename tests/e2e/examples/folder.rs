//! How fast `medchain upload DIR --manifest` adds records, with the real programs, beside what
//! the chain takes by weight. Prints one JSON object.
//!
//! `folder [FILES] [PARALLEL]`: so many synthetic films (1,000), so many of them in flight (4), of
//! one patient, on a development chain that makes a block every six seconds.

use std::time::{Duration, Instant};

use medchain_client::{
    chain::{Call, Chain},
    crypto::{self, ContentKey, EnvelopeName, Sealed},
    keys::Identity,
    store,
};
use medchain_e2e::{World, LAB, PATIENT, REGISTRAR};
use medchain_primitives::RecordKind;
use medchain_vision::synthetic_radiograph_png;
use serde_json::{json, Value};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// The block time of the parachain on a relay chain.
const BLOCK_TIME: Duration = Duration::from_secs(6);

fn main() -> Fallible<()> {
    let mut arguments = std::env::args().skip(1);
    let files: u64 = arguments.next().map_or(Ok(1_000), |text| text.parse())?;
    let parallel = arguments.next().unwrap_or_else(|| "4".to_owned());
    let world = World::with_block_time(BLOCK_TIME);
    let policy = medchain_e2e::contract("access-control").display().to_string();
    let grant = format!("{LAB}:append");
    world.done(PATIENT, &["patient", "register", "--policy", &policy, "--grant", &grant]);
    world.done(LAB, &["key", "publish"]);
    world.done(REGISTRAR, &["provider", "add", LAB, "lab-technician"]);
    let films = world.folder().join("films");
    std::fs::create_dir(&films)?;
    let mut list = "file,patient\n".to_owned();
    for seed in 0..files {
        std::fs::write(films.join(format!("{seed}.png")), synthetic_radiograph_png(10_000 + seed))?;
        list.push_str(&format!("{seed}.png,{PATIENT}\n"));
    }
    std::fs::write(world.folder().join("list.csv"), list)?;

    let upload = ["upload", "films", "--manifest", "list.csv", "--parallel", &parallel];
    let (first, seconds) = run(&world, &upload)?;
    let (again, seconds_again) = run(&world, &upload)?;
    let by_weight = tokio::runtime::Runtime::new()?.block_on(records_a_block(&world))?;

    let rate = files as f64 / seconds;
    let most = by_weight as f64 / BLOCK_TIME.as_secs_f64();
    let blocks = first["summary"]["transactions"].as_u64().unwrap_or_default();
    println!(
        "{}",
        json!({
            "files": files,
            "parallel": parallel,
            "added": first["summary"]["added"],
            "transactions": blocks,
            "records_a_transaction": first["summary"]["records_a_transaction"],
            "seconds": round(seconds),
            "records_per_second": round(rate),
            "records_a_block_by_declared_weight": by_weight,
            "chain_takes_records_per_second": round(most),
            "of_what_the_chain_takes": round(rate / most),
            "again": { "added": again["summary"]["added"], "seconds": round(seconds_again) },
        })
    );
    if first["summary"]["added"] != files || again["summary"]["added"] != 0 {
        return Err(format!("not all were added once: {first} {again}").into());
    }
    Ok(())
}

/// Runs an upload, and returns the last line that it printed, and how long it took.
fn run(world: &World, arguments: &[&str]) -> Fallible<(Value, f64)> {
    let started = Instant::now();
    let answer = world.run(LAB, arguments);
    let seconds = started.elapsed().as_secs_f64();
    let last = answer.out.lines().last().unwrap_or_default();
    let last = serde_json::from_str(last).map_err(|error| format!("{error}: {}", answer.err))?;
    Ok((last, seconds))
}

/// How many records of the laboratory, with two envelopes, a block has room for.
async fn records_a_block(world: &World) -> Fallible<u64> {
    let chain = Chain::connect(world.url()).await?;
    let [lab, patient] = [Identity::from_secret_uri(LAB)?, Identity::from_secret_uri(PATIENT)?];
    let key = ContentKey::generate();
    let bytes = crypto::encrypt(&key, &patient.account().0, b"a film")?;
    let cid = store::cid_of(&bytes);
    let mut envelopes = Vec::new();
    for reader in [&patient, &lab] {
        let name = EnvelopeName {
            genesis: chain.genesis_hash().0,
            patient: patient.account().0,
            content: Sealed::Record(&cid),
            reader: reader.account().0,
        };
        envelopes.push((reader.account(), crypto::seal(&key, &reader.encryption_key(), &name)?));
    }
    let call = Call::AddRecord {
        patient: patient.account(),
        cid,
        digest: crypto::digest(&bytes),
        kind: RecordKind::ChestXray,
        commitments: key.commitments(&[0; 224 * 224]),
        envelopes,
        inference: None,
        custody: None,
    };
    let weight = chain.estimate_weight(&lab, &call).await?;
    Ok(chain.best().await?.room_in_a_block()?.holds(weight))
}

fn round(value: f64) -> f64 {
    (value * 1e2).round() / 1e2
}
