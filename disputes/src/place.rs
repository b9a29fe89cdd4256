//! Where values are: levels, their leaves, and what a value is computed from.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use alloc::{collections::BTreeSet, vec::Vec};

use medchain_exact::{Finish, Layer, Window};
use medchain_verdicts::tree::depth_of;

use crate::network::{pieces, Network};

/// A level of a trace: level 0 is the input, level n what layer n gives, counted from 1.
///
/// A leaf of the input is one row; a leaf of activations is one pixel with all its channels;
/// all logits are one leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The number of leaves.
    pub leaves: u32,
    /// The bytes of a leaf.
    pub leaf: usize,
}

impl Level {
    /// Returns the levels of the tree between its root and its leaves.
    #[must_use]
    pub fn depth(&self) -> u8 {
        depth_of(self.leaves)
    }
}

/// One value of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The level that it is in, from 1.
    pub level: u8,
    /// The leaf that it is in.
    pub index: u32,
    /// The channel of the pixel, or the class of the logit.
    pub channel: u16,
}

impl Network {
    /// Returns the layer that gives a level.
    #[must_use]
    pub fn layer_of(&self, level: u8) -> Option<&Layer> {
        let number = usize::from(level.checked_sub(1)?);
        self.layers.get(number).map(|layer| &layer.shape)
    }

    /// Returns the shape of a level.
    #[must_use]
    pub fn level(&self, level: u8) -> Option<Level> {
        let Some(layer) = self.layer_of(level) else {
            let first = &self.layers.first()?.shape;
            let width = usize::from(first.size).saturating_mul(usize::from(first.inputs));
            return (level == 0).then_some(Level { leaves: first.size.into(), leaf: width });
        };
        let outputs = usize::from(layer.outputs);
        Some(match layer.finish {
            Finish::Logits => Level { leaves: 1, leaf: outputs.saturating_mul(4) },
            Finish::Activations { .. } => {
                Level { leaves: u32::from(layer.output_size()).saturating_pow(2), leaf: outputs }
            }
        })
    }
}

impl Place {
    /// Returns the corners of the windows that the value sees: several where it is pooled.
    pub(crate) fn corners(&self, layer: &Layer) -> Vec<(i64, i64)> {
        let Window::Three { .. } = layer.window else { return Vec::from([(0, 0)]) };
        let width = i64::from(layer.output_size()).max(1);
        let index = i64::from(self.index);
        let (y, x) = (
            index.checked_div(width).unwrap_or_default(),
            index.checked_rem(width).unwrap_or_default(),
        );
        let pools = matches!(layer.finish, Finish::Activations { pool: true, .. });
        let outputs = if pools {
            let (y, x) = (y.saturating_mul(2), x.saturating_mul(2));
            let (below, right) = (y.saturating_add(1), x.saturating_add(1));
            Vec::from([(y, x), (y, right), (below, x), (below, right)])
        } else {
            Vec::from([(y, x)])
        };
        outputs.into_iter().map(|(y, x)| (y.saturating_sub(1), x.saturating_sub(1))).collect()
    }

    /// Returns the pixels of the input of a layer that the value sees, in ascending order.
    fn pixels(&self, layer: &Layer, piece: Option<u16>) -> BTreeSet<u32> {
        match (layer.window, piece) {
            (Window::All, Some(piece)) => BTreeSet::from([piece.into()]),
            (Window::All, None) => (0..pieces(layer)).collect(),
            (Window::Three { .. }, _) => {
                let corners = self.corners(layer);
                let all = corners.iter().flat_map(|corner| window(layer, *corner));
                all.flatten().collect()
            }
        }
    }

    /// Returns the leaves of the level before that the value is computed from, ascending.
    pub(crate) fn inputs(&self, layer: &Layer, piece: Option<u16>) -> Vec<u32> {
        let pixels = self.pixels(layer, piece);
        if self.level > 1 {
            return pixels.into_iter().collect();
        }
        let row = |pixel: u32| pixel.checked_div(layer.size.into()).unwrap_or_default();
        pixels.into_iter().map(row).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Returns the pixels under a window of 3 × 3, row by row; `None` beyond the edge.
pub(crate) fn window(layer: &Layer, corner: (i64, i64)) -> impl Iterator<Item = Option<u32>> {
    let size = i64::from(layer.size);
    (0..9i64).map(move |place| {
        let y = corner.0.saturating_add(place.checked_div(3).unwrap_or_default());
        let x = corner.1.saturating_add(place.checked_rem(3).unwrap_or_default());
        let inside = (0..size).contains(&y) && (0..size).contains(&x);
        let index = y.saturating_mul(size).saturating_add(x);
        inside.then(|| u32::try_from(index).unwrap_or_default())
    })
}
