//! Randomness: the operating system's, and what failed of it.

use core::convert::Infallible;

#[cfg(feature = "getrandom")]
pub(crate) use getrandom::SysRng as System;

use crate::{
    rand_core::{TryCryptoRng, TryRng},
    CryptoError,
};

/// A generator that never fails, over one that may, for libraries that want the first.
///
/// After a failure it returns zeros, and [`Self::finish`] says so: what was made with it must not
/// be used.
pub(crate) struct Noted<'a, R> {
    random: &'a mut R,
    failed: bool,
}

impl<'a, R: TryCryptoRng> Noted<'a, R> {
    pub(crate) fn new(random: &'a mut R) -> Self {
        Self { random, failed: false }
    }

    /// Whether all bytes were random.
    pub(crate) fn finish(self) -> Result<(), CryptoError> {
        if self.failed {
            Err(CryptoError::NoRandomness)
        } else {
            Ok(())
        }
    }
}

impl<R: TryCryptoRng> TryRng for Noted<'_, R> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        if self.failed || self.random.try_fill_bytes(bytes).is_err() {
            self.failed = true;
            bytes.fill(0);
        }
        Ok(())
    }
}

impl<R: TryCryptoRng> TryCryptoRng for Noted<'_, R> {}
