//! `medchain council`: who decides, what they vote on, and what root will do.

use std::fmt;

use anyhow::{bail, Context as _, Result};
use clap::{Args, Subcommand};
use medchain_client::{
    chain::{Call, ChainEvent, Change, Gas, OpenMotion},
    AccountId32,
};
use medchain_primitives::ChangeId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    signing::{ensure_event, Governed, Included, Proposal, Share},
};

/// What closing a motion may use: more than any call that the command line proposes. Most is used
/// by a judgement that ends many grants.
const MOST: Gas = Gas { ref_time: 200_000_000_000, proof_size: 2_000_000 };
/// The longest call of a motion, in bytes.
const LONGEST: u32 = 64 * 1024;

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

/// Arguments of `medchain council vote`.
#[derive(Args, Clone, Debug)]
pub struct VoteArgs {
    /// The motion's number.
    pub motion: u32,
    /// Vote against it.
    #[arg(long)]
    pub against: bool,
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

/// An open motion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MotionReport {
    /// Its number.
    pub motion: u32,
    /// The name of its call.
    pub call: String,
    /// How many members must vote for it.
    pub threshold: u32,
    /// The members who voted for it.
    pub ayes: Vec<AccountId32>,
    /// The members who voted against it.
    pub nays: Vec<AccountId32>,
    /// The last block in which members can vote.
    pub end: u32,
}

impl From<OpenMotion> for MotionReport {
    fn from(motion: OpenMotion) -> Self {
        let OpenMotion { hash: _, index, threshold, ayes, nays, end, call } = motion;
        Self { motion: index, call, threshold, ayes, nays, end }
    }
}

/// A call that root will make.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeReport {
    /// Its number.
    pub change: ChangeId,
    /// The name of the call.
    pub call: String,
    /// The first block in which it can be enacted.
    pub enactable_at: u32,
    /// The last block in which it can be enacted.
    pub expires_at: u32,
}

impl From<Change> for ChangeReport {
    fn from(change: Change) -> Self {
        let Change { id, call, enactable_at, expires_at } = change;
        Self { change: id, call, enactable_at, expires_at }
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
        for MotionReport { motion, call, threshold, ayes, nays, end } in &self.motions {
            let (ayes, nays) = (ayes.len(), nays.len());
            write!(f, "motion  {motion}: {call}, {ayes} of {threshold} votes, {nays} against, ")?;
            writeln!(f, "until block {end}")?;
        }
        for ChangeReport { change, call, enactable_at, expires_at } in &self.changes {
            writeln!(f, "root    {change}: {call}, in blocks {enactable_at} to {expires_at}")?;
        }
        write!(f, "(at block {})", self.block_number)
    }
}

/// A vote, and what became of the motion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VoteReport {
    /// The motion.
    pub motion: u32,
    /// Whether the vote was for it.
    pub approve: bool,
    /// Whether the motion had its votes, and its call was made.
    pub executed: bool,
    /// The last transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for VoteReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vote = if self.approve { "for" } else { "against" };
        write!(f, "voted {vote} motion {}", self.motion)?;
        f.write_str(if self.executed { ", and its call was made" } else { "" })?;
        write!(f, " ({})", self.included)
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
        CouncilCommand::Vote(args) => output::print(&vote(context, args).await?, context.json)?,
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
        members: view.council().await?,
        motions: view.motions().await?.into_iter().map(Into::into).collect(),
        changes: view.changes().await?.into_iter().map(Into::into).collect(),
        sudo: view.sudo_key().await?,
        block_number: view.number(),
    })
}

/// Votes, and closes the motion if it has its votes then.
async fn vote(context: &Context, args: &VoteArgs) -> Result<VoteReport> {
    context.ensure_can_ask()?;
    let (index, approve) = (args.motion, !args.against);
    let find = |motions: Vec<OpenMotion>| motions.into_iter().find(|one| one.index == index);
    let motion = find(context.view().await?.motions().await?)
        .with_context(|| format!("there is no open motion {index}; see `medchain council show`"))?;
    let signer = context.account()?;
    let before = if approve { &motion.ayes } else { &motion.nays };
    if before.contains(&signer) {
        bail!("{signer} has already voted so on motion {index}");
    }
    let purpose = "vote on the motion";
    let call = Call::CouncilVote { motion: motion.hash, index, approve };
    let mut outcome = context.sign(&call, purpose).await?;
    // What others voted meanwhile counts as well.
    let view = context.chain().await?.at(outcome.block_hash).await?;
    let ayes = find(view.motions().await?).map_or(0, |motion| motion.ayes.len());
    let executed = u32::try_from(ayes).unwrap_or(u32::MAX) >= motion.threshold;
    if executed {
        let purpose = "make the motion's call";
        let close =
            Call::CouncilClose { motion: motion.hash, index, weight: MOST, length: LONGEST };
        outcome = context.sign(&close, purpose).await?;
        ensure_event(&outcome, purpose, |event| {
            matches!(event, ChainEvent::MotionExecuted { failure: None, .. })
        })?;
    }
    Ok(VoteReport { motion: index, approve, executed, included: (&outcome).into() })
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
