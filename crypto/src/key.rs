//! Content keys.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::rand_core::CryptoRng;
#[cfg(feature = "getrandom")]
use crate::random::System;

/// The key of one file's content.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ContentKey([u8; 32]);

impl ContentKey {
    /// A new random key.
    ///
    /// # Panics
    ///
    /// Where the operating system has no randomness at all.
    #[cfg(feature = "getrandom")]
    pub fn generate() -> Self {
        Self::generate_with(&mut crate::rand_core::UnwrapErr(System))
    }

    /// A new key of these random bytes.
    pub fn generate_with(random: &mut impl CryptoRng) -> Self {
        let mut key = Self([0; 32]);
        random.fill_bytes(&mut key.0);
        key
    }

    /// The key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes. They are all that is needed to read the content.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl core::fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ContentKey(…)")
    }
}
