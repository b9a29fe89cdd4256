//! The machine's clock and randomness.

use std::time::{Duration, Instant};

use rand_core::{OsRng, RngCore};

use super::ports::{Clock, ClockError};

/// Time since it was started, and the operating system's randomness.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn chance(&self) -> Result<f64, ClockError> {
        let mut bytes = [0u8; 4];
        OsRng.try_fill_bytes(&mut bytes).map_err(|_| ClockError::NoRandomness)?;
        Ok(f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0))
    }
}

/// Whole milliseconds, for the log.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
