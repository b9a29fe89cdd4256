//! How what a network computes on its way to an answer is committed to.

use codec::Encode;
use medchain_primitives::VerdictRoot;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    hash::{blake2, derive},
    seal::VerdictName,
    tree::Hash,
};

/// What hides activations and logits in the roots that a dispute compares.
///
/// Every reader of the record derives the same, so that honest workers have equal roots.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TraceSalt([u8; 32]);

impl TraceSalt {
    /// Derives the salt of one request.
    #[must_use]
    pub fn new(root: &VerdictRoot, name: &VerdictName) -> Self {
        Self(derive(&root.0, &[b"medchain/trace-salt/1", &name.encode()]))
    }

    /// Derives the salt of one leaf, which can be shown without the others. Levels count from
    /// the first layer's output, which is 1.
    #[must_use]
    pub fn of_leaf(&self, level: u8, index: u32) -> [u8; 32] {
        blake2(b"medchain/leaf-salt/1", &[&self.0, &[level], &index.to_le_bytes()])
    }
}

impl core::fmt::Debug for TraceSalt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TraceSalt(…)")
    }
}

/// Returns the leaf of one pixel's activations, or of all logits.
#[must_use]
pub fn trace_leaf(salt: &[u8; 32], level: u8, index: u32, bytes: &[u8]) -> Hash {
    blake2(b"medchain/leaf/1", &[salt, &[level], &index.to_le_bytes(), bytes])
}
