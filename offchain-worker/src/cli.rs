//! The command line: which duty, with which options.

use std::error::Error;

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    custody, prediction,
    shared::{config::check_variables, process::start_logging},
};

/// Runs models on X-rays whose patients consent, and seals the answers; or keeps
/// key shares for patients, and hands them over where the chain grants access
#[derive(Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer the requests that chose this worker, until SIGINT or SIGTERM
    Run(prediction::options::Arguments),
    /// Check configuration, key, node, registration, funds, store and model, then exit
    Check(prediction::options::Arguments),
    /// Hand key shares over to accounts that the chain grants access, until SIGINT or SIGTERM
    Custodian(custody::options::Arguments),
}

/// Does what the command line says.
///
/// # Errors
/// One line for the operator.
pub async fn start(cli: Cli) -> Result<(), Box<dyn Error>> {
    let names = std::env::vars_os().map(|(name, _)| name);
    check_variables(&Cli::command(), &PREFIXES, names)?;
    match cli.command {
        Command::Run(arguments) => prediction::start::run(&configure(arguments)?).await?,
        Command::Check(arguments) => prediction::start::check(&configure(arguments)?).await?,
        Command::Custodian(arguments) => {
            let is_check = arguments.check;
            let config = custody::config::Config::resolve(arguments)?;
            start_logging(&config.common)?;
            match is_check {
                true => custody::start::check(&config).await?,
                false => custody::start::run(&config).await?,
            }
        }
    }
    Ok(())
}

/// Every environment variable that is read starts with one of these; and the subcommand
/// that reads it.
const PREFIXES: [(&str, &str); 2] =
    [(prediction::options::PREFIX, "run"), (custody::options::PREFIX, "custodian")];

fn configure(
    arguments: prediction::options::Arguments,
) -> Result<prediction::config::Config, Box<dyn Error>> {
    let config = prediction::config::Config::resolve(arguments)?;
    start_logging(&config.common)?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    #[test]
    fn a_mistyped_variable_is_an_error() {
        let check =
            |name: &str| check_variables(&Cli::command(), &PREFIXES, [OsString::from(name)]);
        assert!(check("MEDCHAIN_WORKER_NODE").is_ok());
        assert!(check("MEDCHAIN_CUSTODIAN_NODE").is_ok());
        assert!(check("MEDCHAIN_NODE").is_ok());
        assert!(check("PATH").is_ok());
        let says = |name: &str| check(name).unwrap_err().to_string();
        assert_eq!(
            says("MEDCHAIN_WORKER_NOED"),
            "unknown environment variable MEDCHAIN_WORKER_NOED; \
             `medchain-worker run --help` lists them"
        );
        assert_eq!(
            says("MEDCHAIN_CUSTODIAN_MODEL_DIR"),
            "unknown environment variable MEDCHAIN_CUSTODIAN_MODEL_DIR; \
             `medchain-worker custodian --help` lists them"
        );
    }
}
