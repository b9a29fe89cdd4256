//! Why a file gives no secret.

use thiserror::Error;

/// Why a file gives no secret. No variant holds one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileError {
    /// Not the account JSON of wallets.
    #[error("this is not a key file: {0}")]
    Malformed(String),
    /// A wallet's file, but not one with an account of ours.
    #[error("this file {0}")]
    Foreign(&'static str),
    /// The file is encrypted.
    #[error("this key file is encrypted, and opens with its passphrase")]
    PassphraseNeeded,
    /// The passphrase is another one, or the file was changed. A cipher cannot tell which.
    #[error("the passphrase does not open this key file")]
    WrongPassphrase,
    /// The system returned no random bytes.
    #[error("the system returned no random bytes")]
    NoRandomness,
}
