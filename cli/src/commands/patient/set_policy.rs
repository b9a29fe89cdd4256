//! `medchain patient set-policy`: chooses the contract that decides about the records.

use std::fmt;

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::AccountId32;
use serde::Serialize;

use crate::{
    consent,
    context::Context,
    output::{self, Outcome},
    signing::Included,
};

/// Arguments of `medchain patient set-policy`.
#[derive(Args, Clone, Debug)]
#[group(id = "choice", required = true, multiple = false)]
pub struct SetPolicyArgs {
    /// The contract's address.
    pub contract: Option<String>,
    /// Return to the chain's default policy, whichever it is at the time.
    #[arg(long)]
    pub default: bool,
    /// Keep today's default policy, even if the chain's default changes.
    #[arg(long)]
    pub pin_default: bool,
    /// Allow nobody, whatever the chain's default is.
    #[arg(long)]
    pub nobody: bool,
}

/// A new policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetPolicyReport {
    /// The patient.
    pub patient: AccountId32,
    /// The contract, `the chain's default`, or `nobody`.
    pub policy: String,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for SetPolicyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "patient {} has a new policy {}", self.patient, self.included)?;
        write!(f, "\npolicy {}", self.policy)
    }
}

/// Runs `medchain patient set-policy`.
pub async fn run(context: &Context, args: &SetPolicyArgs) -> Result<Outcome> {
    let report = if args.nobody {
        allow_nobody(context).await?
    } else if args.pin_default {
        pin_default(context).await?
    } else {
        set_policy(context, args.contract.as_deref()).await?
    };
    output::print(&report, context.json)?;
    Ok(Outcome::Done)
}

/// Chooses a contract, or the chain's default.
pub async fn set_policy(context: &Context, contract: Option<&str>) -> Result<SetPolicyReport> {
    let policy = context.parse_optional(contract)?;
    let included = consent::set_policy(context, policy).await?;
    let policy = policy.map_or_else(|| "the chain's default".to_owned(), |it| it.to_string());
    Ok(SetPolicyReport { patient: context.account()?, policy, included })
}

/// Chooses the contract that is the chain's default now.
async fn pin_default(context: &Context) -> Result<SetPolicyReport> {
    let policy = context.view().await?.default_policy().await?;
    let policy = policy.context(
        "the chain has no default policy to keep; with --nobody, nobody will be allowed \
         whatever the default becomes",
    )?;
    set_policy(context, Some(&policy.to_string())).await
}

async fn allow_nobody(context: &Context) -> Result<SetPolicyReport> {
    let included = consent::allow_nobody(context).await?;
    Ok(SetPolicyReport { patient: context.account()?, policy: "nobody".into(), included })
}
