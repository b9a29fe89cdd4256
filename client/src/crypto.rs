//! How content is encrypted and how its key reaches its readers.
//!
//! A file is `MCX1`, a nonce of 24 bytes, and XChaCha20-Poly1305 of the
//! content; the associated data are `MCX1` and the patient's account, so that
//! one patient's file cannot be passed off as another's. The content key of 32
//! random bytes is new for every file and travels in a sealed box of libsodium
//! (`crypto_box_seal`: X25519, XSalsa20-Poly1305) to each reader.
//!
//! How the key is shared among custodians, [`crate::custody`] says.
//!
//! Everything secret about verdicts is derived from the content key as well, as
//! `medchain-verdicts` says.

mod custodian;
mod derive;
mod envelope;
mod file;
mod verdict;

use medchain_primitives::ContentDigest;
use medchain_sharing::SharingError;
use rand_core::{OsRng, RngCore};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub(crate) use custodian::custodian_secret;
pub use envelope::{seal, EncryptionSecret};
pub use file::{decrypt, encrypt, OVERHEAD};
pub use medchain_verdicts::{
    answer_commitment, answer_salt, InputSalt, VerdictKey, VerdictName, Wrong,
};

/// Why something could not be encrypted or decrypted. No variant holds or reveals a
/// secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The file does not start as an encrypted file of MedChain does.
    #[error("the file is not one that MedChain encrypted")]
    NotEncrypted,
    /// The file ends before its nonce and tag.
    #[error("the encrypted file is truncated: it has only {length} bytes")]
    Truncated {
        /// The length of the file.
        length: usize,
    },
    /// The key is not this file's, the file is another patient's, or bytes
    /// were changed or are missing. A cipher cannot tell which.
    #[error("the key does not fit this file and patient, or the file was changed")]
    Authentication,
    /// The envelope is sealed to another key, or was changed.
    #[error("the envelope is not sealed to this key")]
    Envelope,
    /// Anybody could open what is sealed to this public key.
    #[error(
        "the reader's encryption key is of small order and not safe to seal to; the reader \
         publishes a new one with `medchain key publish`"
    )]
    WeakKey,
    /// A key could not be shared among custodians, or not be put together again.
    #[error(transparent)]
    Sharing(#[from] SharingError),
    /// More than the cipher can encrypt: 256 GiB.
    #[error("the content is too long to encrypt: at most 256 GiB")]
    TooLong,
    /// The system returned no random bytes.
    #[error("the operating system returned no random bytes")]
    NoRandomness,
}

impl CryptoError {
    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::NoRandomness)
    }
}

/// The key of one file's content.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ContentKey([u8; 32]);

impl ContentKey {
    /// A new random key.
    ///
    /// # Panics
    ///
    /// Where the operating system has no randomness at all.
    pub fn generate() -> Self {
        let mut key = Self([0; 32]);
        OsRng.fill_bytes(&mut key.0);
        key
    }

    /// The key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes. They are all that is needed to read the content.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContentKey(…)")
    }
}

/// SHA-256 of stored bytes, as a record has it.
pub fn digest(bytes: &[u8]) -> ContentDigest {
    ContentDigest(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests;
