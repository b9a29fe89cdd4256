//! `medchain policy check`: asks the chain, which asks the policy in force.

use std::fmt;

use anyhow::Result;
use clap::Args;
use medchain_client::{chain::AccessQuestion, AccountId32};
use medchain_primitives::{Action, ModelId, Purpose, RecordId};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
};

/// Arguments of `medchain policy check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// The patient whose records it is about.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: String,
    /// The account that wants to act; defaults to you.
    #[arg(long, value_name = "ACCOUNT")]
    pub subject: Option<String>,
    /// The action.
    #[arg(long, value_parser = arguments::action())]
    pub action: Action,
    /// The record's number; without it, all records.
    #[arg(long, value_parser = arguments::record())]
    pub record: Option<RecordId>,
    /// The purpose.
    ///
    /// The chain names one whenever an account requests to view. Without one, grants
    /// that are limited to purposes do not count.
    #[arg(long, value_parser = arguments::purpose())]
    pub purpose: Option<Purpose>,
    /// The number of the model to run.
    ///
    /// The chain names one whenever a verdict is ordered or answered. Without one, a policy
    /// that admits certain models refuses.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<ModelId>,
}

/// The policy's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckReport {
    /// The patient.
    pub patient: AccountId32,
    /// The account that wants to act.
    pub subject: AccountId32,
    /// The action.
    pub action: Action,
    /// The record.
    pub record: Option<RecordId>,
    /// The policy in force.
    pub policy: Option<AccountId32>,
    /// Whether it allows the action.
    pub allowed: bool,
    /// Why not.
    pub reason: Option<String>,
    /// The block that was asked.
    pub block_number: u32,
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            None => write!(f, "yes: {} may {}", self.subject, self.action)?,
            Some(reason) => write!(f, "no: {} may not {}: {reason}", self.subject, self.action)?,
        }
        write!(f, " (at block {})", self.block_number)
    }
}

/// Runs `medchain policy check`.
pub async fn run(context: &Context, args: &CheckArgs) -> Result<Outcome> {
    let report = check(context, args).await?;
    output::print(&report, context.json)?;
    Ok(if report.allowed { Outcome::Done } else { Outcome::No })
}

/// Asks the chain, which asks the policy in force.
pub async fn check(context: &Context, args: &CheckArgs) -> Result<CheckReport> {
    let patient = context.parse_account(&args.patient)?;
    let subject = context.account_or_own(args.subject.as_deref())?;
    let CheckArgs { record, action, purpose, model, .. } = *args;
    let question = AccessQuestion { action, record, purpose, model };
    let view = context.view().await?;
    let answer = view.check_access(&patient, &subject, question).await?;
    Ok(CheckReport {
        patient,
        subject,
        action,
        record,
        policy: view.policy_of(&patient).await?,
        allowed: answer.is_ok(),
        reason: answer.err().map(|denied| denied.to_string()),
        block_number: view.number(),
    })
}
