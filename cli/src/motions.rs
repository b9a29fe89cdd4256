//! Motions of the council and of the ethics committee: what is open, and votes on it.

use std::fmt;

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Body, ChainError, Gas, OpenMotion, RuntimeError, View},
    contract::Decoded,
    AccountId32,
};
use serde::Serialize;

use crate::{
    context::Context,
    signing::{ensure_event, Included},
};

/// What closing a motion may use: more than any call that the command line proposes. Most is used
/// by a judgement that ends many grants.
const MOST: Gas = Gas { ref_time: 200_000_000_000, proof_size: 2_000_000 };
/// How many characters of an argument are shown.
const LONGEST_LINE: usize = 1_000;
/// The longest call of a motion, in bytes.
const LONGEST: u32 = 64 * 1024;

/// Arguments of `medchain council vote` and `medchain ethics vote`.
#[derive(Args, Clone, Debug)]
pub struct VoteArgs {
    /// The motion's number.
    pub motion: u32,
    /// Vote against it.
    #[arg(long)]
    pub against: bool,
}

/// An open motion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MotionReport {
    /// Its number.
    pub motion: u32,
    /// The name of its call.
    pub call: String,
    /// The arguments of its call, by name; null where they cannot be read.
    pub arguments: Option<Decoded>,
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
        let OpenMotion { hash: _, index, threshold, ayes, nays, end, call, arguments } = motion;
        Self { motion: index, call, arguments, threshold, ayes, nays, end }
    }
}

impl fmt::Display for MotionReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { motion, call, arguments, threshold, ayes, nays, end } = self;
        let (ayes, nays) = (ayes.len(), nays.len());
        write!(
            f,
            "motion  {motion}: {call}, {ayes} of {threshold} votes, {nays} against, until block {end}"
        )?;
        f.write_str(&argument_lines(arguments.as_ref()))
    }
}

/// What follows the line of a call: a line for each argument, or that they cannot be read.
pub fn argument_lines(arguments: Option<&Decoded>) -> String {
    let line = |text: &str| {
        let mut shown: String = text.chars().take(LONGEST_LINE).collect();
        if shown.len() < text.len() {
            shown.push_str("… (all of it with --json)");
        }
        format!("\n        {shown}")
    };
    match arguments {
        Some(Decoded::Nothing) => String::new(),
        Some(Decoded::Struct(fields)) => {
            fields.iter().map(|(name, value)| line(&format!("{name}: {value}"))).collect()
        }
        Some(other) => line(&other.to_string()),
        None => line("its arguments cannot be read: look at them in Apps before you vote"),
    }
}

/// The motions that members of a body can vote on, by number.
pub async fn open(view: &View, body: Body) -> Result<Vec<MotionReport>, ChainError> {
    Ok(view.motions(body).await?.into_iter().map(Into::into).collect())
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

/// Votes, and closes the motion if it has its votes then.
pub async fn vote(context: &Context, body: Body, args: &VoteArgs) -> Result<VoteReport> {
    context.ensure_can_ask()?;
    let (index, approve) = (args.motion, !args.against);
    let find = |motions: Vec<OpenMotion>| motions.into_iter().find(|one| one.index == index);
    let motion = find(context.view().await?.motions(body).await?).with_context(|| {
        format!("there is no open motion {index}; see `medchain {} show`", body.name())
    })?;
    let signer = context.account()?;
    let before = if approve { &motion.ayes } else { &motion.nays };
    if before.contains(&signer) {
        bail!("{signer} has already voted so on motion {index}");
    }
    let purpose = "vote on the motion";
    let mut outcome = context.sign(&body.vote(motion.hash, index, approve), purpose).await?;
    // What others voted meanwhile counts as well.
    let view = context.chain().await?.at(outcome.block_hash).await?;
    let ayes = find(view.motions(body).await?).map_or(0, |motion| motion.ayes.len());
    let executed = u32::try_from(ayes).unwrap_or(u32::MAX) >= motion.threshold;
    if executed {
        let purpose = "make the motion's call";
        let close = body.close(motion.hash, index, MOST, LONGEST);
        let closed = context.sign(&close, purpose).await;
        outcome = closed.map_err(|error| refused(error, index))?;
        ensure_event(&outcome, purpose, |event| body.executed(event))?;
    }
    Ok(VoteReport { motion: index, approve, executed, included: (&outcome).into() })
}

/// The way out where a motion had its votes, and its call was refused: who decides, or how many
/// votes it takes, is another since it was proposed.
fn refused(error: anyhow::Error, index: u32) -> anyhow::Error {
    match error.downcast_ref::<ChainError>() {
        Some(found) if found.is(RuntimeError::BadOrigin) => error.context(format!(
            "motion {index} had its votes and is over, but its call was refused: they do not suffice \
             for it, as where the members, or who judges emergencies, changed since it was proposed; \
             see `medchain ethics show` and `medchain council show`, and propose it again"
        )),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output;

    #[test]
    fn a_motion_is_shown_with_what_it_would_do() {
        let shown = |arguments| {
            let (ayes, nays) = (vec![AccountId32([1; 32])], Vec::new());
            let call = "System.authorize_upgrade".to_owned();
            MotionReport { motion: 3, call, arguments, threshold: 2, ayes, nays, end: 9 }
                .to_string()
        };
        let line = "motion  3: System.authorize_upgrade, 1 of 2 votes, 0 against, until block 9";
        assert_eq!(shown(Some(Decoded::Nothing)), line);
        let bytes = |length| {
            let hash = ("code_hash".to_owned(), Decoded::Bytes(vec![0xab; length]));
            shown(Some(Decoded::Struct(vec![hash, ("now".to_owned(), Decoded::Bool(true))])))
        };
        assert_eq!(bytes(2), format!("{line}\n        code_hash: 0xabab\n        now: true"));
        let end = "… (all of it with --json)\n        now: true";
        assert!(bytes(9_000).ends_with(end), "{}", bytes(9_000));
        assert!(shown(None).contains("cannot be read"));
    }

    #[test]
    fn a_motion_whose_call_is_refused_is_over() {
        let line = |error: RuntimeError| {
            let error = anyhow::Error::new(ChainError::Dispatch(error.into()));
            output::error_line(&refused(error.context("could not make the motion's call"), 7))
        };
        let shown = line(RuntimeError::BadOrigin);
        for words in ["motion 7", "is over", "propose it again", "medchain ethics show"] {
            assert!(shown.contains(words), "{shown}");
        }
        assert!(!shown.contains("may; see"), "{shown}");
        let shown = line(RuntimeError::Unavailable);
        assert!(!shown.contains("is over"), "{shown}");
    }
}
