//! Certificates of erasure: a file that proves, without a node, what the chain keeps of
//! an erased record, and reports what the stores answered.
//!
//! Nothing here asks a node or a store.

mod check;
mod text;

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::proof::{keys, ReadProof, KEY_HOLDERS},
    store::{LetGo, Unpinned},
    AccountId32, H256,
};
use medchain_primitives::{Cid, RecordId};
use serde::{Deserialize, Serialize};
use text::{as_text, HexBytes};

use crate::output::{one_line, time};

pub use check::{checks, Check};

/// The version of the format that is written here. Version 1 is read as well.
const VERSION: u32 = 2;
/// The largest certificate that is read, in bytes: about a hundred times the usual size.
pub const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// A note for people who open the file.
const ABOUT: &str = "Shows that the chain keeps no key of this record. \
    Check it with: medchain verify-certificate FILE";

/// A certificate of erasure, as its file contains it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The format's version.
    #[serde(rename = "medchain_erasure_certificate")]
    pub version: u32,
    /// What this file is, for people.
    pub about: String,
    /// The chain.
    pub chain: ChainPart,
    /// The block whose state is proven: with `erasure`, the one that erased the record.
    pub block: BlockPart,
    /// The record.
    pub record: RecordPart,
    /// The transaction that erased the record; `null` in a certificate made later.
    pub erasure: Option<ErasurePart>,
    /// The storage items that are proven to keep nothing of the record; of the pallet `Emr` where
    /// none is named.
    pub absent: Vec<String>,
    /// The nodes of the state's trie that prove it.
    pub proof: Vec<HexBytes>,
    /// What each store answered to the request to delete the content.
    pub stores: Vec<StorePart>,
    /// Why no store was asked; `null` where stores were.
    pub stores_not_asked: Option<String>,
}

/// A chain and its runtime's version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChainPart {
    /// The genesis block's hash.
    pub genesis_hash: H256,
    /// The version of the runtime that made the block.
    pub spec_version: u32,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockPart {
    /// The block's number.
    pub number: u32,
    /// The block's hash.
    pub hash: H256,
    /// The block's time, in UTC.
    pub time: String,
    /// The header, SCALE-encoded.
    pub header: HexBytes,
}

/// An erased record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordPart {
    /// The record's number.
    pub id: RecordId,
    /// Its patient.
    pub patient: AccountId32,
    /// The CID of the encrypted bytes, whose hash the chain keeps.
    #[serde(with = "as_text")]
    pub cid: Cid,
    /// SHA-256 of the encrypted bytes, in certificates of version 1: runtimes before version 4 kept
    /// it. The CID says the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<H256>,
}

/// The transaction that erased a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErasurePart {
    /// The extrinsic's hash.
    pub extrinsic_hash: H256,
    /// The accounts whose envelopes it destroyed.
    pub readers: Vec<AccountId32>,
}

/// A store's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StorePart {
    /// The store, without passwords.
    pub store: String,
    /// What it did.
    pub outcome: StoreOutcome,
    /// Why it failed.
    pub reason: Option<String>,
    /// When it answered, in UTC, by the asking machine's clock.
    pub at: String,
}

/// What a store did with content that it was asked to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreOutcome {
    /// It deleted the content.
    Deleted,
    /// It unpinned the content and deletes it later.
    Unpinned,
    /// It did not keep the content.
    NotKept,
    /// It did not answer, or refused.
    Failed,
}

impl From<Unpinned> for StorePart {
    fn from(answer: Unpinned) -> Self {
        let (outcome, reason) = match &answer.outcome {
            Ok(LetGo::Deleted) => (StoreOutcome::Deleted, None),
            Ok(LetGo::Unpinned) => (StoreOutcome::Unpinned, None),
            Ok(LetGo::NotKept) => (StoreOutcome::NotKept, None),
            Err(error) => (StoreOutcome::Failed, Some(error.cause())),
        };
        Self { store: answer.store, outcome, reason, at: time::of(answer.at) }
    }
}

impl std::fmt::Display for StorePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = match self.outcome {
            StoreOutcome::Deleted => "deleted it".to_owned(),
            StoreOutcome::Unpinned => {
                "unpinned it; its next garbage collection deletes the blocks".to_owned()
            }
            StoreOutcome::NotKept => "did not keep it".to_owned(),
            StoreOutcome::Failed => {
                format!("failed: {}", self.reason.as_deref().unwrap_or("no reason is given"))
            }
        };
        // The file may be a stranger's.
        f.write_str(&one_line(&format!("{}: {said} ({})", self.store, self.at)))
    }
}

/// The keys of the state that a certificate proves.
pub fn proven_keys(record: RecordId, readers: &[AccountId32]) -> Vec<Vec<u8>> {
    let mut all = vec![
        keys::record(record),
        keys::genesis_hash(),
        keys::last_runtime_upgrade(),
        keys::timestamp(),
    ];
    // A prefix stands for all keys that begin with it.
    all.extend(KEY_HOLDERS.iter().map(|entry| keys::of_record(entry, record)));
    all.extend(readers.iter().map(|reader| keys::envelope(record, reader)));
    all
}

impl Certificate {
    /// Makes a certificate of a node's proof of [`proven_keys`] and the stores' answers, for a
    /// record whose content had this CID.
    ///
    /// # Errors
    ///
    /// When the proof does not show that the record is erased and had this content.
    pub fn new(
        (record, cid): (RecordId, Cid),
        proof: ReadProof,
        erasure: Option<ErasurePart>,
        stores: Vec<StorePart>,
        stores_not_asked: Option<String>,
    ) -> Result<Self> {
        let state = proof.open()?;
        let found =
            state.record(record)?.with_context(|| format!("there is no record {record}"))?;
        let certificate = Self {
            version: VERSION,
            about: ABOUT.to_owned(),
            chain: ChainPart {
                genesis_hash: state.genesis_hash()?,
                spec_version: state.spec_version()?,
            },
            block: BlockPart {
                number: u32::try_from(state.number())?,
                hash: state.hash(),
                time: time::shown(state.timestamp()?),
                header: HexBytes(proof.header),
            },
            record: RecordPart { id: record, patient: found.patient, cid, digest: None },
            erasure,
            absent: KEY_HOLDERS.map(str::to_owned).to_vec(),
            proof: proof.nodes.into_iter().map(HexBytes).collect(),
            stores,
            stores_not_asked,
        };
        if let Some(failed) = checks(&certificate).into_iter().find(|check| !check.holds()) {
            bail!("the node's proof does not show that {failed}");
        }
        Ok(certificate)
    }

    /// Reads what [`Certificate::to_json`] wrote.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Versioned {
            #[serde(rename = "medchain_erasure_certificate")]
            version: u32,
        }
        let versioned: Versioned =
            serde_json::from_slice(bytes).context("not a certificate of erasure")?;
        if !(1..=VERSION).contains(&versioned.version) {
            bail!(
                "the certificate has version {}, and this program reads versions 1 to {VERSION}; \
                 update the program",
                versioned.version
            );
        }
        serde_json::from_slice(bytes).context("the certificate is damaged")
    }

    /// The file's content.
    pub fn to_json(&self) -> Result<String> {
        let json = serde_json::to_string_pretty(self);
        Ok(json.context("cannot write the certificate as JSON")? + "\n")
    }

    /// The header and the trie's nodes, as a node sends them.
    fn read_proof(&self) -> ReadProof {
        ReadProof {
            header: self.block.header.0.clone(),
            nodes: self.proof.iter().map(|node| node.0.clone()).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
