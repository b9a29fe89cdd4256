//! `medchain policy`: deploys contracts, calls them, and asks what the one in
//! force says.

use anyhow::{bail, Result};
use clap::{Args, Subcommand};
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use medchain_primitives::{Action, RecordId};
use serde::Serialize;

use crate::{
    commands::{
        access::PurposeArg,
        grant::{action, action_name},
        policy_call, policy_deploy, policy_diff, policy_messages,
    },
    context::Context,
    output::{self, Outcome},
    sign::{as_root, event, Included},
};

pub use policy_deploy::deploy;

/// Subcommands of `medchain policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Put a policy contract on chain and print its address.
    Deploy(policy_deploy::DeployArgs),
    /// List what a contract can be made with, told and asked.
    Messages(policy_messages::MessagesArgs),
    /// Tell a contract something, or ask it, in its own words.
    ///
    /// What may change the contract is signed; a question costs nothing.
    Call(policy_call::CallArgs),
    /// Make a contract the policy of all patients who chose none (the registrar's work).
    SetDefault {
        /// The contract's address.
        #[arg(required_unless_present = "none")]
        contract: Option<String>,
        /// No default: those who chose no policy then let nobody in.
        #[arg(long, conflicts_with = "contract")]
        none: bool,
        /// Sign as the chain's sudo key, which is the registrar on a test network.
        #[arg(long)]
        sudo: bool,
    },
    /// Ask the chain whether somebody may do something. Exit code 1 means no.
    Check(CheckArgs),
    /// Show who gains and who loses by another policy, before you choose it.
    Diff(policy_diff::DiffArgs),
}

/// Arguments of `medchain policy check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// Whose records.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: String,
    /// Who wants to act; without it, you.
    #[arg(long, value_name = "ACCOUNT")]
    pub subject: Option<String>,
    /// What they want to do.
    #[arg(long, value_parser = action)]
    pub action: Action,
    /// On which record.
    #[arg(long)]
    pub record: Option<u64>,
    /// What for. The chain names a purpose whenever somebody asks to view; without
    /// one, a grant that is limited to purposes does not count.
    #[arg(long, value_enum)]
    pub purpose: Option<PurposeArg>,
}

/// A new default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DefaultReport {
    /// The contract's address; none where nobody is let in by default.
    pub contract: Option<String>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for DefaultReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.contract {
            Some(policy) => write!(f, "policy {policy} decides for patients who chose none")?,
            None => write!(f, "patients who chose no policy let nobody in")?,
        }
        write!(f, " ({})", self.included)
    }
}

/// What the policy says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckReport {
    /// Whose records.
    pub patient: String,
    /// Who wants to act.
    pub subject: String,
    /// What they want to do.
    pub action: &'static str,
    /// On which record.
    pub record: Option<u64>,
    /// The contract in force.
    pub policy: Option<String>,
    /// Its answer.
    pub allowed: bool,
    /// Why not.
    pub reason: Option<String>,
    /// The block at which it was asked.
    pub block_number: u32,
}

impl std::fmt::Display for CheckReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.reason {
            None => write!(f, "yes: {} may {}", self.subject, self.action)?,
            Some(reason) => write!(f, "no: {} may not {}: {reason}", self.subject, self.action)?,
        }
        write!(f, " (at block {})", self.block_number)
    }
}

/// Runs `medchain policy`.
pub async fn run(context: &Context, command: PolicyCommand) -> Result<Outcome> {
    match command {
        PolicyCommand::Deploy(args) => return policy_deploy::run(context, &args).await,
        PolicyCommand::Messages(args) => return policy_messages::run(&args, context.json),
        PolicyCommand::Call(args) => return policy_call::run(context, &args).await,
        PolicyCommand::SetDefault { contract, none: _, sudo } => {
            let report = set_default(context, contract.as_deref(), sudo).await?;
            output::print(&report, context.json)?
        }
        PolicyCommand::Diff(args) => return policy_diff::run(context, &args).await,
        PolicyCommand::Check(args) => {
            let report = check(context, &args).await?;
            output::print(&report, context.json)?;
            if !report.allowed {
                return Ok(Outcome::No);
            }
        }
    }
    Ok(Outcome::Done)
}

async fn set_default(
    context: &Context,
    contract: Option<&str>,
    sudo: bool,
) -> Result<DefaultReport> {
    context.ensure_can_ask()?;
    let policy = contract.map(|text| context.parse_account(text)).transpose()?;
    if let Some(policy) = &policy {
        ensure_contract(context, policy).await?;
    }
    let call = Call::SetDefaultPolicy { policy };
    let purpose = "set the default policy";
    let outcome = context.sign(&as_root(call, sudo), purpose).await?;
    event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::DefaultPolicySet { .. }).then_some(())
    })?;
    Ok(DefaultReport {
        contract: policy.map(|policy| policy.to_string()),
        included: (&outcome).into(),
    })
}

/// A policy without code denies everything; whoever sets one has mistyped.
pub async fn ensure_contract(context: &Context, policy: &AccountId32) -> Result<()> {
    if !context.view().await?.contract_exists(policy).await? {
        bail!("there is no contract at {policy}; deploy one with `medchain policy deploy`");
    }
    Ok(())
}

/// Asks the chain, which asks the contract in force.
pub async fn check(context: &Context, args: &CheckArgs) -> Result<CheckReport> {
    let patient = context.parse_account(&args.patient)?;
    let subject = context.account_or_own(args.subject.as_deref())?;
    let view = context.view().await?;
    let record = args.record.map(RecordId);
    let answer = match args.purpose {
        Some(purpose) => {
            let purpose = purpose.into();
            view.check_access_for(&patient, &subject, record, args.action, purpose).await?
        }
        None => view.check_access(&patient, &subject, record, args.action).await?,
    };
    let policy = view.policy_of(&patient).await?;
    Ok(CheckReport {
        patient: patient.to_string(),
        subject: subject.to_string(),
        action: action_name(args.action),
        record: args.record,
        policy: policy.map(|policy| policy.to_string()),
        allowed: answer.is_ok(),
        reason: answer.err().map(|denied| denied.to_string()),
        block_number: view.number(),
    })
}
