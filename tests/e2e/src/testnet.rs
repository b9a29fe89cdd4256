//! A testnet: a relay chain, two collators, two workers, as `make testnet`
//! spawns it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    contract, program, repository, world::answer, Answer, Running, LAB, PATIENT, REGISTRAR,
    STRANGER,
};

/// How long the network may take to come up.
const START: Duration = Duration::from_secs(1800);

/// A running testnet. Dropping it ends all of it, as Ctrl-C does. (SIGTERM, because a
/// program that was started in the background may have been told to ignore SIGINT.)
pub struct Testnet {
    /// Not where the network ran already.
    script: Option<Running>,
    folder: TempDir,
    run: PathBuf,
    facts: Value,
}

/// The accounts of the two workers.
pub const TESTNET_WORKERS: [&str; 2] = ["//Dave", "//Ferdie"];

impl Testnet {
    /// Spawns the network in this file of `zombienet/`, with this first runtime
    /// (what was built, where it is `None`) and this store for the workers.
    ///
    /// Who is at work on what comes after the start names the folder of a network
    /// that runs in `MEDCHAIN_TESTNET`: then that one is taken, with its own store.
    ///
    /// # Panics
    /// Where it does not come up; what it said is part of the message.
    pub fn spawn(network: &str, runtime: Option<&Path>, store: &str) -> Self {
        let folder = TempDir::new().expect("there is a place for temporary files");
        if let Some(run) = std::env::var_os("MEDCHAIN_TESTNET").map(PathBuf::from) {
            let facts = read_facts(&run);
            return Self { script: None, folder, run, facts };
        }
        let mut command = Command::new(repository().join("scripts/testnet.sh"));
        command
            .arg(repository().join("zombienet").join(network))
            .env("MEDCHAIN_RUN_DIR", folder.path().join("run"))
            .env("MEDCHAIN_STORE", store);
        if let Some(runtime) = runtime {
            command.env("MEDCHAIN_RUNTIME", runtime);
        }
        let mut script = Running::start(&mut command, &folder.path().join("testnet.log"));
        let run = folder.path().join("run");
        wait_for("the testnet is ready", START, || {
            assert!(!script.has_ended(), "the testnet ended: {}", script.said());
            run.join(FACTS).is_file()
        });
        let facts = read_facts(&run);
        Self { script: Some(script), folder, run, facts }
    }

    /// Whether this network ran already.
    pub fn ran_already(&self) -> bool {
        self.script.is_none()
    }

    /// What the network said when it came up.
    pub fn said(&self) -> String {
        self.script.as_ref().map(Running::said).unwrap_or_default()
    }

    /// The folder of this run: databases, logs, chain specs.
    pub fn folder(&self) -> &Path {
        &self.run
    }

    /// Where a collator listens: 0 or 1.
    pub fn collator(&self, index: usize) -> &str {
        self.facts["collators"][index].as_str().expect("there are two")
    }

    /// The program of a worker: 0 or 1.
    pub fn worker(&self, index: usize) -> Program {
        let listens = self.facts["workers"][index].as_str().expect("there are two");
        Program::with(&["medchain-worker", listens])
    }

    /// Where the first relay chain validator listens.
    pub fn relay(&self) -> &str {
        self.facts["relay"].as_str().expect("there is one")
    }

    /// Registers a patient with the reference policy, a laboratory and a
    /// stranger, and lets the laboratory and the workers do what they must.
    pub fn set_up(&self) {
        let done = |who: &str, arguments: &[&str]| self.done(0, who, arguments);
        if self.run(0, PATIENT, &["patient", "show", PATIENT]).code == 0 {
            return;
        }
        std::thread::scope(|scope| {
            // Each waits for their own blocks only.
            scope.spawn(|| {
                done(PATIENT, &["patient", "register"]);
                let bundle = contract("access-control").display().to_string();
                let policy = done(PATIENT, &["policy", "deploy", &bundle]);
                let policy = policy["contract"].as_str().expect("an address").to_owned();
                done(PATIENT, &["patient", "set-policy", &policy]);
                // One account's transactions keep their order: the last is waited for.
                let grant = |to: &str, actions: &str, wait: &[&str]| {
                    let grant = ["grant", "--to", to, "--actions", actions];
                    done(PATIENT, &[&grant, wait].concat());
                };
                let [first, second] = TESTNET_WORKERS;
                grant(LAB, "append,infer", &["--in-block"]);
                grant(first, "infer", &["--in-block"]);
                grant(second, "infer", &[]);
            });
            scope.spawn(|| done(LAB, &["key", "publish"]));
            scope.spawn(|| done(STRANGER, &["key", "publish"]));
            scope.spawn(|| done(REGISTRAR, &["provider", "add", LAB, "lab-technician", "--sudo"]));
        });
    }

    /// Runs `medchain … --json --yes` as `who` over a collator.
    pub fn run(&self, collator: usize, who: &str, arguments: &[&str]) -> Answer {
        let store = self.facts["store"].as_str().expect("there is one");
        let mut command = Command::new(program("medchain"));
        command
            .args(arguments)
            .args(["--dev", "--suri", who, "--node", self.collator(collator), "--store", store])
            .args(["--json", "--yes"])
            .current_dir(self.folder.path());
        answer(command.output().expect("medchain starts"))
    }

    /// Runs a command that must succeed.
    pub fn done(&self, collator: usize, who: &str, arguments: &[&str]) -> Value {
        let answer = self.run(collator, who, arguments);
        assert_eq!(answer.code, 0, "{who} {arguments:?}\n{}{}", answer.out, answer.err);
        answer.json()
    }

    /// A question to a node's RPC. `Null` where it does not answer.
    pub fn ask(&self, node: &str, method: &str, params: Value) -> Value {
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
        height(&self.ask(node, "chain_getHeader", serde_json::json!([])))
    }

    /// The height of a node's final block.
    pub fn finalised(&self, node: &str) -> Option<u64> {
        let hash = self.ask(node, "chain_getFinalizedHead", serde_json::json!([]));
        height(&self.ask(node, "chain_getHeader", serde_json::json!([hash])))
    }
}

impl Drop for Testnet {
    fn drop(&mut self) {
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
pub fn wait_for(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < limit, "not within {} s: {what}", limit.as_secs());
        sleep(Duration::from_millis(500));
    }
}

/// A program of the network that the network does not know to be watched: it
/// is killed and started again as it was.
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
        let process = PathBuf::from(format!("/proc/{}", self.id));
        wait_for("the process is gone", Duration::from_secs(20), || {
            // Its parent may take its time to collect it.
            parts(&process.join("cmdline")).is_empty()
        });
    }

    /// Starts a full node on the chains of this collator, with nothing in its
    /// own folder.
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

    /// Starts it again, with the same arguments.
    pub fn restart(&self, log: &Path) -> Running {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).env_clear().stdin(Stdio::null());
        for variable in &self.environment {
            if let Some((name, value)) = variable.split_once('=') {
                command.env(name, value);
            }
        }
        Running::start(&mut command, log)
    }
}

/// The texts in a file of `/proc`, each ended by a zero.
fn parts(file: &Path) -> Vec<String> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.split('\0').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
