//! The program `medchain-worker`.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use medchain_worker::{
    app,
    config::{check_variables, Arguments, Config, CustodianArguments, CustodianConfig},
    startup::StartError,
};

/// Runs models on X-rays whose patients consent, and signs the predictions; or keeps
/// keys for patients, and hands them over as the chain says
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
    /// Hand key shares over to whom the chain grants access, until SIGINT or SIGTERM
    Custodian(CustodianArguments),
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
    match cli.command {
        Command::Run(arguments) => app::run(configure(arguments)?).await,
        Command::Check(arguments) => app::check(&configure(arguments)?).await,
        Command::Custodian(arguments) => {
            let is_check = arguments.check;
            let config = CustodianConfig::resolve(arguments)?;
            app::start_logging(&config.log, config.log_format)?;
            match is_check {
                true => app::custodian::check(&config).await,
                false => app::custodian::run(config).await,
            }
        }
    }
}

fn configure(arguments: Arguments) -> Result<Config, StartError> {
    let config = Config::resolve(arguments)?;
    app::start_logging(&config.log, config.log_format)?;
    Ok(config)
}
