//! A part of the day.

const MINUTE: u64 = 60 * 1000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// From one full hour until another, every day, on some clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Hours {
    from: u8,
    to: u8,
    /// How far the clock is ahead of UTC, in milliseconds from 0 to a day.
    ahead: u32,
}

impl Hours {
    /// From the hour `from` until the hour `to` begins, on a clock that is
    /// `offset` minutes ahead of UTC. None where this is no part of a day.
    pub fn new(from: u8, to: u8, offset: i16) -> Option<Self> {
        let day = (DAY / MINUTE) as i16;
        if from > 23 || to > 23 || from == to || offset <= -day || offset >= day {
            return None;
        }
        // A clock that is behind is one that is ahead by the rest of the day.
        let minutes = u32::try_from(offset.checked_rem_euclid(day)?).ok()?;
        Some(Hours { from, to, ahead: minutes.checked_mul(MINUTE as u32)? })
    }

    /// Whether the moment lies in it, in milliseconds since 1970 (UTC), as a
    /// block has it.
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

    /// A moment of 30 June 2026, UTC.
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
    fn fails_when_it_is_no_part_of_a_day() {
        for (from, to, offset) in
            [(24, 1, 0), (1, 24, 0), (8, 8, 0), (8, 18, 1440), (8, 18, -1440), (8, 18, i16::MIN)]
        {
            assert_eq!(Hours::new(from, to, offset), None);
        }
        assert!(Hours::new(0, 23, 1439).is_some());
        assert!(Hours::new(23, 0, -1439).is_some());
    }
}
