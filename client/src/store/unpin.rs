//! The answers of stores to requests to unpin content.

use std::{fmt, time::SystemTime};

use medchain_primitives::Cid;

use super::StoreError;

/// What a store did when it was asked to unpin content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetGo {
    /// It deleted the blocks.
    Deleted,
    /// It unpinned them: the node's next garbage collection deletes them.
    Unpinned,
    /// It did not keep them: nothing to do.
    NotKept,
}

impl fmt::Display for LetGo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deleted => "deleted",
            Self::Unpinned => "unpinned; the node's next garbage collection deletes its blocks",
            Self::NotKept => "was not kept there",
        })
    }
}

/// One store's answer. It cannot be verified from outside: only the store sees its
/// disk.
#[derive(Debug)]
pub struct Unpinned {
    /// The store, as [`super::Store::describe`] names it.
    pub store: String,
    /// What it did, or why it did not.
    pub outcome: Result<LetGo, StoreError>,
    /// When it answered, by this machine's clock.
    pub at: SystemTime,
}

impl Unpinned {
    /// An answer that has just arrived.
    pub fn now(store: String, outcome: Result<LetGo, StoreError>) -> Self {
        Self { store, outcome, at: SystemTime::now() }
    }
}

/// What one store keeps.
#[derive(Debug)]
pub struct Kept {
    /// The store, as [`super::Store::describe`] names it.
    pub store: String,
    /// The contents, by their roots, in no order; or why the store does not say.
    pub cids: Result<Vec<Cid>, StoreError>,
}
