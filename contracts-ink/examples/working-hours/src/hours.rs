//! A part of the day.

const MINUTE: u64 = 60 * 1000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const DAY_MINUTES: i16 = 24 * 60;

/// A daily time span between two full hours of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Hours {
    from: u8,
    to: u8,
    /// How many milliseconds the clock is ahead of UTC: at least 0, and less than a day.
    ahead: u32,
}

impl Hours {
    /// Creates the span from the hour `from` to the hour `to`, on a clock that is
    /// `offset` minutes ahead of UTC. None if these are not valid hours.
    pub fn new(from: u8, to: u8, offset: i16) -> Option<Self> {
        let is_offset = offset.unsigned_abs() < DAY_MINUTES.unsigned_abs();
        if from > 23 || to > 23 || from == to || !is_offset {
            return None;
        }
        // A clock that is behind UTC is ahead of it by the rest of the day.
        let minutes = u32::try_from(offset.checked_rem_euclid(DAY_MINUTES)?).ok()?;
        Some(Hours { from, to, ahead: minutes.checked_mul(MINUTE as u32)? })
    }

    /// Returns whether a moment lies in this span. Blocks give moments in
    /// milliseconds since 1970 (UTC).
    pub const fn contain(&self, moment: u64) -> bool {
        let hour = moment.saturating_add(self.ahead as u64) % DAY / HOUR;
        let (from, to) = (self.from as u64, self.to as u64);
        if from < to {
            from <= hour && hour < to
        } else {
            from <= hour || hour < to
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A moment on 30 June 2026, UTC.
    fn at(hour: u64, minute: u64) -> u64 {
        1_782_777_600_000 + hour * HOUR + minute * MINUTE
    }

    #[test]
    fn boundaries_of_a_day() {
        let day = Hours::new(8, 18, 0).unwrap();
        assert!(!day.contain(at(8, 0) - 1));
        assert!(day.contain(at(8, 0)));
        assert!(day.contain(at(18, 0) - 1));
        assert!(!day.contain(at(18, 0)));
    }

    #[test]
    fn boundaries_of_a_night() {
        let night = Hours::new(22, 6, 0).unwrap();
        assert!(!night.contain(at(22, 0) - 1));
        assert!(night.contain(at(22, 0)));
        assert!(night.contain(at(0, 0)));
        assert!(night.contain(at(6, 0) - 1));
        assert!(!night.contain(at(6, 0)));
    }

    #[test]
    fn the_clock_can_be_ahead_and_behind() {
        // Delhi: 5:30 ahead. New York in winter: 5 hours behind.
        let delhi = Hours::new(8, 18, 330).unwrap();
        assert!(!delhi.contain(at(2, 30) - 1));
        assert!(delhi.contain(at(2, 30)));
        assert!(!delhi.contain(at(12, 30)));
        let new_york = Hours::new(8, 18, -300).unwrap();
        assert!(!new_york.contain(at(13, 0) - 1));
        assert!(new_york.contain(at(13, 0)));
        assert!(new_york.contain(at(22, 59)));
        assert!(!new_york.contain(at(23, 0)));
    }

    #[test]
    fn fails_when_the_hours_are_invalid() {
        for (from, to, offset) in
            [(24, 1, 0), (1, 24, 0), (8, 8, 0), (8, 18, 1440), (8, 18, -1440), (8, 18, i16::MIN)]
        {
            assert_eq!(Hours::new(from, to, offset), None);
        }
        assert!(Hours::new(0, 23, 1439).is_some());
        assert!(Hours::new(23, 0, -1439).is_some());
    }
}
