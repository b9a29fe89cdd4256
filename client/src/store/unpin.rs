//! What stores answer when they are asked to let content go.

use std::{fmt, time::SystemTime};

use super::StoreError;

/// What a store did about content that it was asked to let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetGo {
    /// It deleted the blocks.
    Deleted,
    /// It keeps them on purpose no more: they go when it next clears up, which
    /// an IPFS node calls garbage collection.
    Unpinned,
    /// It did not keep them: nothing to do.
    NotKept,
}

impl fmt::Display for LetGo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deleted => "deleted",
            Self::Unpinned => "unpinned; its blocks go with the node's next garbage collection",
            Self::NotKept => "was not kept there",
        })
    }
}

/// One store's answer. It is that store's word: nobody can see from outside
/// what is on its disk.
#[derive(Debug)]
pub struct Unpinned {
    /// Which store, as [`super::Store::describe`] has it.
    pub store: String,
    /// What it did, or why it did not.
    pub outcome: Result<LetGo, StoreError>,
    /// When it answered, by this machine's clock.
    pub at: SystemTime,
}

impl Unpinned {
    /// An answer that came just now.
    pub fn now(store: String, outcome: Result<LetGo, StoreError>) -> Self {
        Self { store, outcome, at: SystemTime::now() }
    }
}
