//! Errors that a page says in the language of its user.
//!
//! Before the sentence stands its kind: `[empty-file] the file is empty`. The page takes it off,
//! and has words for it in each language (`kinds` in `portal/src/i18n`). What has no kind is said
//! as it is.

use medchain_keys::FileError;
use medchain_report::{CodeError, ReadError};
use medchain_vision::{DecodeError, DeidentifyError};

/// An error that the page may have words for.
pub trait Kind: core::fmt::Display {
    /// What the page knows it by; nothing where it has no words for it.
    fn kind(&self) -> Option<&'static str>;
}

impl Kind for DecodeError {
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Empty => Some("empty-file"),
            Self::NotAnImage => Some("not-an-image"),
            Self::Truncated { .. } | Self::Corrupt { .. } => Some("damaged-image"),
            Self::FileTooLarge { .. } => Some("file-too-large"),
            Self::ImageTooLarge { .. } | Self::TooMuchMemory { .. } => Some("image-too-large"),
            _ => None,
        }
    }
}

impl Kind for DeidentifyError {
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Decode(error) => error.kind(),
            Self::Changed => Some("not-cleaned"),
            _ => None,
        }
    }
}

impl Kind for FileError {
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Malformed(_) => Some("not-a-key-file"),
            Self::PassphraseNeeded => Some("passphrase-needed"),
            Self::WrongPassphrase => Some("wrong-passphrase"),
            _ => None,
        }
    }
}

impl Kind for ReadError {
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::NotAPdf => Some("not-a-pdf"),
            Self::NoValues => Some("not-a-report"),
            Self::BadValues(_) => Some("unread-report"),
            _ => None,
        }
    }
}

impl Kind for CodeError {
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::NotACode => Some("not-a-code"),
            Self::Version(_) => Some("newer-code"),
            Self::Damaged => Some("damaged-code"),
            _ => None,
        }
    }
}

/// The sentence, after its kind.
pub fn marked(error: &impl Kind) -> String {
    match error.kind() {
        Some(kind) => format!("[{kind}] {error}"),
        None => error.to_string(),
    }
}
