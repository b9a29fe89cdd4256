//! Points in time as RFC 3339 in UTC, and durations in milliseconds.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

const SECOND: u64 = 1000;
const DAY: u64 = 86_400 * SECOND;

/// The milliseconds since `started`.
pub fn elapsed_ms(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A system clock's time.
pub fn of(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    shown(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A time given in milliseconds since 1970, such as `2026-11-26T00:54:47.123Z`.
pub fn shown(milliseconds: u64) -> String {
    let (year, month, day) = date(milliseconds / DAY);
    let rest = milliseconds % DAY;
    let (seconds, thousandths) = (rest / SECOND, rest % SECOND);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{:02}.{thousandths:03}Z",
        seconds % 60
    )
}

/// The year, month and day that lie `days` after 1 January 1970.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`.
fn date(days: u64) -> (u64, u64, u64) {
    // Counting years from March puts the leap day last.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_match_the_calendar() {
        // From `date -u -d @… --iso-8601=seconds`.
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_772_323_199, "2026-02-28T23:59:59.000Z"),
            (1_772_323_200, "2026-03-01T00:00:00.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(shown(seconds * SECOND), expected);
        }
        assert_eq!(shown(1_764_118_487_123), "2025-11-26T00:54:47.123Z");
        assert!(shown(u64::MAX).ends_with('Z'));
        assert_eq!(of(UNIX_EPOCH), shown(0));
    }
}
