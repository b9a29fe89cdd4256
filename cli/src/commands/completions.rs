//! `medchain completions`: completion scripts for shells.

use anyhow::{Context, Result};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{cli::Cli, output::Outcome};

/// Arguments of `medchain completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell to write completions for.
    pub shell: Shell,
}

/// Prints the script.
pub fn run(args: &CompletionsArgs) -> Result<Outcome> {
    // Into memory first: the generator panics when its writer fails.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "medchain", &mut script);
    let script = String::from_utf8(script).context("the completion script is not text")?;
    crate::output::line(&script)?;
    Ok(Outcome::Done)
}
