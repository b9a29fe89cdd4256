//! What an exact network consists of, and what makes it one.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use medchain_primitives::MAX_CLASSES;
use scale_info::TypeInfo;

use crate::SoftmaxScale;

/// The most layers of a network.
pub const MAX_LAYERS: u32 = 32;
/// The widest input of a layer, in pixels.
pub const MAX_SIZE: u16 = 1024;
/// The most channels of a layer.
pub const MAX_CHANNELS: u16 = 4096;
/// The largest shift. An activation of at most 255 is below 2^8, so that a sum that
/// does not saturate stays below 2^24, where floats are exact: a runtime for ONNX that
/// rounds in float32 gets the same bytes.
pub const MAX_SHIFT: u8 = 15;
/// No sum of a network leaves ± this, whatever its input. Kernels compute up to four
/// times a sum, which then stays within 31 bits.
pub const MAX_SUM: i32 = 1 << 28;

/// The shape of one layer. Everything is square.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Layer {
    /// Width and height of the input, in pixels.
    pub size: u16,
    /// Channels of the input.
    pub inputs: u16,
    /// Channels of the output.
    pub outputs: u16,
    /// What an output sees of the input.
    pub window: Window,
    /// What becomes of the sums.
    pub finish: Finish,
}

/// What an output sees of the input.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Window {
    /// 3 × 3 pixels, one output for each pixel. Beyond the edge lies `border`.
    Three {
        /// The value beyond the edge.
        border: u8,
    },
    /// All of the input: a fully connected layer.
    All,
}

/// What becomes of the sums of a layer.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Finish {
    /// They are shifted, rounded and limited, and perhaps pooled by 2 × 2.
    Activations {
        /// The largest activation.
        limit: u8,
        /// Whether the largest of each 2 × 2 outputs is kept alone.
        pool: bool,
    },
    /// They are the network's answer.
    Logits,
}

impl Layer {
    /// The weights of one output channel: window and channels of the input.
    #[must_use]
    pub fn patch(&self) -> usize {
        let side = match self.window {
            Window::Three { .. } => 3,
            Window::All => usize::from(self.size),
        };
        side.saturating_mul(side).saturating_mul(usize::from(self.inputs))
    }

    /// Width and height of the output, in pixels, after pooling.
    #[must_use]
    pub fn output_size(&self) -> u16 {
        match (self.window, self.finish) {
            (Window::All, _) => 1,
            (Window::Three { .. }, Finish::Activations { pool: true, .. }) => self.size >> 1,
            (Window::Three { .. }, _) => self.size,
        }
    }

    /// Bytes of the input: rows, columns, channels.
    #[must_use]
    pub fn input_len(&self) -> usize {
        usize::from(self.size).saturating_pow(2).saturating_mul(usize::from(self.inputs))
    }

    /// Values of the output: rows, columns, channels.
    #[must_use]
    pub fn output_len(&self) -> usize {
        usize::from(self.output_size()).saturating_pow(2).saturating_mul(usize::from(self.outputs))
    }
}

/// The numbers of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Output channel, row, column, input channel.
    pub weights: Vec<i8>,
    /// One for each output channel.
    pub biases: Vec<i32>,
    /// One for each output channel; all zero where the layer gives logits.
    pub shifts: Vec<u8>,
}

/// A network that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    layers: Vec<(Layer, Parameters)>,
    scale: SoftmaxScale,
}

/// Why something is no exact network. The number is that of the layer, from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkError {
    /// It has no layers, or more than [`MAX_LAYERS`].
    Layers,
    /// A size or a number of channels is zero or too large, or a pool has an odd size.
    Shape(usize),
    /// A layer does not take what the one before it gives.
    Chain(usize),
    /// The last layer alone gives logits, between 2 and [`MAX_CLASSES`] of them.
    Logits(usize),
    /// There are not as many weights, biases or shifts as the shape says.
    Parameters(usize),
    /// A shift is above [`MAX_SHIFT`].
    Shift(usize),
    /// A sum could leave ±[`MAX_SUM`].
    Sum(usize),
}

impl core::fmt::Display for NetworkError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Layers => write!(f, "a network has 1 to {MAX_LAYERS} layers"),
            Self::Shape(n) => write!(f, "layer {n} is empty, too large, or pools an odd size"),
            Self::Chain(n) => {
                write!(f, "layer {n} does not take what layer {} gives", n.wrapping_sub(1))
            }
            Self::Logits(n) => {
                write!(
                    f,
                    "layer {n}: the last layer, and no other, gives 2 to {MAX_CLASSES} logits"
                )
            }
            Self::Parameters(n) => write!(f, "layer {n} has not as many numbers as its shape says"),
            Self::Shift(n) => write!(f, "layer {n} shifts by more than {MAX_SHIFT}"),
            Self::Sum(n) => write!(f, "layer {n} could sum up more than 2^28"),
        }
    }
}

impl core::error::Error for NetworkError {}

impl Network {
    /// Checks a network.
    ///
    /// # Errors
    /// The first [`NetworkError`] that applies.
    pub fn new(
        layers: Vec<(Layer, Parameters)>,
        scale: SoftmaxScale,
    ) -> Result<Self, NetworkError> {
        check_shapes(layers.iter().map(|(layer, _)| layer))?;
        let mut largest_input = u8::MAX;
        for (number, (layer, parameters)) in layers.iter().enumerate() {
            check_parameters(number, layer, parameters, largest_input)?;
            if let Finish::Activations { limit, .. } = layer.finish {
                largest_input = limit;
            }
        }
        Ok(Self { layers, scale })
    }

    /// The layers, first to last.
    #[must_use]
    pub fn layers(&self) -> &[(Layer, Parameters)] {
        &self.layers
    }

    /// What a unit of its logits is worth.
    #[must_use]
    pub fn scale(&self) -> SoftmaxScale {
        self.scale
    }
}

/// Checks that layers follow each other as those of a network do.
///
/// # Errors
/// The first [`NetworkError`] that applies to shapes.
pub fn check_shapes<'a>(
    layers: impl ExactSizeIterator<Item = &'a Layer>,
) -> Result<(), NetworkError> {
    let last = layers.len().checked_sub(1).ok_or(NetworkError::Layers)?;
    if layers.len() > MAX_LAYERS as usize {
        return Err(NetworkError::Layers);
    }
    let mut before: Option<(u16, u16)> = None;
    for (number, layer) in layers.enumerate() {
        let channels = 1..=MAX_CHANNELS;
        if !(1..=MAX_SIZE).contains(&layer.size)
            || !channels.contains(&layer.inputs)
            || !channels.contains(&layer.outputs)
        {
            return Err(NetworkError::Shape(number));
        }
        let pools = matches!(layer.finish, Finish::Activations { pool: true, .. });
        if pools && (!layer.size.is_multiple_of(2) || layer.window == Window::All) {
            return Err(NetworkError::Shape(number));
        }
        if before.is_some_and(|shape| shape != (layer.size, layer.inputs)) {
            return Err(NetworkError::Chain(number));
        }
        before = Some((layer.output_size(), layer.outputs));
        let logits = layer.finish == Finish::Logits;
        let classes = (2..=MAX_CLASSES).contains(&u32::from(layer.outputs));
        if logits != (number == last) || logits && !(classes && layer.window == Window::All) {
            return Err(NetworkError::Logits(number));
        }
    }
    Ok(())
}

fn check_parameters(
    number: usize,
    layer: &Layer,
    parameters: &Parameters,
    largest_input: u8,
) -> Result<(), NetworkError> {
    let Parameters { weights, biases, shifts } = parameters;
    let (outputs, patch) = (usize::from(layer.outputs), layer.patch());
    if weights.len() != outputs.saturating_mul(patch)
        || biases.len() != outputs
        || shifts.len() != outputs
    {
        return Err(NetworkError::Parameters(number));
    }
    let most_shift = if layer.finish == Finish::Logits { 0 } else { MAX_SHIFT };
    if shifts.iter().any(|shift| *shift > most_shift) {
        return Err(NetworkError::Shift(number));
    }
    let border = match layer.window {
        Window::Three { border } => border,
        Window::All => 0,
    };
    let largest = i64::from(largest_input.max(border));
    for (bias, row) in biases.iter().zip(weights.chunks(patch.max(1))) {
        let weights: i64 = row.iter().map(|w| i64::from(w.unsigned_abs())).sum();
        let most = weights.saturating_mul(largest).saturating_add(i64::from(bias.unsigned_abs()));
        if most > i64::from(MAX_SUM) {
            return Err(NetworkError::Sum(number));
        }
    }
    Ok(())
}
