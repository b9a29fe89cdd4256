//! The subcommands, a file each. In every file, `run` is what `main` calls,
//! and a function that returns a report does the work: the demo calls it too.

pub mod access;
pub mod completions;
pub mod demo;
pub mod fetch;
pub mod funds;
pub mod grant;
pub mod infer;
pub mod key;
pub mod model;
pub mod patient;
pub mod policy;
pub mod predict;
pub mod provider;
pub mod records;
pub mod replay;
pub mod share;
pub mod show;
pub mod upload;
pub mod worker;

use anyhow::Result;

use crate::{
    cli::{Cli, Command},
    context::Context,
    output::Outcome,
};

/// Runs what was typed.
pub async fn run(cli: Cli) -> Result<Outcome> {
    let context = Context::new(&cli.global)?;
    let context = &context;
    match cli.command {
        Command::Key(command) => key::run(context, command).await,
        Command::Balance(args) => funds::run_balance(context, &args).await,
        Command::Transfer(args) => funds::run_transfer(context, &args).await,
        Command::Patient(command) => patient::run(context, command).await,
        Command::Provider(command) => provider::run(context, command).await,
        Command::Policy(command) => policy::run(context, command).await,
        Command::Grant(args) => grant::run(context, &args).await,
        Command::Revoke(args) => grant::run_revoke(context, &args).await,
        Command::Upload(args) => upload::run(context, &args).await,
        Command::Records(args) => records::run(context, &args).await,
        Command::Show(args) => show::run(context, &args).await,
        Command::Fetch(args) => fetch::run(context, &args).await,
        Command::Share(args) => share::run(context, &args).await,
        Command::RequestAccess(args) => access::run(context, &args).await,
        Command::Predict(args) => predict::run(&args, cli.global.json),
        Command::Model(command) => model::run(context, command).await,
        Command::Worker(command) => worker::run(context, command).await,
        Command::Infer(args) => infer::run(context, &args).await,
        Command::Replay(args) => replay::run(context, &args).await,
        Command::Demo(args) => demo::run(&args, &cli.global).await,
        Command::Completions(args) => completions::run(&args),
    }
}
