//! PNG or JPEG bytes to an 8-bit grey image, with every limit checked on the
//! header before anything is allocated.

mod grey;
mod jpeg;
mod png;

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, Limits};
use medchain_primitives::FailureCode;

/// The largest file that is decoded, in bytes. Check it before reading a file.
pub const MAX_FILE_BYTES: u64 = 64 << 20;
/// The largest width or height, in pixels.
pub const MAX_SIDE: u32 = 16_384;
/// The most pixels of an image: more than any radiograph has.
pub const MAX_PIXELS: u64 = 64_000_000;

/// What the decoders may allocate: 16-bit RGBA of the largest image, and slack.
const MAX_DECODER_BYTES: u64 = MAX_PIXELS * 8 + (64 << 20);

/// An 8-bit grey image, in rows from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GreyImage {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<u8>,
}

impl GreyImage {
    /// An image of `width` × `height` pixels, or `None` where the number of
    /// pixels is another or zero.
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Option<Self> {
        let expected = u64::from(width) * u64::from(height);
        (expected > 0 && expected == pixels.len() as u64).then_some(Self { width, height, pixels })
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The greys, row after row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

/// Why bytes are not an image that MedChain takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There are no bytes at all.
    #[error("the file is empty")]
    Empty,
    /// Neither a PNG nor a JPEG, whatever the file's name says.
    #[error("the file is not an image: its content is neither PNG nor JPEG")]
    NotAnImage,
    /// The file ends before the image does.
    #[error("the {format} image is truncated: the file ends before the image does")]
    Truncated {
        /// `PNG` or `JPEG`.
        format: &'static str,
    },
    /// The file starts as an image and then breaks its format's rules.
    #[error("the {format} image is corrupt: {reason}")]
    Corrupt {
        /// `PNG` or `JPEG`.
        format: &'static str,
        /// What the decoder found.
        reason: String,
    },
    /// A valid image of a kind that no radiograph has.
    #[error("this kind of {format} image is not supported: {reason}")]
    Unsupported {
        /// `PNG` or `JPEG`.
        format: &'static str,
        /// What kind it is.
        reason: &'static str,
    },
    /// The file is over [`MAX_FILE_BYTES`].
    #[error("the file is too large: {bytes} bytes, at most {} are allowed", MAX_FILE_BYTES)]
    FileTooLarge {
        /// The size of the file.
        bytes: u64,
    },
    /// The image is over [`MAX_SIDE`] or [`MAX_PIXELS`].
    #[error(
        "the image is too large: {width} x {height} pixels, at most {} a side and {} in all are allowed",
        MAX_SIDE,
        MAX_PIXELS
    )]
    ImageTooLarge {
        /// Columns that the header promises.
        width: u32,
        /// Rows that the header promises.
        height: u32,
    },
}

impl DecodeError {
    /// What a worker reports on chain.
    pub fn failure_code(&self) -> FailureCode {
        match self {
            Self::FileTooLarge { .. } | Self::ImageTooLarge { .. } => FailureCode::TooLarge,
            _ => FailureCode::NotAnImage,
        }
    }
}

/// Decodes a PNG or JPEG, told apart by their content.
///
/// The grey of a JPEG is its luminance plane. Elsewhere colours become grey by
/// `(299 R + 587 G + 114 B + 500) / 1000`, 16 bit become 8 by rounding, what is
/// transparent becomes black. EXIF orientation is not applied: the model was
/// trained without it.
pub fn decode(bytes: &[u8]) -> Result<GreyImage, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(DecodeError::FileTooLarge { bytes: bytes.len() as u64 });
    }
    if bytes.starts_with(png::SIGNATURE) {
        let (width, height) = png::dimensions(bytes)?;
        check_dimensions(width, height)?;
        let decoder =
            image::codecs::png::PngDecoder::with_limits(Cursor::new(bytes), decoder_limits())
                .map_err(|error| refused(png::FORMAT, error))?;
        return finish(png::FORMAT, decoder);
    }
    if bytes.starts_with(jpeg::SIGNATURE) {
        let header = jpeg::read(bytes)?;
        check_dimensions(header.width, header.height)?;
        header.check_kind()?;
        return jpeg::decode(bytes);
    }
    Err(DecodeError::NotAnImage)
}

fn check_dimensions(width: u32, height: u32) -> Result<(), DecodeError> {
    let pixels = u64::from(width) * u64::from(height);
    if width > MAX_SIDE || height > MAX_SIDE || pixels > MAX_PIXELS {
        return Err(DecodeError::ImageTooLarge { width, height });
    }
    Ok(())
}

fn decoder_limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    limits
}

fn finish(format: &'static str, mut decoder: impl ImageDecoder) -> Result<GreyImage, DecodeError> {
    decoder.set_limits(decoder_limits()).map_err(|error| refused(format, error))?;
    let (width, height) = decoder.dimensions();
    // The decoder's own reading of the header decides what is allocated.
    check_dimensions(width, height)?;
    let image = DynamicImage::from_decoder(decoder).map_err(|error| refused(format, error))?;
    GreyImage::new(width, height, grey::pixels(&image))
        .ok_or(DecodeError::Corrupt { format, reason: "it has no pixels".into() })
}

fn refused(format: &'static str, error: ImageError) -> DecodeError {
    match error {
        ImageError::IoError(io) if io.kind() == std::io::ErrorKind::UnexpectedEof => {
            DecodeError::Truncated { format }
        }
        ImageError::Unsupported(_) => {
            DecodeError::Unsupported { format, reason: "save it as grey or RGB" }
        }
        other => DecodeError::Corrupt { format, reason: one_line(&other.to_string()) },
    }
}

/// A decoder's message, fit to stand in a single line.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
