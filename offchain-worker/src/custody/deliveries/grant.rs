//! Grants as a custodian sees them, and what each asks of it.

use std::{collections::BTreeSet, sync::Arc};

use medchain_client::{
    chain::{AccessGrant, Custody},
    custody::{Granted, ReplyKey},
    AccountId32,
};
use medchain_primitives::RecordId;

use crate::shared::turn;

/// Identifies a grant. Access that is granted again is a new grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GrantId {
    /// The record.
    pub record: RecordId,
    /// The account granted access.
    pub subject: AccountId32,
    /// The block in which access was granted.
    pub granted_at: u32,
    /// The subject's key for this request.
    pub reply: [u8; 32],
}

impl GrantId {
    /// Identifies a grant as the chain stores it.
    pub fn of(grant: &AccessGrant) -> Self {
        let AccessGrant { record, subject, granted_at, .. } = *grant;
        Self { record, subject, granted_at, reply: grant.reply.0 }
    }
}

/// A grant that is stored at a final block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which.
    pub id: GrantId,
    /// The last block in which shares are accepted.
    pub until: u32,
    /// Whether it is a break-glass access.
    pub is_emergency: bool,
    /// The custodians of the record's key; `None` where it has none. They never change
    /// while the grant is stored.
    pub custody: Option<Arc<Custody>>,
    /// The numbers of the shares that were delivered.
    pub delivered: BTreeSet<u8>,
}

/// Every grant that is stored at a final block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// The number of that block.
    pub finalised: u32,
    /// The number of the newest block when the list was read.
    pub best: u32,
    /// Complete, in any order.
    pub grants: Vec<Grant>,
}

/// What a grant asks of a custodian at a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing: it keeps no share of the record's key, or is itself the account granted
    /// access.
    Foreign,
    /// Nothing: it has delivered its share.
    Delivered,
    /// Nothing: the others have delivered enough.
    Enough,
    /// Nothing: a share would come too late.
    Over,
    /// To leave it until this final block to the custodians before it in the order.
    From(u32),
    /// To deliver its share.
    Now {
        /// How many custodians come before it in the order.
        rank: u32,
    },
}

impl Grant {
    /// What this asks of `me` at these blocks.
    ///
    /// With a threshold of t, the first t in the order start at once. Each of the others
    /// leaves the grant to those before it for `takeover_blocks` blocks apiece. The wait
    /// is counted from the block of the grant, so that a restart does not start a new
    /// one, and is never longer than half of the grant's time.
    pub fn turn(&self, me: &AccountId32, finalised: u32, best: u32, takeover_blocks: u32) -> Turn {
        let custody = self.custody.as_deref().filter(|_| *me != self.id.subject);
        let share = custody.and_then(|custody| Some((custody, custody.number_of(me)?)));
        let Some((custody, number)) = share else {
            return Turn::Foreign;
        };
        if self.delivered.contains(&number) {
            return Turn::Delivered;
        }
        if self.delivered.len() >= usize::from(custody.threshold) {
            return Turn::Enough;
        }
        // A call sent now is in the next block at the earliest.
        if best >= self.until {
            return Turn::Over;
        }
        let rank = self.id.rank(me, custody);
        let before = rank.saturating_add(1).saturating_sub(custody.threshold.into());
        let longest = self.until.saturating_sub(self.id.granted_at) / 2;
        let wait = before.saturating_mul(takeover_blocks).min(longest);
        let from = self.id.granted_at.saturating_add(wait);
        if finalised < from {
            Turn::From(from)
        } else {
            Turn::Now { rank }
        }
    }

    /// How many shares make up the record's key; 0 where it has no custodians.
    pub fn threshold(&self) -> u32 {
        self.custody.as_ref().map_or(0, |custody| custody.threshold.into())
    }
}

impl GrantId {
    /// The request, as a share is delivered for it.
    pub fn granted(&self) -> Granted {
        let Self { record, subject, .. } = *self;
        Granted { record, subject, reply: ReplyKey(self.reply) }
    }

    /// How many custodians come before `me`, which keeps a share itself. The account granted
    /// access delivers nothing to itself.
    pub(super) fn rank(&self, me: &AccountId32, custody: &Custody) -> u32 {
        let others = custody.accounts().into_iter().filter(|account| *account != self.subject);
        let custodians = others.collect();
        turn::rank(&self.topic(), me, &custodians).unwrap_or(0)
    }

    /// What draws the custodians' order: record (8 bytes), subject (32) and block (4),
    /// numbers in little endian. Not the reply key, which the subject could draw until the
    /// order suits it.
    fn topic(&self) -> Vec<u8> {
        let Self { record, subject, granted_at, .. } = self;
        [&record.0.to_le_bytes()[..], &subject.0, &granted_at.to_le_bytes()].concat()
    }
}
