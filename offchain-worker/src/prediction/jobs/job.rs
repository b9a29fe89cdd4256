//! A job, with its answers, problems, events, steps and notes.

use std::time::Duration;

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::Encode;
use medchain_client::{
    chain::{AnswerCommitment, AnswerSalt, Dispute, Finality, SealedAnswer},
    custody::ReplyKey,
    AccountId32,
};
use medchain_disputes::Move;
use medchain_primitives::{FailureCode, ModelId, RecordId, RequestId, SealedKey};

use crate::shared::outcome::Outcome;

/// What a request asks of a worker that was chosen for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// To draw workers for it, because nobody else has. Anybody may.
    Draw,
    /// To ask custodians for the record's key, because nobody has sealed it to the worker.
    Ask,
    /// To seal to itself the key that custodians deliver.
    Collect,
    /// To compute, then to answer or to commit to the answer.
    Answer,
    /// To show the answer that it committed to.
    Reveal,
    /// To make its move in this round of a dispute.
    Dispute(Round),
}

/// Which round of which dispute: a hash of everything that a move depends on.
///
/// So another round is another job, and so is the same round of a fork in which the other
/// player has claimed something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode)]
pub struct Round([u8; 32]);

impl Round {
    /// The present round of a dispute.
    pub fn of(dispute: &Dispute) -> Self {
        let game = &dispute.game;
        let round = (&dispute.players, &game.spec.answers, &game.stage).encode();
        Self(Blake2b::<U32>::digest(round).into())
    }

    /// Any round.
    #[cfg(test)]
    pub fn numbered(number: u8) -> Self {
        Self([number; 32])
    }

    /// The round in which a dispute awaits a move of `me`.
    pub fn asked(dispute: &Dispute, me: &AccountId32) -> Option<Self> {
        let side = dispute.side_of(me)?;
        dispute.game.awaits(side).then(|| Self::of(dispute))
    }
}

/// Which job: a request can be several, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId {
    /// The request.
    pub request: RequestId,
    /// What it asks.
    pub phase: Phase,
}

/// Something that a request asks of this worker now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The request's number.
    pub request: RequestId,
    /// What it asks.
    pub phase: Phase,
    /// The record to run the model on.
    pub record: RecordId,
    /// The patient whose record it is.
    pub patient: AccountId32,
    /// The model to run.
    pub model: ModelId,
    /// How many workers answer.
    pub quorum: u8,
    /// Whether the requester named the worker, and the chain drew none.
    pub named: bool,
    /// The last block in which the call of this phase is accepted.
    pub deadline: u32,
    /// What this worker has committed to.
    pub commitment: Option<AnswerCommitment>,
    /// Whether it is a move with which anybody who has the model computes the verdict.
    pub shows_answer: bool,
}

impl Job {
    /// Which job it is.
    pub fn id(&self) -> JobId {
        JobId { request: self.request, phase: self.phase }
    }

    /// Whether the worker shows its answer without a commitment: alone, and named by whoever pays.
    pub fn is_shown_at_once(&self) -> bool {
        self.named && self.quorum == 1
    }
}

/// What the worker signs and submits for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The sealed output, where this worker answers alone and was named.
    Sealed(SealedAnswer),
    /// The commitment to a sealed output, where workers were drawn.
    Commitment(AnswerCommitment),
    /// The sealed output that it committed to.
    Reveal {
        /// The sealed output.
        sealed: SealedAnswer,
        /// The salt of the commitment.
        salt: AnswerSalt,
    },
    /// A reason why there is no output.
    Failure(FailureCode),
    /// A move in a dispute.
    Move(Box<Move>),
    /// The draw of workers, with about this many questions to the patient's policy.
    Draw {
        /// About how many candidates the policy is asked, at most.
        asks: u8,
    },
    /// The request to custodians, with the key that they encrypt to.
    Ask(ReplyKey),
    /// The key that they delivered, sealed to this worker.
    Keep(SealedKey),
}

/// Why an attempt ended without an answer. The texts are for the log and hold neither
/// plaintext nor keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The patient's policy does not let this worker infer now.
    NoConsent(String),
    /// The record has no envelope for this worker.
    NoEnvelope,
    /// Custodians have not delivered the key, or not all that it needs.
    NoShares(String),
    /// No store gave the content in time.
    NotAvailable(String),
    /// The content itself is bad: another attempt has the same result.
    Content(FailureCode, String),
    /// Something of this worker or of the node failed: another attempt may succeed.
    Passing(String),
    /// The film has ended the process that decoded it: it is tried again a few times.
    Ended(String),
    /// A second node does not vouch for what the first one says, or not yet.
    Unproven(String),
    /// The request or its record does not exist any more.
    Gone(String),
    /// The newest block does not ask for it.
    NotAsked,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The work list of this worker at a block was read.
    Listed {
        /// Which end of the chain the block is at.
        finality: Finality,
        /// The number of the block.
        block: u32,
        /// Every job there.
        jobs: Vec<Job>,
        /// How many requests have chosen this worker and ask nothing of it there.
        idle: usize,
    },
    /// An attempt that [`Step::Attempt`] started has ended.
    Attempted {
        /// At which job.
        job: JobId,
        /// The answer, or why there is none.
        result: Result<Answer, Problem>,
    },
    /// A submission that [`Step::Submit`] started has ended.
    Submitted {
        /// For which job.
        job: JobId,
        /// How it ended.
        outcome: Outcome,
    },
    /// From now on, new requests are declined.
    Decline,
    /// Time has passed.
    Tick,
}

/// When something happens, with one random number for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Time since any fixed start; never runs backwards.
    pub now: Duration,
    /// Uniform in `[0, 1)`.
    pub chance: f64,
}

/// What the service does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Attempt the job, then report [`Event::Attempted`].
    Attempt(Job),
    /// Sign and submit the answer, then report [`Event::Submitted`].
    Submit(Job, Answer),
    /// Log and count this.
    Note(Job, Note),
}

/// Something about a job that an operator may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The job is new.
    Seen,
    /// Another attempt or submission follows.
    Retrying {
        /// How many have failed.
        attempt: u32,
        /// The wait until the next one.
        after: Duration,
        /// Why the last one failed.
        reason: String,
    },
    /// It waits until the patient consents.
    Parked {
        /// What the policy or the chain said.
        reason: String,
        /// The wait until consent is asked for again.
        after: Duration,
    },
    /// It is given back to the chain, which draws another worker: the patient does not consent.
    Left {
        /// What the policy or the chain said.
        reason: String,
    },
    /// The move makes the verdict public, or every verdict on the version of the record. It waits,
    /// because the patient can end the dispute before.
    Held {
        /// The block from which on it is made.
        from: u32,
    },
    /// A reorganisation removed the block with the answer.
    Reorganised,
    /// Nothing is left to do.
    Closed(Closed),
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// This worker's call is final.
    Ours,
    /// The request asks for it no more, without a call that this worker knows of.
    Elsewhere,
    /// The deadline passed without a call from this worker.
    Expired,
    /// The record is gone.
    Gone,
}
