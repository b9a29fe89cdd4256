//! Which shares a custodian owes, and when it hands them over.
//!
//! ```text
//! finalised grants ─► whose turn? ─► Deliver ─► in a block ─► final
//!                         ▲                        │ taken back
//!                         └──── refused, lost ◄────┘
//! ```
//! Only final blocks are acted on, so nothing is handed over that a
//! re-organisation takes back. All waits are counted in final blocks.

use std::{collections::BTreeSet, sync::Arc};

use medchain_primitives::{Cid, RecordId, SealedKey};

use super::{turn, Account, Outcome};

mod deliveries;

pub use deliveries::{Closed, Counts, Deliveries, Rules};

/// Which grant. What is granted anew is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId {
    /// The record.
    pub record: RecordId,
    /// Who was granted access.
    pub subject: Account,
    /// The block in which it was granted.
    pub granted_at: u32,
}

/// Who keeps the key of a record. It never changes while a grant stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Custody {
    /// How many shares make the key.
    pub threshold: u32,
    /// Each custodian and the share sealed to them; the one at place `i` has the
    /// number `i + 1`.
    pub shares: Vec<(Account, SealedKey)>,
    /// Whose record it is, and what: a share is bound to both.
    pub of: Option<(Account, Cid)>,
}

impl Custody {
    /// The number of an account's share, and the share, if it keeps one.
    pub fn share_of(&self, custodian: &Account) -> Option<(u8, &SealedKey)> {
        let place = self.shares.iter().position(|(who, _)| who == custodian)?;
        let number = u8::try_from(place.checked_add(1)?).ok()?;
        self.shares.get(place).map(|(_, sealed)| (number, sealed))
    }
}

/// A grant that stands at a final block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which.
    pub id: GrantId,
    /// The last block in which shares are taken.
    pub until: u32,
    /// Whether the glass was broken for it.
    pub is_emergency: bool,
    /// Who keeps the record's key; nobody where it is empty.
    pub custody: Arc<Custody>,
    /// The numbers of the shares that were handed over.
    pub delivered: BTreeSet<u8>,
}

/// Everything that stands granted at a final block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// The number of that block.
    pub finalised: u32,
    /// The number of the newest block when it was read.
    pub best: u32,
    /// Complete, in any order.
    pub grants: Vec<Grant>,
}

/// What a grant asks of a custodian at a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing: it keeps no share of the record's key.
    Foreign,
    /// Nothing: it has handed its share over.
    Delivered,
    /// Nothing: the others have handed over enough.
    Enough,
    /// Nothing: a share would come too late.
    Over,
    /// To leave it to those before it in the order until this final block.
    From(u32),
    /// To hand its share over.
    Now {
        /// How many custodians come before it in the order.
        rank: u32,
    },
}

impl Grant {
    /// What this asks of `me` at these blocks.
    ///
    /// With a threshold of t, the first t in the order start at once. Each of the
    /// others leaves it to those before it for `takeover_blocks` blocks apiece,
    /// counted from the block of the grant, so that a restart waits for nothing
    /// anew. No wait is longer than half of the time that there is.
    pub fn turn(&self, me: &Account, finalised: u32, best: u32, takeover_blocks: u32) -> Turn {
        let Some((number, _)) = self.custody.share_of(me) else {
            return Turn::Foreign;
        };
        if self.delivered.contains(&number) {
            return Turn::Delivered;
        }
        let threshold = self.custody.threshold;
        if self.delivered.len() as u64 >= u64::from(threshold) {
            return Turn::Enough;
        }
        // What is sent now is in the next block at the earliest.
        if best >= self.until {
            return Turn::Over;
        }
        let rank = self.rank(me);
        let before = rank.saturating_add(1).saturating_sub(threshold);
        let longest = self.until.saturating_sub(self.id.granted_at) / 2;
        let wait = before.saturating_mul(takeover_blocks).min(longest);
        let from = self.id.granted_at.saturating_add(wait);
        if finalised < from {
            Turn::From(from)
        } else {
            Turn::Now { rank }
        }
    }

    fn rank(&self, me: &Account) -> u32 {
        let custodians = self.custody.shares.iter().map(|(who, _)| *who).collect();
        turn::place(&self.id.topic(), me, &custodians).unwrap_or(0)
    }
}

impl GrantId {
    /// What the custodians' order is drawn from: record (8 bytes), subject (32)
    /// and block (4), numbers in little endian.
    fn topic(&self) -> Vec<u8> {
        let Self { record, subject, granted_at } = self;
        [&record.0.to_le_bytes()[..], subject, &granted_at.to_le_bytes()].concat()
    }
}

/// Why a share could not be made ready. The texts are for the log and hold no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The custodian's share is not sealed to its key: trying again gives the same.
    Unopened(String),
    /// Nothing can be sealed to the subject now.
    NoKey(String),
    /// Something of the custodian's own or of the node's failed: trying again may help.
    Passing(String),
}

/// What the core is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Everything that stands granted.
    Listed(Grants),
    /// The share that [`Action::Deliver`] asked for is not there.
    Obstructed {
        /// Of which grant.
        grant: GrantId,
        /// Why.
        obstacle: Obstacle,
    },
    /// The submission of a share has ended. [`Outcome::ClosedElsewhere`] means that
    /// the grant has ended, or that the others have handed over enough;
    /// [`Outcome::NoConsent`] that the policy has changed its mind.
    Submitted {
        /// Of which grant.
        grant: GrantId,
        /// How it ended.
        outcome: Outcome,
    },
}

/// What the service must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Seal the share to the subject and send it, then tell
    /// [`Event::Obstructed`] or [`Event::Submitted`].
    Deliver(Grant),
    /// Log and count this.
    Note(GrantId, Note),
}

/// Something that an operator may want to know about a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// It is new, and asks for a share of this custodian's.
    Seen,
    /// The share is handed over in the place of custodians whose turn came before.
    TakenOver {
        /// How many custodians come before this one in the order.
        rank: u32,
    },
    /// It is tried again later.
    Retrying {
        /// How many attempts have failed in a row.
        attempt: u32,
        /// How many final blocks until the next one.
        after: u32,
        /// Why the last one failed.
        reason: String,
    },
    /// The policy does not allow it any more. It is asked again.
    Refused {
        /// How many refusals there have been in a row.
        attempt: u32,
        /// How many final blocks until it is asked again.
        after: u32,
        /// What the policy said.
        reason: String,
    },
    /// The share cannot be opened. It is not tried again.
    Unopened {
        /// Why.
        reason: String,
    },
    /// The share was in a block that a re-organisation took back.
    TakenBack,
    /// There is nothing left to do.
    Closed(Closed),
}

#[cfg(test)]
mod tests;
