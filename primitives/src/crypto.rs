//! Public cryptographic values that are stored on chain.

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::KeyName;

/// The SHA-256 digest of the stored, encrypted bytes.
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
    replace_segment("crypto", "types")
)]
pub struct ContentDigest(pub [u8; 32]);

/// An X25519 public key that content keys are sealed to.
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
    replace_segment("crypto", "types")
)]
pub struct EncryptionKey(pub [u8; 32]);

impl EncryptionKey {
    /// The points of small order, encoded without their highest bit.
    ///
    /// The points of Curve25519 and of its twist whose order divides eight. The
    /// secret agreed on with such a key is one of a few known values, so that
    /// anybody can open what is sealed to it. From RFC 7748, section 6.1, and
    /// Bernstein's list (<https://cr.yp.to/ecdh.html#validate>).
    pub const SMALL_ORDER: [[u8; 32]; 7] = [
        [0; 32],
        small(1),
        [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
            0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
            0x5f, 0x49, 0xb8, 0x00,
        ],
        [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
            0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
            0xd0, 0x9f, 0x11, 0x57,
        ],
        // p - 1; p and p + 1 are other encodings of 0 and 1.
        near_p(0xec),
        near_p(0xed),
        near_p(0xee),
    ];

    /// The short name by which envelopes say that they were made for this key.
    ///
    /// The first 8 bytes of its BLAKE2b-256 hash.
    pub fn name(&self) -> KeyName {
        let hash: [u8; 32] = Blake2b::<U32>::digest(self.0).into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        KeyName([a, b, c, d, e, f, g, h])
    }

    /// Whether this key is insecure because it is one of [`Self::SMALL_ORDER`].
    pub fn is_of_small_order(&self) -> bool {
        let mut bytes = self.0;
        bytes[31] &= 0x7f;
        Self::SMALL_ORDER.contains(&bytes)
    }
}

const fn small(value: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = value;
    bytes
}

/// A number beside p = 2^255 - 19, by its lowest byte.
const fn near_p(lowest: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = lowest;
    bytes[31] = 0x7f;
    bytes
}
