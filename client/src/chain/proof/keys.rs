//! Keys of the state, computed without metadata: what a proof is asked for must
//! not depend on the author of the proof. A test compares them with those that the
//! metadata gives.
//!
//! Source: the documentation of `frame_support::storage`, on storage maps.

use codec::Encode;
use medchain_primitives::RecordId;
use sp_crypto_hashing::{blake2_128, twox_128, twox_64};

use crate::{chain::items::StorageItem, AccountId32};

/// The prefix of all keys of a pallet's storage item.
fn prefix(pallet: &str, entry: &str) -> Vec<u8> {
    [twox_128(pallet.as_bytes()), twox_128(entry.as_bytes())].concat()
}

fn item(item: StorageItem) -> Vec<u8> {
    prefix(item.owner(), item.name())
}

/// Appends a `Twox64Concat` key, which is for keys that nobody chooses.
fn numbered(prefix: &[u8], number: impl Encode) -> Vec<u8> {
    let number = number.encode();
    [prefix, &twox_64(&number), &number].concat()
}

/// The key of `Emr.Records` of one record.
pub fn record(record: RecordId) -> Vec<u8> {
    numbered(&item(StorageItem::RECORDS), record)
}

/// The prefix of a record's keys in a storage item such as `Custody.Grants`; without a
/// pallet, in one of the records' pallet. Of an item that has one value for a record, it
/// is the key itself.
pub fn of_record(item: &str, record: RecordId) -> Vec<u8> {
    let (pallet, entry) = item.split_once('.').unwrap_or((StorageItem::RECORDS.owner(), item));
    numbered(&prefix(pallet, entry), record)
}

/// The key of `Emr.Envelopes` of one record and reader.
pub fn envelope(record: RecordId, reader: &AccountId32) -> Vec<u8> {
    let of_record = numbered(&item(StorageItem::ENVELOPES), record);
    [&of_record[..], &blake2_128(&reader.0), &reader.0].concat()
}

/// The key of `Emr.EncryptionKeys` of one account.
pub fn encryption_key(account: &AccountId32) -> Vec<u8> {
    [&item(StorageItem::ENCRYPTION_KEYS)[..], &blake2_128(&account.0), &account.0].concat()
}

/// The key of `Emr.Logs` of one patient.
pub fn log(patient: &AccountId32) -> Vec<u8> {
    [&item(StorageItem::LOGS)[..], &blake2_128(&patient.0), &patient.0].concat()
}

/// The prefix of the keys of `Emr.Logs`.
pub fn logs() -> Vec<u8> {
    item(StorageItem::LOGS)
}

/// The key of `Emr.DefaultPolicy`.
pub fn default_policy() -> Vec<u8> {
    item(StorageItem::DEFAULT_POLICY)
}

/// The key of the genesis block's hash, which `System.BlockHash` always keeps.
pub fn genesis_hash() -> Vec<u8> {
    numbered(&item(StorageItem::BLOCK_HASH), 0u32)
}

/// The key of `System.LastRuntimeUpgrade`: the version of the runtime.
pub fn last_runtime_upgrade() -> Vec<u8> {
    item(StorageItem::LAST_RUNTIME_UPGRADE)
}

/// The key of `System.Events`: what happened in the block.
pub fn events() -> Vec<u8> {
    item(StorageItem::EVENTS)
}

/// The key of `Timestamp.Now`.
pub fn timestamp() -> Vec<u8> {
    item(StorageItem::NOW)
}
