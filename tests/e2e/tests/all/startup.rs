//! Whatever keeps a worker from working is one clear line and an exit code.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use medchain_e2e::{free_port, model_folder, program, World, REGISTRAR, STRANGER, WORKER};

use crate::{parts::in_turn, proxy::Proxy};

/// The worker with the configuration of [`World::worker`], and `flags` after it.
fn worker(world: &World, flags: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command
        .arg("60")
        .arg(program("medchain-worker"))
        .args(["run", "--log", "error"])
        .args(flags)
        .current_dir(world.folder());
    // Each once, from the case or from here.
    for (flag, value) in [
        ("--listen", &*format!("127.0.0.1:{}", free_port())),
        ("--node", world.url()),
        ("--store", world.store()),
        ("--model-dir", &model_folder().display().to_string()),
    ] {
        if !flags.contains(&flag) {
            command.args([flag, value]);
        }
    }
    command
}

/// The one line that the worker ends with.
fn refusal(world: &World, flags: &[&str]) -> String {
    refusal_of(worker(world, flags))
}

fn refusal_of(mut worker: Command) -> String {
    let output = worker.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    // 124 is the code of `timeout` for a worker that was still running.
    assert_eq!(output.status.code(), Some(1), "{worker:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{worker:?}: {said}");
    said.trim().strip_prefix("error: ").unwrap_or_else(|| panic!("{worker:?}: {said}")).to_owned()
}

fn secret_file(folder: &Path, name: &str, content: &[u8]) {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// What `medchain-node key generate` prints.
fn node_key(scheme: &str) -> Vec<u8> {
    let arguments = ["key", "generate", "--scheme", scheme, "--output-type", "json"];
    Command::new(program("medchain-node")).args(arguments).output().unwrap().stdout
}

#[test]
fn a_worker_that_cannot_work_says_why() {
    in_turn!(
        World::with_everybody(),
        whatever_a_worker_cannot_work_with_is_one_line,
        a_worker_whose_node_turns_to_another_chain_ends,
    );
}

fn whatever_a_worker_cannot_work_with_is_one_line(world: &World) {
    let me = ["--dev", "--suri", WORKER];
    let with = |more: &[&str]| refusal(world, &[&me[..], more].concat());

    // The key.
    secret_file(world.folder(), "ed25519.json", &node_key("ed25519"));
    secret_file(world.folder(), "sr25519.json", &node_key("sr25519"));
    secret_file(world.folder(), "noise.key", &[0xfe; 32]);
    // As a node keeps it in its keystore.
    secret_file(world.folder(), "aura", br#""//Private words""#);
    let decrypts = format!(r#"{{"version":1,"encryption_secret":"{}"}}"#, "ab".repeat(32));
    secret_file(world.folder(), "decrypts.key", decrypts.as_bytes());
    for name in ["ed25519.json", "sr25519.json", "noise.key", "aura", "decrypts.key"] {
        let line = refusal(world, &["--key", name]);
        assert!(line.contains(&format!("{name} is not a key file")), "{line}");
        assert!(line.contains("medchain key new"), "{line}");
        assert!(!line.contains("Private") && !line.contains("abab"), "a secret: {line}");
    }
    fs::set_permissions(world.folder().join("noise.key"), fs::Permissions::from_mode(0o644))
        .unwrap();
    assert!(refusal(world, &["--key", "noise.key"]).contains("chmod 600"));
    assert!(refusal(world, &["--key", "none.key"]).contains("no key file none.key"));
    assert!(refusal(world, &[]).contains("no key: pass --key FILE, or set MEDCHAIN_WORKER_KEY"));

    // The environment.
    let mut mistyped = worker(world, &me);
    mistyped.env("MEDCHAIN_WORKER_NOED", world.url());
    assert!(refusal_of(mistyped).contains("unknown environment variable MEDCHAIN_WORKER_NOED"));

    // The account.
    let line = refusal(world, &["--dev", "--suri", STRANGER]);
    assert!(line.contains("not registered"), "{line}");
    let poor = "//Bob//poor";
    world.done(REGISTRAR, &["transfer", poor, "101"]);
    world.done(poor, &["worker", "register", "--model", "0"]);
    let spendable: f64 =
        world.done(poor, &["balance"])["spendable"].as_str().unwrap().parse().unwrap();
    let rest = format!("{:.4}", spendable / 1e12 - 0.006);
    world.done(poor, &["transfer", REGISTRAR, &rest]);
    let line = refusal(world, &["--dev", "--suri", poor]);
    assert!(line.contains("too little to answer"), "{line}");

    // The machine.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = with(&["--listen", &address]);
    assert!(line.contains(&format!("cannot listen on {address}")), "{line}");
    let line = with(&["--model-dir", "nowhere"]);
    assert!(line.contains("cannot read nowhere"), "{line}");
    assert!(with(&["--model-dir", "."]).contains("has no NAME.json of a model"));

    let line = with(&["--store", "/nowhere/store"]);
    assert!(line.contains("/nowhere/store"), "{line}");

    // The node.
    let nowhere = format!("ws://127.0.0.1:{}", free_port());
    assert!(with(&["--node", &nowhere]).contains(&format!("cannot reach a node at {nowhere}")));
    let metrics = world.node_metrics().replace("http", "ws");
    assert!(with(&["--node", &metrics]).contains("cannot reach a node"));
    let proxy = Proxy::start(world.url());
    proxy.exchange(r#""specName":"medchain""#, r#""specName":"polkadot""#);
    let line = with(&["--node", &proxy.url]);
    assert!(line.contains("runs the chain `polkadot`, not `medchain`"), "{line}");
    // A runtime in which the call has another name.
    let [old, new] = ["submit_answer", "answer_submit"].map(hex);
    proxy.exchange(&old, &new);
    let line = with(&["--node", &proxy.url]);
    assert!(line.contains("does not fit the node's runtime"), "{line}");
    assert!(line.contains("submit_answer"), "{line}");
}

/// As a node sends metadata.
fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn a_worker_whose_node_turns_to_another_chain_ends(world: &World) {
    let proxy = Proxy::start(world.url());
    let mut running = worker(world, &["--dev", "--suri", WORKER, "--node", &proxy.url])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    sleep(Duration::from_secs(10));
    assert!(running.try_wait().unwrap().is_none(), "it runs");
    let genesis = genesis(world);
    proxy.exchange(&genesis, &"1".repeat(genesis.len()));
    proxy.cut();
    let started = Instant::now();
    while running.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_secs(45), "it goes on");
        sleep(Duration::from_millis(200));
    }
    let output = running.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("error: ") && last.contains("another genesis"), "{said}");
}

/// The hash of the chain's first block, without 0x.
fn genesis(world: &World) -> String {
    let question = r#"{"jsonrpc":"2.0","id":1,"method":"chain_getBlockHash","params":[0]}"#;
    let output = Command::new("curl")
        .args(["--silent", "--header", "Content-Type: application/json", "--data", question])
        .arg(world.url().replacen("ws", "http", 1))
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    answer["result"].as_str().unwrap().trim_start_matches("0x").to_owned()
}
