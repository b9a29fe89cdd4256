//! Whether a verdict counts, in words.

use std::fmt;

use medchain_client::chain::Verdict;
use medchain_primitives::VerdictStatus;
use serde::Serialize;

/// Whether a verdict counts, and until when that can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Validity {
    /// `standing`, `challenged`, `annulled` or `withdrawn`.
    pub status: VerdictStatus,
    /// The last block in which it is provisional: one worker gave it, and another can still
    /// challenge it. None where it no longer is.
    pub provisional_until: Option<u32>,
    /// The last block in which a worker with another answer can challenge it; none where
    /// nobody can.
    pub challengeable_until: Option<u32>,
}

impl Validity {
    /// Judges a verdict as of the block `now`.
    pub fn new(verdict: &Verdict, now: u32) -> Self {
        let until = verdict.challengeable_until;
        let open = verdict.status == VerdictStatus::Standing && now <= until;
        Self {
            status: verdict.status,
            provisional_until: (open && verdict.workers.len() == 1).then_some(until),
            challengeable_until: open.then_some(until),
        }
    }

    /// Whether the verdict is one at all: an annulled or withdrawn one says nothing.
    pub fn counts(&self) -> bool {
        matches!(self.status, VerdictStatus::Standing | VerdictStatus::Challenged)
    }

    /// The warning that belongs to a verdict which does not simply stand.
    pub fn warning(&self) -> Option<&'static str> {
        match self.status {
            VerdictStatus::Standing => None,
            VerdictStatus::Challenged => {
                Some("challenged: another worker disputes it: do not rely on it")
            }
            VerdictStatus::Annulled => Some("annulled: it was shown to be wrong: ask again"),
            VerdictStatus::Withdrawn => Some(
                "withdrawn: the patient ended the dispute about it before it was settled: ask again",
            ),
        }
    }
}

impl fmt::Display for Validity {
    /// What must be said of the verdict; nothing where it stands for good.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(warning) = self.warning() {
            return f.write_str(warning);
        }
        if let Some(until) = self.provisional_until {
            return write!(f, "provisional until block {until}: the answer of one worker");
        }
        match self.challengeable_until {
            Some(until) => write!(f, "can be challenged until block {until}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::test_verdict;

    fn at(status: VerdictStatus, workers: u8, now: u32) -> Validity {
        let workers: Vec<u8> = (0..workers).collect();
        Validity::new(&test_verdict(status, &workers), now)
    }

    #[test]
    fn one_workers_answer_is_provisional_up_to_its_last_block() {
        use VerdictStatus::Standing;
        let open = at(Standing, 1, 20);
        assert_eq!((open.provisional_until, open.challengeable_until), (Some(20), Some(20)));
        assert_eq!(open.to_string(), "provisional until block 20: the answer of one worker");
        let several = at(Standing, 2, 20);
        assert_eq!((several.provisional_until, several.challengeable_until), (None, Some(20)));
        assert_eq!(several.to_string(), "can be challenged until block 20");
        let over = at(Standing, 1, 21);
        assert_eq!((over.provisional_until, over.challengeable_until), (None, None));
        assert_eq!(over.to_string(), "");
    }

    #[test]
    fn what_does_not_stand_carries_a_warning() {
        for (status, word, counts) in [
            (VerdictStatus::Challenged, "challenged: another worker disputes it", true),
            (VerdictStatus::Annulled, "annulled: it was shown to be wrong", false),
            (VerdictStatus::Withdrawn, "withdrawn: the patient ended the dispute", false),
        ] {
            let validity = at(status, 1, 20);
            assert_eq!((validity.provisional_until, validity.challengeable_until), (None, None));
            assert!(validity.to_string().starts_with(word), "{validity}");
            assert_eq!(validity.counts(), counts);
        }
        assert!(at(VerdictStatus::Standing, 2, 99).counts());
    }
}
