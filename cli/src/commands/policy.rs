//! `medchain policy`: policy contracts, and what the one in force allows.

pub mod call;
pub mod check;
pub mod default;
pub mod deploy;
pub mod diff;
pub mod messages;

use anyhow::Result;
use clap::Subcommand;

use crate::{context::Context, output::Outcome};

/// Subcommands of `medchain policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Deploy a policy contract and print its address.
    Deploy(deploy::DeployArgs),
    /// List a contract's constructors, messages and types.
    Messages(messages::MessagesArgs),
    /// Call a message of a contract.
    ///
    /// A message that may change the contract is signed; any other is free.
    Call(call::CallArgs),
    /// Show, announce, enact or cancel the policy of all patients who chose none.
    #[command(subcommand)]
    Default(default::DefaultCommand),
    /// Check whether an account may act on a patient's records; exit code 3 means no.
    Check(check::CheckArgs),
    /// Show who gains and who loses access by another policy, before you choose it.
    Diff(diff::DiffArgs),
}

/// Runs `medchain policy`.
pub async fn run(context: &Context, command: &PolicyCommand) -> Result<Outcome> {
    match command {
        PolicyCommand::Deploy(args) => deploy::run(context, args).await,
        PolicyCommand::Messages(args) => messages::run(args, context.json),
        PolicyCommand::Call(args) => call::run(context, args).await,
        PolicyCommand::Default(command) => default::run(context, command).await,
        PolicyCommand::Check(args) => check::run(context, args).await,
        PolicyCommand::Diff(args) => diff::run(context, args).await,
    }
}
