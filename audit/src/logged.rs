//! Entries of a log, as they are kept.

use codec::{Decode, Encode};
use medchain_primitives::LogHead;

use crate::AccountId32;

/// A block with entries of one log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LoggedBlock {
    /// Its height.
    pub number: u32,
    /// Its hash, by the node's word.
    pub hash: [u8; 32],
    /// Its time in milliseconds since 1970, by the node's word.
    pub time: u64,
    /// The chain's default policy after it, by the node's word.
    pub default_policy: Option<AccountId32>,
    /// The entries, in order.
    pub entries: Vec<LoggedEntry>,
}

/// One entry of a log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LoggedEntry {
    /// The index of the event in its block, by the node's word.
    pub index: u32,
    /// The index of the extrinsic that caused it, if one did, by the node's word.
    pub extrinsic: Option<u32>,
    /// The account that signed the extrinsic, by the node's word.
    pub signer: Option<AccountId32>,
    /// The event, encoded: what the log proves.
    pub event: Vec<u8>,
}

impl LoggedBlock {
    /// The end of the log after this block, if it was `before` before it.
    #[must_use]
    pub fn head_after(&self, before: LogHead<u32>) -> LogHead<u32> {
        self.entries.iter().fold(before, |head, entry| head.after(self.number, &entry.event))
    }
}
