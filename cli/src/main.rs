//! `medchain`: the command line of MedChain.

mod audit;
mod bundle;
mod certificate;
mod cli;
mod commands;
mod content;
mod context;
mod custody;
mod demo;
mod envelopes;
mod files;
mod model_files;
mod output;
mod policy_questions;
mod progress;
mod sign;

use std::{io::IsTerminal, process::ExitCode};

use clap::Parser;
use output::Outcome;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    log(cli.global.verbose);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&anyhow::Error::new(error).context("cannot start")),
    };
    let result = runtime.block_on(commands::run(cli));
    // Background tasks of the connection are not waited for.
    runtime.shutdown_background();
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::FAILURE,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("{}", output::error_line(error));
    ExitCode::FAILURE
}

/// Logs to standard error, nothing unless -v asks for it.
fn log(verbose: u8) {
    let level = match verbose {
        0 => "off",
        1 => "warn,medchain=info,medchain_client=info",
        _ => "info,medchain=debug,medchain_client=debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}
