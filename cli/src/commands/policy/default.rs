//! `medchain policy default`: the policy of patients who chose none, which changes in public.

use std::fmt;

use anyhow::Result;
use clap::{Args, Subcommand};
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use serde::Serialize;

use crate::{
    consent::ensure_contract,
    context::Context,
    output::{self, Outcome},
    signing::{ensure_event, event, Governed, Included, Proposal, Share},
};

/// Subcommands of `medchain policy default`.
#[derive(Debug, Subcommand)]
pub enum DefaultCommand {
    /// Show the default policy, and the one that was announced.
    Show,
    /// Announce another default policy (council only).
    ///
    /// It comes into force when somebody enacts it, after the chain's delay.
    Announce(AnnounceArgs),
    /// Put the announced default policy into force (anybody, after the delay).
    Enact,
    /// Cancel the announced default policy (more than a third of the council).
    Cancel,
}

/// Arguments of `medchain policy default announce`.
#[derive(Args, Clone, Debug)]
pub struct AnnounceArgs {
    /// The contract's address.
    #[arg(required_unless_present = "none")]
    pub contract: Option<String>,
    /// No default: patients who chose no policy will allow nobody.
    #[arg(long, conflicts_with = "contract")]
    pub none: bool,
}

/// The default policy, and what was announced.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShowReport {
    /// The policy in force for patients who chose none.
    pub contract: Option<AccountId32>,
    /// What was announced.
    pub announced: Option<Announced>,
    /// The block that was asked.
    pub block_number: u32,
}

/// An announced default policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Announced {
    /// The contract; none where patients without a policy will allow nobody.
    pub contract: Option<AccountId32>,
    /// The first block in which it can be enacted.
    pub enactable_at: u32,
}

fn shown(contract: Option<&AccountId32>) -> String {
    contract.map_or_else(
        || "none (patients who chose no policy allow nobody)".into(),
        ToString::to_string,
    )
}

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "default    {}", shown(self.contract.as_ref()))?;
        if let Some(Announced { contract, enactable_at }) = &self.announced {
            writeln!(f, "announced  {}, from block {enactable_at} on", shown(contract.as_ref()))?;
            writeln!(f, "           patients can keep today's: `medchain patient set-policy`")?;
        }
        write!(f, "(at block {})", self.block_number)
    }
}

/// What became of an announcement.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnnounceReport {
    /// It is announced.
    Announced {
        /// What was announced.
        announced: Announced,
        /// The transaction.
        #[serde(flatten)]
        included: Included,
    },
    /// The council has to vote on it.
    Proposed(Proposal),
}

impl fmt::Display for AnnounceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Announced { announced: Announced { contract, enactable_at }, included } => {
                write!(f, "announced the default policy {}", shown(contract.as_ref()))?;
                write!(f, ", to be enacted from block {enactable_at} on ({included})")
            }
            Self::Proposed(proposal) => proposal.fmt(f),
        }
    }
}

/// A default policy that came into force or was cancelled.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ChangeReport {
    /// It is in force.
    Enacted {
        /// The contract; none where patients without a policy allow nobody.
        contract: Option<AccountId32>,
        /// The transaction.
        #[serde(flatten)]
        included: Included,
    },
    /// It was cancelled.
    Cancelled {
        /// The contract that will not come into force.
        cancelled: Option<AccountId32>,
        /// The transaction.
        #[serde(flatten)]
        included: Included,
    },
    /// The council has to vote on cancelling it.
    Proposed(Proposal),
}

impl fmt::Display for ChangeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enacted { contract, included } => {
                write!(f, "the default policy is {} ({included})", shown(contract.as_ref()))
            }
            Self::Cancelled { cancelled, included } => {
                write!(f, "cancelled the default policy {} ({included})", shown(cancelled.as_ref()))
            }
            Self::Proposed(proposal) => proposal.fmt(f),
        }
    }
}

/// Runs `medchain policy default`.
pub async fn run(context: &Context, command: &DefaultCommand) -> Result<Outcome> {
    match command {
        DefaultCommand::Show => output::print(&show(context).await?, context.json)?,
        DefaultCommand::Announce(args) => {
            output::print(&announce(context, args).await?, context.json)?;
        }
        DefaultCommand::Enact => output::print(&enact(context).await?, context.json)?,
        DefaultCommand::Cancel => output::print(&cancel(context).await?, context.json)?,
    }
    Ok(Outcome::Done)
}

async fn show(context: &Context) -> Result<ShowReport> {
    let view = context.view().await?;
    let pending = view.pending_default_policy().await?;
    Ok(ShowReport {
        contract: view.default_policy().await?,
        announced: pending.map(|pending| Announced {
            contract: pending.policy,
            enactable_at: pending.enactable_at,
        }),
        block_number: view.number(),
    })
}

async fn announce(context: &Context, args: &AnnounceArgs) -> Result<AnnounceReport> {
    let policy = context.parse_optional(args.contract.as_deref())?;
    if let Some(policy) = &policy {
        ensure_contract(context, policy).await?;
    }
    let purpose = "announce the default policy";
    let call = Call::AnnounceDefaultPolicy { policy };
    let outcome = match context.govern(call, Share::Majority, purpose).await? {
        Governed::Done(outcome) => outcome,
        Governed::Proposed(proposal) => return Ok(AnnounceReport::Proposed(proposal)),
    };
    let announced = event(&outcome, purpose, |event| match event {
        ChainEvent::DefaultPolicyAnnounced { announced, enactable_at, .. } => {
            Some(Announced { contract: *announced, enactable_at: *enactable_at })
        }
        _ => None,
    })?;
    Ok(AnnounceReport::Announced { announced, included: (&outcome).into() })
}

async fn enact(context: &Context) -> Result<ChangeReport> {
    let purpose = "enact the default policy";
    let outcome = context.sign(&Call::EnactDefaultPolicy, purpose).await?;
    let contract = event(&outcome, purpose, |event| match event {
        ChainEvent::DefaultPolicySet { new, .. } => Some(*new),
        _ => None,
    })?;
    Ok(ChangeReport::Enacted { contract, included: (&outcome).into() })
}

async fn cancel(context: &Context) -> Result<ChangeReport> {
    let purpose = "cancel the default policy";
    let pending = context.view().await?.pending_default_policy().await?;
    let cancelled = pending.and_then(|pending| pending.policy);
    match context.govern(Call::CancelDefaultPolicy, Share::Minority, purpose).await? {
        Governed::Done(outcome) => {
            ensure_event(&outcome, purpose, |event| {
                matches!(event, ChainEvent::DefaultPolicyCancelled { .. })
            })?;
            Ok(ChangeReport::Cancelled { cancelled, included: (&outcome).into() })
        }
        Governed::Proposed(proposal) => Ok(ChangeReport::Proposed(proposal)),
    }
}
