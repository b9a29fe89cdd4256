//! Custodians on a parachain: they act on final grants only, and their shares reach a block in
//! time. One of three is down.

use std::{process::Command, time::Instant};

use medchain_e2e::{free_port, program, Running, CUSTODIANS, LAB, PATIENT, REGISTRAR, STRANGER};
use serde_json::Value;

use super::{fetch, tell, Run, MINUTE};

/// Plays a request for access until the reader has the film.
pub fn play(run: &Run) {
    tell("== Custody: a reader gets the key while the patient is asleep");
    let group = run.net.done(0, PATIENT, &["custodians", "show", PATIENT]);
    if group["custodians"].as_array().is_none_or(Vec::is_empty) {
        set_up(run);
    }
    let image = run.synthetic(301);
    let path = image.display().to_string();
    let added = run.net.done(0, LAB, &["upload", &path, "--patient", PATIENT]);
    let record = added["record_id"].as_u64().expect("a record has a number");
    run.net.done(0, PATIENT, &["grant", "--to", STRANGER, "--actions", "view"]);

    let [_down, up @ ..] = CUSTODIANS;
    let custodians = up.map(|who| start(run, who));
    let number = record.to_string();
    let asked = Instant::now();
    run.net.done(0, STRANGER, &["request-access", &number, "--no-wait"]);
    tell(&format!("the grant is final after {} s", asked.elapsed().as_secs()));
    let copy = run.folder.join("from-custodians");
    run.net.wait_for("the reader has the key", 5 * MINUTE, &[], || {
        assert!(!custodians.iter().any(|one| one.said().contains("error: ")), "a custodian ended");
        fetch(run, STRANGER, record, &copy).is_ok()
    });
    let seconds = asked.elapsed().as_secs();
    assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&image).unwrap());
    tell(&format!("record {record} is read {seconds} s after the request, with two of three"));

    run.net.done(0, PATIENT, &["revoke", "--from", STRANGER]);
    let again = ["request-access", &number, "--renew", "--no-wait"];
    let refused = run.net.run(0, STRANGER, &again);
    assert_eq!(refused.code, 3, "{}{}", refused.out, refused.err);
    tell("and after it was revoked, the same reader is refused");
}

/// Registers the custodians, and has the patient choose them.
fn set_up(run: &Run) {
    let registrar = account(run, REGISTRAR);
    let all = run.net.done(0, REGISTRAR, &["institution", "list"]);
    let all = all["institutions"].as_array().cloned().unwrap_or_default();
    // A network that was upgraded has no institution of its own yet, but a sudo key.
    if !all.iter().any(|one| one["registrar"] == registrar) {
        run.net.done(0, REGISTRAR, &["institution", "add", "Testnet Hospital", REGISTRAR]);
    }
    for custodian in CUSTODIANS {
        let add = ["provider", "add", custodian, "custodian", "--in-block"];
        run.net.done(0, REGISTRAR, &add);
    }
    let net = &run.net;
    std::thread::scope(|scope| {
        for custodian in CUSTODIANS {
            scope.spawn(move || net.done(0, custodian, &["custodian", "register"]));
        }
    });
    let all = CUSTODIANS.join(",");
    run.net.done(0, PATIENT, &["custodians", "set", &all, "--threshold", "2"]);
}

fn account(run: &Run, who: &str) -> Value {
    run.net.done(0, who, &["balance"])["account"].clone()
}

/// Starts a custodian, which ends with this stage.
fn start(run: &Run, who: &str) -> Running {
    let mut command = Command::new(program("medchain-worker"));
    command
        .args(["custodian", "--dev", "--suri", who, "--node", run.net.collator(1)])
        .args(["--listen", &format!("127.0.0.1:{}", free_port())]);
    let name = format!("worker-custodian-{}.log", who.trim_matches('/').replace('/', "-"));
    Running::start(&mut command, &run.net.log(&name))
}
