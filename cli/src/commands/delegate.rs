//! `medchain delegate`: who may grant and revoke in a patient's name.

use anyhow::Result;
use clap::{Args, Subcommand};
use medchain_client::policy;
use serde::Serialize;

use crate::{
    commands::reference::{ensure_ahead, Parties},
    context::Context,
    output::{self, Outcome},
    sign::Included,
};

/// Subcommands of `medchain delegate`.
#[derive(Debug, Subcommand)]
pub enum DelegateCommand {
    /// Let an account or a contract grant and revoke in your name.
    Set(SetArgs),
    /// End that. What the delegate granted stays.
    Remove(RemoveArgs),
}

/// Arguments of `medchain delegate set`.
#[derive(Args, Clone, Debug)]
pub struct SetArgs {
    /// Who. They use `medchain grant --patient YOU`.
    pub delegate: String,
    /// The last block in which they may; without it, until you remove them.
    #[arg(long, value_name = "BLOCK")]
    pub until: Option<u32>,
    /// The contract, where it is not the one in force for you.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

/// Arguments of `medchain delegate remove`.
#[derive(Args, Clone, Debug)]
pub struct RemoveArgs {
    /// Who.
    pub delegate: String,
    /// The contract, where it is not the one in force for you.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

/// A delegate, or the end of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DelegateReport {
    /// The policy contract.
    pub policy: String,
    /// In whose name.
    pub patient: String,
    /// Who.
    pub delegate: String,
    /// Whether they may grant and revoke now.
    pub may: bool,
    /// The last block in which they may.
    pub until: Option<u32>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for DelegateReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let may = if self.may { "may" } else { "may no longer" };
        write!(f, "{} {may} grant and revoke in the name of {}", self.delegate, self.patient)?;
        if let Some(until) = self.until {
            write!(f, " up to block {until}")?;
        }
        write!(f, " (policy {}, {})", self.policy, self.included)
    }
}

/// Runs `medchain delegate`.
pub async fn run(context: &Context, command: DelegateCommand) -> Result<Outcome> {
    let report = match command {
        DelegateCommand::Set(args) => set(context, &args).await?,
        DelegateCommand::Remove(args) => remove(context, &args).await?,
    };
    output::print(&report, context.json)?;
    Ok(Outcome::Done)
}

/// Makes somebody a delegate, or changes until when.
pub async fn set(context: &Context, args: &SetArgs) -> Result<DelegateReport> {
    change(context, &args.delegate, args.policy.as_deref(), Some(args.until)).await
}

/// Ends it.
pub async fn remove(context: &Context, args: &RemoveArgs) -> Result<DelegateReport> {
    change(context, &args.delegate, args.policy.as_deref(), None).await
}

/// `until` is how long from now on; none: not any more.
async fn change(
    context: &Context,
    delegate: &str,
    policy: Option<&str>,
    until: Option<Option<u32>>,
) -> Result<DelegateReport> {
    let delegate = context.parse_account(delegate)?;
    let parties = Parties::find(context, policy, None).await?;
    let (data, purpose) = match until {
        Some(until) => {
            ensure_ahead(context, until).await?;
            (policy::set_delegate(&delegate, until), "make the account a delegate")
        }
        None => (policy::remove_delegate(&delegate), "remove the delegate"),
    };
    let call = parties.call(context, data).await?;
    let outcome = context.sign(&call, purpose).await?;
    parties.ensure_answered(&outcome, purpose)?;
    Ok(DelegateReport {
        policy: parties.contract.to_string(),
        patient: parties.patient.to_string(),
        delegate: delegate.to_string(),
        may: until.is_some(),
        until: until.flatten(),
        included: (&outcome).into(),
    })
}
