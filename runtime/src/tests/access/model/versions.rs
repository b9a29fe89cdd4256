//! Versions of a record: which is the newest, and who takes back what was paid for an old one.

use sp_keyring::Sr25519Keyring as Who;

use super::{Model, Status, PATIENT};

/// The runtime's `SharesPeriod` in blocks.
pub const SHARES_PERIOD: u32 = 432_000;
/// Among how many later versions the newest one is looked for.
const VERSIONS: usize = 4;

impl Model {
    /// Whether an account may make a version the newest again: a patient, step by step.
    pub(super) fn may_restore(&self, who: Who, id: usize) -> bool {
        let replaced = self.records.get(id).filter(|record| record.status == Status::Superseded);
        let newer = replaced.and_then(|record| record.replaced_by);
        who == PATIENT && newer.is_some_and(|newer| self.records[newer].status == Status::Active)
    }

    /// Whether an account may take the shares of a version back: whoever paid for them, once
    /// nobody needs them.
    pub(super) fn may_withdraw(&self, who: Who, id: usize) -> bool {
        let unused = self.access.keys().all(|(record, _)| *record != id);
        let paid = self.there(id).filter(|record| self.kept(id) && record.dealer == Some(who));
        paid.filter(|_| unused).is_some_and(|record| {
            self.newest_after(id).is_some_and(|newest| {
                let since = record.added_at.max(self.records[newest].added_at);
                self.kept(newest) && self.now > since + SHARES_PERIOD
            })
        })
    }

    /// The newest version after this one, unless it is too far away or behind an erased one.
    fn newest_after(&self, id: usize) -> Option<usize> {
        let mut version = id;
        for _ in 0..VERSIONS {
            version = self.records[version].replaced_by?;
            match self.records[version].status {
                Status::Active => return Some(version),
                Status::Superseded => {}
                Status::Erased => return None,
            }
        }
        None
    }

    /// A version takes the place of another.
    pub(super) fn replace(&mut self, old: usize, new: usize) {
        self.records[old].status = Status::Superseded;
        self.records[old].replaced_by = Some(new);
    }

    /// The patient makes a version the newest again.
    pub(super) fn restore(&mut self, id: usize) {
        if let Some(newer) = self.records[id].replaced_by.take() {
            self.replace(newer, id);
            self.records[id].status = Status::Active;
        }
    }

    /// Custodians keep the key of a record no more.
    pub(super) fn withdraw(&mut self, id: usize) {
        self.forget(id);
        self.records[id].threshold = None;
        self.records[id].dealer = None;
    }
}
