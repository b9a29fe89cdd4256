//! What can go wrong with keys.

use std::{io, path::PathBuf};

use thiserror::Error;

/// Why there is no identity. No variant holds a secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no such key file.
    #[error("there is no key file {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file exists, and it may hold the only copy of a secret.
    #[error("{} already exists and is not overwritten", path.display())]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// Users other than the owner may read or write the file.
    #[error("others may open {path} (mode {mode:04o}): type  chmod 600 {path}", path = path.display())]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a key file.
    #[error("{} is not a key file: {reason}; `medchain key new` makes one", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Not a secret.
    #[error("this is neither a mnemonic nor a seed in hexadecimal")]
    InvalidSecret,
    /// Not an account.
    #[error("`{text}` is not an account: give an ss58 address, or 0x and 64 digits")]
    InvalidAccount {
        /// What was given.
        text: String,
    },
    /// A development secret where none is allowed.
    #[error("a development key such as //Alice is public; it is accepted only with --dev")]
    DevNotAllowed,
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system returned no random bytes.
    #[error("the system has no randomness")]
    NoRandomness,
}

impl KeyError {
    /// Whether the same request may succeed later without anybody changing it.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::NoRandomness)
    }
}
