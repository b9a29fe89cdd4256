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

    /// The names of a subcommand's options in order, and the variables that they read.
    fn options(subcommand: &str) -> (Vec<String>, Vec<(String, Option<String>)>) {
        let command = Cli::command();
        let command = command.find_subcommand(subcommand).unwrap();
        let options = command.get_arguments().map(|option| {
            let variable = option.get_env().map(|name| name.to_str().unwrap().to_owned());
            (option.get_id().to_string(), variable)
        });
        let options: Vec<_> = options.collect();
        (options.iter().map(|(name, _)| name.clone()).collect(), options)
    }

    #[test]
    fn an_option_reads_the_variable_of_its_duty_that_has_its_name() {
        for (prefix, subcommand) in [PREFIXES[0], PREFIXES[1], (PREFIXES[0].0, "check")] {
            for (name, variable) in options(subcommand).1 {
                let expected = format!("{prefix}{}", name.to_uppercase());
                // Flags alone: nobody leaves them in an environment.
                let is_flag = ["check", "dev"].contains(&name.as_str());
                assert_eq!(variable, (!is_flag).then_some(expected), "{name}");
            }
        }
    }

    #[test]
    fn the_duties_show_common_options_in_the_same_order() {
        let (custodian, _) = options("custodian");
        let expected = "config check dev suri node insecure_node witness key passphrase_file \
                        passphrase_command listen log log_format takeover_blocks \
                        inclusion_timeout_secs stall_secs check_interval_secs shutdown_grace_secs";
        assert_eq!(custodian.join(" "), expected);
        let (run, _) = options("run");
        assert_eq!(run, options("check").0);
        let of_run: Vec<_> = run.iter().filter(|name| custodian.contains(name)).collect();
        let own = ["check", "takeover_blocks"];
        let common: Vec<_> =
            custodian.iter().filter(|name| !own.contains(&name.as_str())).collect();
        assert_eq!(of_run, common);
        let place = |name: &str| run.iter().position(|one| one == name).unwrap();
        assert_eq!(place("store"), place("witness") + 1);
        assert_eq!(place("model_dir"), place("passphrase_command") + 1);
        assert_eq!(place("follow_best"), place("log_format") + 1);
        assert_eq!(place("retry_longest_secs"), place("inclusion_timeout_secs") + 1);
    }
}
