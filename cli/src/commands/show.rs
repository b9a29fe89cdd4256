//! `medchain show`: everything the chain knows about one record.

use anyhow::Result;
use clap::Args;
use medchain_client::chain::{
    Model, Prediction, Record, RecordStatus, Request, RequestStatus, View,
};
use medchain_primitives::{FailureCode, RecordId};
use serde::Serialize;

use crate::{
    commands::{
        predict::Probabilities,
        records::{kind_name, RecordSummary},
    },
    context::Context,
    envelopes,
    output::{self, Outcome},
};

/// The most versions that are followed in either direction.
const MAX_VERSIONS: usize = 256;

/// Arguments of `medchain show`.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// The number of the record.
    pub record: u64,
}

/// One record with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShowReport {
    /// The record itself.
    #[serde(flatten)]
    pub record: RecordSummary,
    /// Its patient.
    pub patient: String,
    /// The deposit that is held for it, in smallest units.
    pub deposit: String,
    /// Its versions, oldest first, itself among them.
    pub versions: Vec<u64>,
    /// Who can open it.
    pub envelopes: Vec<String>,
    /// What models said about it.
    pub predictions: Vec<PredictionReport>,
    /// Requests that still wait for a worker.
    pub open_requests: Vec<RequestReport>,
    /// The block at which all this was read.
    pub block_number: u32,
}

/// What a model said, as it stands on chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PredictionReport {
    /// The model's number.
    pub model_id: u32,
    /// Its name and version.
    pub model: String,
    /// The most probable class.
    pub label: String,
    /// Of every class.
    pub probabilities: Probabilities,
    /// Whether the label's probability is below the model's threshold.
    pub uncertain: bool,
    /// What `medchain replay` recomputes.
    pub receipt: String,
    /// The worker that signed it.
    pub worker: String,
    /// The request that it answers.
    pub request_id: u64,
    /// The block that it came with.
    pub block_number: u32,
}

/// A request that waits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestReport {
    /// Its number.
    pub request_id: u64,
    /// The model that was asked for.
    pub model_id: u32,
    /// The block in which it was made, where the chain's runtime tells.
    pub opened: Option<u32>,
    /// The last block in which an answer is taken.
    pub deadline: u32,
    /// Workers that could not predict.
    pub failures: Vec<FailureReport>,
}

/// What a worker said that could not predict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailureReport {
    /// The worker.
    pub worker: String,
    /// Why it could not.
    pub code: FailureCode,
}

impl PredictionReport {
    /// Names the classes of a prediction as its model does. A class that the
    /// model has no name for gets its number.
    pub fn new(prediction: &Prediction, model: Option<&Model>) -> Self {
        let name = |index: usize| {
            model
                .and_then(|model| model.labels.get(index).cloned())
                .unwrap_or_else(|| format!("class {index}"))
        };
        let output = &prediction.output;
        let parts = output.probabilities.iter().map(|part| part.deconstruct());
        // Without the model's threshold nothing is certain.
        let threshold = model.map_or(u32::MAX, |model| model.confidence_threshold_ppm);
        Self {
            model_id: prediction.model.0,
            model: model.map_or_else(
                || format!("model {}", prediction.model.0),
                |model| format!("{} {}", model.name, model.version),
            ),
            label: name(usize::from(output.label)),
            probabilities: Probabilities(parts.enumerate().map(|(i, p)| (name(i), p)).collect()),
            uncertain: output.confidence().deconstruct() < threshold,
            receipt: format!("0x{}", hex::encode(prediction.receipt.0)),
            worker: prediction.worker.to_string(),
            request_id: prediction.request.0,
            block_number: prediction.at,
        }
    }
}

impl std::fmt::Display for PredictionReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", output::label(&self.label, self.uncertain))?;
        writeln!(f, "  probabilities  {}", self.probabilities)?;
        writeln!(f, "  model          {} (number {})", self.model, self.model_id)?;
        writeln!(f, "  worker         {}", self.worker)?;
        writeln!(f, "  block          {}", self.block_number)?;
        write!(f, "  receipt        {}", self.receipt)
    }
}

impl std::fmt::Display for ShowReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let record = &self.record;
        writeln!(f, "record      {} ({})", record.record_id, kind_name(record.kind))?;
        writeln!(f, "status      {}", record.status)?;
        writeln!(f, "patient     {}", self.patient)?;
        writeln!(f, "author      {}", record.author)?;
        writeln!(f, "added       in block {}", record.added_at)?;
        writeln!(f, "CID         {}", record.cid)?;
        writeln!(f, "SHA-256     {}", record.digest)?;
        if self.versions.len() > 1 {
            let versions: Vec<String> = self.versions.iter().map(u64::to_string).collect();
            writeln!(f, "versions    {}", versions.join(" → "))?;
        }
        if self.envelopes.is_empty() {
            writeln!(f, "envelopes   none: nobody can open it")?;
        }
        for reader in &self.envelopes {
            writeln!(f, "envelope    {reader}")?;
        }
        for request in &self.open_requests {
            write!(f, "waiting     request {} for model {}", request.request_id, request.model_id)?;
            if let Some(opened) = request.opened {
                let blocks = self.block_number.saturating_sub(opened);
                write!(f, ", since block {opened} ({blocks} blocks)")?;
            }
            writeln!(f, ", until block {}", request.deadline)?;
            for failure in &request.failures {
                writeln!(f, "failed      at {}: {}", failure.worker, in_words(failure.code))?;
            }
        }
        for prediction in &self.predictions {
            writeln!(f, "prediction  {prediction}")?;
        }
        if !self.predictions.is_empty() {
            writeln!(f, "Not for clinical use.")?;
        }
        Ok(())
    }
}

/// Runs `medchain show`.
pub async fn run(context: &Context, args: &ShowArgs) -> Result<Outcome> {
    let view = context.view().await?;
    output::print(&show(&view, args.record).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Reads a record and all that belongs to it, at one block.
pub async fn show(view: &View, id: u64) -> Result<ShowReport> {
    let record = envelopes::record(view, id).await?;
    let models = view.models().await?;
    let predictions = view.predictions_of(record.id).await?;
    let mut open_requests = Vec::new();
    for model in &models {
        if let Some(request) = view.open_request_of(record.id, model.id).await? {
            if let Some(request) = view.request(request).await? {
                open_requests.push(open_request(view, &request).await?);
            }
        }
    }
    let envelopes = view.envelopes(record.id).await?;
    Ok(ShowReport {
        patient: record.patient.to_string(),
        deposit: record.deposit.to_string(),
        versions: versions(view, &record).await?,
        envelopes: envelopes.into_iter().map(|(reader, _)| reader.to_string()).collect(),
        predictions: predictions
            .iter()
            .map(|prediction| {
                let model = models.iter().find(|model| model.id == prediction.model);
                PredictionReport::new(prediction, model)
            })
            .collect(),
        open_requests,
        block_number: view.number(),
        record: RecordSummary::from(&record),
    })
}

async fn open_request(view: &View, request: &Request) -> Result<RequestReport> {
    debug_assert!(matches!(request.status, RequestStatus::Open));
    let failures = view.failure_reports(request.id).await?;
    Ok(RequestReport {
        request_id: request.id.0,
        model_id: request.model.0,
        opened: request.opened,
        deadline: request.deadline,
        failures: failures
            .into_iter()
            .map(|(worker, code)| FailureReport { worker: worker.to_string(), code })
            .collect(),
    })
}

fn in_words(code: FailureCode) -> &'static str {
    match code {
        FailureCode::Unavailable => "content unavailable",
        FailureCode::WrongHash => "content corrupt",
        FailureCode::CannotDecrypt => "cannot decrypt",
        FailureCode::NotAnImage => "not an image",
        FailureCode::TooLarge => "too large",
    }
}

/// The numbers of all versions, oldest first.
async fn versions(view: &View, record: &Record) -> Result<Vec<u64>> {
    let mut older: Vec<RecordId> = Vec::new();
    let mut before = record.previous;
    while let (Some(id), true) = (before, older.len() < MAX_VERSIONS) {
        older.push(id);
        before = view.record(id).await?.and_then(|record| record.previous);
    }
    older.reverse();
    older.push(record.id);
    let mut after = superseded_by(record);
    while let (Some(id), true) = (after, older.len() < 2 * MAX_VERSIONS) {
        older.push(id);
        after = view.record(id).await?.as_ref().and_then(superseded_by);
    }
    Ok(older.into_iter().map(|id| id.0).collect())
}

fn superseded_by(record: &Record) -> Option<RecordId> {
    match record.status {
        RecordStatus::Superseded { by } => Some(by),
        RecordStatus::Active | RecordStatus::Erased => None,
    }
}

#[cfg(test)]
mod tests {
    use medchain_primitives::{Output, PreprocessingId, Receipt};

    use super::*;

    fn prediction(probabilities: &[f32]) -> Prediction {
        Prediction {
            record: RecordId(4),
            model: medchain_primitives::ModelId(1),
            request: medchain_primitives::RequestId(9),
            worker: medchain_client::AccountId32([7; 32]),
            output: Output::quantise(probabilities).unwrap(),
            receipt: Receipt([0xab; 32]),
            at: 12,
        }
    }

    fn model(threshold: u32) -> Model {
        Model {
            id: medchain_primitives::ModelId(1),
            name: "vgg".into(),
            version: "1.0".into(),
            cid: medchain_client::store::cid_of(b"onnx"),
            sha256: [1; 32],
            card: None,
            labels: ["covid", "ignore", "normal"].map(String::from).to_vec(),
            preprocessing: PreprocessingId::default(),
            confidence_threshold_ppm: threshold,
            fee: 0,
            status: medchain_client::chain::ModelStatus::Active,
        }
    }

    #[test]
    fn a_label_below_the_threshold_carries_the_warning() {
        for (threshold, uncertain) in [(800_000, false), (800_001, true)] {
            let report =
                PredictionReport::new(&prediction(&[0.15, 0.05, 0.8]), Some(&model(threshold)));
            assert_eq!(report.label, "normal");
            assert_eq!(report.uncertain, uncertain);
            assert_eq!(report.to_string().contains(output::UNCERTAIN), uncertain);
        }
    }

    #[test]
    fn without_its_model_a_prediction_is_uncertain_and_unnamed() {
        let report = PredictionReport::new(&prediction(&[0.0, 1.0, 0.0]), None);
        assert_eq!((report.label.as_str(), report.uncertain), ("class 1", true));
    }
}
