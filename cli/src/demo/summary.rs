//! The demo's results, for scripts.

use std::path::Path;

use anyhow::{Context as _, Result};
use medchain_primitives::RecordId;
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
    /// The predicted class.
    pub label: String,
    /// The probability of every class.
    pub probabilities: Probabilities,
    /// The prediction's receipt.
    pub receipt: String,
    /// Whether the patient decrypted exactly the bytes that went in.
    pub roundtrip_ok: bool,
    /// Whether the stranger could neither open the record nor get access.
    pub stranger_denied: bool,
    /// How long the steps took.
    pub timings_ms: Timings,
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
    /// Fetching by CID, with every hash verified.
    pub fetch_verify: u64,
    /// Decrypting and decoding the image.
    pub decrypt_decode: u64,
    /// Preprocessing and VGG-16.
    pub infer: u64,
    /// From signing the prediction to its block.
    pub submit: u64,
    /// From the start of the upload to the prediction on chain.
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
            label: "normal".into(),
            probabilities: Probabilities(vec![("covid".into(), 0), ("normal".into(), 1_000_000)]),
            receipt: "0x01".into(),
            roundtrip_ok: true,
            stranger_denied: true,
            timings_ms: Timings::default(),
        };
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"cid":"bafk","record_id":0,"block_hash":"0x00","fee":1,"label":"normal","#,
                r#""probabilities":{"covid":0.0,"normal":1.0},"receipt":"0x01","#,
                r#""roundtrip_ok":true,"stranger_denied":true,"timings_ms":{"encrypt":0,"#,
                r#""store":0,"include":0,"fetch_verify":0,"decrypt_decode":0,"infer":0,"#,
                r#""submit":0,"total":0}}"#
            )
        );
    }
}
