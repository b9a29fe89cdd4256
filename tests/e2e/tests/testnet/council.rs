//! The council decides, and nobody is root.

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use medchain_e2e::{contract, repository, wait_for, COUNCIL, STRANGER, TESTNET_WORKERS};
use serde_json::{json, Value};

use super::{tell, Run, MINUTE};

/// Runs `ops/call.mjs` as the first member. Returns what it printed, and whether it succeeded.
fn call(run: &Run, arguments: &[&str]) -> (String, bool) {
    let key = run.folder.join("alice.key");
    fs::write(&key, json!({ "secret_uri": COUNCIL[0] }).to_string()).expect("it is writable");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let output = Command::new("node")
        .arg(repository().join("ops/call.mjs"))
        .args(["--node", run.net.collator(0), "--key"])
        .arg(key)
        .args(arguments)
        .output()
        .expect("node runs");
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&said).trim().to_owned(), output.status.success())
}

/// Proposes something as one member, and passes it as another.
fn passed(run: &Run, [first, second]: [&str; 2], arguments: &[&str]) {
    let proposed = run.net.done(0, first, arguments);
    let motion = proposed["motion"].as_u64().expect("it needs another vote").to_string();
    let stranger = run.net.run(0, STRANGER, &["council", "vote", &motion]);
    assert!(stranger.one_error_line().contains("NotMember"), "{}", stranger.err);
    let voted = run.net.done(0, second, &["council", "vote", &motion]);
    assert_eq!(voted["executed"], true, "{voted}");
    tell(&format!("motion {motion} of {first} passes with {second}: {}", arguments.join(" ")));
}

/// Passes motions, and lets a default policy wait.
pub fn play(run: &Run) {
    tell("== The council decides, and nobody is root");
    let (said, done) = call(run, &["--sudo", "system.remark", "0x00"]);
    assert!(!done && said.contains("RequireSudo"), "{said}");
    tell(&format!("sudo says: {said}"));

    let [alice, bob, charlie] = COUNCIL;
    passed(run, [alice, bob], &["institution", "add", "Third Hospital", STRANGER]);
    let all = run.net.done(0, STRANGER, &["institution", "list"]);
    let all = all["institutions"].as_array().expect("a list").clone();
    assert!(all.iter().any(|one| one["name"] == "Third Hospital"), "{all:?}");

    let bundle = contract("access-control").display().to_string();
    let policy = run.net.done(0, STRANGER, &["policy", "deploy", &bundle]);
    let policy = policy["contract"].as_str().expect("an address").to_owned();
    let announce = ["policy", "default", "announce", &policy];
    passed(run, [bob, charlie], &announce);
    let early = run.net.run(0, STRANGER, &["policy", "default", "enact"]);
    assert!(early.one_error_line().contains("DefaultPolicyNotDue"), "{}", early.err);
    tell(&format!("too early: {}", early.one_error_line()));
    passed(run, [alice, charlie], &["policy", "default", "cancel"]);
    let shown = || run.net.done(0, STRANGER, &["policy", "default", "show"]);
    assert_eq!(shown()["announced"], Value::Null);
    passed(run, [bob, charlie], &announce);
    let due = shown()["announced"]["enactable_at"].as_u64().expect("it waits");
    wait_for("the default policy can be enacted", 5 * MINUTE, || {
        shown()["block_number"].as_u64() >= Some(due)
    });
    let enacted = run.net.done(0, STRANGER, &["policy", "default", "enact"]);
    assert_eq!(enacted["contract"], policy);
    tell("after its delay anybody enacts it");
    appoint_ethics(run);
}

/// A network that began without an ethics committee appoints one: two thirds of the council have
/// root do it, after the delay. Until then, the council judges emergencies.
fn appoint_ethics(run: &Run) {
    let shown = || run.net.done(0, STRANGER, &["ethics", "show"]);
    let before = shown();
    if before["judges"] == "ethics" {
        tell("an ethics committee judges emergencies");
        return;
    }
    assert_eq!((&before["judges"], &before["members"]), (&json!("council"), &json!([])));
    let account = |who: &&str| run.net.done(0, who, &["balance"])["account"].clone();
    let members: Vec<Value> = TESTNET_WORKERS.iter().map(account).collect();
    let members = json!(members).to_string();
    let (said, done) = call(run, &["--root", "ethicsMembership.resetMembers", &members]);
    assert!(done, "{said}");
    let motion = said.split_whitespace().nth(1).expect("the motion has a number");
    let voted = run.net.done(0, COUNCIL[1], &["council", "vote", motion]);
    assert_eq!(voted["executed"], true, "{voted}");
    let announced = run.net.done(0, STRANGER, &["council", "show"]);
    let change = announced["changes"].as_array().and_then(|all| all.last()).expect("it waits");
    assert_eq!(change["call"], "EthicsMembership.reset_members", "{announced}");
    let due = change["enactable_at"].as_u64().expect("it waits");
    wait_for("the committee can be appointed", 5 * MINUTE, || {
        shown()["block_number"].as_u64() >= Some(due)
    });
    run.net.done(0, STRANGER, &["council", "enact", &change["change"].to_string()]);
    let after = shown();
    assert_eq!(after["judges"], "ethics", "{after}");
    tell("the council appointed an ethics committee, which judges emergencies from now on");
}
