//! What is sent and stored: public bytes of fixed size, decoded when they are used.
//!
//! Decoding from SCALE checks lengths alone. Points and scalars are checked where something is
//! verified, so that a call with bad bytes fails with an error that names the cause.

use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::{
    curve::{self, Point},
    SharingError,
};

/// The most custodians that can share one key.
pub const MAX_CUSTODIANS: u32 = 16;

/// Defines a type of public bytes.
macro_rules! bytes {
    ($($(#[$meta:meta])* pub struct $name:ident($length:literal);)*) => {$(
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
            replace_segment("medchain_sharing", "medchain"),
            replace_segment("wire", "types")
        )]
        pub struct $name(pub [u8; $length]);
    )*};
}

bytes! {
    /// The public key y = xG of a custodian: an encoded point.
    ///
    /// Use it only after [`CustodianKey::verify`]: keys without a proof let a single custodian
    /// open what is shared among several.
    pub struct CustodianKey(32);

    /// A reader's public key R = sG for one request: an encoded point.
    pub struct ReplyKey(32);

    /// The public half of an encryption's randomness, rG or kG: an encoded point.
    pub struct EphemeralKey(32);

    /// A share, encrypted to a custodian or to a reader: an encoded point.
    pub struct EncryptedShare(32);

    /// What a verified dealing is known by: a hash of the dealing, of those that it is for, and
    /// of its context.
    pub struct DealingId(32);

    /// A content key, encrypted under the shared secret: 32 bytes and a tag of 16.
    pub struct WrappedKey(48);

    /// The proof that somebody knows the secret of a custodian's key: challenge, response.
    pub struct KeyProof(64);

    /// The proof that the shares are of one polynomial of degree t - 1: challenge, two responses.
    pub struct DealingProof(96);

    /// The proof that a delivery is the custodian's share: challenge, two responses.
    pub struct DeliveryProof(96);
}

/// Implements the decoding of a point.
macro_rules! points {
    ($($name:ident)*) => {$(
        impl $name {
            /// Decodes the point.
            pub(crate) fn point(&self) -> Result<Point, SharingError> {
                curve::point(&self.0)
            }

            /// Encodes a point.
            #[cfg(feature = "dealing")]
            pub(crate) fn of(point: &Point) -> Self {
                Self(point.compress().to_bytes())
            }
        }
    )*};
}

points! { CustodianKey ReplyKey EphemeralKey EncryptedShare }

impl ReplyKey {
    /// Checks that a share can be delivered to this key.
    ///
    /// # Errors
    /// [`SharingError::InvalidPoint`]
    pub fn check(&self) -> Result<(), SharingError> {
        self.point().map(|_| ())
    }
}

/// A content key, shared among custodians: 177 bytes and 32 for each of them.
///
/// It says neither among whom nor with which threshold: those who verify it know that better.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(replace_segment("medchain_sharing", "medchain"), replace_segment("wire", "types"))]
pub struct Dealing {
    /// D = rG, for all of its shares.
    pub ephemeral: EphemeralKey,
    /// Cᵢ = p(i)G + r·yᵢ, in the order of the custodians; the first has the number i = 1.
    pub shares: BoundedVec<EncryptedShare, ConstU32<MAX_CUSTODIANS>>,
    /// The content key, encrypted under p(0)G.
    pub wrapped: WrappedKey,
    /// The proof that D and the shares have this form, for a p of degree exactly t - 1.
    pub proof: DealingProof,
}

/// A dealing that was verified, without its proof: 113 bytes and 32 for each custodian.
///
/// Only [`Dealing::verify`] makes one. Whoever reads it trusts what it was read from: the state
/// of a chain that verified it.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(replace_segment("medchain_sharing", "medchain"), replace_segment("wire", "types"))]
pub struct VerifiedDealing {
    /// What the dealing is known by.
    pub id: DealingId,
    /// D = rG, for all of its shares.
    pub ephemeral: EphemeralKey,
    /// Cᵢ = p(i)G + r·yᵢ, in the order of the custodians; the first has the number i = 1.
    pub shares: BoundedVec<EncryptedShare, ConstU32<MAX_CUSTODIANS>>,
    /// The content key, encrypted under p(0)G.
    pub wrapped: WrappedKey,
}

/// What a call carries to entrust a key: the dealing, and the threshold that it was made for.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[scale_info(replace_segment("medchain_sharing", "medchain"), replace_segment("wire", "types"))]
pub struct Entrustment {
    /// The number t of shares that open the key.
    pub threshold: u8,
    /// The key, shared among the custodians.
    pub dealing: Dealing,
}

/// A share on its way from a custodian to a reader: 160 bytes.
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
#[scale_info(replace_segment("medchain_sharing", "medchain"), replace_segment("wire", "types"))]
pub struct Delivery {
    /// E = kG.
    pub ephemeral: EphemeralKey,
    /// B = p(i)G + kR.
    pub share: EncryptedShare,
    /// The proof that B has this form, for the share that was entrusted to the custodian.
    pub proof: DeliveryProof,
}

/// A delivery that was verified, without its proof: 64 bytes.
///
/// Only [`Delivery::verify`] makes one. Whoever reads it trusts what it was read from.
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
#[scale_info(replace_segment("medchain_sharing", "medchain"), replace_segment("wire", "types"))]
pub struct VerifiedDelivery {
    /// E = kG.
    pub ephemeral: EphemeralKey,
    /// B = p(i)G + kR.
    pub share: EncryptedShare,
}

/// The share that a dealing entrusted to one custodian: 129 bytes.
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
#[scale_info(replace_segment("medchain_sharing", "medchain"), replace_segment("wire", "types"))]
pub struct EntrustedShare {
    /// The dealing.
    pub dealing: DealingId,
    /// The number of the share, counted from 1.
    pub number: u8,
    /// The custodian's key at the time of the dealing.
    pub key: CustodianKey,
    /// The dealing's ephemeral key.
    pub ephemeral: EphemeralKey,
    /// The share, encrypted to the custodian.
    pub share: EncryptedShare,
}
