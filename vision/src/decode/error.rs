//! Why bytes are not an image that MedChain takes.

use medchain_primitives::FailureCode;

use super::{MAX_DECODE_BYTES, MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE};

/// Why bytes are not an image that MedChain takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// There are no bytes at all.
    #[error("the file is empty")]
    Empty,
    /// Nothing that is known, whatever the file's name says.
    #[error(
        "the file is not an image: its content is neither PNG nor JPEG, nor DICOM, TIFF, BMP, \
         WebP or JPEG 2000"
    )]
    NotAnImage,
    /// A format that is known and not read.
    #[error("this is {what}: {advice}")]
    OtherFormat {
        /// What it is, with its article.
        what: &'static str,
        /// How to make something of it that is read.
        advice: &'static str,
    },
    /// The file ends before the image does.
    #[error("the {format} image is truncated: the file ends before the image does")]
    Truncated {
        /// The format's name.
        format: &'static str,
    },
    /// The file starts as an image and then breaks its format's rules.
    #[error("the {format} image is corrupt: {reason}")]
    Corrupt {
        /// The format's name.
        format: &'static str,
        /// What the decoder found.
        reason: String,
    },
    /// A valid image of a kind that is not read.
    #[error("this kind of {format} image is not supported: {reason}")]
    Unsupported {
        /// The format's name.
        format: &'static str,
        /// What kind it is, and what to save it as.
        reason: String,
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
    /// Decoding the image would take more than [`MAX_DECODE_BYTES`].
    #[error(
        "the image is too large: {width} x {height} pixels of this kind of {format} take \
         {} MiB to decode, at most {} are allowed; save it as an 8-bit grey PNG or make it smaller",
        bytes >> 20,
        MAX_DECODE_BYTES >> 20
    )]
    TooMuchMemory {
        /// The format's name.
        format: &'static str,
        /// Columns that the header promises.
        width: u32,
        /// Rows that the header promises.
        height: u32,
        /// What decoding would take.
        bytes: u64,
    },
}

impl DecodeError {
    /// What a worker reports on chain.
    pub fn failure_code(&self) -> FailureCode {
        match self {
            Self::FileTooLarge { .. } | Self::ImageTooLarge { .. } | Self::TooMuchMemory { .. } => {
                FailureCode::TooLarge
            }
            _ => FailureCode::NotAnImage,
        }
    }
}

/// A decoder's message, fit to stand in a single line.
pub(crate) fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
