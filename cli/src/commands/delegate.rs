//! `medchain delegate`: who may grant and revoke in a patient's name.

use std::fmt;

use anyhow::Result;
use clap::{Args, Subcommand};
use medchain_client::{
    policy::{self, ActionSet},
    AccountId32,
};
use medchain_primitives::Action;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    contracts::{ensure_ahead, Parties},
    output::{self, Outcome},
    signing::Included,
};

/// Subcommands of `medchain delegate`.
#[derive(Debug, Subcommand)]
pub enum DelegateCommand {
    /// Let an account or a contract grant and revoke in your name.
    Set(SetArgs),
    /// Remove a delegate; grants that it made end.
    Remove(RemoveArgs),
}

/// Arguments of `medchain delegate set`.
#[derive(Args, Clone, Debug)]
pub struct SetArgs {
    /// The delegate, who then uses `medchain grant --patient YOU`.
    pub delegate: String,
    /// What the delegate may grant and end: actions as for `medchain grant`, comma-separated.
    #[arg(long, value_name = "ACTIONS")]
    pub actions: ActionSet,
    /// The last block in which the delegate may act; without it, until removed.
    ///
    /// What the delegate granted ends with it.
    #[arg(long, value_name = "BLOCK", value_parser = arguments::block())]
    pub until: Option<u32>,
    /// The policy contract; defaults to the one in force for you.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

/// Arguments of `medchain delegate remove`.
#[derive(Args, Clone, Debug)]
pub struct RemoveArgs {
    /// The delegate.
    pub delegate: String,
    /// The policy contract; defaults to the one in force for you.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

/// A delegate, set or removed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DelegateReport {
    /// The policy contract.
    pub policy: AccountId32,
    /// The patient in whose name the delegate acts.
    pub patient: AccountId32,
    /// The delegate.
    pub delegate: AccountId32,
    /// Whether the delegate may grant and revoke now.
    pub may: bool,
    /// The actions that the delegate may grant and end.
    pub actions: Vec<Action>,
    /// The last block in which the delegate may act.
    pub until: Option<u32>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for DelegateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let may = if self.may { "may" } else { "may no longer" };
        write!(f, "{} {may} grant and revoke in the name of {}", self.delegate, self.patient)?;
        for (place, action) in self.actions.iter().enumerate() {
            write!(f, "{} {action}", if place == 0 { ":" } else { "," })?;
        }
        if let Some(until) = self.until {
            write!(f, " until block {until}")?;
        }
        write!(f, " (policy {}, {})", self.policy, self.included)
    }
}

/// Runs `medchain delegate`.
pub async fn run(context: &Context, command: &DelegateCommand) -> Result<Outcome> {
    let report = match command {
        DelegateCommand::Set(args) => set(context, args).await?,
        DelegateCommand::Remove(args) => remove(context, args).await?,
    };
    output::print(&report, context.json)?;
    Ok(Outcome::Done)
}

/// Makes an account a delegate, or changes its actions and its last block.
pub async fn set(context: &Context, args: &SetArgs) -> Result<DelegateReport> {
    let delegate = context.parse_account(&args.delegate)?;
    let parties = Parties::find(context, args.policy.as_deref(), None).await?;
    ensure_ahead(context, args.until).await?;
    let data = policy::set_delegate(&delegate.0, args.actions, args.until);
    let included = send(context, &parties, data, "make the account a delegate").await?;
    let Parties { contract: policy, patient, .. } = parties;
    let (actions, until) = (args.actions.iter().collect(), args.until);
    Ok(DelegateReport { policy, patient, delegate, may: true, actions, until, included })
}

/// Removes a delegate, and with it what the delegate granted.
pub async fn remove(context: &Context, args: &RemoveArgs) -> Result<DelegateReport> {
    let delegate = context.parse_account(&args.delegate)?;
    let parties = Parties::find(context, args.policy.as_deref(), None).await?;
    let data = policy::remove_delegate(&delegate.0);
    let included = send(context, &parties, data, "remove the delegate").await?;
    let Parties { contract: policy, patient, .. } = parties;
    let (actions, until) = (Vec::new(), None);
    Ok(DelegateReport { policy, patient, delegate, may: false, actions, until, included })
}

async fn send(
    context: &Context,
    parties: &Parties,
    data: Vec<u8>,
    purpose: &str,
) -> Result<Included> {
    let call = parties.call(context, data).await?;
    let outcome = context.sign(&call, purpose).await?;
    parties.ensure_emitted(&outcome, purpose)?;
    Ok((&outcome).into())
}
