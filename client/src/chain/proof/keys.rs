//! Keys of the state, computed without metadata: what a proof is asked for must
//! not depend on who made the proof. A test compares them with those that the
//! metadata gives.
//!
//! Source: the documentation of `frame_support::storage`, on storage maps.

use codec::Encode;
use medchain_primitives::RecordId;
use sp_crypto_hashing::{blake2_128, twox_128, twox_64};

use crate::AccountId32;

/// The key of the pallet's item, which that of each of its values starts with.
fn item(pallet: &str, entry: &str) -> Vec<u8> {
    [twox_128(pallet.as_bytes()), twox_128(entry.as_bytes())].concat()
}

/// `Twox64Concat`, for keys that nobody chooses.
fn numbered(pallet: &str, entry: &str, number: impl Encode) -> Vec<u8> {
    let number = number.encode();
    [&item(pallet, entry)[..], &twox_64(&number), &number].concat()
}

/// Of `Emr.Records` of one record.
pub fn record(record: RecordId) -> Vec<u8> {
    of_record("Records", record)
}

/// What every key of this item of the pallet `Emr` starts with that belongs to a
/// record: of an item that has one value for a record, the key itself.
pub fn of_record(entry: &str, record: RecordId) -> Vec<u8> {
    numbered("Emr", entry, record)
}

/// Of `Emr.Envelopes` of one record and reader.
pub fn envelope(record: RecordId, reader: &AccountId32) -> Vec<u8> {
    [&of_record("Envelopes", record)[..], &blake2_128(&reader.0), &reader.0].concat()
}

/// Of the first block's hash, which `System.BlockHash` always keeps.
pub fn genesis_hash() -> Vec<u8> {
    numbered("System", "BlockHash", 0u32)
}

/// Of `System.LastRuntimeUpgrade`: the version of the runtime.
pub fn last_runtime_upgrade() -> Vec<u8> {
    item("System", "LastRuntimeUpgrade")
}

/// Of `System.Events`: what happened in the block.
pub fn events() -> Vec<u8> {
    item("System", "Events")
}

/// Of `Timestamp.Now`.
pub fn timestamp() -> Vec<u8> {
    item("Timestamp", "Now")
}
