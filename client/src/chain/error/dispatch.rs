//! Why a call that was executed failed.

use std::fmt;

use codec::Decode;
use subxt::Metadata;

use super::{EmrError, InferenceError, RuntimeError};

/// The error of a call that was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchFailure {
    /// The error.
    pub kind: FailureKind,
    /// What its author writes about it: why, and how to avoid it.
    pub docs: String,
}

/// An error of a pallet or of the runtime. [`fmt::Display`] writes its name, such
/// as `Emr.NoGrant`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Of pallet-emr.
    Emr(EmrError),
    /// Of pallet-inference.
    Inference(InferenceError),
    /// Of the runtime itself.
    Runtime(RuntimeError),
    /// Of another pallet, or one that is newer than this program. For people to read.
    Other {
        /// The pallet, such as `Contracts`.
        pallet: String,
        /// The error's name, such as `ContractTrapped`.
        error: String,
    },
}

impl From<EmrError> for FailureKind {
    fn from(error: EmrError) -> Self {
        Self::Emr(error)
    }
}

impl From<InferenceError> for FailureKind {
    fn from(error: InferenceError) -> Self {
        Self::Inference(error)
    }
}

impl From<RuntimeError> for FailureKind {
    fn from(error: RuntimeError) -> Self {
        Self::Runtime(error)
    }
}

impl<T: Into<FailureKind>> From<T> for DispatchFailure {
    fn from(kind: T) -> Self {
        Self { kind: kind.into(), docs: String::new() }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Emr(error) => write!(f, "{}.{error}", EmrError::PALLET),
            Self::Inference(error) => write!(f, "{}.{error}", InferenceError::PALLET),
            Self::Runtime(error) => write!(f, "{error}"),
            Self::Other { pallet, error } => write!(f, "{pallet}.{error}"),
        }
    }
}

impl fmt::Display for DispatchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if !self.docs.is_empty() {
            write!(f, ": {}", self.docs)?;
        }
        Ok(())
    }
}

/// `sp_runtime::DispatchError`, as far as it is told apart here.
#[derive(Decode)]
enum Wire {
    #[codec(index = 0)]
    Other,
    #[codec(index = 1)]
    CannotLookup,
    #[codec(index = 2)]
    BadOrigin,
    #[codec(index = 3)]
    Module { index: u8, error: [u8; 4] },
    #[codec(index = 4)]
    ConsumerRemaining,
    #[codec(index = 5)]
    NoProviders,
    #[codec(index = 6)]
    TooManyConsumers,
    #[codec(index = 7)]
    Token(u8),
    #[codec(index = 8)]
    Arithmetic,
    #[codec(index = 9)]
    Transactional,
    #[codec(index = 10)]
    Exhausted,
    #[codec(index = 11)]
    Corruption,
    #[codec(index = 12)]
    Unavailable,
    #[codec(index = 13)]
    RootNotAllowed,
    #[codec(index = 14)]
    Trie,
}

impl DispatchFailure {
    /// Reads an `sp_runtime::DispatchError` from the front of `bytes`. One that
    /// this program does not know is a failure all the same.
    pub(in crate::chain) fn decode(mut bytes: &[u8], metadata: &Metadata) -> Self {
        let error = match Wire::decode(&mut bytes).unwrap_or(Wire::Other) {
            Wire::Module { index, error } => return Self::of_pallet(index, error[0], metadata),
            Wire::Token(index) => RuntimeError::of_token(index),
            Wire::Other => RuntimeError::Other,
            Wire::CannotLookup => RuntimeError::CannotLookup,
            Wire::BadOrigin => RuntimeError::BadOrigin,
            Wire::ConsumerRemaining => RuntimeError::ConsumerRemaining,
            Wire::NoProviders => RuntimeError::NoProviders,
            Wire::TooManyConsumers => RuntimeError::TooManyConsumers,
            Wire::Arithmetic => RuntimeError::Arithmetic,
            Wire::Transactional => RuntimeError::Transactional,
            Wire::Exhausted => RuntimeError::Exhausted,
            Wire::Corruption => RuntimeError::Corruption,
            Wire::Unavailable => RuntimeError::Unavailable,
            Wire::RootNotAllowed => RuntimeError::RootNotAllowed,
            Wire::Trie => RuntimeError::Trie,
        };
        Self { kind: error.into(), docs: error.docs().to_owned() }
    }

    fn of_pallet(pallet: u8, error: u8, metadata: &Metadata) -> Self {
        let Some(found) = metadata.pallet_by_error_index(pallet) else {
            let (pallet, error) = (format!("pallet {pallet}"), format!("error {error}"));
            return Self { kind: FailureKind::Other { pallet, error }, docs: String::new() };
        };
        let variant = found.error_variant_by_index(error);
        let name = variant.map_or_else(|| format!("error {error}"), |variant| variant.name.clone());
        Self {
            kind: FailureKind::of(found.name(), name),
            docs: variant.map_or_else(String::new, |variant| one_line(&variant.docs)),
        }
    }
}

impl FailureKind {
    fn of(pallet: &str, error: String) -> Self {
        let known = match pallet {
            EmrError::PALLET => EmrError::from_name(&error).map(Self::Emr),
            InferenceError::PALLET => InferenceError::from_name(&error).map(Self::Inference),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Other { pallet: pallet.to_owned(), error })
    }
}

/// Documentation comments as one line of text.
fn one_line(docs: &[String]) -> String {
    let words: Vec<&str> = docs.iter().flat_map(|line| line.split_whitespace()).collect();
    words.join(" ")
}
