//! Calls that only governance can make: by sudo, or as a motion of the council or of the ethics
//! committee.

use std::{fmt, time::Duration};

use anyhow::{bail, Context as _, Result};
use medchain_client::chain::{Body, Call, ChainError, Finality, Motion, TxOutcome, View};
use serde::Serialize;

use super::{event, Included};
use crate::context::Context;

/// What became of a call that only governance can make.
#[derive(Clone, Debug, PartialEq)]
pub enum Governed {
    /// It was made.
    Done(TxOutcome),
    /// It is a motion, on which other members have to vote.
    Proposed(Proposal),
}

/// A motion that the signer proposed and voted for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// Whose members vote.
    pub body: Body,
    /// The motion's number, for `medchain council vote` or `medchain ethics vote`.
    pub motion: u32,
    /// How many members must vote for it.
    pub threshold: u32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { body, motion, threshold, included } = self;
        write!(f, "motion {motion} needs {threshold} votes and has yours ({included})")?;
        write!(f, "\nother members of {body} run `medchain {} vote {motion}`", body.name())
    }
}

/// A call that only governance can make, in the form that the signer may send.
#[derive(Clone, Debug, PartialEq)]
pub struct Mandate {
    /// What the signer sends.
    pub call: Call,
    /// Whose members must vote for it, and how many, if it becomes a motion.
    votes: Option<(Body, u32)>,
}

impl Context {
    /// Has governance make a call; see [`Context::mandate`].
    pub async fn govern(&self, call: Call, share: Share, purpose: &str) -> Result<Governed> {
        self.ensure_can_ask()?;
        let mandate = self.mandate(call, share, purpose).await?;
        self.confirm(&mandate.call, purpose).await?;
        self.carry_out(&mandate, purpose).await
    }

    /// How the signer can have governance make a call: by sudo with its key, as on development
    /// chains, and else as a motion of the body that decides it, of which the signer must be a
    /// member.
    pub async fn mandate(&self, call: Call, share: Share, purpose: &str) -> Result<Mandate> {
        let (view, signer) = (self.view().await?, self.account()?);
        let call = Box::new(call);
        if view.sudo_key().await? == Some(signer) {
            return Ok(Mandate { call: Call::Sudo(call), votes: None });
        }
        let body = share.body(&view).await?;
        let members = view.members(body).await?;
        if !members.contains(&signer) {
            bail!(
                "could not {purpose}: only {body} may, and {signer} is not a member; \
                 see `medchain {} show`",
                body.name()
            );
        }
        let threshold = share.of(u32::try_from(members.len()).unwrap_or(u32::MAX));
        let motion = Motion { threshold, call };
        // With one vote, the call is made at once.
        let votes = (threshold > 1).then_some((body, threshold));
        Ok(Mandate { call: body.propose(motion), votes })
    }

    /// Sends a confirmed call of governance, and votes for it if it becomes a motion.
    pub async fn carry_out(&self, mandate: &Mandate, purpose: &str) -> Result<Governed> {
        let Some((body, threshold)) = mandate.votes else {
            return Ok(Governed::Done(self.send(&mandate.call, purpose).await?));
        };
        // The vote shows that the motion is final.
        let outcome = self.send_until(&mandate.call, purpose, Finality::Best).await?;
        let (motion, index) = event(&outcome, purpose, |event| body.proposed(event))?;
        let vote = body.vote(motion, index, true);
        let outcome = self.sign(&vote, "vote for the motion").await?;
        let included = (&outcome).into();
        Ok(Governed::Proposed(Proposal { body, motion: index, threshold, included }))
    }
}

impl Mandate {
    /// Whether it becomes a motion, on which others have to vote.
    pub fn is_motion(&self) -> bool {
        self.votes.is_some()
    }
}

/// How often the chain is asked for a motion that is not there yet.
const FORK_PAUSE: Duration = Duration::from_secs(1);

impl Context {
    /// Votes for a motion that the signer proposed to a body with the transaction `proposed`,
    /// unless it has its vote.
    pub async fn support(&self, body: Body, motion: u32, proposed: &TxOutcome) -> Result<Proposal> {
        let account = self.account()?;
        let found = once_final(FORK_PAUSE, async || {
            // Before the motions are read: its block may become final in between.
            let is_final = self.chain().await?.heads().await?.finalised >= proposed.block_number;
            let motions = self.view().await?.motions(body).await?;
            Ok((motions.into_iter().find(|one| one.index == motion), is_final))
        });
        let found = found.await?.with_context(|| {
            format!("motion {motion} is no longer open; see `medchain {} show`", body.name())
        })?;
        let mut included = Included::from(proposed);
        if !found.ayes.contains(&account) {
            let vote = body.vote(found.hash, motion, true);
            included = (&self.sign(&vote, "vote for the motion").await?).into();
        }
        Ok(Proposal { body, motion, threshold: found.threshold, included })
    }
}

/// What `look` finds, which also says whether the block that made it is final: until then, the best
/// chain may be one in which it is not made yet.
async fn once_final<T>(
    pause: Duration,
    mut look: impl AsyncFnMut() -> Result<(Option<T>, bool)>,
) -> Result<Option<T>> {
    loop {
        let (found, is_final) = look().await?;
        if found.is_some() || is_final {
            return Ok(found);
        }
        tokio::time::sleep(pause).await;
    }
}

/// Who decides something: a part of the council, or whoever judges emergencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// More than a third, which stops what was announced.
    Minority,
    /// More than half.
    Majority,
    /// At least two thirds, which announce what root will do.
    TwoThirds,
    /// More than half of the ethics committee, or of the council while that is too small.
    Judges,
}

impl Share {
    /// Whose members vote.
    async fn body(self, view: &View) -> Result<Body, ChainError> {
        match self {
            Self::Minority | Self::Majority | Self::TwoThirds => Ok(Body::Council),
            Self::Judges => view.judges().await,
        }
    }

    /// How many of so many members that is.
    pub fn of(self, members: u32) -> u32 {
        match self {
            Self::Minority => (members / 3).saturating_add(1),
            Self::Majority | Self::Judges => (members / 2).saturating_add(1),
            Self::TwoThirds => members.saturating_mul(2).div_ceil(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found where the chain says this, one look after the other, and how often it is
    /// looked.
    async fn looked(says: &[(Option<u32>, bool)]) -> (Option<u32>, usize) {
        let mut looks = 0;
        let found = once_final(Duration::ZERO, async || {
            looks += 1;
            says.get(looks - 1).copied().context("it is looked once too often")
        });
        let found = found.await.unwrap();
        (found, looks)
    }

    #[tokio::test]
    async fn a_motion_whose_block_a_fork_replaced_is_waited_for_until_it_is_final() {
        assert_eq!(looked(&[(Some(7), false)]).await, (Some(7), 1));
        // A fork: it is in no block for a while, and then in another one.
        let fork = [(None, false), (None, false), (Some(7), false)];
        assert_eq!(looked(&fork).await, (Some(7), 3));
        // Final, and not there: somebody has closed it.
        assert_eq!(looked(&[(None, false), (None, true)]).await, (None, 2));
        let gone = async || Err(anyhow::anyhow!("the node is gone"));
        let failed: Result<Option<u32>> = once_final(Duration::ZERO, gone).await;
        assert!(failed.is_err());
    }

    #[test]
    fn shares_of_the_council_are_those_of_the_runtime() {
        let all = [Share::Minority, Share::Majority, Share::TwoThirds];
        assert!((0..9).all(|members| Share::Judges.of(members) == Share::Majority.of(members)));
        let parts = |members| all.map(|share| share.of(members));
        assert_eq!(parts(1), [1, 1, 1]);
        assert_eq!(parts(2), [1, 2, 2]);
        assert_eq!(parts(3), [2, 2, 2]);
        assert_eq!(parts(5), [2, 3, 4]);
        assert_eq!(parts(6), [3, 4, 4]);
    }
}
