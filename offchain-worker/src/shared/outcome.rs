//! How the submission of a call ended.

/// How the submission of a call ended. The texts are for the log and hold no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The call succeeded in this block.
    Included {
        /// The number of the block.
        block: u32,
    },
    /// Nothing is left to do: another account was first, or the matter was closed.
    ClosedElsewhere,
    /// The chain refused because consent was gone.
    NoConsent(String),
    /// The call is in this block, which had already refused what it was for: what the call
    /// reveals is public all the same, and is logged.
    Exposed {
        /// The number of the block.
        block: u32,
    },
    /// The chain refused because the time was over.
    TooLate,
    /// The chain refused because the record is not active any more, or because this
    /// account cannot open it and others may.
    Gone,
    /// The call is not known to be in any block: the node dropped it or went away.
    Lost(String),
    /// The chain refused for a reason that an operator has to look at.
    Rejected(String),
}
