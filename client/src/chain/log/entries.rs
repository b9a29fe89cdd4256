//! Entries of a log, found in a block, and as the events of one.

use std::collections::BTreeMap;

use codec::{Compact, Encode};
pub use medchain_audit::{LoggedBlock, LoggedEntry};
use subxt::{
    config::polkadot::PolkadotConfig,
    events::{Event, Events, Phase},
};

use crate::{
    chain::{ChainError, CustodyError, EmrError, InferenceError},
    H256,
};

/// The entries of a block, encoded as the events of a block are.
pub(in crate::chain) fn as_events(block: &LoggedBlock) -> Vec<u8> {
    let mut bytes = Compact(u32::try_from(block.entries.len()).unwrap_or(u32::MAX)).encode();
    for entry in &block.entries {
        let phase = entry.extrinsic.map_or(Phase::Finalization, Phase::ApplyExtrinsic);
        phase.encode_to(&mut bytes);
        bytes.extend_from_slice(&entry.event);
        Vec::<H256>::new().encode_to(&mut bytes);
    }
    bytes
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
