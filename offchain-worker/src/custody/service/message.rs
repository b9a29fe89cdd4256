//! What the parts of the service report to the dispatcher.

use super::outbox::Submission;
use crate::{
    custody::deliveries::{Event, GrantId, Obstacle},
    shared::submit::Submitted,
};

/// What a part of the service reports.
pub(super) enum Message {
    /// An event for the state machine as it is.
    Event(Event),
    /// A share is encrypted to its subject, or is not.
    Encrypted { grant: GrantId, result: Result<Submission, Obstacle> },
    /// A submission has ended.
    Submitted(Submitted<Submission>),
}

impl From<Submitted<Submission>> for Message {
    fn from(submitted: Submitted<Submission>) -> Self {
        Self::Submitted(submitted)
    }
}
