//! The subcommands, a file each. In every file, `run` is what `main` calls,
//! and a function that returns a report does the work: the demo calls it too.

pub mod access;
pub mod access_list;
pub mod audit;
pub mod certificate;
pub mod completions;
pub mod custodians;
pub mod delegate;
pub mod demo;
pub mod emergency;
pub mod erase;
pub mod fetch;
pub mod funds;
pub mod grant;
pub mod infer;
pub mod key;
pub mod model;
pub mod patient;
pub mod policy;
pub mod policy_call;
pub mod policy_deploy;
pub mod policy_diff;
pub mod policy_messages;
pub mod predict;
pub mod provider;
pub mod records;
pub mod reference;
pub mod relation;
pub mod relation_show;
pub mod replay;
pub mod rotate;
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
        Command::Delegate(command) => delegate::run(context, command).await,
        Command::Upload(args) => upload::run(context, &args).await,
        Command::Records(args) => records::run(context, &args).await,
        Command::Show(args) => show::run(context, &args).await,
        Command::Fetch(args) => fetch::run(context, &args).await,
        Command::Share(args) => share::run(context, &args).await,
        Command::Erase(args) => erase::run(context, &args).await,
        Command::VerifyCertificate(args) => certificate::run(context, &args).await,
        Command::RequestAccess(args) => access::run(context, &args).await,
        Command::Access(args) => access_list::run(context, &args).await,
        Command::Audit(args) => audit::run(context, &args).await,
        Command::Custodians(command) => custodians::run(context, command).await,
        Command::Emergency(command) => emergency::run(context, command).await,
        Command::Relation(command) => relation::run(context, command).await,
        Command::Rotate(args) => rotate::run(context, &args).await,
        Command::Predict(args) => predict::run(&args, cli.global.json),
        Command::Model(command) => model::run(context, command).await,
        Command::Worker(command) => worker::run(context, command).await,
        Command::Infer(args) => infer::run(context, &args).await,
        Command::Replay(args) => replay::run(context, &args).await,
        Command::Demo(args) => demo::run(&args, &cli.global).await,
        Command::Completions(args) => completions::run(&args),
    }
}
