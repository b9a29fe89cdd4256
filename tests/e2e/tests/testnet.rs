//! MedChain as a parachain of a real relay chain. It takes about half an hour, so
//! `make test` leaves it out: run `make testnet-test`.

#[path = "testnet/council.rs"]
mod council;
#[path = "testnet/custody.rs"]
mod custody;
#[path = "testnet/dispute.rs"]
mod dispute;

use std::{
    array,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use medchain_e2e::{
    contract, program, repository, shared_images, wait_for, IpfsDaemon, Program, Release, Running,
    Testnet, LAB, PATIENT, STRANGER, TESTNET_WORKERS,
};
use medchain_vision::synthetic_radiograph_png;
use serde_json::{json, Value};

const MINUTE: Duration = Duration::from_secs(60);
/// How many uploads wait for the workers when one of them is killed.
const BACKLOG: u64 = 20;

/// A part of the test that `STAGES` can name. The main job is always done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Upgrade,
    Clients,
    Dispute,
    Custody,
    Crashes,
    Sync,
    Stores,
    Council,
}

impl Stage {
    const ALL: [Self; 8] = [
        Self::Upgrade,
        Self::Clients,
        Self::Dispute,
        Self::Custody,
        Self::Crashes,
        Self::Sync,
        Self::Stores,
        Self::Council,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Clients => "clients",
            Self::Dispute => "dispute",
            Self::Custody => "custody",
            Self::Crashes => "crashes",
            Self::Sync => "sync",
            Self::Stores => "stores",
            Self::Council => "council",
        }
    }

    /// The stages in a list with commas or spaces between them.
    fn list(text: &str) -> Result<Vec<Self>, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        let names = text.split([',', ' ']).filter(|name| !name.is_empty());
        let stages: Vec<Self> = names
            .map(|name| {
                let found = Self::ALL.into_iter().find(|stage| stage.name() == name);
                found.ok_or_else(|| format!("`{name}` is not a stage; STAGES takes {}", known()))
            })
            .collect::<Result<_, _>>()?;
        match stages.is_empty() {
            true => Err(format!("STAGES names no stage; it takes {}", known())),
            false => Ok(stages),
        }
    }

    /// The stages that `STAGES` names; all of them where it is not set.
    fn chosen() -> Vec<Self> {
        match std::env::var("STAGES") {
            Ok(text) => Self::list(&text).unwrap_or_else(|error| panic!("{error}")),
            Err(_) => Self::ALL.to_vec(),
        }
    }
}

/// Also how scripts/testnet-test.sh checks `STAGES` before it builds for half an hour.
#[test]
fn stages_are_known() {
    Stage::chosen();
    let names = Stage::ALL.map(Stage::name);
    assert_eq!(Stage::list(&names.join(",")), Ok(Stage::ALL.to_vec()));
    assert_eq!(Stage::list("sync, upgrade"), Ok(vec![Stage::Sync, Stage::Upgrade]));
    for wrong in ["synch", "sync;stores", "Sync", "sync,all"] {
        let error = Stage::list(wrong).unwrap_err();
        assert!(
            error.ends_with("upgrade, clients, dispute, custody, crashes, sync, stores, council"),
            "{error}"
        );
    }
    assert!(Stage::list(" , ").unwrap_err().starts_with("STAGES names no stage"));
}

/// Prints a line of the transcript.
fn tell(line: &str) {
    println!("{line}");
}

/// Runs a program that must succeed, and returns its output.
fn says(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}\n{complained}");
    said
}

fn script(path: &str, arguments: &[&str]) -> String {
    says(Command::new("node").arg(repository().join("tests").join(path)).args(arguments))
}

fn json_script(path: &str, arguments: &[&str]) -> Value {
    let said = script(path, arguments);
    // The library may print something before.
    let json = said.find('{').map_or("", |start| &said[start..]);
    serde_json::from_str(json).unwrap_or_else(|e| panic!("{path}: {e}: {said}"))
}

/// How long each stage of one upload took, in seconds and blocks since it was signed.
struct Stages {
    record: u64,
    lines: Vec<String>,
}

struct Run {
    net: Testnet,
    folder: PathBuf,
}

impl Run {
    fn upload(&self, collator: usize, image: &Path) -> Value {
        let image = image.display().to_string();
        let upload = ["upload", &image, "--patient", PATIENT, "--infer", "0", "--in-block"];
        self.net.done(collator, LAB, &[&upload[..], &["--quorum", "2"]].concat())
    }

    fn synthetic(&self, seed: u64) -> PathBuf {
        let path = self.folder.join(format!("synthetic-{seed}.png"));
        std::fs::write(&path, synthetic_radiograph_png(seed)).expect("the folder is writable");
        path
    }

    fn verdicts(&self, collator: usize, record: u64) -> Vec<Value> {
        let shown = self.net.run(collator, PATIENT, &["show", &record.to_string()]);
        if shown.code != 0 {
            // The record's block is not the node's best one yet.
            return Vec::new();
        }
        shown.json()["verdicts"].as_array().cloned().unwrap_or_default()
    }

    /// The main job with one image, through finality.
    fn main_job(&self, collator: usize, image: &Path) -> Stages {
        let node = self.net.collator(collator).to_owned();
        let started = Instant::now();
        let uploaded = self.upload(collator, image);
        let record = uploaded["record_id"].as_u64().expect("a record has a number");
        let first =
            uploaded["block_number"].as_u64().unwrap_or_else(|| panic!("no block in {uploaded}"));
        let mut lines = Vec::new();
        let mut note = |what: &str, block: u64| {
            let seconds = started.elapsed().as_secs_f64();
            let blocks = block.saturating_sub(first);
            lines.push(format!("{what}: {seconds:.0} s, block {block} (+{blocks})"));
        };
        note("record in a block", first);
        let (mut final_at, mut reached_at) = (None, None);
        self.net.wait_for("the verdict is final", 5 * MINUTE, &[record], || {
            let finalised = self.net.finalised(&node).unwrap_or(0);
            if final_at.is_none() && finalised >= first {
                final_at = Some(finalised);
                note("record final", first);
            }
            if reached_at.is_none() {
                let verdicts = self.verdicts(collator, record);
                reached_at = verdicts.first().and_then(|found| found["block_number"].as_u64());
                if let Some(block) = reached_at {
                    note("verdict in a block", block);
                }
            }
            reached_at.is_some_and(|block| {
                let is_final = finalised >= block && self.verdicts(collator, record).len() == 1;
                if is_final {
                    note("verdict final", block);
                }
                is_final
            })
        });
        Stages { record, lines }
    }
}

/// How many times a worker has run the network, by its own metric.
fn inferences(run: &Run, worker: usize) -> u64 {
    let url = format!("http://{}/metrics", run.net.worker_address(worker));
    let output = Command::new("curl").args(["--silent", &url]).output().expect("curl runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let start = "medchain_worker_stage_seconds_count{stage=\"infer\"} ";
    let line = text.lines().find_map(|line| line.strip_prefix(start));
    line.map_or(0, |count| count.trim().parse().expect("a count"))
}

/// All stages in one test, because a network takes minutes to start.
#[test]
#[ignore = "takes half an hour: run `make testnet-test`"]
fn a_parachain_on_a_relay_chain() {
    let chosen = Stage::chosen();
    let wanted = |stage: Stage| {
        let is_wanted = chosen.contains(&stage);
        if !is_wanted {
            tell(&format!("skipped: {}, which STAGES does not name", stage.name()));
        }
        is_wanted
    };
    if chosen.contains(&Stage::Dispute) {
        // Not after half an hour: is it built?
        program("medchain-liar");
    }
    let stores = tempfile::tempdir().expect("there is a place for temporary files");
    let first_store = IpfsDaemon::start(&stores.path().join("first"));
    let second_store = IpfsDaemon::start(&stores.path().join("second"));
    let store = format!("{},{}", first_store.url(), second_store.url());
    let release = if wanted(Stage::Upgrade) { Release::chosen() } else { None };
    let net = Testnet::spawn("medchain-local.toml", release, &store);
    let run = Run { folder: stores.path().to_owned(), net };
    tell(&run.net.said());

    tell("== 1. The relay chain backs, includes and finalises our blocks");
    let seen = json_script("js/relay.mjs", &["--relay", run.net.relay(), "--blocks", "3"]);
    assert_eq!(seen["lifecycle"], "Parachain");
    tell(&seen.to_string());

    tell("== 2. The main job, through finality");
    run.net.set_up();
    let image = shared_images("covid").map(|images| images[0].clone());
    let (image, what) = match image {
        Some(image) => (image, "a real film"),
        None => (run.synthetic(1), "a synthetic image: the research images are not here"),
    };
    let stages = run.main_job(0, &image);
    tell(&format!("{what}, record {}", stages.record));
    stages.lines.iter().for_each(|line| tell(line));
    let copy = run.folder.join("copy");
    fetch(&run, PATIENT, stages.record, &copy).expect("the patient may");
    let (copy, original) = (std::fs::read(copy).unwrap(), std::fs::read(&image).unwrap());
    assert_eq!(copy, original, "the patient got different bytes than were uploaded");
    let refused = fetch(&run, STRANGER, stages.record, &run.folder.join("stolen"));
    tell(&format!("the patient has the same bytes; the stranger: {}", refused.unwrap_err()));

    let (mut record, mut restarted) = (stages.record, Vec::new());
    match run.net.release() {
        Some(release) => (record, restarted) = upgrade(&run, release),
        None => tell("skipped: the upgrade, because the network started with no release"),
    }
    if wanted(Stage::Clients) {
        clients(&run, record);
    }
    if wanted(Stage::Dispute) {
        restarted.push(dispute::play(&run));
    }
    if wanted(Stage::Custody) {
        custody::play(&run);
    }
    if wanted(Stage::Crashes) {
        restarted.push(collator_killed(&run));
        restarted.extend(worker_killed(&run));
    }
    if wanted(Stage::Sync) {
        full_node(&run);
    }
    if wanted(Stage::Stores) {
        store_stopped(&run, first_store, second_store);
    }
    if wanted(Stage::Council) {
        council::play(&run);
    }

    if run.net.ran_already() {
        restarted.into_iter().for_each(std::mem::forget);
        return;
    }
    // The programs of the network name its folder, except workers with a store elsewhere.
    let mark = format!("{}|127.0.0.1:971[789]", run.net.folder().display());
    drop(restarted);
    drop(run);
    let left = Command::new("pgrep").args(["-af", &mark]).output().expect("pgrep runs");
    let left = String::from_utf8_lossy(&left.stdout).into_owned();
    assert_eq!(left.trim(), "", "these are left: {left}");
    tell("everything has ended; nothing is left running");
}

/// The tools of others on this chain, and on a record that has a verdict.
fn clients(run: &Run, record: u64) {
    tell("== Clients: Polkadot.js at a collator, chopsticks from the raw spec");
    let bundle = contract("access-control").display().to_string();
    let (node, record) = (run.net.collator(1), record.to_string());
    let flow = script("js/flow.mjs", &["--node", node, "--bundle", &bundle, "--record", &record]);
    let calls = script("js/contract.mjs", &["--node", node, "--bundle", &bundle]);
    for said in [flow, calls] {
        tell(said.lines().last().unwrap_or_default());
    }
    match Command::new("subxt").args(["explore", "--url", node, "pallet", "Emr", "calls"]).output()
    {
        Ok(output) => {
            // It prints its list as a help text.
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(said.contains("register_patient"), "{said}");
            tell("subxt lists the calls of Emr");
        }
        Err(_) => tell("skipped: no subxt here (`cargo install subxt-cli --version 0.50.3`)"),
    }
    let spec = run.net.folder().join("net/medchain-local-2000-rococo-local.json");
    tell(script("chopsticks/dry-run.mjs", &["--spec", &spec.display().to_string()]).trim_end());
}

/// From the release to what was built. Returns a record with a verdict, and the workers,
/// restarted.
fn upgrade(run: &Run, release: &Release) -> (u64, Vec<Running>) {
    tell(&format!("== 4. A runtime upgrade, from the released version {}", release.version()));
    let old = release.program("medchain");
    let early = fits(run, &program("medchain"));
    tell(&format!("the new command line at the old chain: {}", early.unwrap_or_else(|no| no)));

    try_runtime(run);
    let new = run.folder.join("new.wasm");
    let built =
        program("medchain-node").with_file_name("wbuild/medchain-runtime/medchain_runtime.wasm");
    says(Command::new(repository().join("scripts/compact-runtime.sh")).args([&built, &new]));
    let new = new.display().to_string();
    let released = programs(run);
    let report = json_script("js/upgrade.mjs", &["--node", run.net.collator(0), "--wasm", &new]);
    tell(&serde_json::to_string_pretty(&report).unwrap());
    assert_eq!(report["from"], release.version(), "{report}");
    let late = fits(run, &old);
    match late.is_ok() {
        true => released.iter().for_each(Program::kill),
        // Then a worker of the release ends by itself: it does not know this runtime.
        false => released.iter().for_each(|worker| {
            wait_for("the old worker ends", 3 * MINUTE, || worker.has_ended());
        }),
    }
    tell(&format!("the old command line at the new chain: {}", late.unwrap_or_else(|no| no)));

    run.net.set_upgraded();
    let workers = released.iter().enumerate().map(|(place, worker)| {
        let log = run.net.log(&format!("worker-upgraded-{place}.log"));
        worker.restart_as(&program("medchain-worker"), &log)
    });
    let workers = workers.collect();
    let after = run.main_job(1, &run.synthetic(2));
    tell("with the new programs, the policy, the model and the workers' state go on:");
    after.lines.iter().for_each(|line| tell(line));
    let switched = report["switched"]["block"].as_u64().expect("the upgrade's block");
    logged_across(run, switched);
    (after.record, workers)
}

/// Whether a command line fits the runtime: what it says either way.
fn fits(run: &Run, medchain: &Path) -> Result<String, String> {
    let answer = run.net.run_with(medchain, 0, PATIENT, &["records", PATIENT]);
    if answer.code == 0 {
        return Ok("it fits".to_owned());
    }
    let said = answer.one_error_line().to_owned();
    assert!(said.contains("does not fit the node's runtime"), "{said}");
    Err(said)
}

/// The programs of all workers.
fn programs(run: &Run) -> [Program; TESTNET_WORKERS.len()] {
    array::from_fn(|place| run.net.worker(place))
}

/// The patient's log reaches back across the upgrade.
fn logged_across(run: &Run, switched: u64) {
    let log = run.net.done(1, PATIENT, &["audit"]);
    let entries = log["entries"].as_array().expect("a list");
    let count = |before: bool| {
        let count = entries.iter().filter(|entry| {
            let block = entry["block_number"].as_u64().expect("a block number");
            entry["kind"] == "verdict_reached" && (block < switched) == before
        });
        count.count()
    };
    let (before, after) = (count(true), count(false));
    assert!(before > 0 && after > 0, "{log}");
    tell(&format!(
        "the patient's log has {before} verdicts from before the upgrade and {after} from after"
    ));
}

/// A collator is killed, and the other one continues. Returns the first one once it is
/// back.
fn collator_killed(run: &Run) -> Running {
    tell("== 3. A collator is killed and comes back");
    let collator = Program::with(&["medchain-node", "collator-1"]);
    collator.kill();
    let (first, second) = (run.net.collator(0).to_owned(), run.net.collator(1).to_owned());
    let at = run.net.best(&second).expect("the second one answers");
    let killed = Instant::now();
    wait_for("three blocks of the other collator", 3 * MINUTE, || {
        run.net.best(&second).is_some_and(|best| best >= at + 3)
    });
    tell(&format!("three more blocks without it after {} s", killed.elapsed().as_secs()));
    let returned = collator.restart(&run.folder.join("collator-1-again.log"));
    let restarted = Instant::now();
    wait_for("the collator catches up", 4 * MINUTE, || {
        let (one, two) = (run.net.best(&first), run.net.best(&second));
        one.zip(two).is_some_and(|(one, two)| one + 1 >= two)
    });
    tell(&format!("it has caught up {} s after its start", restarted.elapsed().as_secs()));
    returned
}

/// The migrations and every `try_state` on the state before the upgrade.
fn try_runtime(run: &Run) {
    let Some(runtime) = std::env::var_os("MEDCHAIN_TRY_RUNTIME") else {
        panic!("MEDCHAIN_TRY_RUNTIME is not set: run `make testnet-test`");
    };
    let tool = repository().join("tests/chopsticks/node_modules/.bin/chopsticks");
    let mut command = Command::new(tool);
    command.args(["try-runtime", "--endpoint", run.net.collator(0), "--checks", "All"]);
    let said = says(command.arg("--runtime").arg(runtime));
    assert!(said.contains("Completed TryRuntime_on_runtime_upgrade"), "{said}");
    assert!(!said.contains("ERROR") && !said.contains("panicked"), "{said}");
    let checked = said.lines().filter(|line| line.contains("try-state checks")).count();
    for pallet in ["Emr", "Custody", "Inference", "Disputes"] {
        assert!(said.contains(&format!("Running \"{pallet}\" try-state checks")), "{said}");
    }
    tell(&format!(
        "migrations and try_state of {checked} pallets pass on the state of the testnet"
    ));
    for line in said.lines().filter(|line| line.contains("decodes") || line.contains("Consumed")) {
        tell(line.split("INFO: [1] ").last().unwrap_or(line));
    }
}

/// A worker is killed in the middle of a backlog of requests for two of three, and goes on
/// with it once it is back. Returns all of them, restarted.
fn worker_killed(run: &Run) -> Vec<Running> {
    tell(&format!("== 3. A worker is killed in the middle of a backlog of {BACKLOG}"));
    let programs = programs(run);
    programs.iter().for_each(Program::kill);
    let records: Vec<u64> = (0..BACKLOG)
        .map(|seed| {
            let uploaded = run.upload(1, &run.synthetic(100 + seed));
            uploaded["record_id"].as_u64().expect("a record has a number")
        })
        .collect();
    let answered = || records.iter().filter(|id| !run.verdicts(1, **id).is_empty()).count();
    assert_eq!(answered(), 0, "no worker is running yet");
    let log = |place: usize, when: &str| run.net.log(&format!("worker-{place}-{when}.log"));
    let restart = |(place, program): (usize, &Program)| program.restart(&log(place, "backlog"));
    let mut workers: Vec<Running> = programs.iter().enumerate().map(restart).collect();
    let started = Instant::now();
    let dave = TESTNET_WORKERS[0];
    run.net.wait_for("the first worker has done a few", 5 * MINUTE, &records, || {
        inferences(run, 0) >= 3
    });
    let before = inferences(run, 0);
    workers.remove(0).kill();
    let at_the_kill = answered();
    tell(&format!("{dave} is killed after {before} inferences; {at_the_kill} have a verdict"));
    workers.push(programs[0].restart(&log(0, "again")));
    run.net.wait_for("all are answered", 10 * MINUTE, &records, || answered() == records.len());
    let seconds = started.elapsed().as_secs();
    tell(&format!("{BACKLOG} records, {BACKLOG} verdicts of two workers each after {seconds} s"));
    let others = TESTNET_WORKERS.iter().enumerate().skip(1);
    let others: Vec<String> =
        others.map(|(place, who)| format!("{who} {}", inferences(run, place))).collect();
    let by_dave = before + inferences(run, 0);
    tell(&format!("inferences: {dave} {by_dave} with both its lives, {}", others.join(", ")));
    let list = run.net.done(1, PATIENT, &["worker", "list"]);
    let registered = list["workers"].as_array().expect("a list");
    assert!(registered.iter().all(|worker| worker["missed"] == 0), "{list}");
    workers
}

/// A node that starts with only the chain specs gives the same answers.
fn full_node(run: &Run) {
    tell("== 5. A fresh full node");
    let collator = Program::with(&["medchain-node", "collator-2"]);
    let base = run.net.folder().join("full-node");
    let port = medchain_e2e::free_port();
    let node = collator.full_node(&base, port, &run.folder.join("full-node.log"));
    let started = Instant::now();
    let url = format!("ws://127.0.0.1:{port}");
    let first = run.net.collator(0).to_owned();
    let target = run.net.finalised(&first).expect("the collator answers");
    wait_for("the full node has what was final when it started", 10 * MINUTE, || {
        run.net.finalised(&url).is_some_and(|height| height >= target)
    });
    let block = |node: &str| run.net.ask(node, "chain_getBlockHash", &json!([target]));
    assert_eq!(block(&url), block(&first));
    let root = |node: &str| {
        run.net.ask(node, "chain_getHeader", &json!([block(node)]))["stateRoot"].clone()
    };
    assert_eq!(root(&url), root(&first));
    // From its own state: every key and value.
    let pairs = |node: &str| run.net.ask(node, "state_getPairs", &json!(["0x", block(node)]));
    let (mine, theirs) = (pairs(&url), pairs(&first));
    assert!(mine.as_array().is_some_and(|pairs| pairs.len() > 100), "{mine}");
    assert_eq!(mine, theirs);
    tell(&format!(
        "{target} blocks from genesis in {} s; state root {} and all {} keys are the same",
        started.elapsed().as_secs(),
        root(&url),
        mine.as_array().map_or(0, Vec::len)
    ));
    drop(node);
}

/// One of two stores stops, then the other.
fn store_stopped(run: &Run, first: IpfsDaemon, second: IpfsDaemon) {
    tell("== 6. One IPFS daemon of two stops");
    if run.net.ran_already() {
        return tell("skipped: the network ran already, with another store");
    }
    let before = run.main_job(0, &run.synthetic(61)).record;
    drop(first);
    fetch(run, PATIENT, before, &run.folder.join("from-the-second")).expect("the second has it");
    let during = run.main_job(0, &run.synthetic(62)).record;
    tell(&format!(
        "record {before} was fetched, record {during} uploaded and predicted without it"
    ));
    drop(second);
    let refused = fetch(run, PATIENT, before, &run.folder.join("from-none")).unwrap_err();
    tell(&format!("without both: {refused}"));
}

fn fetch(run: &Run, who: &str, record: u64, output: &Path) -> Result<Value, String> {
    let output = output.display().to_string();
    let answer = run.net.run(0, who, &["fetch", &record.to_string(), "--output", &output]);
    match answer.code {
        0 => Ok(answer.json()),
        _ => Err(answer.one_error_line().to_owned()),
    }
}
