//! The programs that the demo starts and ends.

use std::{
    fs::File,
    hash::{BuildHasher as _, RandomState},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{Chain, NODE_VARIABLE},
    store::STORE_VARIABLE,
};

/// How long a node may take to answer.
const START_LIMIT: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(200);
/// How many lines of a log to show when something fails.
const LOG_LINES: usize = 15;

/// The demo's node.
pub struct Node {
    /// Its WebSocket address.
    pub url: String,
    port: u16,
}

impl Node {
    /// The link that opens this chain in Polkadot.js Apps.
    pub fn apps_link(&self) -> String {
        format!("https://polkadot.js.org/apps/?rpc=ws%3A%2F%2F127.0.0.1%3A{}#/explorer", self.port)
    }
}

/// The development chain's raw spec in the node program's folder, if it is newer than the
/// program. With it, the node starts faster: it need not build the genesis.
fn ready_made_spec(program: &Path) -> Option<PathBuf> {
    let spec = program.with_file_name("medchain-dev.json");
    let modified = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
    (modified(&spec)? > modified(program)?).then_some(spec)
}

/// The running processes; dropping this ends them.
#[derive(Default)]
pub struct Running {
    processes: Vec<Process>,
}

struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The workers before the node that they talk to.
        for process in self.processes.iter_mut().rev() {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

impl Running {
    /// Starts a development chain on free loopback ports.
    pub fn start_node(&mut self, program: &Path, folder: &Path, block_time: u64) -> Result<Node> {
        let port = free_port()?;
        let peer_port = free_port()?;
        let mut command = Command::new(program);
        command
            .arg("--dev")
            .arg(format!("--dev-block-time={block_time}"))
            .arg("--base-path")
            .arg(folder.join("chain"))
            .arg(format!("--rpc-port={port}"))
            .arg(format!("--listen-addr=/ip4/127.0.0.1/tcp/{peer_port}"))
            .args(["--no-telemetry", "--no-prometheus", "--no-mdns"])
            .args(["--in-peers=0", "--out-peers=0"])
            // `medchain audit` reads from the first block, however long `--keep` runs.
            .arg("--state-pruning=archive");
        if let Some(spec) = ready_made_spec(program) {
            command.arg("--chain").arg(spec);
        }
        self.start("medchain-node", command, folder)?;
        Ok(Node { url: format!("ws://127.0.0.1:{port}"), port })
    }

    /// Starts the web page's server on a free loopback port; returns the address to open.
    pub async fn start_portal(
        &mut self,
        program: &Path,
        folder: &Path,
        node: &Node,
        store: &str,
    ) -> Result<String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut command = Command::new(program);
        command.env(NODE_VARIABLE, &node.url).env(STORE_VARIABLE, store);
        command.arg("--listen").arg(address.to_string());
        self.start("medchain-portal", command, folder)?;
        let started = Instant::now();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            self.ensure_alive()?;
            if started.elapsed() > START_LIMIT {
                self.print_logs();
                bail!("the web page's server did not start");
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(format!("http://{address}/"))
    }

    /// Waits until the node answers.
    pub async fn connect(&mut self, url: &str) -> Result<Chain> {
        let started = Instant::now();
        loop {
            self.ensure_alive()?;
            match Chain::connect(url).await {
                Ok(chain) => return Ok(chain),
                Err(error) if started.elapsed() > START_LIMIT => {
                    self.print_logs();
                    return Err(error).context("the node did not start");
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Starts a program in its own process group, so that Ctrl-C reaches only this program,
    /// which then ends the others in order.
    pub fn start(&mut self, name: &'static str, mut command: Command, folder: &Path) -> Result<()> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let same = file.try_clone().context("cannot write a log")?;
        command.stdin(Stdio::null()).stdout(file).stderr(same);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        self.processes.push(Process { name, child, log });
        Ok(())
    }

    /// Fails when a program has ended by itself.
    pub fn ensure_alive(&mut self) -> Result<()> {
        for process in &mut self.processes {
            let ended = process.child.try_wait();
            if let Some(status) = ended.context("cannot watch a process")? {
                print_log(process);
                bail!("{} ended by itself ({status})", process.name);
            }
        }
        Ok(())
    }

    /// Returns once a program has ended by itself.
    pub async fn ended(&mut self) -> anyhow::Error {
        loop {
            if let Err(error) = self.ensure_alive() {
                return error;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Prints the end of every log to standard error.
    pub fn print_logs(&self) {
        self.processes.iter().for_each(print_log);
    }

    /// The process ids, for `kill`.
    pub fn process_ids(&self) -> String {
        let ids = self.processes.iter().map(|process| process.child.id().to_string());
        ids.collect::<Vec<_>>().join(" ")
    }

    /// Leaves the programs running.
    pub fn leave(mut self) {
        self.processes.clear();
    }
}

fn print_log(process: &Process) {
    let text = std::fs::read(&process.log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return;
    }
    crate::output::tell!("the last lines of {}:", process.name);
    for line in &lines[lines.len().saturating_sub(LOG_LINES)..] {
        crate::output::tell!("  {line}");
    }
}

/// A loopback port that is free now. It is none of those that Linux gives to connections by
/// itself, from 32768 on: it could give it away before the program listens there.
pub fn free_port() -> Result<u16> {
    const TRIES: usize = 100;
    (0..TRIES)
        .map(|try_number| 10_000 + (RandomState::new().hash_one(try_number) % 20_000) as u16)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .context("no free port on 127.0.0.1 between 10000 and 29999")
}

/// The named bundle, or else the built one.
pub fn find_contract(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        if !path.is_file() {
            bail!("there is no contract bundle {}; run `make contracts`", path.display());
        }
        return Ok(path.to_path_buf());
    }
    contract_folders()
        .into_iter()
        .map(|folder| folder.join("access-control.contract"))
        .find(|path| path.is_file())
        .context(
            "the policy contract is not built; run `make contracts`, \
             or name a bundle with --contract",
        )
}

/// The folders that may contain bundles: of the contracts' build, and of an installation.
fn contract_folders() -> Vec<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let mut folders: Vec<PathBuf> = variable("MEDCHAIN_CONTRACTS_DIR").into_iter().collect();
    let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    folders.extend(cache.map(|cache| cache.join("medchain/contracts/ink")));
    if let Ok(own) = std::env::current_exe() {
        folders
            .extend(own.ancestors().skip(1).map(|folder| folder.join("share/medchain/contracts")));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_apps_link_names_the_port() {
        let node = Node { url: String::new(), port: 40123 };
        assert_eq!(
            node.apps_link(),
            "https://polkadot.js.org/apps/?rpc=ws%3A%2F%2F127.0.0.1%3A40123#/explorer"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_process_ends_with_its_owner_and_an_early_end_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let mut running = Running::default();
        let mut sleep = Command::new("sleep");
        sleep.arg("600");
        running.start("sleep", sleep, folder.path()).unwrap();
        let id = running.process_ids();
        let alive = || Path::new("/proc").join(&id).exists();
        running.ensure_alive().unwrap();
        if cfg!(target_os = "linux") {
            assert!(alive());
        }
        drop(running);
        assert!(!alive());

        let mut running = Running::default();
        running.start("false", Command::new("false"), folder.path()).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        let error = running.ensure_alive().unwrap_err().to_string();
        assert!(error.contains("false ended by itself"), "{error}");
    }
}
