//! The fixed steps from a grey image to the model's input tensor.

mod resample;
mod square;

use serde::{Deserialize, Serialize};

use crate::GreyImage;
use resample::resample_square;
pub use square::{square, Square, SQUARE_ID, SQUARE_SIDE};

/// How the image is brought to a square.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Crop {
    /// The centre square of the shorter side; odd remainders go right and down.
    CentreSquare,
}

/// How the square is brought to its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Resampling {
    /// Exact overlaps of areas, rounded half up to 8 bit.
    AreaU8,
}

/// What is hidden after resampling: letters, arrows and frames at the edge,
/// from which a network would learn the archive instead of the lungs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    /// The width of the frame, in pixels of the square.
    pub border: u32,
    /// The legs of the triangles in the frame's corners, in pixels.
    pub corner: u32,
    /// The grey that stands there instead.
    pub value: u8,
}

/// The description beside the ONNX file (`medchain-vgg16.json`), which Python
/// writes and Rust reads. A field that is not known here is an error: a step
/// that is skipped in silence would give other predictions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// The name of these steps, at most 32 bytes; part of every receipt.
    pub id: String,
    /// The name of the model, for people.
    pub model: String,
    /// The version of the model.
    pub version: String,
    /// Width and height of the tensor.
    pub size: u32,
    /// How the image is brought to a square.
    pub crop: Crop,
    /// How the square is brought to `size`.
    pub resampling: Resampling,
    /// What is hidden.
    pub mask: Mask,
    /// For a network of floats: subtracted from each of the three equal channels, in
    /// 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<[f64; 3]>,
    /// For a network of floats: divides each channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std: Option<[f64; 3]>,
    /// For an exact network, which takes the greys as they are: what a unit of its
    /// logits is worth. It stands in the ONNX file as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub softmax_scale: Option<u64>,
    /// The classes, in the order of the model's output.
    pub labels: Vec<String>,
    /// The temperature of the softmax. It is folded into the ONNX file's last
    /// layer already and stands here for the record.
    pub temperature: f64,
    /// A prediction whose largest probability is below this is uncertain.
    pub confidence_threshold: f64,
}

/// Why a description cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// It is not the JSON that is expected.
    #[error("the model's description is not valid: {0}")]
    Json(#[from] serde_json::Error),
    /// A value in it makes no sense.
    #[error("the model's description is not valid: {0}")]
    Value(&'static str),
}

const MAX_SIZE: u32 = 1024;

impl Preprocessing {
    /// Reads and checks a description.
    pub fn from_json(json: &[u8]) -> Result<Self, SpecError> {
        let spec: Self = serde_json::from_slice(json)?;
        spec.check()?;
        Ok(spec)
    }

    fn check(&self) -> Result<(), SpecError> {
        let max_label = medchain_primitives::MAX_LABEL_LENGTH as usize;
        let max_classes = medchain_primitives::MAX_CLASSES as usize;
        let fits = |text: &str| !text.is_empty() && text.len() <= max_label;
        let normal = |mean: [f64; 3], std: [f64; 3]| {
            mean.iter().chain(&std).all(|v| v.is_finite()) && std.iter().all(|s| *s > 0.0)
        };
        let rules = [
            (fits(&self.id), "`id` must have 1 to 32 bytes"),
            (fits(&self.model), "`model` must have 1 to 32 bytes"),
            (fits(&self.version), "`version` must have 1 to 32 bytes"),
            (
                (32..=MAX_SIZE).contains(&self.size) && self.size.is_multiple_of(32),
                "`size` must be a multiple of 32 up to 1024",
            ),
            (
                self.mask.border < self.size / 2 && self.mask.corner < self.size,
                "`mask` must leave something of the image",
            ),
            (
                self.is_exact() != (self.mean.is_some() || self.std.is_some()),
                "it must have either `softmax_scale` (an exact network) or `mean` and `std` \
                 (a network of floats)",
            ),
            (
                self.is_exact()
                    || self.normalisation().is_some_and(|(mean, std)| normal(mean, std)),
                "`mean` and `std` must both be there and finite, `std` above zero",
            ),
            (self.softmax_scale != Some(0), "`softmax_scale` must be above zero"),
            ((2..=max_classes).contains(&self.labels.len()), "`labels` must name 2 to 8 classes"),
            (self.labels.iter().all(|label| fits(label)), "every label must have 1 to 32 bytes"),
            (
                self.temperature.is_finite() && self.temperature > 0.0,
                "`temperature` must be above zero",
            ),
            (
                (0.0..=1.0).contains(&self.confidence_threshold),
                "`confidence_threshold` must be between 0 and 1",
            ),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, message)) => Err(SpecError::Value(message)),
            None => Ok(()),
        }
    }

    /// The threshold in parts per million, as it is stored on chain.
    pub fn confidence_threshold_parts(&self) -> u32 {
        (self.confidence_threshold * 1e6).round() as u32
    }

    /// Whether it describes an exact network, of which every machine gets the same bytes
    /// (`docs/adr/0019-exact-network.md`). Of a network of floats, the last digits may
    /// differ.
    pub fn is_exact(&self) -> bool {
        self.softmax_scale.is_some()
    }

    fn normalisation(&self) -> Option<([f64; 3], [f64; 3])> {
        self.mean.zip(self.std)
    }

    /// The square after cropping, resampling and masking: `size` × `size`
    /// greys in rows.
    pub fn square(&self, image: &GreyImage) -> Vec<u8> {
        let Crop::CentreSquare = self.crop;
        let Resampling::AreaU8 = self.resampling;
        let mut square = resample_square(image, self.size);
        hide(&mut square, self.size, self.mask);
        square
    }

    /// What a network of floats takes: three equal channels of a square, each
    /// `(v / 255 - mean) / std` rounded from double to single precision once. `None` where
    /// the description is that of an exact network, which takes the square itself.
    pub fn tensor(&self, square: &[u8]) -> Option<Vec<f32>> {
        let (mean, std) = self.normalisation()?;
        let mut tensor = Vec::with_capacity(3 * square.len());
        for (mean, std) in mean.iter().zip(&std) {
            let mut table = [0f32; 256];
            for (grey, value) in table.iter_mut().enumerate() {
                *value = ((grey as f64 / 255.0 - mean) / std) as f32;
            }
            tensor.extend(square.iter().map(|grey| table[usize::from(*grey)]));
        }
        Some(tensor)
    }
}

/// Puts the mask's value over the edge and the corners of `size` × `size` greys.
fn hide(square: &mut [u8], size: u32, mask: Mask) {
    let Mask { border, corner, value } = mask;
    let width = size as usize;
    let (size, border) = (i64::from(size), i64::from(border));
    // The distance to the nearer edge of the frame; below zero inside it.
    let inset = |place: usize| {
        let place = place as i64;
        (place - border).min(size - 1 - border - place)
    };
    for (y, row) in square.chunks_mut(width).enumerate() {
        let down = inset(y);
        for (x, pixel) in row.iter_mut().enumerate() {
            let across = inset(x);
            if down < 0 || across < 0 || down + across < i64::from(corner) {
                *pixel = value;
            }
        }
    }
}
