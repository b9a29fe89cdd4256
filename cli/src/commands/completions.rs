//! `medchain completions`: completion scripts for shells.

use anyhow::{Context as _, Result};
use clap::{Args, Command};
use clap_complete::Shell;

use crate::output::{self, Outcome};

/// Arguments of `medchain completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: Shell,
}

/// Prints the script that completes `command`.
pub fn run(args: &CompletionsArgs, command: &mut Command) -> Result<Outcome> {
    // Into memory first: the generator panics when its writer fails.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "medchain", &mut script);
    let script = String::from_utf8(script).context("the completion script is not text")?;
    output::line(&script)?;
    Ok(Outcome::Done)
}
