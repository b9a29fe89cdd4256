//! `medchain patient set-policy`: chooses the contract that decides about the records.

use std::fmt;

use anyhow::Result;
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
pub struct SetPolicyArgs {
    /// The contract's address.
    #[arg(required_unless_present = "default")]
    pub contract: Option<String>,
    /// Return to the chain's default policy.
    #[arg(long, conflicts_with = "contract")]
    pub default: bool,
}

/// A new policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetPolicyReport {
    /// The patient.
    pub patient: AccountId32,
    /// The contract, or `the chain's default`.
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
    output::print(&set_policy(context, args.contract.as_deref()).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Chooses a contract, or the chain's default.
pub async fn set_policy(context: &Context, contract: Option<&str>) -> Result<SetPolicyReport> {
    let policy = context.parse_optional(contract)?;
    let included = consent::set_policy(context, policy).await?;
    let policy = policy.map_or_else(|| "the chain's default".to_owned(), |it| it.to_string());
    Ok(SetPolicyReport { patient: context.account()?, policy, included })
}
