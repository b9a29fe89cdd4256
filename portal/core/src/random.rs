//! The browser's randomness.

use rand_core::{CryptoRng, RngCore};

/// Random bytes, for libraries whose generators never fail: what was made with one that did must
/// not be used.
#[derive(Default)]
pub struct Random {
    failed: bool,
}

impl Random {
    /// Whether what was made may be used.
    ///
    /// # Errors
    /// Where there was no randomness.
    pub fn finish(self) -> Result<(), String> {
        if self.failed {
            Err("this browser gives no random bytes".into())
        } else {
            Ok(())
        }
    }
}

impl RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        if self.failed || getrandom::fill(bytes).is_err() {
            self.failed = true;
            bytes.fill(0);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Random {}
