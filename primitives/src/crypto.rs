//! Public cryptographic values that stand on chain.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// An ephemeral X25519 key (32), a Poly1305 tag (16) and the content key (32).
pub const SEALED_KEY_LENGTH: usize = 80;

/// SHA-256 of the stored, encrypted bytes.
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
pub struct ContentDigest(pub [u8; 32]);

/// An X25519 public key, to which content keys are sealed.
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
pub struct EncryptionKey(pub [u8; 32]);

/// A 32-byte content key in a libsodium sealed box (`crypto_box_seal`).
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
pub struct SealedKey(pub [u8; SEALED_KEY_LENGTH]);
