//! The other programs of this repository, which are built and installed beside this one.

use std::path::{Path, PathBuf};

use anyhow::{bail, Context as _, Result};

/// A program beside this one.
pub struct Program {
    name: &'static str,
    /// What builds it.
    build: &'static str,
    /// The flag that names another one, where there is such a flag.
    flag: Option<&'static str>,
}

/// The node.
pub const NODE: Program =
    Program { name: "medchain-node", build: "make build", flag: Some("--node-bin") };
/// The worker.
pub const WORKER: Program =
    Program { name: "medchain-worker", build: "make build", flag: Some("--worker-bin") };
/// The worker that lies, for tests and the demo.
pub const LIAR: Program = Program { name: "medchain-liar", build: "make build", flag: None };
/// The server of the web page.
pub const PORTAL: Program =
    Program { name: "medchain-portal", build: "make portal", flag: Some("--portal-bin") };

impl Program {
    /// The named program, or else the one in this program's folder.
    pub fn find(&self, named: Option<&Path>) -> Result<PathBuf> {
        let Self { name, build, flag } = self;
        if let Some(path) = named {
            if !path.is_file() {
                bail!("there is no program {}; build it, or name another", path.display());
            }
            return Ok(path.to_path_buf());
        }
        let own = std::env::current_exe().context("cannot find this program's folder")?;
        let beside = own.with_file_name(name);
        if !beside.is_file() {
            let other = flag.map(|flag| format!(", or name it with {flag}")).unwrap_or_default();
            bail!("{name} is not in the folder of this program; build it with `{build}`{other}");
        }
        Ok(beside)
    }
}
