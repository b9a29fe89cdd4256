//! `medchain`: the command line of MedChain.
//!
//! The modules below depend on each other in one direction, from top to bottom;
//! `tests/all/rooms.rs` checks that.

// They panic where standard error is closed; `output::tell!` does not.
#![deny(clippy::print_stderr)]

mod cli;
mod demo;

mod commands;

mod report;

mod archive;
mod arguments;
mod consent;
mod contracts;
mod inference;
mod models;
mod motions;
mod records;

mod certificate;
mod signing;
mod trust;

mod journal;

mod context;
mod exit;
mod files;
mod options;
mod programs;
mod secrets;

mod output;

use std::{io::IsTerminal, process::ExitCode};

use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    if let Err(error) = medchain_client::keys::forbid_core_dumps() {
        return failed(&anyhow::Error::new(error).context("cannot turn core dumps off"));
    }
    let cli = match cli::parsed() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    log(cli.global.verbose);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&anyhow::Error::new(error).context("cannot start threads")),
    };
    let result = runtime.block_on(cli.run());
    // The connection's background tasks would keep the program from ending.
    runtime.shutdown_background();
    match result {
        Ok(outcome) => exit::code(outcome),
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    crate::output::tell!("{}", output::error_line(error));
    exit::code_of(error)
}

/// Logs to standard error. Without -v, nothing but what is wrong with a store although another one
/// helped out: somebody has to look after it.
fn log(verbose: u8) {
    let level = match verbose {
        0 => "off,medchain_client::store=warn",
        1 => "warn,medchain=info,medchain_client=info",
        _ => "info,medchain=debug,medchain_client=debug",
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match verbose {
        0 => log.without_time().with_target(false).init(),
        _ => log.init(),
    }
}
