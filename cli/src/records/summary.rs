//! A record as lists show it.

use std::fmt;

use medchain_client::{
    chain::{Record, RecordStatus},
    AccountId32,
};
use medchain_primitives::{RecordId, RecordKind};
use serde::Serialize;

use crate::output::hex;

/// One record, without its envelopes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordSummary {
    /// The record's number.
    pub record_id: RecordId,
    /// Its kind.
    pub kind: RecordKind,
    /// `active`, `superseded by N` or `erased`.
    pub status: String,
    /// The version before it.
    pub previous: Option<RecordId>,
    /// The block that added it.
    pub added_at: u32,
    /// The account that added it.
    pub author: AccountId32,
    /// The CID of its encrypted content; none once it is erased.
    pub cid: Option<String>,
    /// The hash of that CID (BLAKE2b-256), which stays.
    pub cid_hash: String,
    /// The SHA-256 of its encrypted content; none once it is erased.
    pub digest: Option<String>,
}

impl From<&Record> for RecordSummary {
    fn from(record: &Record) -> Self {
        Self {
            record_id: record.id,
            kind: record.kind,
            status: match record.status {
                RecordStatus::Active => "active".into(),
                RecordStatus::Superseded { by } => format!("superseded by {by}"),
                RecordStatus::Erased => "erased".into(),
            },
            previous: record.previous,
            added_at: record.added_at,
            author: record.author,
            cid: record.cid().map(ToString::to_string),
            cid_hash: hex(record.content.cid_hash().0),
            digest: record.content.document().map(|document| hex(document.digest.0)),
        }
    }
}

impl fmt::Display for RecordSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>5}  {:<11}  {:<8}  block {:>7}  {}",
            self.record_id,
            self.kind,
            self.status,
            self.added_at,
            self.cid.as_deref().unwrap_or("–")
        )
    }
}
