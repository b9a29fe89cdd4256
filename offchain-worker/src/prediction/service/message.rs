//! What the parts of the service report to the dispatcher.

use super::{outbox::Submission, pipeline::Attempt};
use crate::{
    prediction::jobs::{Event, Happened, JobId},
    shared::submit::Submitted,
};

/// What a part of the service reports.
pub(super) enum Message {
    /// A work list for the board.
    Listed(Event),
    /// What final blocks tell.
    Happened(Vec<Happened>),
    /// Workers are to be drawn.
    Draw(Submission),
    /// An attempt has ended.
    Attempted { job: JobId, attempt: Attempt },
    /// A submission has ended.
    Submitted(Submitted<Submission>),
}

impl From<Submitted<Submission>> for Message {
    fn from(submitted: Submitted<Submission>) -> Self {
        Self::Submitted(submitted)
    }
}
