//! A testnet: a relay chain, two collators, three workers, as `make testnet`
//! spawns it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    contract, model_folder, program, repository, world::answer, Answer, Running, LAB, PATIENT,
    REGISTRAR, STRANGER,
};

/// How long the network may take to start.
const START: Duration = Duration::from_secs(1800);

/// What was released together: the runtime of a chain and all that works with it.
pub struct Release {
    version: u32,
    runtime: PathBuf,
    bundle: PathBuf,
    programs: PathBuf,
}

impl Release {
    /// Finds `zombienet/released/<version>`, where `MEDCHAIN_RELEASE` is the version, and the
    /// programs of it that `MEDCHAIN_RELEASED` names. `None` where no release is named.
    ///
    /// # Panics
    /// Where the programs are missing.
    pub fn chosen() -> Option<Self> {
        let named = std::env::var("MEDCHAIN_RELEASE").ok().filter(|version| !version.is_empty());
        let version = named?.parse().expect("MEDCHAIN_RELEASE is a number");
        let folder = repository().join("zombienet/released").join(u32::to_string(&version));
        let programs = std::env::var_os("MEDCHAIN_RELEASED").map(PathBuf::from);
        Some(Self {
            version,
            runtime: folder.join("runtime.wasm"),
            bundle: folder.join("access-control.contract"),
            programs: programs.expect("MEDCHAIN_RELEASED is set: run `make testnet-test`"),
        })
    }

    /// The number of the release, which is the version of its runtime.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// A program of the release.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }
}

/// A running testnet. Dropping it ends all of it, as Ctrl-C does. (SIGTERM, because a
/// program that was started in the background may have been told to ignore SIGINT.)
pub struct Testnet {
    /// `None` where the network was running before.
    script: Option<Running>,
    folder: TempDir,
    run: PathBuf,
    facts: Value,
    /// The release that the network started with, if not with what was built.
    release: Option<Release>,
    upgraded: AtomicBool,
}

/// The accounts of the three workers, two of which are asked.
pub const TESTNET_WORKERS: [&str; 3] = ["//Dave", "//Ferdie", "//Dave//stash"];

/// The members of the council.
pub const COUNCIL: [&str; 3] = ["//Alice", "//Bob", "//Charlie"];

/// How much of a worker's log is shown when a test fails.
const LAST_LINES: usize = 30;

impl Testnet {
    /// Spawns the network in this file of `zombienet/`, with this first runtime
    /// (what was built, where it is `None`) and this store for the workers.
    ///
    /// Where `MEDCHAIN_TESTNET` names the folder of a network that is running, that one
    /// is used, with its own store: useful for work on later stages.
    ///
    /// # Panics
    /// Where it does not start; its output is part of the message.
    pub fn spawn(network: &str, release: Option<Release>, store: &str) -> Self {
        let folder = TempDir::new().expect("there is a place for temporary files");
        if let Some(run) = std::env::var_os("MEDCHAIN_TESTNET").map(PathBuf::from) {
            let facts = read_facts(&run);
            let upgraded = AtomicBool::new(true);
            return Self { script: None, folder, run, facts, release: None, upgraded };
        }
        let mut command = Command::new(repository().join("scripts/testnet.sh"));
        command
            .arg(repository().join("zombienet").join(network))
            .env("MEDCHAIN_RUN_DIR", folder.path().join("run"))
            .env("MEDCHAIN_STORE", store);
        match &release {
            Some(release) => command
                .env("MEDCHAIN_RUNTIME", &release.runtime)
                .env("MEDCHAIN_RELEASED", &release.programs),
            None => command.env_remove("MEDCHAIN_RELEASED"),
        };
        let mut script = Running::start(&mut command, &folder.path().join("testnet.log"));
        let run = folder.path().join("run");
        wait_for("the testnet is ready", START, || {
            assert!(!script.has_ended(), "the testnet ended: {}", script.said());
            run.join(FACTS).is_file()
        });
        let facts = read_facts(&run);
        let upgraded = AtomicBool::new(release.is_none());
        Self { script: Some(script), folder, run, facts, release, upgraded }
    }

    /// Whether this network was running before.
    pub fn ran_already(&self) -> bool {
        self.script.is_none()
    }

    /// The release that the network runs, until [`Self::set_upgraded`].
    pub fn release(&self) -> Option<&Release> {
        self.release.as_ref().filter(|_| !self.upgraded.load(Ordering::Relaxed))
    }

    /// The folder of the model that the network started with. An upgrade leaves it as it is.
    pub fn model_folder(&self) -> PathBuf {
        self.release.as_ref().map_or_else(model_folder, |release| release.programs.join("model"))
    }

    /// From now on, the programs that were built talk to the network.
    pub fn set_upgraded(&self) {
        self.upgraded.store(true, Ordering::Relaxed);
    }

    /// The output of the network at its start.
    pub fn said(&self) -> String {
        self.script.as_ref().map(Running::said).unwrap_or_default()
    }

    /// The folder of this run: databases, logs, chain specs.
    pub fn folder(&self) -> &Path {
        &self.run
    }

    /// The place of a log beside those of the network's own programs. The ends of those
    /// whose names begin with `worker-` are printed when a test fails.
    pub fn log(&self, name: &str) -> PathBuf {
        self.run.join(name)
    }

    /// The address of a collator: 0 or 1.
    pub fn collator(&self, index: usize) -> &str {
        self.facts["collators"][index].as_str().expect("there are two")
    }

    /// The program of a worker, by its place in [`TESTNET_WORKERS`].
    pub fn worker(&self, index: usize) -> Program {
        Program::with(&["medchain-worker", self.worker_address(index)])
    }

    /// Where a worker serves its metrics.
    pub fn worker_address(&self, index: usize) -> &str {
        self.facts["workers"][index].as_str().expect("there are three")
    }

    /// The address of the first relay chain validator.
    pub fn relay(&self) -> &str {
        self.facts["relay"].as_str().expect("there is one")
    }

    /// Registers a patient with the reference policy, a laboratory and a stranger, and
    /// grants the laboratory and the workers what the main job needs.
    pub fn set_up(&self) {
        let done = |who: &str, arguments: &[&str]| self.done(0, who, arguments);
        if self.run(0, PATIENT, &["patient", "show", PATIENT]).code == 0 {
            return;
        }
        std::thread::scope(|scope| {
            // Each waits for their own blocks only.
            scope.spawn(|| {
                done(PATIENT, &["patient", "register"]);
                let bundle = match self.release() {
                    Some(release) => release.bundle.clone(),
                    None => contract("access-control"),
                };
                let bundle = bundle.display().to_string();
                let policy = done(PATIENT, &["policy", "deploy", &bundle]);
                let policy = policy["contract"].as_str().expect("an address").to_owned();
                done(PATIENT, &["patient", "set-policy", &policy]);
                // One account's transactions keep their order: the last is waited for.
                let grant = |to: &str, actions: &str, wait: &[&str]| {
                    let grant = ["grant", "--to", to, "--actions", actions];
                    done(PATIENT, &[&grant, wait].concat());
                };
                for worker in TESTNET_WORKERS {
                    grant(worker, "infer", &["--in-block"]);
                }
                grant(LAB, "append,infer", &[]);
            });
            scope.spawn(|| done(LAB, &["key", "publish"]));
            scope.spawn(|| done(STRANGER, &["key", "publish"]));
            scope.spawn(|| done(REGISTRAR, &["provider", "add", LAB, "lab-technician"]));
        });
    }

    /// Publishes a model, with the vote of another member of the council, and returns its number.
    pub fn publish(&self, arguments: &[&str]) -> u32 {
        let published = self.done(0, REGISTRAR, &[&["model", "publish"][..], arguments].concat());
        let motion = published["motion"].as_u64().expect("it needs another vote").to_string();
        self.done(0, COUNCIL[1], &["council", "vote", &motion]);
        let all = self.done(0, REGISTRAR, &["model", "list"]);
        let id = all["models"].as_array().and_then(|all| all.last()?["model_id"].as_u64());
        u32::try_from(id.expect("a model has a number")).expect("a model's number is small")
    }

    /// Runs `medchain … --json --yes` as `who` over a collator: that of the release until the
    /// upgrade, then the one that was built.
    pub fn run(&self, collator: usize, who: &str, arguments: &[&str]) -> Answer {
        let medchain = match self.release() {
            Some(release) => release.program("medchain"),
            None => program("medchain"),
        };
        self.run_with(&medchain, collator, who, arguments)
    }

    /// As [`Self::run`], with this command line.
    pub fn run_with(
        &self,
        medchain: &Path,
        collator: usize,
        who: &str,
        arguments: &[&str],
    ) -> Answer {
        let store = self.facts["store"].as_str().expect("there is one");
        let mut command = Command::new(medchain);
        command
            .args(arguments)
            .args(["--dev", "--suri", who, "--node", self.collator(collator), "--store", store])
            .args(["--json", "--yes"])
            // Where development accounts keep the secrets of their requests.
            .env("MEDCHAIN_KEYS", self.folder.path().join("keys"))
            .current_dir(self.folder.path());
        answer(&command.output().expect("medchain starts"))
    }

    /// Runs a command that must succeed.
    pub fn done(&self, collator: usize, who: &str, arguments: &[&str]) -> Value {
        let answer = self.run(collator, who, arguments);
        assert_eq!(answer.code, 0, "{who} {arguments:?}\n{}{}", answer.out, answer.err);
        answer.json()
    }

    /// As [`wait_for`]. A failure also says what the chain knows of these records, as far as
    /// they have no verdict, and of the workers.
    ///
    /// # Panics
    /// When it is not so within `limit`.
    pub fn wait_for(
        &self,
        what: &str,
        limit: Duration,
        records: &[u64],
        is_so: impl FnMut() -> bool,
    ) {
        if !comes_true(limit, is_so) {
            panic!("not within {} s: {what}\n{}", limit.as_secs(), self.state_of(records));
        }
    }

    fn state_of(&self, records: &[u64]) -> String {
        let said = |arguments: &[&str]| {
            let answer = self.run(0, PATIENT, arguments);
            format!("medchain {}: {}{}", arguments.join(" "), answer.out, answer.err)
        };
        let has_verdict = |record: &str| {
            let shown = self.run(0, PATIENT, &["show", record]);
            let shown: Value = serde_json::from_str(&shown.out).unwrap_or_default();
            shown["verdicts"].as_array().is_some_and(|verdicts| !verdicts.is_empty())
        };
        let mut state = Vec::new();
        for record in records.iter().map(u64::to_string) {
            if !has_verdict(&record) {
                // The log of final blocks has the reason of a request that failed.
                state.extend([said(&["show", &record]), said(&["audit", "--record", &record])]);
            }
        }
        state.push(said(&["worker", "list"]));
        state.join("\n")
    }

    /// The ends of the workers' logs.
    fn workers_said(&self) -> String {
        let entries = std::fs::read_dir(&self.run).into_iter().flatten().flatten();
        let mut logs: Vec<PathBuf> = entries
            .filter(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                name.starts_with("worker-") && name.ends_with(".log")
            })
            .map(|entry| entry.path())
            .collect();
        logs.sort();
        let ends = logs.iter().map(|log| {
            let said = std::fs::read_to_string(log).unwrap_or_default();
            let lines: Vec<&str> = said.lines().collect();
            let end = &lines[lines.len().saturating_sub(LAST_LINES)..];
            format!("--- the end of {}\n{}", log.display(), end.join("\n"))
        });
        ends.collect::<Vec<_>>().join("\n")
    }

    /// Asks a node's RPC. `Null` where it does not answer.
    pub fn ask(&self, node: &str, method: &str, params: &Value) -> Value {
        let request =
            serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answered = Command::new("curl")
            .args(["--silent", "--max-time", "20", "--header", "Content-Type: application/json"])
            .args(["--data", &request.to_string(), &node.replacen("ws", "http", 1)])
            .output()
            .expect("curl is installed");
        let answered: Value = serde_json::from_slice(&answered.stdout).unwrap_or_default();
        answered["result"].clone()
    }

    /// The height of a node's best block.
    pub fn best(&self, node: &str) -> Option<u64> {
        height(&self.ask(node, "chain_getHeader", &serde_json::json!([])))
    }

    /// The height of a node's final block.
    pub fn finalised(&self, node: &str) -> Option<u64> {
        let hash = self.ask(node, "chain_getFinalizedHead", &serde_json::json!([]));
        height(&self.ask(node, "chain_getHeader", &serde_json::json!([hash])))
    }
}

impl Drop for Testnet {
    fn drop(&mut self) {
        // Before the workers are told to end, and the folder with their logs goes.
        if std::thread::panicking() {
            eprintln!("{}", self.workers_said());
        }
        let Some(script) = &mut self.script else { return };
        let _ = Command::new("kill").args(["-TERM", &script.id().to_string()]).status();
        let asked = Instant::now();
        while !script.has_ended() && asked.elapsed() < Duration::from_secs(60) {
            sleep(Duration::from_millis(200));
        }
        if std::thread::panicking() {
            eprintln!("{}", script.said());
        }
    }
}

/// What the network says of itself once it is ready.
const FACTS: &str = "testnet.json";

fn read_facts(run: &Path) -> Value {
    let facts = std::fs::read_to_string(run.join(FACTS)).expect("the network is ready");
    serde_json::from_str(&facts).expect("it is JSON")
}

fn height(header: &Value) -> Option<u64> {
    let number = header["number"].as_str()?;
    u64::from_str_radix(number.trim_start_matches("0x"), 16).ok()
}

/// Waits until something is so.
///
/// # Panics
/// When it is not so within `limit`.
pub fn wait_for(what: &str, limit: Duration, is_so: impl FnMut() -> bool) {
    assert!(comes_true(limit, is_so), "not within {} s: {what}", limit.as_secs());
}

fn comes_true(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while !is_so() {
        if started.elapsed() >= limit {
            return false;
        }
        sleep(Duration::from_millis(500));
    }
    true
}

/// A program of the network. It can be killed and restarted with the same arguments
/// behind the network's back.
#[derive(Clone)]
pub struct Program {
    command: Vec<String>,
    environment: Vec<String>,
    id: u32,
}

impl Program {
    /// The one process whose command line holds all of these texts.
    ///
    /// # Panics
    /// Where there is not exactly one.
    pub fn with(texts: &[&str]) -> Self {
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").expect("this is Linux").flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let command = parts(&entry.path().join("cmdline"));
            let is_shell = command.first().is_some_and(|first| first.ends_with("sh"));
            if !is_shell && texts.iter().all(|text| command.iter().any(|part| part.contains(text)))
            {
                let environment = parts(&entry.path().join("environ"));
                found.push(Self { command, environment, id });
            }
        }
        assert_eq!(found.len(), 1, "processes with {texts:?}");
        found.remove(0)
    }

    /// Ends it at once, without a chance to tidy up.
    pub fn kill(&self) {
        let killed = Command::new("kill").args(["-KILL", &self.id.to_string()]).status();
        assert!(killed.is_ok_and(|status| status.success()), "{:?} is not there", self.command);
        wait_for("the process is gone", Duration::from_secs(20), || self.has_ended());
    }

    /// Whether it has ended. Its parent may collect it later.
    pub fn has_ended(&self) -> bool {
        parts(&PathBuf::from(format!("/proc/{}/cmdline", self.id))).is_empty()
    }

    /// Starts a full node on the chains of this collator, with an empty folder.
    pub fn full_node(&self, base: &Path, rpc_port: u16, log: &Path) -> Running {
        let after = |flag: &str, from: usize| {
            let at = self.command[from..].iter().position(|part| part == flag)?;
            self.command.get(from + at + 1).cloned()
        };
        let split = self.command.iter().position(|part| part == "--").expect("it is a collator");
        let chain = after("--chain", 0).expect("it names its chain");
        let relay = after("--chain", split).expect("it names its relay chain");
        let local = ["--no-mdns", "--no-prometheus", "--listen-addr=/ip4/127.0.0.1/tcp/0"];
        let mut command = Command::new(program("medchain-node"));
        command
            .args(["--name", "full-node", "--chain", &chain, "--rpc-port", &rpc_port.to_string()])
            .args(["--rpc-methods", "unsafe", "--rpc-max-response-size", "64"])
            .arg("--base-path")
            .arg(base)
            .args(local)
            .args(["--", "--chain", &relay, "--base-path"])
            .arg(base.join("relay"))
            .args(local);
        Running::start(&mut command, log)
    }

    /// Restarts it with the same arguments.
    pub fn restart(&self, log: &Path) -> Running {
        self.restart_as(Path::new(&self.command[0]), log)
    }

    /// Starts this program in its place, with the same arguments.
    pub fn restart_as(&self, program: &Path, log: &Path) -> Running {
        self.start(program, &[], log)
    }

    /// Starts a worker in its place that answers wrongly and defends that, as this name of a
    /// lie says; see `medchain-liar --help`.
    pub fn restart_lying(&self, lie: &str, log: &Path) -> Running {
        self.start(&program("medchain-liar"), &["--lie", lie], log)
    }

    /// The same program, to be started with this option.
    #[must_use]
    pub fn with_option(&self, name: &str, value: &str) -> Self {
        let mut changed = self.clone();
        let command = &mut changed.command;
        match command.iter().position(|part| part == name) {
            Some(at) => command[at + 1] = value.to_owned(),
            None => command.extend([name, value].map(str::to_owned)),
        }
        changed
    }

    fn start(&self, program: &Path, first: &[&str], log: &Path) -> Running {
        let mut command = Command::new(program);
        command.args(first).args(&self.command[1..]).env_clear().stdin(Stdio::null());
        for variable in &self.environment {
            if let Some((name, value)) = variable.split_once('=') {
                command.env(name, value);
            }
        }
        Running::start(&mut command, log)
    }
}

/// The zero-terminated strings in a file of `/proc`.
fn parts(file: &Path) -> Vec<String> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.split('\0').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
