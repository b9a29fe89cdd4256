//! A worker that lies, on a parachain: the workers settle it round by round, the liar loses its
//! bond, and the answer of the honest worker is the verdict.

use std::collections::BTreeMap;

use medchain_e2e::{Running, PATIENT, TESTNET_WORKERS};
use serde_json::{json, Value};

use super::{tell, Run, MINUTE};

/// The place of the worker that lies among [`TESTNET_WORKERS`].
const LIAR: usize = 1;
/// What it lies about: a value of a layer that is pooled afterwards.
const LIE: &str = "pooled";
/// The most uploads until the chain draws the liar, as it does for two of three.
const UPLOADS: u64 = 10;
const DAY: u64 = 24 * 60 * 60;

/// A request that the liar and an honest worker were drawn for.
struct Drawn {
    record: u64,
    request: u64,
    block: u64,
    honest: String,
}

/// Plays a dispute to its end. Returns the honest program that has the liar's place again.
pub fn play(run: &Run) -> Running {
    tell("== Dispute: a worker lies, and loses its bond");
    let program = run.net.worker(LIAR);
    program.kill();
    // What it remembers is not what the honest program would answer.
    let state = run.net.folder().join("state-of-the-liar").display().to_string();
    let lying = program
        .with_option("--state-dir", &state)
        .restart_lying(LIE, &run.net.log("worker-that-lies.log"));
    let liar = account(run, TESTNET_WORKERS[LIAR]);
    let lost_before = number(&entry(run, &liar)["lost"]);
    let drawn = draw(run, &liar);
    let before = (entry(run, &drawn.honest), spendable(run, &drawn.honest));
    tell(&format!(
        "record {}, request {}: {} answers honestly, {liar} lies",
        drawn.record, drawn.request, drawn.honest
    ));

    let mut rounds = BTreeMap::new();
    let mut verdict = Value::Null;
    run.net.wait_for("the dispute is over and final", 15 * MINUTE, &[drawn.record], || {
        if let Some((round, about)) = round(run, drawn.request) {
            rounds.entry(round).or_insert(about);
        }
        let found = run.verdicts(0, drawn.record).into_iter().next();
        verdict = found.unwrap_or_default();
        let finalised = run.net.finalised(run.net.collator(0)).unwrap_or(0);
        verdict["block_number"].as_u64().is_some_and(|block| finalised >= block)
    });
    tell_rounds(run, &drawn, &rounds, &liar);

    assert_eq!(verdict["workers"], json!([drawn.honest]), "{verdict}");
    assert_eq!(verdict["status"], "standing", "{verdict}");
    let lost = entry(run, &liar);
    assert_eq!(number(&lost["lost"]), lost_before + 1, "{lost}");
    assert_eq!((&lost["bond"], &lost["status"]), (&"0".into(), &"suspended".into()), "{lost}");
    let won = entry(run, &drawn.honest);
    assert_eq!(won["lost"], before.0["lost"], "{won}");
    assert_eq!(number(&won["answered"]), number(&before.0["answered"]) + 1, "{won}");
    let after = spendable(run, &drawn.honest);
    assert!(after > before.1, "its reward is more than the fees of its moves: {before:?} {after}");
    let (record, folder) = (drawn.record.to_string(), run.net.model_folder().display().to_string());
    let replay = ["replay", &record, "--model-dir", &folder];
    let replayed = run.net.done(0, PATIENT, &replay);
    assert_eq!(replayed["equal"], true, "{replayed}");
    tell(&format!(
        "the verdict is that of {} alone, and equals its replay; the liar's bond is 0, and the \
         honest worker has {:.1} MEDC more",
        drawn.honest,
        (after - before.1) as f64 / 1e12
    ));

    drop(lying);
    run.net.done(0, TESTNET_WORKERS[LIAR], &["worker", "top-up"]);
    program.restart(&run.net.log("worker-after-the-liar.log"))
}

/// Uploads films until the liar is drawn.
fn draw(run: &Run, liar: &str) -> Drawn {
    for seed in 0..UPLOADS {
        let uploaded = run.upload(0, &run.synthetic(200 + seed));
        let record = number(&uploaded["record_id"]);
        let workers = uploaded["workers"].as_array().expect("a list");
        let (liars, others): (Vec<_>, Vec<_>) = workers.iter().partition(|who| **who == *liar);
        if let ([_], [honest]) = (&liars[..], &others[..]) {
            return Drawn {
                record,
                request: number(&uploaded["request_id"]),
                block: number(&uploaded["block_number"]),
                honest: text(honest),
            };
        }
        run.net.wait_for("the verdict of the two others", 5 * MINUTE, &[record], || {
            !run.verdicts(0, record).is_empty()
        });
    }
    panic!("{UPLOADS} requests for two of three workers, none of them for {liar}");
}

/// The round of a dispute, and what it is about; `None` where there is no dispute.
fn round(run: &Run, request: u64) -> Option<(u64, String)> {
    let shown = run.net.run(0, PATIENT, &["disputes", &request.to_string()]);
    if shown.code != 0 {
        return None;
    }
    let dispute = shown.json()["disputes"][0].clone();
    let layer = dispute["layer"].as_u64().map(|layer| format!(" of layer {layer}"));
    let about = format!("{}{}", dispute["stage"].as_str()?, layer.unwrap_or_default());
    Some((dispute["round"].as_u64()?, about))
}

/// Prints how long each round took, by the patient's log, and checks how the last one ended.
fn tell_rounds(run: &Run, drawn: &Drawn, rounds: &BTreeMap<u64, String>, liar: &str) {
    let from = drawn.block.to_string();
    let log = run.net.done(0, PATIENT, &["audit", "--from", &from, "--kind", "dispute"]);
    let entries = log["entries"].as_array().expect("a list");
    let of_this = entries.iter().filter(|entry| entry["details"]["request_id"] == drawn.request);
    let (moves, steps): (Vec<_>, Vec<_>) =
        of_this.partition(|entry| entry["kind"] == "dispute_move_made");
    let took = |from: &Value, to: &Value| {
        let blocks = number(&to["block_number"]) - number(&from["block_number"]);
        // A dispute may be played at midnight.
        let seconds = (clock(to) + DAY - clock(from)) % DAY;
        format!("{blocks} blocks, {seconds} s")
    };
    for (number, pair) in (1..).zip(steps.windows(2)) {
        let about = rounds.get(&number).map_or("?", String::as_str);
        tell(&format!("round {number}, {about}: {}", took(pair[0], pair[1])));
    }
    let [first, .., last] = &steps[..] else { panic!("a dispute begins and ends: {log}") };
    assert_eq!(first["kind"], "dispute_started", "{log}");
    assert_eq!(last["kind"], "dispute_settled", "{log}");
    let end = json!([last["details"]["winner"], last["details"]["losers"]]);
    assert_eq!(end, json!([drawn.honest, [liar]]), "{last}");
    assert_eq!(last["details"]["timed_out"], false, "{last}");
    tell(&format!("the dispute: {} moves, {}", moves.len(), took(first, last)));
}

/// The seconds since midnight at which the block of an entry was made.
fn clock(entry: &Value) -> u64 {
    let time = text(&entry["time"]);
    let clock = time.split('T').nth(1).and_then(|clock| clock.get(..8));
    let parts = clock.expect("2026-11-28T17:40:12…").split(':');
    parts.fold(0, |sum, part| 60 * sum + part.parse::<u64>().expect("two digits"))
}

fn account(run: &Run, who: &str) -> String {
    text(&run.net.done(0, who, &["balance"])["account"])
}

/// What an account can spend, in plancks.
fn spendable(run: &Run, account: &str) -> u128 {
    let balance = run.net.done(0, PATIENT, &["balance", account]);
    text(&balance["spendable"]).parse().expect("an amount")
}

/// What `medchain worker list` says of a worker.
fn entry(run: &Run, account: &str) -> Value {
    let list = run.net.done(0, PATIENT, &["worker", "list"]);
    let all = list["workers"].as_array().expect("a list");
    let found = all.iter().find(|worker| worker["worker"] == account);
    found.unwrap_or_else(|| panic!("{account} is not in {list}")).clone()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is not a number"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned()
}
