//! A record as a proof shows it.
//!
//! A proof may be years old, and there is no node to ask for the metadata of its
//! runtime. So the layouts of all runtimes are kept here.

use codec::{Decode, DecodeAll};
use medchain_primitives::{Cid, ContentDigest, RecordContent, RecordId, RecordKind, RecordStatus};

use super::{keys, ProofError, ProvenState};
use crate::AccountId32;

/// The storage items of today's runtime that hold a record's content key, whole or in
/// shares. They have nothing of an erased record.
pub const KEY_HOLDERS: [&str; 3] = ["Emr.Envelopes", "Custody.Custodies", "Custody.Grants"];

/// Those of the runtimes before version 3, all in the pallet of `Emr.Records`.
const KEY_HOLDERS_OF_EMR: [&str; 3] = ["Envelopes", "Custodies", "Grants"];

/// How runtimes store records.
struct Layout {
    /// The first version of the runtime that does.
    since: u32,
    /// The items that hold keys, as [`KEY_HOLDERS`].
    key_holders: &'static [&'static str],
    /// Reads a value of `Emr.Records`.
    read: fn(&[u8]) -> Result<ProvenRecord, codec::Error>,
}

/// Every layout, in the order of versions.
///
/// A test fails when the last one is not that of the committed metadata. Then add the
/// new one, and spell out in the old one what it has of [`KEY_HOLDERS`].
const LAYOUTS: &[Layout] = &[
    Layout { since: 1, key_holders: &KEY_HOLDERS_OF_EMR, read: stored_since_1 },
    Layout { since: 3, key_holders: &KEY_HOLDERS, read: stored_since_1 },
    Layout { since: 4, key_holders: &KEY_HOLDERS, read: stored_since_4 },
];

/// A record, as far as proofs are about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenRecord {
    /// The patient.
    pub patient: AccountId32,
    /// Where the encrypted bytes are or were. Runtimes before version 4 kept that of erased records.
    pub content: RecordContent,
    /// Its status.
    pub status: RecordStatus,
    /// How many envelopes it has.
    pub envelopes: u32,
}

impl ProvenState {
    /// A record, or `None` where it is proven that there is none of this number. It is
    /// read by the layout of the runtime that executed the block.
    pub fn record(&self, record: RecordId) -> Result<Option<ProvenRecord>, ProofError> {
        let Some(bytes) = self.value(&keys::record(record))? else { return Ok(None) };
        let (version, layout) = self.layout()?;
        (layout.read)(&bytes).map(Some).map_err(|error| ProofError::Value {
            what: format!("record {record} of a runtime of version {version}"),
            reason: error.to_string(),
        })
    }

    /// The storage items of the runtime that executed the block that hold a record's
    /// content key, as [`KEY_HOLDERS`].
    pub fn key_holders(&self) -> Result<&'static [&'static str], ProofError> {
        Ok(self.layout()?.1.key_holders)
    }

    /// The version of the runtime that executed the block, and its layout.
    fn layout(&self) -> Result<(u32, &'static Layout), ProofError> {
        let version = self.spec_version()?;
        let found = LAYOUTS.iter().rev().find(|layout| layout.since <= version);
        found.map(|layout| (version, layout)).ok_or_else(|| ProofError::Value {
            what: format!("the state of a runtime of version {version}"),
            reason: "its layout is unknown".into(),
        })
    }
}

fn stored_since_1(bytes: &[u8]) -> Result<ProvenRecord, codec::Error> {
    #[derive(Decode)]
    struct Stored {
        patient: AccountId32,
        _author: AccountId32,
        cid: Cid,
        digest: ContentDigest,
        _kind: RecordKind,
        _previous: Option<RecordId>,
        _added_at: u32,
        status: RecordStatus,
        envelopes: u32,
        _deposit: u128,
    }
    let stored = Stored::decode_all(&mut &bytes[..])?;
    Ok(ProvenRecord {
        patient: stored.patient,
        content: RecordContent::kept(stored.cid, stored.digest),
        status: stored.status,
        envelopes: stored.envelopes,
    })
}

fn stored_since_4(bytes: &[u8]) -> Result<ProvenRecord, codec::Error> {
    #[derive(Decode)]
    struct Stored {
        patient: AccountId32,
        _author: AccountId32,
        content: RecordContent,
        _kind: RecordKind,
        _previous: Option<RecordId>,
        _added_at: u32,
        status: RecordStatus,
        envelopes: u32,
        _deposit: u128,
    }
    let stored = Stored::decode_all(&mut &bytes[..])?;
    Ok(ProvenRecord {
        patient: stored.patient,
        content: stored.content,
        status: stored.status,
        envelopes: stored.envelopes,
    })
}
