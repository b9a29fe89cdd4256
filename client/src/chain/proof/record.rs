//! A record as a proof shows it.

use medchain_primitives::{Cid, ContentDigest, RecordId};
use subxt::{ext::scale_decode::DecodeAsType, Metadata};

use super::{keys, ProofError, ProvenState};
use crate::{
    chain::{compat, fields::Fields, RecordStatus},
    AccountId32,
};

/// The items of the pallet `Emr` that hold a record's content key, whole or in
/// shares, and have nothing of a record that is erased. Not every version of
/// the runtime has all of them.
pub const KEY_HOLDERS: [&str; 3] = ["Envelopes", "Custodies", "Grants"];

/// What `Emr.Records` has of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenRecord {
    /// Whose record it is.
    pub patient: AccountId32,
    /// Where the encrypted bytes are or were.
    pub cid: Cid,
    /// SHA-256 of the encrypted bytes.
    pub digest: ContentDigest,
    /// Where it stands.
    pub status: RecordStatus,
    /// How many envelopes it has.
    pub envelopes: u32,
}

impl ProvenState {
    /// A record, or `None` where it is proven that there is none of this number.
    ///
    /// It is read by the field names of the runtime's version where this program
    /// knows that, and else of a version that it does know: a value that is of
    /// another shape has bytes left over or too few.
    pub fn record(&self, record: RecordId) -> Result<Option<ProvenRecord>, ProofError> {
        let Some(bytes) = self.value(&keys::record(record))? else { return Ok(None) };
        let version = self.spec_version()?;
        let mut first = None;
        for metadata in known(version) {
            match read(&bytes, metadata) {
                Ok(record) => return Ok(Some(record)),
                Err(reason) => first = first.or(Some(reason)),
            }
        }
        Err(ProofError::Value {
            what: format!("record {record}, of a runtime of version {version},"),
            reason: first.unwrap_or_else(|| "this program knows no version".into()),
        })
    }

    /// The items among [`KEY_HOLDERS`] that the runtime has, or where this
    /// program does not know its version, the newest that it does know.
    pub fn key_holders(&self) -> Result<Vec<&'static str>, ProofError> {
        let newest = known(self.spec_version()?).into_iter().next();
        let emr = newest.and_then(|metadata| metadata.pallet_by_name("Emr"));
        let storage = emr.and_then(|emr| emr.storage());
        let is_there =
            |entry: &&str| storage.is_some_and(|storage| storage.entry_by_name(entry).is_some());
        Ok(KEY_HOLDERS.into_iter().filter(is_there).collect())
    }
}

/// The metadata of this version, or where this program does not have it, all that
/// it has, the newest first.
fn known(version: u32) -> Vec<&'static Metadata> {
    let is_it = |metadata: &&Metadata| compat::version(metadata) == Some(version.to_string());
    match compat::tested().iter().find(is_it) {
        Some(metadata) => vec![metadata],
        None => compat::tested().iter().collect(),
    }
}

fn read(bytes: &[u8], metadata: &Metadata) -> Result<ProvenRecord, String> {
    const WHAT: &str = "Emr.Records";
    let emr = metadata.pallet_by_name("Emr").and_then(|emr| emr.storage());
    let entry = emr.and_then(|emr| emr.entry_by_name("Records")).ok_or("it has no records")?;
    let mut rest = bytes;
    let fields = Fields::decode_as_type(&mut rest, entry.value_ty(), metadata.types())
        .map_err(|error| error.to_string())?;
    if !rest.is_empty() {
        return Err(format!("{} bytes are left over", rest.len()));
    }
    let read = || {
        Ok::<_, crate::chain::ChainError>(ProvenRecord {
            patient: fields.get(WHAT, "patient")?,
            cid: fields.get(WHAT, "cid")?,
            digest: fields.get(WHAT, "digest")?,
            status: fields.get(WHAT, "status")?,
            envelopes: fields.get(WHAT, "envelopes")?,
        })
    };
    read().map_err(|error| error.to_string())
}
