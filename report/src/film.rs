//! The film as the page shows it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::Hash;

/// The longest side of the printed film, in pixels: 240 to the inch in the size that it has on
/// the page.
pub const MAX_SIDE: u32 = 800;

/// A film: rows of 8-bit grey values, from the top left, 0 is black.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Film {
    width: u32,
    height: u32,
    grey: Vec<u8>,
}

/// The film on a page, named by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilmPrinted {
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
    /// SHA-256 of the grey values.
    pub sha256: Hash,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a film of {width} × {height} pixels cannot have {length} grey values")]
pub struct FilmError {
    width: u32,
    height: u32,
    length: usize,
}

impl Film {
    /// A film of `width` × `height` grey values.
    ///
    /// # Errors
    /// Where the number of values is another, or zero.
    pub fn new(width: u32, height: u32, grey: Vec<u8>) -> Result<Self, FilmError> {
        let length = u64::from(width) * u64::from(height);
        if length == 0 || length != grey.len() as u64 {
            return Err(FilmError { width, height, length: grey.len() });
        }
        Ok(Self { width, height, grey })
    }

    /// The width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The grey values, row by row.
    pub fn grey(&self) -> &[u8] {
        &self.grey
    }

    /// The film with sides of at most [`MAX_SIDE`] pixels, each the rounded mean of the area that
    /// it covers.
    ///
    /// In integers: the same film gives the same bytes everywhere.
    ///
    /// # Errors
    /// Never: the result has as many values as its sides say.
    pub fn reduced(&self) -> Result<Self, FilmError> {
        let longest = self.width.max(self.height);
        if longest <= MAX_SIDE {
            return Ok(self.clone());
        }
        let side = |length: u32| {
            let scaled = u64::from(length) * u64::from(MAX_SIDE) / u64::from(longest);
            u32::try_from(scaled).unwrap_or(MAX_SIDE).max(1)
        };
        let (width, height) = (side(self.width), side(self.height));
        let columns = spans(self.width, width);
        let mut grey = Vec::new();
        for (top, bottom) in spans(self.height, height) {
            for (left, right) in &columns {
                let rows = self.grey.chunks(self.width as usize).take(bottom).skip(top);
                let row = |row: &[u8]| -> u64 {
                    row.iter().take(*right).skip(*left).map(|value| u64::from(*value)).sum()
                };
                let sum: u64 = rows.map(row).sum();
                let area = ((bottom - top) * (right - left)) as u64;
                grey.push(u8::try_from((sum + area / 2) / area).unwrap_or(u8::MAX));
            }
        }
        Self::new(width, height, grey)
    }

    /// What names it.
    pub(crate) fn printed(&self) -> FilmPrinted {
        let sha256 = Hash(Sha256::digest(&self.grey).into());
        FilmPrinted { width: self.width, height: self.height, sha256 }
    }
}

/// Where the pixels of `to` begin and end among those of `from`: none is empty.
fn spans(from: u32, to: u32) -> Vec<(usize, usize)> {
    let at = |index: u32| (u64::from(index) * u64::from(from) / u64::from(to)) as usize;
    (0..to).map(|index| (at(index), at(index + 1).max(at(index) + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_has_as_many_values_as_its_sides_say() {
        assert!(Film::new(2, 3, vec![0; 6]).is_ok());
        for (width, height, length) in [(0, 3, 0), (2, 0, 0), (2, 3, 5), (u32::MAX, u32::MAX, 1)] {
            assert!(Film::new(width, height, vec![0; length]).is_err());
        }
    }

    #[test]
    fn a_small_film_is_kept_and_a_large_one_averaged() {
        let small = Film::new(MAX_SIDE, 1, vec![7; 800]).unwrap();
        assert_eq!(small.reduced().unwrap(), small);
        let grey: Vec<u8> =
            (0..1600u32 * 800).map(|at| if at % 2 == 0 { 10 } else { 31 }).collect();
        let reduced = Film::new(1600, 800, grey).unwrap().reduced().unwrap();
        assert_eq!((reduced.width, reduced.height), (800, 400));
        // The mean of 10 and 31, rounded.
        assert!(reduced.grey.iter().all(|value| *value == 21));
    }

    #[test]
    fn no_shape_is_lost() {
        for (width, height) in [(1, 5000), (5000, 1), (801, 3), (4096, 4095), (999, 1001)] {
            let film = Film::new(width, height, vec![200; (width * height) as usize]).unwrap();
            let reduced = film.reduced().unwrap();
            assert!(reduced.width <= MAX_SIDE && reduced.height <= MAX_SIDE);
            assert!(reduced.grey.iter().all(|value| *value == 200));
            assert_eq!(reduced.reduced().unwrap(), reduced);
        }
    }
}
