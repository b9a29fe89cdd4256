//! A record as a proof shows it.

use medchain_primitives::{Cid, ContentDigest, RecordId, RecordStatus};

use super::{keys, ProofError, ProvenState};
use crate::{
    chain::{compat, fields::Fields, items::StorageItem, ChainError},
    AccountId32,
};

/// The items of the pallet `Emr` that hold a record's content key, whole or in
/// shares. They have nothing of an erased record.
pub const KEY_HOLDERS: [&str; 3] =
    [StorageItem::ENVELOPES.name(), StorageItem::CUSTODIES.name(), StorageItem::GRANTS.name()];

/// A record, as far as proofs are about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenRecord {
    /// The patient.
    pub patient: AccountId32,
    /// Where the encrypted bytes are or were.
    pub cid: Cid,
    /// SHA-256 of the encrypted bytes.
    pub digest: ContentDigest,
    /// Its status.
    pub status: RecordStatus,
    /// How many envelopes it has.
    pub envelopes: u32,
}

impl ProvenState {
    /// A record, or `None` where it is proven that there is none of this number.
    ///
    /// It is read by the field names of the runtime that this crate is tested with.
    /// A value of another shape has bytes left over, or too few.
    pub fn record(&self, record: RecordId) -> Result<Option<ProvenRecord>, ProofError> {
        let Some(bytes) = self.value(&keys::record(record))? else { return Ok(None) };
        let version = self.spec_version()?;
        read(&bytes).map(Some).map_err(|error| ProofError::Value {
            what: format!("record {record} of a runtime of version {version}"),
            reason: error.to_string(),
        })
    }
}

fn read(bytes: &[u8]) -> Result<ProvenRecord, ChainError> {
    const ITEM: StorageItem = StorageItem::RECORDS;
    let missing = || ChainError::decode(ITEM, "the built-in metadata does not describe it");
    let metadata = compat::tested().ok_or_else(missing)?;
    let pallet = metadata.pallet_by_name(ITEM.owner()).and_then(|pallet| pallet.storage());
    let entry = pallet.and_then(|storage| storage.entry_by_name(ITEM.name()));
    let fields = Fields::decode(bytes, entry.ok_or_else(missing)?.value_ty(), metadata, ITEM)?;
    Ok(ProvenRecord {
        patient: fields.get("patient")?,
        cid: fields.get("cid")?,
        digest: fields.get("digest")?,
        status: fields.get("status")?,
        envelopes: fields.get("envelopes")?,
    })
}
