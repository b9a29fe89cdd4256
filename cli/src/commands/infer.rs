//! `medchain infer`: requests a prediction for an existing record.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent, Denied, Model, Record, View},
    AccountId32,
};
use medchain_primitives::{Action, ModelId, RecordId, RequestId};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    models,
    output::{self, Outcome},
    records::{self, Reader},
    signing::{event, together, Included},
};

/// Arguments of `medchain infer`.
#[derive(Args, Clone, Debug)]
pub struct InferArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
    /// The model's number.
    #[arg(long, value_parser = arguments::model())]
    pub model: ModelId,
}

/// An open request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InferReport {
    /// The request's number.
    pub request_id: RequestId,
    /// The record.
    pub record_id: RecordId,
    /// The model.
    pub model_id: ModelId,
    /// The last block in which an answer is accepted.
    pub deadline: u32,
    /// The workers that got an envelope with this transaction.
    pub sealed_to: Vec<AccountId32>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for InferReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "request {}: model {} on record {}, to be answered until block {} ({})",
            self.request_id, self.model_id, self.record_id, self.deadline, self.included
        )?;
        for worker in &self.sealed_to {
            writeln!(f, "sealed to worker {worker}")?;
        }
        write!(f, "See the answer with: medchain show {}", self.record_id)
    }
}

/// Runs `medchain infer`.
pub async fn run(context: &Context, args: &InferArgs) -> Result<Outcome> {
    output::print(&infer(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Requests a prediction, and seals the record's key to workers that lack it.
pub async fn infer(context: &Context, args: &InferArgs) -> Result<InferReport> {
    let view = context.view().await?;
    let record = records::find(&view, args.record).await?;
    let model = models::active(&view, args.model).await?;
    ensure_new(context, &view, &record, &model).await?;
    let missing = workers_without_envelope(context, &view, &record, &model).await?;
    let mut calls = Vec::new();
    if !missing.is_empty() {
        let key = records::key(context, &view, &record).await?;
        for worker in &missing {
            let (reader, sealed_key) = worker.seal(&key)?;
            calls.push(Call::ShareRecord { record: record.id, reader, sealed_key });
        }
    }
    calls.push(Call::RequestInference { record: record.id, model: model.id });
    let purpose = "request the prediction";
    let outcome = context.sign(&together(calls), purpose).await?;
    let (request_id, deadline) = event(&outcome, purpose, |event| match event {
        ChainEvent::InferenceRequested { request, deadline, .. } => Some((*request, *deadline)),
        _ => None,
    })?;
    Ok(InferReport {
        request_id,
        record_id: args.record,
        model_id: args.model,
        deadline,
        sealed_to: missing.into_iter().map(|worker| worker.account).collect(),
        included: (&outcome).into(),
    })
}

async fn ensure_new(context: &Context, view: &View, record: &Record, model: &Model) -> Result<()> {
    let (id, model) = (record.id, model.id);
    if view.prediction(id, model).await?.is_some() {
        bail!("model {model} has already answered for record {id}; see `medchain show {id}`");
    }
    if let Some(request) = view.open_request_of(id, model).await? {
        bail!(
            "request {request} for model {model} on record {id} is already open; \
             see `medchain show {id}`"
        );
    }
    if let Err(denied) = allowed(context, view, record, Action::Infer).await? {
        bail!("you may not request a prediction for record {id}: {denied}");
    }
    Ok(())
}

async fn allowed(
    context: &Context,
    view: &View,
    record: &Record,
    action: Action,
) -> Result<Result<(), Denied>> {
    let (account, id) = (context.account()?, Some(record.id));
    Ok(view.check_access(&record.patient, &account, id, action, None).await?)
}

/// The workers to seal the key to: none if some worker can open the record and the
/// signer may not share it.
async fn workers_without_envelope(
    context: &Context,
    view: &View,
    record: &Record,
    model: &Model,
) -> Result<Vec<Reader>> {
    let consented =
        models::consented_workers(view, model.id, &record.patient, Some(record.id)).await?;
    let count = consented.len();
    let mut missing = Vec::new();
    for worker in consented {
        if view.envelope(record.id, &worker.account).await?.is_none() {
            missing.push(worker);
        }
    }
    if missing.is_empty() {
        return Ok(missing);
    }
    match allowed(context, view, record, Action::Share).await? {
        Ok(()) => Ok(missing),
        Err(_) if missing.len() < count => Ok(Vec::new()),
        Err(denied) => bail!(
            "no worker can open record {}, and you may not share it with one: {denied}",
            record.id
        ),
    }
}
