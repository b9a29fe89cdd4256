//! `medchain show`: everything the chain knows about one record.

use std::fmt;

use anyhow::Result;
use clap::Args;
use medchain_client::{
    chain::{Record, RecordStatus, Request, View},
    AccountId32,
};
use medchain_primitives::{FailureCode, ModelId, RecordId, RequestId};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    models::Prediction,
    output::{self, Outcome},
    records::{self, RecordSummary},
};

/// The most versions that are followed in each direction.
const MAX_VERSIONS: usize = 256;

/// Arguments of `medchain show`.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
}

/// A record with its versions, readers and predictions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShowReport {
    /// The record itself.
    #[serde(flatten)]
    pub record: RecordSummary,
    /// Its patient.
    pub patient: AccountId32,
    /// The deposit held for it, in plancks.
    pub deposit: String,
    /// Its versions including itself, oldest first.
    pub versions: Vec<RecordId>,
    /// The accounts that can open it.
    pub envelopes: Vec<AccountId32>,
    /// The predictions for it.
    pub predictions: Vec<Prediction>,
    /// The requests that await a worker.
    pub open_requests: Vec<RequestReport>,
    /// The block that was read.
    pub block_number: u32,
}

/// An open request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestReport {
    /// The request's number.
    pub request_id: RequestId,
    /// The requested model.
    pub model_id: ModelId,
    /// The block in which it was made.
    pub opened: u32,
    /// The last block in which an answer is accepted.
    pub deadline: u32,
    /// The failures that workers reported.
    pub failures: Vec<FailureReport>,
}

/// A worker's failure to predict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailureReport {
    /// The worker.
    pub worker: AccountId32,
    /// The reason.
    pub code: FailureCode,
}

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = &self.record;
        writeln!(f, "record      {} ({})", record.record_id, record.kind)?;
        writeln!(f, "status      {}", record.status)?;
        writeln!(f, "patient     {}", self.patient)?;
        writeln!(f, "author      {}", record.author)?;
        writeln!(f, "added       in block {}", record.added_at)?;
        writeln!(f, "CID         {}", record.cid)?;
        writeln!(f, "SHA-256     {}", record.digest)?;
        if self.versions.len() > 1 {
            let versions: Vec<String> = self.versions.iter().map(ToString::to_string).collect();
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
            let blocks = self.block_number.saturating_sub(request.opened);
            writeln!(
                f,
                ", since block {} ({blocks} blocks), until block {}",
                request.opened, request.deadline
            )?;
            for failure in &request.failures {
                writeln!(f, "failed      at {}: {}", failure.worker, failure.code)?;
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

/// Reads a record and what belongs to it, at one block.
async fn show(view: &View, id: RecordId) -> Result<ShowReport> {
    let record = records::find(view, id).await?;
    let models = view.models().await?;
    let predictions = view.predictions_of(record.id).await?;
    let mut open_requests = Vec::new();
    for model in &models {
        if let Some(request) = view.open_request_of(record.id, model.id).await?
            && let Some(request) = view.request(request).await?
        {
            open_requests.push(open_request(view, &request).await?);
        }
    }
    let envelopes = view.envelopes(record.id).await?;
    Ok(ShowReport {
        patient: record.patient,
        deposit: record.deposit.to_string(),
        versions: versions(view, &record).await?,
        envelopes: envelopes.into_iter().map(|(reader, _)| reader).collect(),
        predictions: predictions
            .iter()
            .map(|prediction| {
                let model = models.iter().find(|model| model.id == prediction.model);
                Prediction::new(prediction, model)
            })
            .collect(),
        open_requests,
        block_number: view.number(),
        record: RecordSummary::from(&record),
    })
}

async fn open_request(view: &View, request: &Request) -> Result<RequestReport> {
    let failures = view.failure_reports(request.id).await?;
    Ok(RequestReport {
        request_id: request.id,
        model_id: request.model,
        opened: request.opened,
        deadline: request.deadline,
        failures: failures
            .into_iter()
            .map(|(worker, code)| FailureReport { worker, code })
            .collect(),
    })
}

/// The numbers of all versions, oldest first.
async fn versions(view: &View, record: &Record) -> Result<Vec<RecordId>> {
    let mut all = Vec::new();
    let mut before = record.previous;
    while let (Some(id), true) = (before, all.len() < MAX_VERSIONS) {
        all.push(id);
        before = view.record(id).await?.and_then(|record| record.previous);
    }
    all.reverse();
    all.push(record.id);
    let mut after = superseded_by(record);
    while let (Some(id), true) = (after, all.len() < 2 * MAX_VERSIONS) {
        all.push(id);
        after = view.record(id).await?.as_ref().and_then(superseded_by);
    }
    Ok(all)
}

fn superseded_by(record: &Record) -> Option<RecordId> {
    match record.status {
        RecordStatus::Superseded { by } => Some(by),
        RecordStatus::Active | RecordStatus::Erased => None,
    }
}
