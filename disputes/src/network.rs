//! What a chain knows of a network.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use alloc::vec::Vec;

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use medchain_exact::{Layer, SoftmaxScale, Window, MAX_LAYERS};
use medchain_verdicts::{blake2, tree::Hash};
use scale_info::TypeInfo;

use crate::moves::{MAX_OPENING, MAX_PIECES};

/// An exact network as it is registered: the shapes of its layers, and roots of their weights.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Network {
    /// The layers, first to last.
    pub layers: BoundedVec<NetworkLayer, ConstU32<MAX_LAYERS>>,
    /// What a unit of its logits is worth.
    pub scale: SoftmaxScale,
}

/// One layer of a registered network.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct NetworkLayer {
    /// Its shape.
    pub shape: Layer,
    /// The root of its weights, biases and shifts.
    pub weights_root: Hash,
}

/// Why a network cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkError {
    /// The shapes are those of no network.
    Shapes(medchain_exact::NetworkError),
    /// What one value of this layer needs does not fit into a move. The number counts from zero.
    TooWide(usize),
}

impl core::fmt::Display for NetworkError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Shapes(error) => error.fmt(f),
            Self::TooWide(layer) => {
                write!(
                    f,
                    "layer {layer}: what one of its values needs is above {MAX_OPENING} bytes"
                )
            }
        }
    }
}

impl core::error::Error for NetworkError {}

impl Network {
    /// Checks that there can be such a network, and that each of its values can be shown.
    ///
    /// # Errors
    /// The first [`NetworkError`] that applies.
    pub fn check(&self) -> Result<(), NetworkError> {
        let shapes: Vec<Layer> = self.shapes().collect();
        medchain_exact::check_shapes(shapes.iter()).map_err(NetworkError::Shapes)?;
        for (number, layer) in shapes.iter().enumerate() {
            if pieces(layer) > MAX_PIECES || most_shown(layer, number == 0) > MAX_OPENING {
                return Err(NetworkError::TooWide(number));
            }
        }
        Ok(())
    }

    /// Returns the shapes of the layers.
    pub fn shapes(&self) -> impl Iterator<Item = Layer> + '_ {
        self.layers.iter().map(|layer| layer.shape)
    }

    /// Returns the number of the level that holds the logits.
    #[must_use]
    pub fn last_level(&self) -> u8 {
        // At most MAX_LAYERS.
        self.layers.len() as u8
    }
}

/// Returns the pixels under the window of a layer, each of which has a leaf of weights.
#[must_use]
pub(crate) fn pieces(layer: &Layer) -> u32 {
    match layer.window {
        Window::Three { .. } => 9,
        Window::All => u32::from(layer.size).saturating_pow(2),
    }
}

/// Returns the index of a leaf in a layer's tree of weights. The bias and the shift of an output
/// come after its pieces.
#[must_use]
pub(crate) fn weights_index(layer: &Layer, output: u16, piece: u32) -> u32 {
    let each = pieces(layer).saturating_add(1);
    u32::from(output).saturating_mul(each).saturating_add(piece)
}

/// Returns the number of leaves in a layer's tree of weights.
#[must_use]
pub(crate) fn weights_leaves(layer: &Layer) -> u32 {
    weights_index(layer, layer.outputs, 0)
}

/// Returns the leaf of the weights of one output for one pixel under its window.
#[must_use]
pub(crate) fn weights_leaf(index: u32, weights: &[u8]) -> Hash {
    blake2(b"medchain/weights/1", &[&index.to_le_bytes(), weights])
}

/// Returns the leaf of an output's bias and shift.
#[must_use]
pub(crate) fn bias_leaf(index: u32, bias: i32, shift: u8) -> Hash {
    blake2(b"medchain/bias/1", &[&index.to_le_bytes(), &bias.to_le_bytes(), &[shift]])
}

/// Returns the most bytes of inputs and weights that a move shows for one value.
fn most_shown(layer: &Layer, first: bool) -> u32 {
    let channels = u32::from(layer.inputs);
    // Of the input of the network a whole row is shown, not a pixel.
    let leaf = if first { channels.saturating_mul(layer.size.into()) } else { channels };
    let (inputs, weights) = match layer.window {
        Window::Three { .. } if first => (4, 9),
        Window::Three { .. } => (16, 9),
        Window::All => (1, 1),
    };
    leaf.saturating_mul(inputs).saturating_add(channels.saturating_mul(weights))
}

/// The trees over the weights of a network.
#[cfg(feature = "std")]
pub struct Weights {
    trees: Vec<medchain_verdicts::tree::Tree>,
}

#[cfg(feature = "std")]
impl Weights {
    /// Builds the trees.
    #[must_use]
    pub fn new(network: &medchain_exact::Network) -> Self {
        let trees = network.layers().iter().map(|(layer, parameters)| tree(layer, parameters));
        Self { trees: trees.collect() }
    }

    /// Returns what is registered of a network.
    #[must_use]
    pub fn describe(&self, network: &medchain_exact::Network) -> Network {
        let layers = network.layers().iter().zip(&self.trees);
        let layers = layers
            .map(|((shape, _), tree)| NetworkLayer { shape: *shape, weights_root: tree.root() });
        Network { layers: BoundedVec::truncate_from(layers.collect()), scale: network.scale() }
    }

    /// Returns what proves leaves of a layer.
    pub(crate) fn siblings(&self, layer: usize, leaves: &[u32]) -> Vec<Hash> {
        self.trees.get(layer).map(|tree| tree.siblings(leaves)).unwrap_or_default()
    }
}

#[cfg(feature = "std")]
fn tree(layer: &Layer, parameters: &medchain_exact::Parameters) -> medchain_verdicts::tree::Tree {
    let (channels, patch) = (usize::from(layer.inputs), layer.patch());
    let numbers = parameters.biases.iter().zip(&parameters.shifts);
    let outputs = (0..layer.outputs).zip(parameters.weights.chunks(patch.max(1))).zip(numbers);
    let mut leaves = Vec::new();
    for ((output, weights), (bias, shift)) in outputs {
        for (piece, weights) in (0..).zip(weights.chunks(channels.max(1))) {
            let bytes: Vec<u8> = weights.iter().map(|weight| *weight as u8).collect();
            leaves.push(weights_leaf(weights_index(layer, output, piece), &bytes));
        }
        leaves.push(bias_leaf(weights_index(layer, output, pieces(layer)), *bias, *shift));
    }
    medchain_verdicts::tree::Tree::new(leaves)
}
