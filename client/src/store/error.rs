//! What can go wrong with a store.

use std::{fmt, io, path::PathBuf};

use thiserror::Error;

/// Why content could not be stored or fetched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Neither the store nor its network has the block.
    #[error("the store does not have {cid}")]
    NotFound {
        /// The missing block, which may be a part of the content.
        cid: String,
    },
    /// There is no such folder: nothing was ever stored there, or the name is wrong.
    #[error(
        "there is no store folder {}; name the one that the file was stored in \
         (--store or MEDCHAIN_STORE)",
        path.display()
    )]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The bytes do not have the hash that their CID promises, or the tree of
    /// blocks contradicts itself.
    #[error("the content of {cid} is corrupt: {reason}")]
    Corrupt {
        /// The block that is wrong.
        cid: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A CID or a block of a kind that MedChain does not read.
    #[error("{cid} cannot be read: {reason}")]
    Unsupported {
        /// The block in question.
        cid: String,
        /// What is not supported.
        reason: String,
    },
    /// The content, or the blocks that make it up, are over the limit.
    #[error("the content is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Nothing listens at the store's address, or the connection broke.
    #[error("cannot reach {store}: {reason}")]
    Unreachable {
        /// The store.
        store: String,
        /// What the network said.
        reason: String,
    },
    /// The store did not find the content in time. A node searches its network for
    /// content that it lacks, so this often means that no node has it.
    #[error("{store} did not answer within {seconds} s")]
    Timeout {
        /// The store.
        store: String,
        /// How long the time-out was.
        seconds: u64,
    },
    /// The store reports a CID that is not that of the bytes.
    #[error("the store reports the CID {got} for content that has the CID {expected}")]
    CidMismatch {
        /// The CID of the bytes.
        expected: String,
        /// The CID that the store reported.
        got: String,
    },
    /// None of several stores could do it.
    #[error("none of {} stores {task}: {}", failures.len(), listed(failures))]
    AllFailed {
        /// What none of them did, for the message.
        task: &'static str,
        /// The stores, in the order in which they are asked.
        failures: Vec<Failure>,
    },
    /// Not a list of stores.
    #[error("cannot use the list of stores: {reason}")]
    InvalidList {
        /// What is wrong with it.
        reason: String,
    },
    /// Not the name of a store.
    #[error("`{url}` is not a store: {reason}")]
    InvalidUrl {
        /// What was given, without a password.
        url: String,
        /// What to give.
        reason: String,
    },
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What answers at a store's address is not the RPC of a Kubo node.
    #[error("{store} is not the RPC of a Kubo node: {reason}")]
    NotRpc {
        /// The store.
        store: String,
        /// What it is instead, and what to give.
        reason: String,
    },
    /// The store refused the request.
    #[error("{store} refused: {reason}")]
    Refused {
        /// The store.
        store: String,
        /// What it said.
        reason: String,
    },
}

/// One of several stores, and what went wrong with it.
#[derive(Debug)]
pub struct Failure {
    /// The store.
    pub store: String,
    /// What went wrong.
    pub error: StoreError,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.store, self.error.cause())
    }
}

fn listed(failures: &[Failure]) -> String {
    failures.iter().map(Failure::to_string).collect::<Vec<_>>().join("; ")
}

impl StoreError {
    /// What went wrong, on one line and without the store's name, for messages that
    /// start with it.
    pub fn cause(&self) -> String {
        // Some errors name the store themselves.
        let cause = match self {
            Self::Unreachable { reason, .. } => format!("cannot be reached: {reason}"),
            Self::Timeout { seconds, .. } => format!("did not answer within {seconds} s"),
            Self::NotRpc { reason, .. } => format!("is not the RPC of a Kubo node: {reason}"),
            Self::Refused { reason, .. } => format!("refused: {reason}"),
            error => error.to_string(),
        };
        // A node's own words may have several lines.
        let words: Vec<&str> = cause.split_whitespace().collect();
        words.join(" ")
    }

    /// Whether the same request may succeed later without anybody changing it.
    pub fn is_retryable(&self) -> bool {
        match self {
            // One that may have it later is enough.
            Self::AllFailed { failures, .. } => {
                failures.iter().any(|failure| failure.error.is_retryable())
            }
            Self::NotFound { .. }
            | Self::NoFolder { .. }
            | Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::NotRpc { .. }
            | Self::Refused { .. }
            | Self::Io { .. } => true,
            Self::Corrupt { .. }
            | Self::Unsupported { .. }
            | Self::TooLarge { .. }
            | Self::CidMismatch { .. }
            | Self::InvalidList { .. }
            | Self::InvalidUrl { .. } => false,
        }
    }
}
