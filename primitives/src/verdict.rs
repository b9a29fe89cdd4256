//! What the chain stores of a verdict that only the readers of the film can read.
//!
//! `medchain-verdicts` says how these values are made.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{names::named_enum, ModelId};

/// The longest sealed answer, in bytes: a tag of 16 and an output of eight classes.
pub const MAX_SEALED_LENGTH: u32 = 64;

/// The most workers that one request can ask for.
pub const MAX_QUORUM: u32 = 7;

/// A worker's answer, encrypted under the key of this verdict.
///
/// The encryption is deterministic: two workers that computed the same output have the same
/// bytes, so that the chain can compare answers without reading them.
pub type SealedAnswer = BoundedVec<u8, ConstU32<MAX_SEALED_LENGTH>>;

/// Defines a type of 32 public bytes.
macro_rules! bytes32 {
    ($(#[$meta:meta])* pub struct $name:ident;) => {
        $(#[$meta])*
        #[derive(
            Clone,
            Copy,
            Debug,
            PartialEq,
            Eq,
            Encode,
            Decode,
            DecodeWithMemTracking,
            MaxEncodedLen,
            TypeInfo,
        )]
        #[scale_info(
            replace_segment("medchain_primitives", "medchain"),
            replace_segment("verdict", "types")
        )]
        pub struct $name(pub [u8; 32]);
    };
}

bytes32! {
    /// The salted Merkle root of the grey square that a network sees of a film.
    ///
    /// Whoever does not hold the film's content key cannot confirm a guess at the film with it.
    pub struct InputRoot;
}

bytes32! {
    /// The hash of a record's verdict root, to which the uploader commits.
    pub struct VerdictCommitment;
}

bytes32! {
    /// A worker's commitment to an answer that it reveals later.
    pub struct AnswerCommitment;
}

bytes32! {
    /// What hides an answer in its commitment until the worker reveals both.
    pub struct AnswerSalt;
}

/// The secret of a record from which the keys of its verdicts are derived.
///
/// It is derived from the content key itself, and public only where the patient discloses it.
#[derive(
    Clone, Copy, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("verdict", "types")
)]
pub struct VerdictRoot(pub [u8; 32]);

impl core::fmt::Debug for VerdictRoot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("VerdictRoot(…)")
    }
}

/// What the uploader of a chest X-ray commits to.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("verdict", "types")
)]
pub struct FilmCommitments {
    /// The root of the square that preprocessing makes of the film.
    pub input_root: InputRoot,
    /// The hash of the secret from which the keys of the verdicts are derived.
    pub verdicts: VerdictCommitment,
}

/// An order to run a model on a record.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(
    replace_segment("medchain_primitives", "medchain"),
    replace_segment("verdict", "types")
)]
pub struct InferenceOrder<AccountId> {
    /// The model to run.
    pub model: ModelId,
    /// The number of workers whose answers must be equal, 1 to 7.
    pub quorum: u8,
    /// The worker to ask, if the quorum is 1; without it the chain draws one.
    pub worker: Option<AccountId>,
}

impl<AccountId> InferenceOrder<AccountId> {
    /// About how many accounts a patient's policy is asked at most: whoever orders, and the worker
    /// that is named.
    pub fn questions(&self) -> u64 {
        u64::from(self.worker.is_some()).saturating_add(1)
    }
}

named_enum! {
    /// Whether two honest workers give the same bytes.
    pub enum Arithmetic is "an arithmetic" {
        /// The network computes in integers: equal everywhere, so that answers can be compared.
        Exact = 0 => "exact",
        /// The network computes in floats, whose last bits differ: one worker answers alone.
        Float = 1 => "float",
    }
}
