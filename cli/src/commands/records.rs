//! `medchain records`: the file of one patient.

use anyhow::Result;
use clap::Args;
use medchain_client::chain::{Record, RecordStatus};
use medchain_primitives::RecordKind;
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
};

/// Arguments of `medchain records`.
#[derive(Args, Clone, Debug)]
pub struct RecordsArgs {
    /// The patient; without it, you.
    pub patient: Option<String>,
}

/// One record, without its envelopes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordSummary {
    /// Its number.
    pub record_id: u64,
    /// What it is.
    pub kind: RecordKind,
    /// Whether it is the newest version.
    pub status: String,
    /// The version before it.
    pub previous: Option<u64>,
    /// The block that it came with.
    pub added_at: u32,
    /// Who added it.
    pub author: String,
    /// Where its encrypted content is.
    pub cid: String,
    /// SHA-256 of the encrypted content.
    pub digest: String,
}

impl From<&Record> for RecordSummary {
    fn from(record: &Record) -> Self {
        Self {
            record_id: record.id.0,
            kind: record.kind,
            status: match record.status {
                RecordStatus::Active => "active".into(),
                RecordStatus::Superseded { by } => format!("superseded by {by}"),
                RecordStatus::Erased => "erased".into(),
            },
            previous: record.previous.map(|previous| previous.0),
            added_at: record.added_at,
            author: record.author.to_string(),
            cid: record.cid.to_string(),
            digest: format!("0x{}", hex::encode(record.digest.0)),
        }
    }
}

/// What a record is, in words.
pub fn kind_name(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::ChestXray => "chest X-ray",
        RecordKind::Report => "report",
        RecordKind::Other => "document",
    }
}

impl std::fmt::Display for RecordSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:>5}  {:<11}  {:<8}  block {:>7}  {}",
            self.record_id,
            kind_name(self.kind),
            self.status,
            self.added_at,
            self.cid
        )
    }
}

/// The records of one patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordsReport {
    /// The patient.
    pub patient: String,
    /// By number.
    pub records: Vec<RecordSummary>,
}

impl std::fmt::Display for RecordsReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.records.is_empty() {
            return write!(f, "{} has no records", self.patient);
        }
        for record in &self.records {
            writeln!(f, "{record}")?;
        }
        Ok(())
    }
}

/// Runs `medchain records`.
pub async fn run(context: &Context, args: &RecordsArgs) -> Result<Outcome> {
    let patient = context.account_or_own(args.patient.as_deref())?;
    let records = context.view().await?.records_of(&patient).await?;
    let report = RecordsReport {
        patient: patient.to_string(),
        records: records.iter().map(RecordSummary::from).collect(),
    };
    output::print(&report, context.json)?;
    Ok(Outcome::Done)
}
