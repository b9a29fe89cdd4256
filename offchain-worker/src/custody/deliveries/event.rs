//! The obstacles, events, steps and notes of deliveries.

use super::grant::{Grant, GrantId, Grants};
use crate::shared::outcome::Outcome;

/// Why a share could not be prepared. The texts are for the log and hold no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The custodian's share is not encrypted to its key: another attempt has the same
    /// result.
    Unopened(String),
    /// Something of this custodian or of the node failed: another attempt may succeed.
    Passing(String),
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The complete list of grants was read.
    Listed(Grants),
    /// The share that [`Step::Deliver`] asked for could not be prepared.
    Obstructed {
        /// Of which grant.
        grant: GrantId,
        /// Why.
        obstacle: Obstacle,
    },
    /// The submission of a share has ended. [`Outcome::ClosedElsewhere`] means that the
    /// grant has ended, or that the others have delivered enough;
    /// [`Outcome::NoConsent`] that access is refused now; [`Outcome::Exposed`] that it was
    /// refused, or had ended, in the block that the share is in.
    Submitted {
        /// Of which grant.
        grant: GrantId,
        /// How it ended.
        outcome: Outcome,
    },
}

/// What the service does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Encrypt the share to the subject and send it, then report [`Event::Obstructed`] or
    /// [`Event::Submitted`].
    Deliver(Grant),
    /// Log and count this.
    Note(GrantId, Note),
}

/// Something about a grant that an operator may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// It is new, and asks for a share of this custodian.
    Seen,
    /// The share is delivered in the place of custodians whose turn came before.
    TakenOver {
        /// How many custodians come before this one in the order.
        rank: u32,
    },
    /// Another attempt follows.
    Retrying {
        /// How many attempts have failed in a row.
        attempt: u32,
        /// How many final blocks until the next one.
        after: u32,
        /// Why the last one failed.
        reason: String,
    },
    /// Access is refused now. The chain is asked again.
    Refused {
        /// How many refusals there have been in a row.
        attempt: u32,
        /// How many final blocks until it is asked again.
        after: u32,
        /// Why.
        reason: String,
    },
    /// The share cannot be opened. No further attempt follows.
    Unopened {
        /// Why.
        reason: String,
    },
    /// The subject holds the share although its access was refused or had ended.
    Exposed {
        /// The block that the share is in.
        block: u32,
    },
    /// A reorganisation removed the block with the share.
    Reorganised,
    /// Nothing is left to do.
    Closed(Closed),
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The share is in a final block.
    Delivered,
    /// The share is in a final block, after access was refused or had ended.
    Exposed,
    /// The others have delivered enough.
    Enough,
    /// The grant ended, or its time did.
    Ended,
}
