//! `medchain policy set-default`: the policy of patients who chose none.

use std::fmt;

use anyhow::Result;
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use serde::Serialize;

use crate::{
    consent::ensure_contract,
    context::Context,
    output::{self, Outcome},
    signing::{as_root, ensure_event, Included},
};

/// Arguments of `medchain policy set-default`.
#[derive(Args, Clone, Debug)]
pub struct SetDefaultArgs {
    /// The contract's address.
    #[arg(required_unless_present = "none")]
    pub contract: Option<String>,
    /// Remove the default: patients who chose no policy then allow nobody.
    #[arg(long, conflicts_with = "contract")]
    pub none: bool,
    /// Sign with the chain's sudo key, which is the registrar on a test network.
    #[arg(long)]
    pub sudo: bool,
}

/// A new default.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetDefaultReport {
    /// The contract; none where patients without a policy allow nobody.
    pub contract: Option<AccountId32>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for SetDefaultReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.contract {
            Some(policy) => write!(f, "policy {policy} decides for patients who chose none")?,
            None => write!(f, "patients who chose no policy allow nobody")?,
        }
        write!(f, " ({})", self.included)
    }
}

/// Runs `medchain policy set-default`.
pub async fn run(context: &Context, args: &SetDefaultArgs) -> Result<Outcome> {
    output::print(&set_default(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn set_default(context: &Context, args: &SetDefaultArgs) -> Result<SetDefaultReport> {
    context.ensure_can_ask()?;
    let policy = context.parse_optional(args.contract.as_deref())?;
    if let Some(policy) = &policy {
        ensure_contract(context, policy).await?;
    }
    let call = as_root(Call::SetDefaultPolicy { policy }, args.sudo);
    let purpose = "set the default policy";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::DefaultPolicySet { .. }))?;
    Ok(SetDefaultReport { contract: policy, included: (&outcome).into() })
}
