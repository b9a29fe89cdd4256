//! `medchain records`: a patient's records.

use std::fmt;

use anyhow::Result;
use clap::Args;
use medchain_client::AccountId32;
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    records::RecordSummary,
};

/// Arguments of `medchain records`.
#[derive(Args, Clone, Debug)]
pub struct RecordsArgs {
    /// The patient; defaults to you.
    pub patient: Option<String>,
}

/// A patient's records.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordsReport {
    /// The patient.
    pub patient: AccountId32,
    /// The records, by number.
    pub records: Vec<RecordSummary>,
}

impl fmt::Display for RecordsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    let records = records.iter().map(RecordSummary::from).collect();
    output::print(&RecordsReport { patient, records }, context.json)?;
    Ok(Outcome::Done)
}
