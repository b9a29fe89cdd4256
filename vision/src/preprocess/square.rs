//! The square of the shipped steps, without a network.

use super::{hide, resample_square, Mask};
use crate::{decode, DecodeError};

/// Width and height of a [`Square`], in pixels.
pub const SQUARE_SIDE: usize = 224;
// The id of the steps that [`square`] takes.
pub use medchain_primitives::SQUARE_ID;

const MASK: Mask = Mask { border: 10, corner: 40, value: 0 };

/// A film as the network sees it: 224 × 224 greys, row by row.
#[derive(Clone, PartialEq, Eq)]
pub struct Square(Vec<[u8; SQUARE_SIDE]>);

/// Decodes an image file, takes its centre square, resamples it and hides its edge.
///
/// Every machine gets the same bytes. An exact network takes them as they are.
///
/// # Errors
/// [`DecodeError`] where the bytes are not an image that MedChain takes.
pub fn square(bytes: &[u8]) -> Result<Square, DecodeError> {
    let mut greys = resample_square(&decode(bytes)?, SQUARE_SIDE as u32);
    hide(&mut greys, SQUARE_SIDE as u32, MASK);
    let (rows, _) = greys.as_chunks();
    Ok(Square(rows.to_vec()))
}

impl Square {
    /// The 224 rows, from the top.
    pub fn rows(&self) -> &[[u8; SQUARE_SIDE]] {
        &self.0
    }
}

impl AsRef<[u8]> for Square {
    fn as_ref(&self) -> &[u8] {
        self.0.as_flattened()
    }
}

impl std::fmt::Debug for Square {
    /// Shows no pixel: it is a patient's film.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Square")
    }
}
