//! The program `medchain-worker`.

use std::process::ExitCode;

use clap::Parser;
use medchain_worker::cli::{self, Cli};

#[tokio::main]
async fn main() -> ExitCode {
    if let Err(error) = medchain_client::keys::forbid_core_dumps() {
        eprintln!("error: cannot turn core dumps off: {error}");
        return ExitCode::FAILURE;
    }
    match cli::start(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
