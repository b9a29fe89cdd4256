//! A job, with its problems, events, steps and notes.

use std::{collections::BTreeSet, time::Duration};

use medchain_client::{chain::Finality, AccountId32};
use medchain_primitives::{FailureCode, ModelId, RecordId, RequestId};

use super::answer::Answer;
use crate::shared::outcome::Outcome;

/// An open inference request, as this worker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The request's number.
    pub id: RequestId,
    /// The record to run the model on.
    pub record: RecordId,
    /// The patient whose record it is.
    pub patient: AccountId32,
    /// The model to run.
    pub model: ModelId,
    /// The block in which the request was made.
    pub opened: u32,
    /// The last block in which an answer is accepted.
    pub deadline: u32,
    /// The workers that can answer it; empty where this worker has no choice to make.
    /// See [`super::turn`].
    pub candidates: BTreeSet<AccountId32>,
}

/// Why an attempt ended without an answer. The texts are for the log and hold neither
/// plaintext nor keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The patient's policy does not let this worker infer now.
    NoConsent(String),
    /// The record has no envelope for this worker yet.
    NoEnvelope,
    /// No store gave the content in time.
    NotAvailable(String),
    /// The content itself is bad: another attempt has the same result.
    Content(FailureCode, String),
    /// Something of this worker or of the node failed: another attempt may succeed.
    Passing(String),
    /// The request or its record does not exist any more.
    Gone(String),
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The complete list of open requests at a block was read.
    Open {
        /// Which end of the chain the block is at.
        finality: Finality,
        /// The number of the block.
        block: u32,
        /// Every open request there.
        open: Vec<Job>,
    },
    /// An attempt that [`Step::Attempt`] started has ended.
    Attempted {
        /// At which request.
        request: RequestId,
        /// The answer, or why there is none.
        result: Result<Answer, Problem>,
    },
    /// A submission that [`Step::Submit`] started has ended.
    Submitted {
        /// For which request.
        request: RequestId,
        /// How it ended.
        outcome: Outcome,
    },
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
    /// The request is new.
    Seen,
    /// This worker attempts it in the place of workers whose turn came before.
    TakenOver {
        /// How many they are.
        rank: u32,
    },
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
    /// A reorganisation removed the block with the answer.
    Reorganised,
    /// Nothing is left to do.
    Closed(Closed),
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// This worker's answer is final.
    Ours,
    /// Another worker answered, or the requester cancelled.
    Elsewhere,
    /// The deadline passed without an answer from this worker.
    Expired,
    /// The record is gone.
    Gone,
}
