//! A worker that lies, for tests and for the demo of a dispute. Nobody installs it.
//!
//! It is `medchain-worker` with two adapters changed: what the network is said to give
//! ([`predictor`]), and what is sent to the chain ([`chain`]). It plays disputes for its lie
//! as an honest worker plays for the truth, and loses.

mod chain;
mod lie;
mod predictor;

use std::{error::Error, process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};
use medchain_worker::{
    prediction::{
        adapters::decode_if_asked, config::Config, options::Arguments, service::Ports, start,
    },
    shared::process::start_logging,
};

use chain::LyingChain;
use lie::Lie;
use predictor::LyingPredictor;

/// A worker that lies, for tests.
#[derive(Parser)]
struct Cli {
    /// How it lies.
    #[arg(long, value_enum)]
    lie: Lie,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// As `medchain-worker run`.
    Run(Arguments),
}

fn main() -> ExitCode {
    decode_if_asked().unwrap_or_else(work)
}

#[tokio::main]
async fn work() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    let (lie, Command::Run(arguments)) = (cli.lie, cli.command);
    let config = Config::resolve(arguments)?;
    start_logging(&config.common)?;
    start::run_with(&config, |ports| corrupt(ports, lie)).await?;
    Ok(())
}

/// Puts the lie between the worker and the world.
fn corrupt(mut ports: Ports, lie: Lie) -> Ports {
    ports.chain = Arc::new(LyingChain::new(ports.chain, lie));
    let mut models = (*ports.models).clone();
    for model in models.values_mut() {
        model.predictor = Arc::new(LyingPredictor::new(model.predictor.clone(), lie));
    }
    ports.models = Arc::new(models);
    ports
}
