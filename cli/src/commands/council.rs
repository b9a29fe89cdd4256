//! `medchain council`: who decides, what they vote on, and what root will do.

use std::fmt;

use anyhow::Result;
use clap::Subcommand;
use medchain_client::{
    chain::{Body, Call, ChainEvent, Change},
    contract::Decoded,
    AccountId32,
};
use medchain_primitives::ChangeId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    motions::{self, MotionReport, VoteArgs},
    output::{self, Outcome},
    signing::{ensure_event, Governed, Included, Proposal, Share},
};

/// Subcommands of `medchain council`.
#[derive(Debug, Subcommand)]
pub enum CouncilCommand {
    /// Show the members, the open motions, and the calls that root will make.
    Show,
    /// Vote on a motion; the last vote that it needs also makes its call.
    Vote(VoteArgs),
    /// Have root make an announced call (anybody, after the delay).
    Enact {
        /// The change's number.
        #[arg(value_parser = arguments::change())]
        change: ChangeId,
    },
    /// Cancel an announced call of root (more than a third of the council).
    Cancel {
        /// The change's number.
        #[arg(value_parser = arguments::change())]
        change: ChangeId,
    },
}

/// The council.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShowReport {
    /// The members.
    pub members: Vec<AccountId32>,
    /// The open motions, by number.
    pub motions: Vec<MotionReport>,
    /// The calls that root will make, by number.
    pub changes: Vec<ChangeReport>,
    /// Whether an account can use sudo, and so needs no council.
    pub sudo: Option<AccountId32>,
    /// The block that was asked.
    pub block_number: u32,
}

/// A call that root will make.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeReport {
    /// Its number.
    pub change: ChangeId,
    /// The name of the call.
    pub call: String,
    /// The arguments of the call, by name; null where they cannot be read.
    pub arguments: Option<Decoded>,
    /// The first block in which it can be enacted.
    pub enactable_at: u32,
    /// The last block in which it can be enacted.
    pub expires_at: u32,
}

impl From<Change> for ChangeReport {
    fn from(change: Change) -> Self {
        let Change { id, call, arguments, enactable_at, expires_at } = change;
        Self { change: id, call, arguments, enactable_at, expires_at }
    }
}

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sudo) = &self.sudo {
            writeln!(f, "sudo    {sudo} (a chain for development: no council is needed)")?;
        }
        for member in &self.members {
            writeln!(f, "member  {member}")?;
        }
        for motion in &self.motions {
            writeln!(f, "{motion}")?;
        }
        for ChangeReport { change, call, arguments, enactable_at, expires_at } in &self.changes {
            write!(f, "root    {change}: {call}, in blocks {enactable_at} to {expires_at}")?;
            writeln!(f, "{}", motions::argument_lines(arguments.as_ref()))?;
        }
        write!(f, "(at block {})", self.block_number)
    }
}

/// What became of a call of root.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum RootReport {
    /// It was made or cancelled.
    Done {
        /// The change.
        change: ChangeId,
        /// Whether the call was made; otherwise it was cancelled.
        enacted: bool,
        /// The transaction.
        #[serde(flatten)]
        included: Included,
    },
    /// The council has to vote on it.
    Proposed(Proposal),
}

impl fmt::Display for RootReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { change, enacted, included } => {
                let what = if *enacted { "was enacted" } else { "was cancelled" };
                write!(f, "change {change} {what} ({included})")
            }
            Self::Proposed(proposal) => proposal.fmt(f),
        }
    }
}

/// Runs `medchain council`.
pub async fn run(context: &Context, command: &CouncilCommand) -> Result<Outcome> {
    match command {
        CouncilCommand::Show => output::print(&show(context).await?, context.json)?,
        CouncilCommand::Vote(args) => {
            let voted = motions::vote(context, Body::Council, args).await?;
            output::print(&voted, context.json)?;
        }
        CouncilCommand::Enact { change } => {
            output::print(&enact(context, *change).await?, context.json)?;
        }
        CouncilCommand::Cancel { change } => {
            output::print(&cancel(context, *change).await?, context.json)?;
        }
    }
    Ok(Outcome::Done)
}

async fn show(context: &Context) -> Result<ShowReport> {
    let view = context.view().await?;
    Ok(ShowReport {
        members: view.members(Body::Council).await?,
        motions: motions::open(&view, Body::Council).await?,
        changes: view.changes().await?.into_iter().map(Into::into).collect(),
        sudo: view.sudo_key().await?,
        block_number: view.number(),
    })
}

async fn enact(context: &Context, change: ChangeId) -> Result<RootReport> {
    let purpose = "enact the change";
    let outcome = context.sign(&Call::EnactChange { change }, purpose).await?;
    ensure_event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::ChangeEnacted { failure: None, .. })
    })?;
    Ok(RootReport::Done { change, enacted: true, included: (&outcome).into() })
}

async fn cancel(context: &Context, change: ChangeId) -> Result<RootReport> {
    let purpose = "cancel the change";
    let call = Call::CancelChange { change };
    match context.govern(call, Share::Minority, purpose).await? {
        Governed::Done(outcome) => {
            ensure_event(&outcome, purpose, |event| {
                matches!(event, ChainEvent::ChangeCancelled { .. })
            })?;
            Ok(RootReport::Done { change, enacted: false, included: (&outcome).into() })
        }
        Governed::Proposed(proposal) => Ok(RootReport::Proposed(proposal)),
    }
}
