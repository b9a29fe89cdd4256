//! Points in time as RFC 3339 in UTC, and durations in milliseconds.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use medchain_report::Moment;

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
    let Moment { year, month, day, hour, minute, second } = Moment::at(milliseconds);
    let thousandths = milliseconds % SECOND;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{thousandths:03}Z")
}

/// The milliseconds since 1970 of a date, such as `2026-11-29`, or of a time on it in UTC, such as
/// `2026-11-29T07:30:00Z`.
pub fn parse(text: &str) -> Option<u64> {
    let (day, clock) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let [year, month, day] = numbers(day, '-')?;
    let [hour, minute, second] = numbers(clock.strip_suffix('Z')?, ':')?;
    let in_range = (1970..10_000).contains(&year) && hour < 24 && minute < 60 && second < 60;
    let days = days(year, month, day);
    // A day that there is comes back as itself.
    let exists = in_range && days.is_some_and(|days| date(days) == (year, month, day));
    let seconds = (hour * 60 + minute) * 60 + second;
    days.filter(|_| exists).map(|days| days * DAY + seconds * SECOND)
}

/// Three numbers of digits alone.
fn numbers(text: &str, separator: char) -> Option<[u64; 3]> {
    let number = |part: &str| {
        let digits = (1..=4).contains(&part.len()) && part.bytes().all(|one| one.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    };
    let all: Option<Vec<u64>> = text.split(separator).map(number).collect();
    all?.try_into().ok()
}

/// The days from 1 January 1970 to this one, where there is such a day.
///
/// Source: as [`Moment::at`], `days_from_civil`.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month > 2 { year } else { year.checked_sub(1)? };
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

/// The year, month and day that lie `days` after 1 January 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let Moment { year, month, day, .. } = Moment::at(days.saturating_mul(DAY));
    (year.into(), month.into(), day.into())
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
        let last = shown(u64::MAX);
        assert!(last.starts_with("9999-") && last.ends_with('Z'), "{last}");
        assert_eq!(of(UNIX_EPOCH), shown(0));
    }

    #[test]
    fn dates_are_read_as_they_are_shown() {
        for time in [0, 951_782_400, 1_772_323_199, 1_772_323_200, 4_107_542_400] {
            let shown = shown(time * SECOND);
            let text = shown.replace(".000Z", "Z");
            assert_eq!(parse(&text), Some(time * SECOND), "{text}");
        }
        assert_eq!(parse("2000-02-29"), Some(951_782_400 * SECOND));
        for text in [
            "",
            "1200",
            "2026-11",
            "2026-02-29",
            "2026-13-01",
            "2026-11-00",
            "2026-11-31",
            "1969-12-31",
            "2026-11-29T",
            "2026-11-29T24:00:00Z",
            "2026-11-29T07:30Z",
            "2026-11-29T07:30:00",
            "2026-+1-29",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
