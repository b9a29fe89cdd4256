//! The demo's workers: the program that an operator runs.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Result;

use super::{
    people::WORKERS,
    processes::{Node, Running},
    stage::Stage,
};

/// How long the worker may take to notice that its answer is in a block.
const NOTICE_LIMIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// A running worker.
pub struct WorkerProcess {
    metrics: SocketAddr,
}

/// The worker's measurements of its one job, in milliseconds; none where it did not
/// answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WorkerTimings {
    /// Fetching by CID, with every hash verified.
    pub fetch_verify: Option<u64>,
    /// Decrypting and decoding.
    pub decrypt_decode: Option<u64>,
    /// Preprocessing and running the network.
    pub infer: Option<u64>,
    /// From signing to the block.
    pub submit: Option<u64>,
}

/// Starts both workers with their registered accounts.
pub fn start_all(
    stage: &Stage<'_>,
    running: &mut Running,
    program: &Path,
    node: &Node,
) -> Result<[WorkerProcess; 2]> {
    Ok([
        start(stage, running, program, node, Role::First)?,
        start(stage, running, program, node, Role::Second)?,
    ])
}

/// Which worker a process is.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    /// The first.
    First,
    /// The second.
    Second,
    /// The second, which lies in this way; the program is `medchain-liar`.
    Liar(&'static str),
}

/// Starts a worker with its registered account.
pub fn start(
    stage: &Stage<'_>,
    running: &mut Running,
    program: &Path,
    node: &Node,
    role: Role,
) -> Result<WorkerProcess> {
    let ([first, second], [listen, and_there]) = (WORKERS, stage.workers_listen);
    let (name, suri, metrics) = match role {
        Role::First => ("medchain-worker-1", first, listen),
        Role::Second => ("medchain-worker-2", second, and_there),
        Role::Liar(_) => ("medchain-liar", second, and_there),
    };
    let models = stage.model.onnx.parent().unwrap_or(Path::new("."));
    let mut command = Command::new(program);
    // An operator's settings are for another worker.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MEDCHAIN_WORKER_") {
            command.env_remove(name);
        }
    }
    if let Role::Liar(lie) = role {
        command.args(["--lie", lie]);
    }
    command
        .args(["run", "--dev"])
        .arg(format!("--suri={suri}"))
        .arg(format!("--node={}", node.url))
        .arg(format!("--listen={metrics}"))
        // No flag: everybody can read flags, and a URL may contain a password.
        .env("MEDCHAIN_WORKER_STORE", &stage.store_url)
        .arg("--model-dir")
        .arg(models)
        .arg("--state-dir")
        .arg(stage.folder.join(name));
    running.start(name, command, stage.folder)?;
    Ok(WorkerProcess { metrics })
}

impl WorkerProcess {
    /// Reads from the worker's metrics how long its steps took.
    pub async fn timings(&self) -> WorkerTimings {
        let started = Instant::now();
        loop {
            let address = self.metrics;
            let text = tokio::task::spawn_blocking(move || get(address)).await;
            let timings = WorkerTimings::read(&text.ok().flatten().unwrap_or_default());
            if timings.submit.is_some() || started.elapsed() > NOTICE_LIMIT {
                return timings;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl WorkerTimings {
    /// Parses Prometheus' text format.
    fn read(text: &str) -> Self {
        let number = |name: &str, stage: &str| -> Option<f64> {
            let start = format!("medchain_worker_stage_seconds_{name}{{stage=\"{stage}\"}} ");
            let line = text.lines().find_map(|line| line.strip_prefix(&start));
            line?.trim().parse().ok()
        };
        let mean = |stage: &str| {
            let count = number("count", stage).filter(|count| *count > 0.0)?;
            Some((number("sum", stage)? / count * 1000.0).round() as u64)
        };
        Self {
            fetch_verify: mean("fetch_verify"),
            decrypt_decode: mean("decrypt_decode"),
            infer: mean("infer"),
            submit: mean("submit"),
        }
    }
}

/// Makes one HTTP request by hand: the only one of the command line, to a process that it
/// started.
fn get(address: SocketAddr) -> Option<String> {
    let limit = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&address, limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.take(1 << 20).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_means_are_read_and_missing_ones_are_none() {
        let text = "HTTP/1.0 200 OK\r\n\r\n\
            medchain_worker_stage_seconds_sum{stage=\"infer\"} 0.3004\n\
            medchain_worker_stage_seconds_count{stage=\"infer\"} 2\n\
            medchain_worker_stage_seconds_sum{stage=\"submit\"} 0\n\
            medchain_worker_stage_seconds_count{stage=\"submit\"} 0\n";
        let expected = WorkerTimings { infer: Some(150), ..WorkerTimings::default() };
        assert_eq!(WorkerTimings::read(text), expected);
        assert_eq!(WorkerTimings::read(""), WorkerTimings::default());
    }
}
