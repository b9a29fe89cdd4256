//! Why an archive of logs cannot be used.

use medchain_primitives::Cid;
use thiserror::Error;

use crate::{chain::ChainError, store::StoreError};

/// Why an archive of logs cannot be used. Each error names the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// A file of the archive is not to be had.
    #[error("the archive's {what} {cid} is not to be had: {source}")]
    Missing {
        /// The kind of file.
        what: &'static str,
        /// Its CID.
        cid: String,
        /// What the store said.
        source: StoreError,
    },
    /// A file of the archive is not what it should be.
    #[error("the archive's {what} {cid} is of no use: {reason}")]
    Unusable {
        /// The kind of file.
        what: &'static str,
        /// Its CID.
        cid: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The archive has nothing about the runtime that executed a block.
    #[error("the archive does not say which runtime executed block {block}")]
    NoRuntime {
        /// The block.
        block: u32,
    },
    /// The entries of a block cannot be read with what the archive says of its runtime.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl ArchiveError {
    pub(super) fn unusable(what: &'static str, cid: &Cid, reason: impl Into<String>) -> Self {
        Self::Unusable { what, cid: cid.to_string(), reason: reason.into() }
    }
}
