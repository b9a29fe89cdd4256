//! The program `medchain-worker`.

use std::process::ExitCode;

use clap::Parser;
use medchain_worker::{
    cli::{self, Cli},
    prediction::adapters::decode_if_asked,
};

fn main() -> ExitCode {
    if let Some(code) = decode_if_asked() {
        return code;
    }
    if let Err(error) = medchain_client::keys::forbid_core_dumps() {
        eprintln!("error: cannot turn core dumps off: {error}");
        return ExitCode::FAILURE;
    }
    work()
}

#[tokio::main]
async fn work() -> ExitCode {
    match cli::start(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
