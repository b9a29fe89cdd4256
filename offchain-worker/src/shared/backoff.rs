//! How long to wait before the next attempt.

use std::time::Duration;

/// Exponential backoff: each wait is twice as long as the one before, up to a limit.
/// Half of each wait is random, so that workers that failed together do not retry
/// together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first failed attempt.
    pub first: Duration,
    /// The limit of all waits.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after failed attempt number `attempt`, counted from 1. `chance` is
    /// uniform in `[0, 1)`.
    pub fn delay(&self, attempt: u32, chance: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(30);
        let full = self.first.saturating_mul(1u32 << doublings).min(self.longest);
        let chance = if chance.is_finite() { chance.clamp(0.0, 1.0) } else { 0.5 };
        full.mul_f64(0.5 + chance / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BACKOFF: Backoff =
        Backoff { first: Duration::from_secs(2), longest: Duration::from_secs(60) };

    #[test]
    fn the_schedule_doubles_up_to_its_limit() {
        let check = |attempt, chance, millis| {
            assert_eq!(
                BACKOFF.delay(attempt, chance),
                Duration::from_millis(millis),
                "attempt {attempt}, chance {chance}"
            );
        };
        check(0, 1.0, 2_000);
        check(1, 0.0, 1_000);
        check(1, 0.5, 1_500);
        check(1, 1.0, 2_000);
        check(2, 0.0, 2_000);
        check(3, 0.0, 4_000);
        check(5, 1.0, 32_000);
        check(6, 1.0, 60_000);
        check(6, 0.0, 30_000);
        check(u32::MAX, 1.0, 60_000);
        check(1, f64::NAN, 1_500);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_zero_and_never_over_the_limit(attempt: u32, chance in 0.0f64..1.0) {
            let delay = BACKOFF.delay(attempt, chance);
            prop_assert!(delay >= BACKOFF.first / 2 && delay <= BACKOFF.longest);
        }
    }
}
