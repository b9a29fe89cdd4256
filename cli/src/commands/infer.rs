//! `medchain infer`: asks for a prediction on a record that is on chain already.

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent, Model, Record, View},
    AccountId32,
};
use medchain_primitives::Action;
use serde::Serialize;

use crate::{
    commands::fetch,
    context::Context,
    envelopes::{self, Reader},
    output::{self, Outcome},
    sign::{event, Included},
};

/// Arguments of `medchain infer`.
#[derive(Args, Clone, Debug)]
pub struct InferArgs {
    /// The number of the record.
    pub record: u64,
    /// The number of the model.
    #[arg(long)]
    pub model: u32,
}

/// A request that waits for a worker.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InferReport {
    /// The request's number.
    pub request_id: u64,
    /// The record.
    pub record_id: u64,
    /// The model.
    pub model_id: u32,
    /// The last block in which an answer is taken.
    pub deadline: u32,
    /// Workers that got an envelope with this transaction.
    pub sealed_to: Vec<String>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for InferReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "request {}: model {} on record {}, to be answered by block {} ({})",
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

/// Requests a prediction and sees to it that a worker can open the record.
pub async fn infer(context: &Context, args: &InferArgs) -> Result<InferReport> {
    let view = context.view().await?;
    let record = envelopes::record(&view, args.record).await?;
    let model = envelopes::active_model(&view, args.model).await?;
    ensure_new(context, &view, &record, &model).await?;
    let missing = workers_without_envelope(context, &view, &record, &model).await?;
    let mut calls = Vec::new();
    if !missing.is_empty() {
        let key = fetch::key(context, &view, &record).await?;
        for worker in &missing {
            let (reader, sealed_key) = worker.seal(&key)?;
            calls.push(Call::ShareRecord { record: record.id, reader, sealed_key });
        }
    }
    calls.push(Call::RequestInference { record: record.id, model: model.id });
    let call = match calls.len() {
        1 => calls.remove(0),
        _ => Call::Batch(calls),
    };
    let purpose = "request the prediction";
    context.ensure_can_ask()?;
    context.confirm(&call, purpose).await?;
    let outcome = context.send(&call, purpose).await?;
    let (request, deadline) = event(&outcome, purpose, |event| match event {
        ChainEvent::InferenceRequested { request, deadline, .. } => Some((*request, *deadline)),
        _ => None,
    })?;
    Ok(InferReport {
        request_id: request.0,
        record_id: args.record,
        model_id: args.model,
        deadline,
        sealed_to: missing.iter().map(|w| w.account.to_string()).collect(),
        included: (&outcome).into(),
    })
}

async fn ensure_new(context: &Context, view: &View, record: &Record, model: &Model) -> Result<()> {
    let (id, number) = (record.id, model.id.0);
    if view.prediction(id, model.id).await?.is_some() {
        bail!("model {number} has answered for record {id} already; see `medchain show {id}`");
    }
    if let Some(request) = view.open_request_of(id, model.id).await? {
        bail!("request {} for model {number} on record {id} is open already", request.0);
    }
    if let Err(denied) = allowed(context, view, record, Action::Infer).await? {
        bail!("you may not ask for a prediction on record {id}: {denied}");
    }
    Ok(())
}

async fn allowed(
    context: &Context,
    view: &View,
    record: &Record,
    action: Action,
) -> Result<Result<(), medchain_client::chain::Denied>> {
    let account: AccountId32 = context.account()?;
    let answer = view.check_access(&record.patient, &account, Some(record.id), action).await?;
    Ok(answer)
}

/// The consented workers to seal to now. None when some worker can open the
/// record and the signer may not share it further.
async fn workers_without_envelope(
    context: &Context,
    view: &View,
    record: &Record,
    model: &Model,
) -> Result<Vec<Reader>> {
    let consented =
        envelopes::consented_workers(view, model.id, &record.patient, Some(record.id)).await?;
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
            "no worker can open record {} and you may not share it with one: {denied}",
            record.id
        ),
    }
}
