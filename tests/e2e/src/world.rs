//! A chain with a patient, a laboratory, a worker and a stranger on it.

use std::{
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    free_port, machine, model_folder,
    people::{DOCTOR, LAB, PATIENT, REGISTRAR, WORKER},
    prepared::{copy, Prepared},
    program, watch, Place, Running,
};

const PATIENCE: Duration = Duration::from_secs(120);

/// How often a chain makes a block unless a test wants it otherwise.
const BLOCK_TIME: Duration = Duration::from_secs(1);

static WITH_PATIENT: Prepared = Prepared::new("patient", World::set_up_patient);
static WITH_EVERYBODY: Prepared = Prepared::new("everybody", World::set_up);
static WITH_CUSTODIANS: Prepared = Prepared::new("custodians", |world| {
    world.set_up_patient();
    world.done(REGISTRAR, &["provider", "add", DOCTOR, "clinician"]);
    world.set_up_custodians();
});

/// A development chain with its own store. Both are deleted when it is dropped.
pub struct World {
    // Fields are dropped in this order: the node before its folder, the machine last.
    node: Running,
    folder: TempDir,
    store: String,
    url: String,
    metrics_port: u16,
    _machine: Option<Place>,
}

/// The answer of `medchain`.
pub struct Answer {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Answer {
    /// The answer of a command that was run with `--json`.
    pub fn json(&self) -> Value {
        serde_json::from_str(self.out.trim())
            .unwrap_or_else(|e| panic!("not JSON ({e}): {}\n{}", self.out, self.err))
    }

    /// The one line of an error; anything else is a failed test.
    pub fn one_error_line(&self) -> &str {
        assert_ne!(self.code, 0, "it should have failed: {}", self.out);
        let lines: Vec<&str> = self.err.lines().collect();
        assert_eq!(lines.len(), 1, "one clear line, not: {}", self.err);
        lines[0].strip_prefix("error: ").unwrap_or_else(|| panic!("{}", lines[0]))
    }
}

impl World {
    /// A chain with nothing on it but its genesis, and an empty folder as store.
    /// It makes a block every second.
    pub fn new() -> Self {
        Self::with_block_time(BLOCK_TIME)
    }

    /// As [`World::new`], with another time between two blocks.
    pub fn with_block_time(time: Duration) -> Self {
        Self::start(&program("medchain-node"), time, &[])
    }

    /// As [`World::with_block_time`], with a node that keeps so many states.
    pub fn with_states(states: u32, time: Duration) -> Self {
        let states = states.to_string();
        Self::start(&program("medchain-node"), time, &["--state-pruning", &states])
    }

    /// As [`World::new`], run by another node program. It gets our chain spec as a file
    /// and knows nothing else about MedChain.
    pub fn run_by(node: &Path) -> Self {
        Self::start(node, BLOCK_TIME, &[])
    }

    /// A chain that goes on where a prepared one stopped.
    fn copy_of(prepared: &Prepared, time: Duration) -> Self {
        let machine = machine();
        let folder = new_folder();
        copy(prepared.folder(), folder.path());
        Self::start_in(folder, Some(machine), &program("medchain-node"), time, &[])
    }

    /// A new chain for [`Prepared`]; whoever asks for that has a place on this machine already.
    pub(crate) fn to_prepare() -> Self {
        Self::start_in(new_folder(), None, &program("medchain-node"), BLOCK_TIME, &[])
    }

    /// Ends the node, and leaves the folder to the caller.
    pub(crate) fn stop(self) -> TempDir {
        self.node.kill();
        self.folder
    }

    fn start(program_of_node: &Path, time: Duration, further: &[&str]) -> Self {
        let machine = machine();
        Self::start_in(new_folder(), Some(machine), program_of_node, time, further)
    }

    fn start_in(
        folder: TempDir,
        machine: Option<Place>,
        program_of_node: &Path,
        time: Duration,
        further: &[&str],
    ) -> Self {
        let (port, metrics_port) = (free_port(), free_port());
        let mut command = Command::new(program_of_node);
        command
            .args(["--dev", "--dev-block-time", &time.as_millis().to_string()])
            .args(["--prometheus-port", &metrics_port.to_string(), "--no-telemetry"])
            .args(["--rpc-port", &port.to_string(), "--base-path"])
            .arg(folder.path().join("chain"))
            .args(["--listen-addr", "/ip4/127.0.0.1/tcp/0", "--no-mdns"])
            // The whole state, with the runtime in it, is one answer in a test.
            .args(["--rpc-max-response-size", "64"])
            .args(further);
        // `make build` leaves a spec with a ready-made genesis beside the node.
        let spec = program("medchain-node").with_file_name("medchain-dev.json");
        if spec.is_file() {
            command.arg("--chain").arg(spec);
        }
        let mut node = Running::start(&mut command, &folder.path().join("node.log"));
        wait_until("the node listens", || {
            assert!(!node.has_ended(), "the node ended: {}", node.said());
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        let store = folder.path().join("store").display().to_string();
        let url = format!("ws://127.0.0.1:{port}");
        Self { node, folder, store, url, metrics_port, _machine: machine }
    }

    /// A chain on which the main job can be done: the shipped model, and a patient with
    /// the reference policy that lets a laboratory append and request verdicts, and a worker
    /// that may answer.
    pub fn with_everybody() -> Self {
        Self::with_everybody_and_block_time(BLOCK_TIME)
    }

    /// As [`World::with_everybody`], with another time between two blocks.
    pub fn with_everybody_and_block_time(time: Duration) -> Self {
        Self::copy_of(&WITH_EVERYBODY, time)
    }

    /// As [`World::with_everybody`], with another store.
    pub fn with_store(url: &str) -> Self {
        let mut world = Self::new();
        world.use_store(url);
        world.set_up();
        world
    }

    /// A chain with a patient whose keys [`crate::CUSTODIANS`] keep, a laboratory and a [`DOCTOR`]:
    /// no model and no worker. The custodians are registered, and none of them runs.
    pub fn with_custodians() -> Self {
        Self::with_custodians_and_block_time(BLOCK_TIME)
    }

    /// As [`World::with_custodians`], with another time between two blocks.
    pub fn with_custodians_and_block_time(time: Duration) -> Self {
        Self::copy_of(&WITH_CUSTODIANS, time)
    }

    /// A chain with a patient and a laboratory that may append and order verdicts, and neither
    /// a model nor a worker.
    pub fn with_patient() -> Self {
        Self::copy_of(&WITH_PATIENT, BLOCK_TIME)
    }

    /// The folder of this world.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the node listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the node serves its metrics.
    pub fn node_metrics(&self) -> String {
        format!("http://127.0.0.1:{}/metrics", self.metrics_port)
    }

    /// The time of processors that the node has used so far, as [`Running::processor_time`] says.
    pub fn node_processor_time(&self) -> Option<Duration> {
        self.node.processor_time()
    }

    /// From now on, commands and workers use another store, in which there is nothing yet.
    pub fn use_store(&mut self, url: &str) {
        url.clone_into(&mut self.store);
    }

    /// The store that the commands use.
    pub fn store(&self) -> &str {
        &self.store
    }

    /// The node's log so far.
    pub fn node_said(&self) -> String {
        self.node.said()
    }

    /// `medchain` as `who`, on this chain and store.
    pub fn medchain(&self, who: &str, arguments: &[&str]) -> Command {
        self.medchain_at(&self.url, who, arguments)
    }

    /// As [`World::medchain`], with a node that may lie between it and this chain.
    pub fn medchain_at(&self, node: &str, who: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("medchain"));
        command
            .args(arguments)
            .args(["--dev", "--suri", who, "--node", node, "--store", &self.store])
            .env_remove("MEDCHAIN_KEY")
            // Where development accounts keep the secrets of their requests.
            .env("MEDCHAIN_KEYS", self.folder.path().join("keys"))
            .current_dir(self.folder.path());
        command
    }

    /// Runs `medchain … --json --yes` as `who`.
    pub fn run(&self, who: &str, arguments: &[&str]) -> Answer {
        let mut command = self.medchain(who, arguments);
        answer(&command.args(["--json", "--yes"]).output().expect("medchain starts"))
    }

    /// Runs a command that must succeed, and returns its answer.
    pub fn done(&self, who: &str, arguments: &[&str]) -> Value {
        let answer = self.run(who, arguments);
        assert_eq!(
            answer.code,
            0,
            "{who} {arguments:?}\n{}{}\n{}",
            answer.out,
            answer.err,
            tail(&self.node_said())
        );
        answer.json()
    }

    /// The laboratory uploads an image of the patient and asks for a verdict of one worker,
    /// which the chain draws.
    pub fn upload(&self, image: &Path) -> u64 {
        self.upload_for(image, &[])
    }

    /// As [`World::upload`], with further arguments.
    pub fn upload_for(&self, image: &Path, order: &[&str]) -> u64 {
        let image = image.display().to_string();
        let upload = ["upload", &image, "--patient", PATIENT, "--infer", "0"];
        let report = self.done(LAB, &[&upload[..], order].concat());
        report["record_id"].as_u64().expect("a record has a number")
    }

    /// Writes an image file into the folder of this world.
    pub fn write_image(&self, name: &str, png: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, png).expect("the folder is writable");
        path
    }

    /// Starts a worker.
    pub fn worker(&self) -> Running {
        self.worker_at(free_port())
    }

    /// Starts a worker that serves metrics and health at this port.
    pub fn worker_at(&self, port: u16) -> Running {
        self.worker_of(WORKER, port)
    }

    /// As [`World::worker_at`], with another account.
    pub fn worker_of(&self, who: &str, port: u16) -> Running {
        self.worker_with(who, port, &[])
    }

    /// As [`World::worker_of`], with further arguments.
    pub fn worker_with(&self, who: &str, port: u16, arguments: &[&str]) -> Running {
        let mut command = Command::new(program("medchain-worker"));
        command
            .args(["run", "--dev", "--suri", who])
            .args(["--node", &self.url, "--store", &self.store])
            // Nobody ends a dispute here that shows a secret: it need not wait.
            .args(["--secret-margin-blocks", "1000"])
            .arg("--model-dir")
            .arg(model_folder())
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(arguments)
            .arg("--state-dir")
            .arg(self.folder.path().join(format!("state-{}", who.trim_matches('/'))));
        let name = format!("worker-{}.log", free_port());
        Running::start(&mut command, &self.folder.path().join(name))
    }

    /// Starts a custodian.
    pub fn custodian(&self, who: &str) -> Running {
        self.custodian_at(who, free_port())
    }

    /// Starts a custodian that serves metrics and health at this port.
    pub fn custodian_at(&self, who: &str, port: u16) -> Running {
        self.custodian_with(who, &self.url, port, &[])
    }

    /// As [`World::custodian_at`], with a node that may lie between it and this chain, and with
    /// further arguments.
    pub fn custodian_with(&self, who: &str, node: &str, port: u16, arguments: &[&str]) -> Running {
        let mut command = Command::new(program("medchain-worker"));
        command
            .args(["custodian", "--dev", "--suri", who, "--node", node])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(arguments);
        let name = format!("custodian-{}.log", free_port());
        Running::start(&mut command, &self.folder.path().join(name))
    }

    /// Every key and value of the chain's state, as a node exports it.
    pub fn export_state(&self) -> String {
        const REQUEST: &str =
            r#"{"jsonrpc":"2.0","id":1,"method":"state_getPairs","params":["0x"]}"#;
        let answered = Command::new("curl")
            .args(["--silent", "--fail", "--header", "Content-Type: application/json"])
            .args(["--data", REQUEST, &self.url.replacen("ws", "http", 1)])
            .output()
            .expect("curl is installed");
        let state = answer(&answered).out;
        assert!(state.contains("result"), "{}", &state[..state.len().min(300)]);
        state
    }

    /// What `medchain show` says about a record.
    pub fn show(&self, record: u64) -> Value {
        self.done(PATIENT, &["show", &record.to_string()])
    }

    /// Waits until there is a verdict on a record, but no longer than `limit`.
    pub fn wait_for_verdict(&self, record: u64, limit: Duration) {
        watch::wait_for_verdict(&self.url, record, limit);
    }

    /// Waits for the verdict on a record, which the patient opens.
    pub fn verdict(&self, record: u64, worker: &Running) -> Value {
        let started = Instant::now();
        self.wait_for_verdict(record, PATIENCE);
        loop {
            let shown = self.show(record);
            if let Some(verdict) = shown["verdicts"].get(0) {
                return verdict.clone();
            }
            assert!(
                started.elapsed() < PATIENCE,
                "no verdict on record {record}: {}",
                tail(&worker.said())
            );
            sleep(BLOCK_TIME);
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

fn new_folder() -> TempDir {
    TempDir::new().expect("there is a place for temporary files")
}

/// Reads a program's answer.
pub(crate) fn answer(output: &Output) -> Answer {
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "not within {} s: {what}", PATIENCE.as_secs());
        sleep(Duration::from_millis(100));
    }
}

/// The end of a log.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().rev().take(30).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
