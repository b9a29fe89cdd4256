//! What can go wrong with keys.

use std::{
    io,
    path::{Path, PathBuf},
};

use medchain_keys::FileError;
use thiserror::Error;

/// Why there is no identity. No variant holds a secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no such key file.
    #[error("there is no key file {}; `medchain key new` creates one", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file exists, and it may hold the only copy of a secret.
    #[error("{} already exists and is not overwritten; choose another name", path.display())]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// Users other than the owner may read or write the file.
    #[error(
        "other users can {} {path} (mode {mode:04o}); run `chmod 600 {path}`",
        if mode & 0o044 == 0 { "access" } else { "read" },
        path = path.display()
    )]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a key file.
    #[error("{} is not a key file: {reason}; `medchain key new` creates one", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A wallet's file, but not one with an account of ours.
    #[error("{} {what}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is, and the way out.
        what: &'static str,
    },
    /// The key file is encrypted.
    #[error(
        "{} is encrypted; name a file with its passphrase, which only you can read, with \
         --passphrase-file, or a program that prints it with --passphrase-command",
        path.display()
    )]
    PassphraseNeeded {
        /// The key file.
        path: PathBuf,
    },
    /// The passphrase is another one, or the file was changed. A cipher cannot tell which.
    #[error("the passphrase does not open {}", path.display())]
    WrongPassphrase {
        /// The key file.
        path: PathBuf,
    },
    /// Not a passphrase for a new key file.
    #[error("this passphrase cannot be used: {reason}")]
    WeakPassphrase {
        /// What is wrong with it.
        reason: String,
    },
    /// Not a file with a passphrase.
    #[error("{} is not a file with a passphrase on its only line: {reason}", path.display())]
    MalformedPassphrase {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The program that should print the passphrase did not. Its output is not told.
    #[error("the passphrase command `{program}` {reason}")]
    PassphraseProgram {
        /// The program, without its arguments.
        program: String,
        /// What is wrong, and the way out.
        reason: String,
    },
    /// A file and a program are both named.
    #[error(
        "--passphrase-file and --passphrase-command are both given, by flag, variable or \
         configuration file: leave one of them out"
    )]
    TwoPassphrases,
    /// Not a list of known keys.
    #[error(
        "line {line} of {} is not a known key, which is a genesis hash, an address, a kind and a key; \
         correct it, or delete the line",
        path.display()
    )]
    MalformedKnownKeys {
        /// The file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
    },
    /// Not the secret of a request.
    #[error("{} does not hold the secret of a request for access; delete it", path.display())]
    MalformedReply {
        /// The file.
        path: PathBuf,
    },
    /// Not a secret.
    #[error("the secret is neither a mnemonic nor a seed, which is 0x and 64 hexadecimal digits")]
    InvalidSecret,
    /// Not an account.
    #[error("`{text}` is not an account; give an SS58 address, or 0x and 64 hexadecimal digits")]
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
    #[error("the operating system returned no random bytes")]
    NoRandomness,
}

impl KeyError {
    /// What is wrong with the file at `path`.
    pub(super) fn in_file(error: FileError, path: &Path) -> Self {
        let path = path.to_owned();
        match error {
            FileError::Foreign(what) => Self::Foreign { path, what },
            FileError::PassphraseNeeded => Self::PassphraseNeeded { path },
            FileError::WrongPassphrase => Self::WrongPassphrase { path },
            FileError::NoRandomness => Self::NoRandomness,
            FileError::Malformed(reason) => Self::Malformed { path, reason },
            other => Self::Malformed { path, reason: other.to_string() },
        }
    }

    /// Whether the same request may succeed later without anybody changing it.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::NoRandomness)
    }
}
