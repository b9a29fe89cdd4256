//! The program `medchain-worker`.

use std::process::ExitCode;

use clap::Parser;
use medchain_worker::cli::{self, Cli};

#[tokio::main]
async fn main() -> ExitCode {
    match cli::start(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
