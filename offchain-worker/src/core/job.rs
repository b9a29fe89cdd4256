//! The words that the core and the service speak: requests, answers, problems,
//! events in and actions out.

use std::{collections::BTreeSet, time::Duration};

use medchain_primitives::{FailureCode, ModelId, Output, Receipt, RecordId, RequestId};

/// The 32 bytes of an account.
pub type Account = [u8; 32];

/// An open inference request, as it stands on chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// The record to run the model on.
    pub record: RecordId,
    /// Whose record it is.
    pub patient: Account,
    /// The model to run.
    pub model: ModelId,
    /// The block in which it was made, where the chain tells.
    pub opened: Option<u32>,
    /// The last block in which an answer is taken.
    pub deadline: u32,
    /// Who can answer it, as far as there is a choice; see [`super::turn`].
    pub candidates: BTreeSet<Account>,
}

/// What the worker signs and submits for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A prediction with its receipt.
    Prediction {
        /// The quantised output.
        output: Output,
        /// What a replay recomputes.
        receipt: Receipt,
    },
    /// A reason why there is no prediction.
    Failure(FailureCode),
}

/// Why an attempt ended without an answer. The texts are for the log and hold
/// neither plaintext nor keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The patient's policy does not let this worker infer now.
    NoConsent(String),
    /// The record has no envelope for this worker (yet).
    NoEnvelope,
    /// No store gave the content in time.
    NotAvailable(String),
    /// The content itself is bad: trying again gives the same.
    Content(FailureCode, String),
    /// Something of the worker's own or of the node's failed: trying again may help.
    Passing(String),
    /// The request or its record is no longer there.
    Gone(String),
}

/// How the submission of an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The call succeeded in this block.
    Included {
        /// The number of the block.
        block: u32,
    },
    /// Another answer was first, or the request was closed otherwise.
    ClosedElsewhere,
    /// The chain refused because consent was gone.
    NoConsent(String),
    /// The chain refused because the deadline had passed.
    TooLate,
    /// The chain refused because the record is no longer active, or because it
    /// is for others to say whether they can open it.
    Gone,
    /// It is not known to be in any block: it was dropped, or the node went away.
    Lost(String),
    /// The chain refused for a reason that an operator has to look at.
    Rejected(String),
}

/// Which end of the chain a list of requests was read at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The newest block, which may still be replaced.
    Best,
    /// The newest block that stays.
    Finalised,
}

/// What the core is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The complete list of open requests at a block.
    Open {
        /// Which end of the chain.
        view: View,
        /// The number of the block.
        block: u32,
        /// Every open request there.
        open: Vec<Request>,
    },
    /// An attempt that [`Action::Process`] started has ended.
    Worked {
        /// Whose.
        request: RequestId,
        /// The answer, or why there is none.
        result: Result<Answer, Problem>,
    },
    /// A submission that [`Action::Submit`] started has ended.
    Submitted {
        /// Whose.
        request: RequestId,
        /// How it ended.
        outcome: Outcome,
    },
    /// Time has passed.
    Tick,
}

/// When something happens, and a die that the caller cast for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Time since any fixed start; never runs backwards.
    pub now: Duration,
    /// Uniform in `[0, 1)`.
    pub chance: f64,
}

/// What the service must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Work on the request, then tell [`Event::Worked`].
    Process(Request),
    /// Sign and submit the answer, then tell [`Event::Submitted`].
    Submit(Request, Answer),
    /// Log and count this.
    Note(Request, Note),
}

/// Something that an operator may want to know about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// It is new.
    Seen,
    /// It is worked on in the place of workers whose turn came before.
    TakenOver {
        /// How many they are.
        rank: u32,
    },
    /// It is tried again later.
    Retrying {
        /// How many attempts failed.
        attempt: u32,
        /// How long until the next one.
        after: Duration,
        /// Why the last one failed.
        reason: String,
    },
    /// It waits until the patient consents.
    Parked {
        /// What the policy or the chain said.
        reason: String,
        /// How long until it is asked again.
        after: Duration,
    },
    /// It was in a block that a re-organisation took back.
    TakenBack,
    /// There is nothing left to do.
    Closed(Closed),
}

/// How a request left the worker's hands.
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
