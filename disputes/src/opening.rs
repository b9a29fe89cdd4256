//! The end of a dispute: a value, from what it is computed from.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use alloc::vec::Vec;

use medchain_exact::{activation, sum, Finish, Layer, Window};
use medchain_verdicts::{
    row_leaf, trace_leaf,
    tree::{depth_of, root_from, Hash},
};

use crate::{
    moves::{Opening, ShownParameters, Siblings},
    network::{bias_leaf, pieces, weights_index, weights_leaf, weights_leaves, NetworkLayer},
    place::{window, Level, Place},
};

/// What an opening must prove.
pub(crate) struct Claimed<'a> {
    /// The value.
    pub place: Place,
    /// The piece of it, where its pieces are known.
    pub piece: Option<u16>,
    /// The layer that gives it.
    pub layer: &'a NetworkLayer,
    /// The level before.
    pub before: Level,
    /// The root of the level before.
    pub root: Hash,
}

impl Claimed<'_> {
    /// Computes the value; `None` where something is not proven.
    pub fn compute(&self, opening: &Opening) -> Option<i32> {
        let shape = &self.layer.shape;
        let inputs = self.inputs(opening)?;
        let weights = self.weights(&opening.parameters)?;
        let (bias, shift) = opening.parameters.bias.unwrap_or_default();
        match shape.window {
            Window::All => {
                let pixels = match self.piece {
                    Some(piece) => Vec::from([u32::from(piece)]),
                    None => (0..pieces(shape)).collect(),
                };
                let patch: Option<Vec<&[u8]>> =
                    pixels.into_iter().map(|pixel| inputs.pixel(shape, pixel)).collect();
                let total = sum(bias, &patch?.concat(), &weights);
                Some(if self.piece.is_some() { total } else { finish(shape, total, shift) })
            }
            Window::Three { border } => {
                let beyond = alloc::vec![border; shape.inputs.into()];
                let mut largest = None;
                for corner in self.place.corners(shape) {
                    let patch: Option<Vec<&[u8]>> = window(shape, corner)
                        .map(|pixel| match pixel {
                            Some(pixel) => inputs.pixel(shape, pixel),
                            None => Some(&beyond[..]),
                        })
                        .collect();
                    let value = finish(shape, sum(bias, &patch?.concat(), &weights), shift);
                    largest = largest.max(Some(value));
                }
                largest
            }
        }
    }

    fn inputs<'a>(&self, opening: &'a Opening) -> Option<Inputs<'a>> {
        let indices = self.place.inputs(&self.layer.shape, self.piece);
        if opening.inputs.len() != indices.len() {
            return None;
        }
        let level = self.place.level.checked_sub(1)?;
        let mut leaves = Vec::with_capacity(indices.len());
        for (index, shown) in indices.iter().zip(&opening.inputs) {
            if shown.bytes.len() != self.before.leaf {
                return None;
            }
            let hash = match level {
                0 => row_leaf(&shown.salt, *index, &shown.bytes),
                _ => trace_leaf(&shown.salt, level, *index, &shown.bytes),
            };
            leaves.push((*index, hash));
        }
        let root = root_from(self.before.depth(), &leaves, &opening.siblings)?;
        let bytes = opening.inputs.iter().map(|shown| &shown.bytes[..]);
        (root == self.root)
            .then(|| Inputs { rows: level == 0, leaves: indices.into_iter().zip(bytes).collect() })
    }

    fn weights(&self, shown: &ShownParameters) -> Option<Vec<i8>> {
        let shape = &self.layer.shape;
        let (first, count) = match self.piece {
            Some(piece) => (u32::from(piece), 1),
            None => (0, pieces(shape)),
        };
        let channels = usize::from(shape.inputs);
        let expected = channels.checked_mul(usize::try_from(count).ok()?)?;
        if shown.weights.len() != expected || shown.bias.is_some() == self.piece.is_some() {
            return None;
        }
        let index = |piece| weights_index(shape, self.place.channel, piece);
        let mut leaves: Vec<_> = (first..)
            .zip(shown.weights.chunks(channels.max(1)))
            .map(|(piece, weights)| (index(piece), weights_leaf(index(piece), weights)))
            .collect();
        if let Some((bias, shift)) = shown.bias {
            leaves.push((index(count), bias_leaf(index(count), bias, shift)));
        }
        proven(self.layer, &leaves, &shown.siblings)?;
        Some(shown.weights.iter().map(|weight| *weight as i8).collect())
    }
}

/// Checks leaves of weights against the root that was registered.
pub(crate) fn proven(
    layer: &NetworkLayer,
    leaves: &[(u32, Hash)],
    siblings: &Siblings,
) -> Option<()> {
    let depth = depth_of(weights_leaves(&layer.shape));
    (root_from(depth, leaves, siblings)? == layer.weights_root).then_some(())
}

/// Returns what a sum becomes: an activation, or a logit.
pub(crate) fn finish(layer: &Layer, total: i32, shift: u8) -> i32 {
    match layer.finish {
        Finish::Activations { limit, .. } => activation(total, shift, limit).into(),
        Finish::Logits => total,
    }
}

/// Leaves of the level before, with their indices.
struct Inputs<'a> {
    rows: bool,
    leaves: Vec<(u32, &'a [u8])>,
}

impl Inputs<'_> {
    /// Returns the channels of a pixel.
    fn pixel(&self, layer: &Layer, pixel: u32) -> Option<&[u8]> {
        if !self.rows {
            return self.leaf(pixel);
        }
        let size = u32::from(layer.size);
        let channels = usize::from(layer.inputs);
        let row = self.leaf(pixel.checked_div(size)?)?;
        let first = usize::try_from(pixel.checked_rem(size)?).ok()?.checked_mul(channels)?;
        row.get(first..first.checked_add(channels)?)
    }

    fn leaf(&self, index: u32) -> Option<&[u8]> {
        let place = self.leaves.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        self.leaves.get(place).map(|(_, bytes)| *bytes)
    }
}

/// The logits in a leaf.
pub(crate) fn logits(bytes: &[u8]) -> Vec<i32> {
    bytes.as_chunks::<4>().0.iter().map(|four| i32::from_le_bytes(*four)).collect()
}

/// The bytes of logits.
#[cfg(feature = "std")]
pub(crate) fn logit_bytes(logits: &[i32]) -> Vec<u8> {
    logits.iter().flat_map(|logit| logit.to_le_bytes()).collect()
}
