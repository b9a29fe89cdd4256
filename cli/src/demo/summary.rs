//! The demo's results, for scripts.

use std::path::Path;

use anyhow::{Context as _, Result};
use medchain_client::AccountId32;
use medchain_primitives::{RecordId, VerdictStatus};
use serde::Serialize;

use crate::{files, models::Probabilities};

/// The content of `demo-summary.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The CID of the encrypted image.
    pub cid: String,
    /// The record's number.
    pub record_id: RecordId,
    /// The block that added the record.
    pub block_hash: String,
    /// The fee of that transaction, in plancks (10^12 are one MEDC).
    pub fee: u64,
    /// The workers that the chain drew; all of them gave the same answer.
    pub workers: Vec<AccountId32>,
    /// The class that the patient read in the sealed verdict.
    pub label: String,
    /// The probability of every class.
    pub probabilities: Probabilities,
    /// The verdict's receipt.
    pub receipt: String,
    /// Whether the verdict counts: `standing`, `challenged`, `annulled` or `withdrawn`.
    pub status: VerdictStatus,
    /// Whether the patient's own computation gave the same sealed bytes.
    pub replay_equal: bool,
    /// Whether the patient made the verdict public: only where the image is synthetic.
    pub disclosed: bool,
    /// The second film, for which one worker was named.
    pub named: Named,
    /// Whether the patient decrypted exactly the bytes that went in.
    pub roundtrip_ok: bool,
    /// Whether the stranger could open neither the record nor its verdict, nor get access.
    pub stranger_denied: bool,
    /// How long the steps took.
    pub timings_ms: Timings,
}

/// What became of the film for which one worker was named.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Named {
    /// The record's number.
    pub record_id: RecordId,
    /// How many blocks after the record's the verdict was reached.
    pub blocks: u32,
    /// The last block in which it is provisional.
    pub provisional_until: Option<u32>,
}

/// How long the steps took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Timings {
    /// Creating the key, encrypting, sealing.
    pub encrypt: u64,
    /// Storing.
    pub store: u64,
    /// From signing the record to its block.
    pub include: u64,
    /// From there until the drawn workers had the key.
    pub ask: u64,
    /// Fetching by CID, with every hash verified.
    pub fetch_verify: u64,
    /// Decrypting and decoding the image.
    pub decrypt_decode: u64,
    /// Preprocessing and VGG-16.
    pub infer: u64,
    /// From signing an answer to its block.
    pub submit: u64,
    /// From the start of the upload to the verdict on chain.
    pub total: u64,
}

impl Summary {
    /// Writes the summary completely or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self).context("cannot write the summary")?;
        text.push('\n');
        files::write_atomically(path, text.as_bytes(), true, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_has_exactly_the_published_fields() {
        let summary = Summary {
            cid: "bafk".into(),
            record_id: RecordId(0),
            block_hash: "0x00".into(),
            fee: 1,
            workers: vec![AccountId32([1; 32])],
            label: "normal".into(),
            probabilities: Probabilities(vec![("covid".into(), 0), ("normal".into(), 1_000_000)]),
            receipt: "0x01".into(),
            status: VerdictStatus::Standing,
            replay_equal: true,
            disclosed: true,
            named: Named { record_id: RecordId(1), blocks: 1, provisional_until: Some(9) },
            roundtrip_ok: true,
            stranger_denied: true,
            timings_ms: Timings::default(),
        };
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"cid":"bafk","record_id":0,"block_hash":"0x00","fee":1,"#,
                r#""workers":["5C62Ck4UrFPiBtoCmeSrgF7x9yv9mn38446dhCpsi2mLHiFT"],"#,
                r#""label":"normal","probabilities":{"covid":0.0,"normal":1.0},"#,
                r#""receipt":"0x01","status":"standing","replay_equal":true,"disclosed":true,"#,
                r#""named":{"record_id":1,"#,
                r#""blocks":1,"provisional_until":9},"roundtrip_ok":true,"stranger_denied":true,"#,
                r#""timings_ms":{"encrypt":0,"store":0,"include":0,"ask":0,"fetch_verify":0,"#,
                r#""decrypt_decode":0,"infer":0,"submit":0,"total":0}}"#
            )
        );
    }
}
