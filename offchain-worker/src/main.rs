//! The program `medchain-worker`.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use medchain_worker::{
    app,
    config::{check_variables, Arguments, Config},
    startup::StartError,
};

/// Runs models on X-rays whose patients consent, and signs the predictions
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer inference requests until SIGINT or SIGTERM
    Run(Arguments),
    /// Check configuration, key, node, registration, funds, store and model, then end
    Check(Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    match start(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn start(cli: Cli) -> Result<(), StartError> {
    let names = std::env::vars_os().map(|(name, _)| name);
    check_variables(&Cli::command(), names)?;
    let (Command::Run(arguments) | Command::Check(arguments)) = &cli.command;
    let config = Config::resolve(arguments.clone())?;
    app::start_logging(&config.log, config.log_format)?;
    match cli.command {
        Command::Run(_) => app::run(config).await,
        Command::Check(_) => app::check(&config).await,
    }
}
