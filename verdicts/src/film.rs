//! How a film's input is committed to.

use alloc::vec::Vec;
use medchain_primitives::InputRoot;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::hash::{blake2, derive};

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
}

impl core::fmt::Debug for InputSalt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("InputSalt(…)")
    }
}

/// Computes the root of a square of greys, row by row.
///
/// A binary tree whose leaf is a row with a salt of its own: opening one row, as a dispute may,
/// tells nothing about the others. Missing leaves, up to a power of two, are zero.
///
/// # Errors
/// `None` where the square does not have 224 × 224 pixels.
pub fn input_root(square: &[u8], salt: &InputSalt) -> Option<InputRoot> {
    if square.len() != SIDE.saturating_mul(SIDE) {
        return None;
    }
    let leaf = |(index, row): (usize, &[u8])| {
        let index = (index as u32).to_le_bytes();
        let salt = blake2(b"medchain/row-salt/1", &[&salt.0, &index]);
        blake2(b"medchain/row/1", &[&salt, &index, row])
    };
    let mut level: Vec<[u8; 32]> = square.chunks(SIDE).enumerate().map(leaf).collect();
    level.resize(level.len().next_power_of_two(), [0; 32]);
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| blake2(b"medchain/node/1", &[pair.as_flattened()]))
            .collect();
    }
    level.first().copied().map(InputRoot)
}
