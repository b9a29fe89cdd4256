//! Image bytes to an 8-bit grey image, with every limit checked on the header
//! before anything is allocated.

pub(crate) mod dicom;
mod error;
pub(crate) mod format;
mod grey;
pub(crate) mod jpeg;
pub(crate) mod jpeg2000;
pub(crate) mod orientation;
mod other;
mod pages;
pub(crate) mod png;
mod riff;
mod samples;

use self::format::Format;

pub use error::DecodeError;

/// The largest file that is decoded, in bytes. Check it before reading a file.
pub const MAX_FILE_BYTES: u64 = 64 << 20;
/// The largest width or height, in pixels.
pub const MAX_SIDE: u32 = 16_384;
/// The most pixels of an image: more than any radiograph has.
pub const MAX_PIXELS: u64 = 64_000_000;
/// The most that decoding may allocate, in bytes, besides the file. What a header promises
/// is weighed against it first; kinds of images that take more memory a pixel have fewer
/// pixels at most.
pub const MAX_DECODE_BYTES: u64 = 384 << 20;

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

/// Decodes an image file, told apart by its content.
///
/// The grey of a JPEG is its luminance plane. Elsewhere colours become grey by
/// `(299 R + 587 G + 114 B + 500) / 1000`, and more than 8 bits become 8 by rounding. An
/// alpha channel is laid over black, unless it means nothing: where it is zero everywhere,
/// or marks exactly the pixels of one grey inside the film. The colour that a PNG names as transparent
/// (tRNS) stays what it is. The orientation of EXIF and TIFF is applied. Of DICOM, what a
/// workstation shows first: rescaled, with its VOI LUT or its first window, and never
/// inverted.
pub fn decode(bytes: &[u8]) -> Result<GreyImage, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(DecodeError::FileTooLarge { bytes: bytes.len() as u64 });
    }
    match Format::of(bytes) {
        Some(Format::Png) => png::decode(bytes),
        Some(Format::Jpeg) => jpeg::decode(bytes),
        Some(Format::Dicom) => dicom::decode(bytes),
        Some(Format::Jpeg2000) => jpeg2000::decode(bytes),
        Some(Format::Tiff) => other::tiff(bytes),
        Some(Format::Bmp) => other::bmp(bytes),
        Some(Format::WebP) => other::webp(bytes),
        Some(Format::Pnm) => other::pnm(bytes),
        Some(Format::Other(other)) => Err(other.error()),
        None => Err(DecodeError::NotAnImage),
    }
}

fn check_dimensions(width: u32, height: u32) -> Result<(), DecodeError> {
    let pixels = u64::from(width) * u64::from(height);
    if width > MAX_SIDE || height > MAX_SIDE || pixels > MAX_PIXELS {
        return Err(DecodeError::ImageTooLarge { width, height });
    }
    Ok(())
}

/// Refuses what would take more than [`MAX_DECODE_BYTES`] at `each` bytes a pixel.
fn check_budget(
    format: &'static str,
    width: u32,
    height: u32,
    each: u64,
) -> Result<(), DecodeError> {
    let bytes = u64::from(width) * u64::from(height) * each;
    if bytes > MAX_DECODE_BYTES {
        return Err(DecodeError::TooMuchMemory { format, width, height, bytes });
    }
    Ok(())
}
