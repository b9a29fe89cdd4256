//! `medchain emergency lift`: an account may break the glass again.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    signing::{ensure_event, Governed, Included, Proposal, Share},
};

/// Arguments of `medchain emergency lift`.
#[derive(Args, Clone, Debug)]
pub struct LiftArgs {
    /// The account.
    pub account: String,
}

/// A suspension that was lifted, or the motion that asks for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum LiftReport {
    /// It is lifted.
    Lifted {
        /// The account.
        account: AccountId32,
        /// How many rejected emergencies are forgotten.
        rejections: u32,
        /// The transaction.
        #[serde(flatten)]
        included: Included,
    },
    /// The ethics committee has to vote on it.
    Proposed(Proposal),
}

impl fmt::Display for LiftReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lifted { account, rejections, included } => write!(
                f,
                "{account} may break the glass again: {} forgotten ({included})",
                output::counted(*rejections, "rejection")
            ),
            Self::Proposed(proposal) => proposal.fmt(f),
        }
    }
}

/// Runs `medchain emergency lift`.
pub async fn run(context: &Context, args: &LiftArgs) -> Result<Outcome> {
    output::print(&lift(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Has governance lift an account's suspension.
pub async fn lift(context: &Context, args: &LiftArgs) -> Result<LiftReport> {
    let account = context.parse_account(&args.account)?;
    let rejections = context.view().await?.rejections(&account).await?;
    if rejections == 0 {
        bail!(
            "no emergency of {account} was rejected, so nothing keeps it from breaking the glass"
        );
    }
    let purpose = "lift the suspension";
    let call = Call::LiftSuspension { account };
    match context.govern(call, Share::Judges, purpose).await? {
        Governed::Done(outcome) => {
            ensure_event(&outcome, purpose, |event| {
                matches!(event, ChainEvent::SuspensionLifted { .. })
            })?;
            Ok(LiftReport::Lifted { account, rejections, included: (&outcome).into() })
        }
        Governed::Proposed(proposal) => Ok(LiftReport::Proposed(proposal)),
    }
}
