//! IPFS daemons for one test.

use std::{path::Path, process::Command, time::Duration};

use crate::{free_port, repository, testnet::wait_for, Running};

/// A daemon, offline and without peers. Dropping it kills it.
pub struct IpfsDaemon {
    url: String,
    process: Running,
}

impl IpfsDaemon {
    /// Whether one can be started. `make test` installs it and sets
    /// `MEDCHAIN_TEST_IPFS`; then a daemon that does not start is a failure.
    pub fn is_installed() -> bool {
        repository().join("tests/ipfs-daemon/node_modules").is_dir()
            || std::env::var_os("MEDCHAIN_TEST_IPFS").is_some()
    }

    /// Starts a daemon that keeps its blocks in the folder `repo`.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(repo: &Path) -> Self {
        Self::start_at(repo, free_port())
    }

    /// As [`IpfsDaemon::start`], with its RPC on this port.
    pub fn start_at(repo: &Path, port: u16) -> Self {
        let mut command = Command::new("node");
        command
            .arg(repository().join("tests/ipfs-daemon/daemon.mjs"))
            .arg("--repo")
            .arg(repo)
            .args(["--rpc-port", &port.to_string(), "--gateway-port", "0"]);
        let mut process = Running::start(&mut command, &repo.with_extension("log"));
        wait_for("the IPFS daemon is ready", Duration::from_secs(60), || {
            assert!(!process.has_ended(), "{}", process.said());
            process.said().contains("READY")
        });
        Self { url: format!("http://127.0.0.1:{port}"), process }
    }

    /// Ends it at once.
    pub fn kill(self) {
        self.process.kill();
    }

    /// The address of its RPC.
    pub fn url(&self) -> &str {
        &self.url
    }
}
