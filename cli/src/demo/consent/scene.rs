//! What all stories play on, and how a claim is held against what was seen.

use std::{cell::RefCell, fmt::Display, path::PathBuf, process::Command};

use anyhow::{bail, Result};
use medchain_client::chain::Chain;
use serde::Serialize;

use super::cast::Cast;
use crate::{
    commands::fetch::{self, FetchArgs},
    context::Context,
    demo::{
        processes::{free_port, Running},
        story::Story,
    },
    output::error_line,
};

/// A claim that held.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Which story.
    pub story: &'static str,
    /// What was claimed.
    pub claim: String,
    /// What was seen.
    pub seen: String,
}

/// Chain, store, people and programs.
pub struct Scene<'a> {
    /// The chain.
    pub chain: Chain,
    /// Where its node listens.
    pub node_url: String,
    /// For everything that is written.
    pub folder: &'a std::path::Path,
    /// Where the policies' bundles are.
    pub contracts: PathBuf,
    /// The image that is uploaded.
    pub xray: Vec<u8>,
    /// Its file.
    pub xray_file: PathBuf,
    /// The worker's program, which is the custodian's as well.
    pub worker: PathBuf,
    /// The people.
    pub cast: Cast,
    /// Who tells.
    pub story: &'a Story,
    /// What held.
    pub checks: RefCell<Vec<Check>>,
}

impl Scene<'_> {
    /// Notes a claim that holds if `holds`, and otherwise ends the demo.
    pub fn claim(
        &self,
        story: &'static str,
        claim: &str,
        holds: bool,
        seen: impl Display,
    ) -> Result<()> {
        let seen = seen.to_string();
        if !holds {
            bail!("{story}: it does not hold that {claim}: {seen}");
        }
        self.story.tell("", &format!("✓ {claim}\n  {seen}"))?;
        self.checks.borrow_mut().push(Check { story, claim: claim.to_owned(), seen });
        Ok(())
    }

    /// Notes that something was refused with these words; whatever else it did
    /// ends the demo.
    pub fn refused<T>(
        &self,
        story: &'static str,
        claim: &str,
        tried: Result<T>,
        words: &str,
    ) -> Result<()> {
        let said = match &tried {
            Ok(_) => "it was let through".to_owned(),
            Err(error) => error_line(error),
        };
        self.claim(story, claim, tried.is_err() && said.contains(words), said)
    }

    /// Fetches a record as `who`; whether it is the image that was uploaded.
    pub async fn reads(&self, who: &Context, record: u64) -> Result<bool> {
        let file = self.folder.join(format!("read-{}.png", who.account()?));
        let args = FetchArgs { record, output: file.clone(), ciphertext: false, force: true };
        fetch::fetch(who, &args).await?;
        let read = std::fs::read(&file)? == self.xray;
        std::fs::remove_file(&file)?;
        Ok(read)
    }

    /// Starts a custodian in a process of its own.
    pub fn start_custodian(
        &self,
        running: &mut Running,
        name: &'static str,
        suri: &str,
    ) -> Result<()> {
        let mut command = Command::new(&self.worker);
        // An operator's own settings are about another custodian.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MEDCHAIN_") {
                command.env_remove(name);
            }
        }
        command
            .args(["custodian", "--dev", "--suri", suri, "--node", &self.node_url])
            .args(["--listen", &format!("127.0.0.1:{}", free_port()?)]);
        running.start(name, command, self.folder)
    }
}
