//! `medchain report`: a record and its verdict on one page, to print.

use std::{fmt, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::chain::{Finality, View};
use medchain_primitives::{ModelId, RecordId, RequestId};
use medchain_report::{Outcome as Answer, Report, UNCERTAIN};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    files,
    output::{self, Outcome},
    records,
    report::{gather, Choice, Opening, Wanted},
};

/// Arguments of `medchain report`.
#[derive(Args, Clone, Debug)]
pub struct ReportArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
    /// The PDF to write.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// The model's number, needed where several have answered.
    #[arg(long, value_parser = arguments::model())]
    pub model: Option<ModelId>,
    /// The request to report; defaults to that of the newest verdict, or the open one.
    #[arg(long, value_parser = arguments::request(), conflicts_with = "model")]
    pub request: Option<RequestId>,
    /// Print this name on the page; without it, the page has the patient's account alone.
    #[arg(long, value_name = "NAME")]
    pub patient_name: Option<String>,
    /// The folder with the model card; defaults to the shipped one.
    ///
    /// If its CID differs from the one on chain, the card is fetched from the store.
    #[arg(long, env = "MEDCHAIN_MODEL_DIR", value_name = "FOLDER")]
    pub model_dir: Option<PathBuf>,
    /// Replace the file if it exists.
    #[arg(long)]
    pub force: bool,
}

/// A written report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrittenReport {
    /// The record.
    pub record_id: RecordId,
    /// The request; none where no prediction was ordered.
    pub request_id: Option<RequestId>,
    /// The file.
    pub file: String,
    /// The file's length in bytes.
    pub bytes: usize,
    /// What came of the request, as one word.
    pub state: String,
    /// The most probable class; none where there is no verdict that counts.
    pub label: Option<String>,
    /// Whether the verdict is below the model's threshold; none where there is no verdict.
    pub uncertain: Option<bool>,
    /// The block whose state is reported.
    pub block_number: u32,
    /// The text of the page's code.
    pub code: String,
}

impl fmt::Display for WrittenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record_id, file, block_number, .. } = self;
        let says = match (&self.label, self.uncertain) {
            (Some(label), Some(false)) => output::label(label, false),
            (Some(_), _) => UNCERTAIN.to_lowercase(),
            (None, _) => self.state.replace('_', " "),
        };
        writeln!(f, "record {record_id}: {says}, as of block {block_number}, written to {file}")?;
        write!(f, "Check it with: medchain verify-report {file}")
    }
}

/// Runs `medchain report`.
pub async fn run(context: &Context, args: &ReportArgs) -> Result<Outcome> {
    output::print(&write(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Writes a report.
pub async fn write(context: &Context, args: &ReportArgs) -> Result<WrittenReport> {
    let path = &args.output;
    files::ensure_can_write(path, args.force)?;
    let view = state(context).await?;
    let record = records::find(&view, args.record).await?;
    let opening = Opening::new(context, &view, &record).await?;
    let choice = args.request.map_or(Choice::Newest(args.model), Choice::Request);
    let wanted = Wanted {
        record: record.id,
        choice,
        as_of: view.number(),
        model_folder: args.model_dir.as_deref(),
    };
    let mut gathered = gather(context, &view, wanted, Some(opening)).await?;
    gathered.report.record.patient_name.clone_from(&args.patient_name);
    let report = &gathered.report;
    let rendered = medchain_report::render(report, gathered.film.as_ref())
        .context("the report cannot be drawn")?;
    // It shows the film: private, also on a shared computer.
    files::write_atomically(path, &rendered.pdf, args.force, true)?;
    Ok(WrittenReport {
        record_id: record.id,
        request_id: report.request.as_ref().map(|request| RequestId(request.id)),
        file: path.display().to_string(),
        bytes: rendered.pdf.len(),
        state: word(&report.outcome)?,
        label: label(report),
        uncertain: report.is_uncertain(),
        block_number: view.number(),
        code: rendered.code.to_string(),
    })
}

/// The state to report: at the newest block that is never replaced, or as `--in-block` says.
async fn state(context: &Context) -> Result<View> {
    let chain = context.chain().await?;
    Ok(match context.finality {
        Finality::Best => chain.best().await?,
        Finality::Finalised => chain.finalised().await?,
    })
}

/// What came of a request, as its values call it.
fn word(outcome: &Answer) -> Result<String> {
    let value = serde_json::to_value(outcome).context("cannot write the report as JSON")?;
    let state = value.get("state").and_then(serde_json::Value::as_str);
    Ok(state.unwrap_or_default().to_owned())
}

fn label(report: &Report) -> Option<String> {
    match &report.outcome {
        Answer::Verdict { label, .. } => Some(label.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(state: &str, label: Option<&str>, uncertain: Option<bool>) -> String {
        let report = WrittenReport {
            record_id: RecordId(3),
            request_id: Some(RequestId(9)),
            file: "report.pdf".into(),
            bytes: 1,
            state: state.into(),
            label: label.map(str::to_owned),
            uncertain,
            block_number: 12,
            code: "MEDCHAIN-REPORT/1/A".into(),
        };
        report.to_string()
    }

    #[test]
    fn it_says_what_the_page_says() {
        let certain = written("verdict", Some("normal"), Some(false));
        assert!(certain.starts_with("record 3: normal, as of block 12, written to report.pdf\n"));
        let uncertain = written("verdict", Some("normal"), Some(true));
        assert!(uncertain.contains("3: uncertain: needs a radiologist, as of"), "{uncertain}");
        assert!(!uncertain.contains("normal"), "{uncertain}");
        assert!(written("not_ordered", None, None).starts_with("record 3: not ordered,"));
        assert!(written("pending", None, None).ends_with("medchain verify-report report.pdf"));
    }

    #[test]
    fn every_state_has_a_word() {
        for (outcome, expected) in [
            (Answer::Pending { step: "drawing".into(), until: 1 }, "pending"),
            (Answer::NotOrdered, "not_ordered"),
            (Answer::Annulled, "annulled"),
        ] {
            assert_eq!(word(&outcome).unwrap(), expected);
        }
    }
}
