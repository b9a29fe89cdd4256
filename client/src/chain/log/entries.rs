//! Entries of a log, as they are kept.

use std::collections::BTreeMap;

use codec::{Compact, Decode, Encode};
use medchain_primitives::LogHead;
use subxt::{
    config::polkadot::PolkadotConfig,
    events::{Event, Events, Phase},
};

use crate::{
    chain::{ChainError, CustodyError, EmrError, InferenceError},
    AccountId32, H256,
};

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

    /// The entries, encoded as the events of a block are.
    pub(in crate::chain) fn as_events(&self) -> Vec<u8> {
        let mut bytes = Compact(u32::try_from(self.entries.len()).unwrap_or(u32::MAX)).encode();
        for entry in &self.entries {
            let phase = entry.extrinsic.map_or(Phase::Finalization, Phase::ApplyExtrinsic);
            phase.encode_to(&mut bytes);
            bytes.extend_from_slice(&entry.event);
            Vec::<H256>::new().encode_to(&mut bytes);
        }
        bytes
    }
}

/// The pallets whose events about one patient are entries. Contracts choose the topics of their
/// own events, so anybody could give one that of a log.
const PALLETS: [&str; 3] = [EmrError::PALLET, CustodyError::PALLET, InferenceError::PALLET];

/// The events of a block with a topic, still without signers.
pub(in crate::chain) fn with_topic(
    events: &Events<PolkadotConfig>,
    topic: H256,
) -> Result<Vec<LoggedEntry>, ChainError> {
    let mut found = Vec::new();
    for event in events.iter() {
        let event = event.map_err(ChainError::from_subxt)?;
        if PALLETS.contains(&event.pallet_name()) && event.topics().contains(&topic) {
            found.push(entry(&event));
        }
    }
    Ok(found)
}

/// The events of a block in every log, by its topic, still without signers.
pub(in crate::chain) fn by_topic(
    events: &Events<PolkadotConfig>,
) -> Result<BTreeMap<H256, Vec<LoggedEntry>>, ChainError> {
    let mut found = BTreeMap::<H256, Vec<LoggedEntry>>::new();
    for event in events.iter() {
        let event = event.map_err(ChainError::from_subxt)?;
        if !PALLETS.contains(&event.pallet_name()) {
            continue;
        }
        for topic in event.topics() {
            found.entry(*topic).or_default().push(entry(&event));
        }
    }
    Ok(found)
}

fn entry(event: &Event<'_, PolkadotConfig>) -> LoggedEntry {
    let extrinsic = match event.phase() {
        Phase::ApplyExtrinsic(index) => Some(index),
        Phase::Finalization | Phase::Initialization => None,
    };
    let name = [event.pallet_index(), event.event_index()];
    let bytes = [&name, event.field_bytes()].concat();
    LoggedEntry { index: event.index(), extrinsic, signer: None, event: bytes }
}
