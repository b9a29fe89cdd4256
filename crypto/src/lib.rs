//! How content is encrypted, and how its key reaches its readers.
//!
//! A file ([`encrypt`], [`decrypt`]) is padded, encrypted under a content key of 32 random bytes
//! that is new for every file, and commits to that key: it opens under no other. The content key
//! travels in an envelope ([`seal`], [`EncryptionSecret::open`]) to each reader: HPKE (RFC 9180),
//! bound to chain, patient, content and reader. `docs/adr/0028-envelopes-and-files.md` has the
//! reasons and the layout of both.
//!
//! Everything secret about verdicts is derived from the content key as well, as
//! `medchain-verdicts` says.
//!
//! The crate does no IO. Without the feature `getrandom` it needs no operating system either:
//! callers pass a generator of random bytes to the functions that end in `_with`.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing))]

extern crate alloc;

mod custodian;
mod derive;
mod envelope;
mod error;
mod file;
mod key;
mod random;
mod reply;
mod secret;
#[cfg(test)]
mod tests;
mod verdict;
mod x25519;

use alloc::vec::Vec;

use medchain_primitives::ContentDigest;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

pub use custodian::custodian_secret;
#[cfg(feature = "getrandom")]
pub use envelope::seal;
pub use envelope::{seal_with, EnvelopeName, Sealed};
pub use error::CryptoError;
#[cfg(feature = "getrandom")]
pub use file::encrypt;
pub use file::{
    decrypt, encrypt_again, encrypt_with, encrypted_length, file_header, MAX_CONTENT_LENGTH,
};
/// The traits of the generators that the functions ending in `_with` take.
pub use hpke::rand_core;
pub use key::ContentKey;
pub use medchain_verdicts::{
    answer_commitment, answer_salt, InputSalt, VerdictKey, VerdictName, Wrong,
};
pub use secret::EncryptionSecret;

/// SHA-256 of stored bytes, as a record has it.
pub fn digest(bytes: &[u8]) -> ContentDigest {
    ContentDigest(Sha256::digest(bytes).into())
}

/// Overwrites secret bytes, and frees them.
///
/// `Zeroizing` does so too, compiled with whatever drops it: in a development build, which optimises
/// this crate, it takes more than a millisecond to overwrite a film elsewhere.
#[inline(never)]
pub fn wipe(bytes: &mut Vec<u8>) {
    let mut taken = core::mem::take(bytes);
    taken.zeroize();
}
