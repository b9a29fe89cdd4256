//! Why something could not be encrypted or decrypted.

use medchain_primitives::ENVELOPE_VERSION;
use medchain_sharing::SharingError;

/// Why something could not be encrypted or decrypted. No variant holds or reveals a
/// secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CryptoError {
    /// The file does not start as an encrypted file of MedChain does.
    NotEncrypted,
    /// The file has another version of the format.
    UnknownFormat {
        /// The first four bytes of the file: `MCX` and the version.
        magic: [u8; 4],
    },
    /// The file ends before its shortest content.
    Truncated {
        /// The length of the file.
        length: usize,
    },
    /// The key is not this file's, the file is another patient's, or bytes
    /// were changed or are missing. A cipher cannot tell which.
    Authentication,
    /// The file opened, but its content is not padded as the format says.
    InvalidPadding,
    /// The envelope has a version that this release does not know.
    UnknownEnvelope {
        /// The version that it has.
        version: u8,
    },
    /// The envelope says that it was made for another key.
    EnvelopeForAnotherKey,
    /// The envelope names this key and does not open: it was made for another chain, patient,
    /// content or reader, or it is garbage.
    Envelope,
    /// Anybody could open what is sealed to this public key.
    WeakKey,
    /// A key could not be shared among custodians, or not be put together again.
    Sharing(SharingError),
    /// The content is longer than [`MAX_CONTENT_LENGTH`](crate::MAX_CONTENT_LENGTH).
    TooLong,
    /// The system returned no random bytes.
    NoRandomness,
}

impl CryptoError {
    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::NoRandomness)
    }
}

impl core::fmt::Display for CryptoError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotEncrypted => f.write_str("the file is not one that MedChain encrypted"),
            Self::UnknownFormat { magic } => write!(
                f,
                "the file is in the format {}, which this release does not read; open it with \
                 the release that made it, and upload it again",
                magic.escape_ascii()
            ),
            Self::Truncated { length } => {
                write!(f, "the encrypted file is truncated: it has only {length} bytes")
            }
            Self::Authentication => {
                f.write_str("the key does not fit this file and patient, or the file was changed")
            }
            Self::InvalidPadding => f.write_str(
                "the file opens, but its padding is invalid: the program that made it is faulty",
            ),
            Self::UnknownEnvelope { version } => write!(
                f,
                "the envelope is of version {version}, and this release knows version \
                 {ENVELOPE_VERSION} alone; update it"
            ),
            Self::EnvelopeForAnotherKey => f.write_str("the envelope was made for another key"),
            Self::Envelope => f.write_str(
                "the envelope does not open: it was made for another chain, patient, content or \
                 reader, or contains no key",
            ),
            Self::WeakKey => f.write_str(
                "the reader's encryption key is of small order and not safe to seal to; the \
                 reader publishes a new one with `medchain key publish`",
            ),
            Self::Sharing(error) => error.fmt(f),
            Self::TooLong => f.write_str("the content is too long to encrypt: at most 64 GiB"),
            Self::NoRandomness => f.write_str("the operating system returned no random bytes"),
        }
    }
}

impl core::error::Error for CryptoError {}

impl From<SharingError> for CryptoError {
    fn from(error: SharingError) -> Self {
        Self::Sharing(error)
    }
}
