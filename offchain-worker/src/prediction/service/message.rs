//! What the parts of the service report to the dispatcher.

use medchain_primitives::RequestId;

use super::{outbox::Submission, pipeline::Attempt};
use crate::{prediction::jobs::Event, shared::submit::Submitted};

/// What a part of the service reports.
pub(super) enum Message {
    /// An event for the board as it is.
    Event(Event),
    /// An attempt has ended.
    Attempted { request: RequestId, attempt: Attempt },
    /// A submission has ended.
    Submitted(Submitted<Submission>),
}

impl From<Submitted<Submission>> for Message {
    fn from(submitted: Submitted<Submission>) -> Self {
        Self::Submitted(submitted)
    }
}
