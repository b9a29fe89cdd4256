//! How a film's input is committed to.

use medchain_primitives::InputRoot;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    hash::{blake2, derive},
    tree::{Hash, Tree},
};

/// The side of the square that a network sees, in pixels.
pub const SIDE: usize = 224;

/// What hides a film in its [`InputRoot`].
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct InputSalt([u8; 32]);

impl InputSalt {
    /// Derives the salt from the content key of the film.
    pub fn new(content_key: &[u8; 32]) -> Self {
        Self(derive(content_key, &[b"medchain/input-salt/1"]))
    }

    /// Derives the salt of one row, which can be shown without the others.
    pub fn of_row(&self, index: u32) -> [u8; 32] {
        blake2(b"medchain/row-salt/1", &[&self.0, &index.to_le_bytes()])
    }
}

impl core::fmt::Debug for InputSalt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("InputSalt(…)")
    }
}

/// Computes the root of a square of greys, row by row.
///
/// A tree whose leaf is a row with a salt of its own: opening one row, as a dispute may,
/// tells nothing about the others.
///
/// # Errors
/// `None` where the square does not have 224 × 224 pixels.
pub fn input_root(square: &[u8], salt: &InputSalt) -> Option<InputRoot> {
    let fits = square.len() == SIDE.saturating_mul(SIDE);
    fits.then(|| InputRoot(input_tree(square, SIDE, salt).root()))
}

/// Builds the tree of any input, in rows of `width` bytes.
pub fn input_tree(input: &[u8], width: usize, salt: &InputSalt) -> Tree {
    let rows = (0u32..).zip(input.chunks(width.max(1)));
    Tree::new(rows.map(|(index, row)| row_leaf(&salt.of_row(index), index, row)).collect())
}

/// Returns the leaf of one row of an input.
pub fn row_leaf(salt: &[u8; 32], index: u32, row: &[u8]) -> Hash {
    blake2(b"medchain/row/1", &[salt, &index.to_le_bytes(), row])
}
