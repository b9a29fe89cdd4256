//! What became of each file of a folder, and of all.

use std::fmt;

use anyhow::Result;
use medchain_client::AccountId32;
use medchain_primitives::{ModelId, RecordId, RequestId};
use serde::Serialize;

use super::manifest::Row;
use crate::{
    context::Context,
    exit,
    output::{self, counted, Outcome},
    signing::Included,
};

/// How far one file came. Serialised by its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileOutcome {
    /// Its record is on chain.
    Added,
    /// Its record was on chain before.
    AddedBefore,
    /// It was refused, or could not be read or stored.
    Failed,
    /// It was sent, and nobody knows whether it is in a block.
    Unknown,
    /// It is stored, and was not sent.
    Begun,
    /// Nothing of it was done.
    NotBegun,
}

impl FileOutcome {
    /// How far a file came that ended with this error.
    pub(super) fn of_error(error: &anyhow::Error) -> Self {
        if exit::is_unknown(error) {
            Self::Unknown
        } else {
            Self::Failed
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::AddedBefore => "added before",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Begun => "begun",
            Self::NotBegun => "not begun",
        }
    }
}

impl fmt::Display for FileOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct FileReport {
    /// Its name in the list.
    pub(super) file: String,
    /// The line of the list.
    pub(super) line: u64,
    /// The patient.
    pub(super) patient: AccountId32,
    /// How far it came.
    #[serde(serialize_with = "output::displayed")]
    pub(super) outcome: FileOutcome,
    /// Its record.
    pub(super) record_id: Option<RecordId>,
    /// The CID of its encrypted content.
    pub(super) cid: Option<String>,
    /// Whether a store had lost the content, and it was put back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) put_back: bool,
    /// The request for a verdict, where one was made.
    pub(super) request_id: Option<RequestId>,
    /// Names of what was taken out of the file before it was encrypted.
    pub(super) removed: Vec<String>,
    /// Why it failed.
    pub(super) error: Option<String>,
    /// The model of which a verdict is ordered.
    #[serde(skip)]
    pub(super) model: Option<ModelId>,
    /// Where it is on chain.
    #[serde(flatten)]
    pub(super) included: Option<Included>,
}

impl FileReport {
    /// A file of which nothing more is known.
    pub(super) fn new(row: &Row, outcome: FileOutcome) -> Self {
        Self {
            file: row.name.clone(),
            line: row.line,
            patient: row.patient,
            outcome,
            record_id: None,
            cid: None,
            put_back: false,
            request_id: None,
            removed: Vec::new(),
            error: None,
            model: row.model,
            included: None,
        }
    }

    /// A file that is not added, or of which nobody knows whether it is.
    pub(super) fn failed(row: &Row, outcome: FileOutcome, error: &anyhow::Error) -> Self {
        Self { error: Some(output::causes(error)), ..Self::new(row, outcome) }
    }
}

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", output::one_line(&self.file), self.outcome)?;
        if let Some(record) = self.record_id {
            write!(f, ", record {record}")?;
        }
        if let Some(request) = self.request_id {
            write!(f, ", request {request}")?;
        }
        if let Some(included) = &self.included {
            write!(f, " (block {})", included.block_number)?;
        }
        if self.put_back {
            f.write_str(", stored again, because a store had lost it")?;
        }
        match &self.error {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

/// What became of all files.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Summary {
    /// How many files the list has.
    pub(super) files: usize,
    /// How many were added now.
    pub(super) added: usize,
    /// How many had been added before.
    pub(super) added_before: usize,
    /// The names of those that failed.
    pub(super) failed: Vec<String>,
    /// The names of those of which nobody knows whether they were added.
    pub(super) unknown: Vec<String>,
    /// How many are stored, and were not sent.
    pub(super) begun: usize,
    /// How many were not begun.
    pub(super) not_begun: usize,
    /// How many transactions added them.
    pub(super) transactions: usize,
    /// How many records one transaction could take.
    pub(super) records_a_transaction: usize,
    /// How many records a block has room for, by the weight that they declare.
    pub(super) records_a_block: u64,
    /// How long it took.
    pub(super) seconds: f64,
}

/// The last line of JSON.
#[derive(Serialize)]
struct Last<'a> {
    summary: &'a Summary,
}

impl fmt::Display for Last<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary.fmt(f)
    }
}

impl Summary {
    /// Prints what became of a file, and counts it.
    pub(super) fn tell(&mut self, context: &Context, report: &FileReport) -> Result<()> {
        match report.outcome {
            FileOutcome::Added => self.added += 1,
            FileOutcome::AddedBefore => self.added_before += 1,
            FileOutcome::Failed => self.failed.push(report.file.clone()),
            FileOutcome::Unknown => self.unknown.push(report.file.clone()),
            FileOutcome::Begun => self.begun += 1,
            FileOutcome::NotBegun => self.not_begun += 1,
        }
        let is_left = matches!(report.outcome, FileOutcome::Begun | FileOutcome::NotBegun);
        if is_left && !context.json {
            return Ok(());
        }
        output::print(report, context.json)
    }

    /// Prints itself, and answers.
    pub(super) fn end(&self, context: &Context) -> Result<Outcome> {
        output::print(&Last { summary: self }, context.json)?;
        Ok(self.outcome())
    }

    fn outcome(&self) -> Outcome {
        if !self.unknown.is_empty() {
            Outcome::Unknown
        } else if !self.failed.is_empty() || self.begun > 0 || self.not_begun > 0 {
            Outcome::Failed
        } else {
            Outcome::Done
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} added in {}, {} added before, {} failed",
            counted(self.files as u64, "file"),
            self.added,
            counted(self.transactions as u64, "transaction"),
            self.added_before,
            self.failed.len()
        )?;
        if !self.unknown.is_empty() {
            write!(f, ", {} unknown", self.unknown.len())?;
        }
        if self.begun > 0 {
            write!(f, ", {} stored and not sent", self.begun)?;
        }
        if self.not_begun > 0 {
            write!(f, ", {} not begun", self.not_begun)?;
        }
        write!(f, "; {:.1} s", self.seconds)?;
        for name in &self.failed {
            write!(f, "\nfailed: {}", output::one_line(name))?;
        }
        for name in &self.unknown {
            let name = output::one_line(name);
            write!(f, "\nunknown: {name}; `medchain resume` says what became of it")?;
        }
        if self.outcome() != Outcome::Done {
            f.write_str("\nthe same command goes on, and adds nothing twice")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_in_json_stay() {
        use FileOutcome::{Added, AddedBefore, Begun, Failed, NotBegun, Unknown};
        let words = [Added, AddedBefore, Failed, Unknown, Begun, NotBegun].map(FileOutcome::as_str);
        assert_eq!(words, ["added", "added before", "failed", "unknown", "begun", "not begun"]);
    }

    #[test]
    fn one_that_failed_is_named_and_decides() {
        let mut summary = Summary { files: 3, added: 3, transactions: 1, ..Summary::default() };
        assert_eq!(summary.outcome(), Outcome::Done);
        assert!(!summary.to_string().contains("goes on"));
        summary.begun = 1;
        assert_eq!(summary.outcome(), Outcome::Failed);
        assert!(summary.to_string().contains("1 stored and not sent"), "{summary}");
        summary.failed.push("b.png".into());
        assert_eq!(summary.outcome(), Outcome::Failed);
        assert!(summary.to_string().contains("\nfailed: b.png\n"), "{summary}");
        summary.unknown.push("c.png".into());
        assert_eq!(summary.outcome(), Outcome::Unknown);
        let json = serde_json::to_value(Last { summary: &summary }).unwrap();
        assert_eq!(json["summary"]["failed"], serde_json::json!(["b.png"]));
    }
}
