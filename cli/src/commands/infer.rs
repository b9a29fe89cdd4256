//! `medchain infer`: orders a verdict on an existing record, or continues an open request.

use std::fmt;

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{AccessQuestion, Call, ChainEvent, Record, RecordStatus, Verdict, View},
    AccountId32,
};
use medchain_primitives::{ModelId, RecordId, RecordKind, RequestId, VerdictStatus};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    inference::{self, Asking, Order, RecordKey, VerdictReport},
    output::{self, counted, joined, Outcome},
    records,
    signing::{event, Included},
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
    /// How the verdict is ordered.
    #[command(flatten)]
    pub asking: Asking,
}

/// A request, made or continued.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InferReport {
    /// The request's number.
    pub request_id: RequestId,
    /// The record.
    pub record_id: RecordId,
    /// The model.
    pub model_id: ModelId,
    /// Whether the request had been made before.
    pub continued: bool,
    /// The workers that were drawn or named.
    pub workers: Vec<AccountId32>,
    /// The workers that got the record's key now.
    pub sealed_to: Vec<AccountId32>,
    /// The last block in which they can answer; none once they have.
    pub deadline: Option<u32>,
    /// The verdict, where it was waited for.
    pub verdict: Option<VerdictReport>,
    /// The transaction that made the request, unless it had been made before.
    #[serde(flatten)]
    pub included: Option<Included>,
}

impl fmt::Display for InferReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request_id, record_id, model_id, .. } = self;
        write!(f, "request {request_id}: model {model_id} on record {record_id}")?;
        match &self.included {
            Some(included) => writeln!(f, " ({included})")?,
            None => writeln!(f, ", continued")?,
        }
        writeln!(f, "asked    {}", joined(&self.workers))?;
        for worker in &self.sealed_to {
            writeln!(f, "sealed   to {worker}")?;
        }
        if let Some(verdict) = &self.verdict {
            return write!(f, "verdict  {verdict}");
        }
        if let Some(deadline) = self.deadline {
            writeln!(f, "to be answered until block {deadline}")?;
        }
        write!(f, "See the verdict with: medchain show {record_id}")
    }
}

/// Runs `medchain infer`.
pub async fn run(context: &Context, args: &InferArgs) -> Result<Outcome> {
    output::print(&infer(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Orders a verdict, or continues the open request of this record and model.
pub async fn infer(context: &Context, args: &InferArgs) -> Result<InferReport> {
    context.ensure_can_ask()?;
    let view = context.view().await?;
    let record = records::find(&view, args.record).await?;
    let open = view.open_request_of(record.id, args.model).await?;
    let order = match open {
        Some(request) => {
            ensure_same(request, &args.asking)?;
            None
        }
        None => Some(order(context, &view, &record, args).await?),
    };
    // Without the key, the workers could not be given it.
    let key = RecordKey::of(records::key(context, &view, &record).await?, &record)?;
    let (request, included) = match (open, order) {
        (Some(request), _) => (request, None),
        (None, order) => {
            let order = order.context("there is neither a request nor an order")?;
            let (request, included) = request(context, &record, &order).await?;
            (request, Some(included))
        }
    };
    let carried = inference::carry_on(context, request, &key, args.asking.wait).await;
    let carried = carried.with_context(|| {
        format!("request {request} has no answer; the same command continues it, or orders another")
    })?;
    Ok(InferReport {
        request_id: request,
        record_id: record.id,
        model_id: args.model,
        continued: included.is_none(),
        workers: carried.workers,
        sealed_to: carried.sealed_to,
        deadline: carried.deadline,
        verdict: carried.verdict,
        included,
    })
}

/// An open request is continued as it was made.
fn ensure_same(request: RequestId, asking: &Asking) -> Result<()> {
    if asking.quorum.is_some() || asking.worker.is_some() {
        bail!(
            "request {request} for this record and model is open already; \
             leave out --quorum and --worker to continue it"
        );
    }
    Ok(())
}

/// Checks what the chain will check, before anything is signed.
async fn order(context: &Context, view: &View, record: &Record, args: &InferArgs) -> Result<Order> {
    let (id, model) = (record.id, args.model);
    match record.status {
        RecordStatus::Active => {}
        RecordStatus::Superseded { by } => {
            bail!("record {id} was superseded by record {by}; order a verdict on that one")
        }
        RecordStatus::Erased => bail!("record {id} was erased: no model can run on it"),
    }
    if record.kind != RecordKind::ChestXray {
        bail!("record {id} is no chest X-ray, the only kind that models run on");
    }
    if view.commitments(id).await?.is_none() {
        bail!(
            "the uploader of record {id} did not commit to its square, without which no \
             verdict can be ordered; `medchain rotate {id}` adds a version that has one"
        );
    }
    let account = context.account()?;
    let patient = &record.patient;
    let allowed =
        view.check_access(patient, &account, AccessQuestion::infer(model, Some(id))).await?;
    if let Err(denied) = allowed {
        bail!("you may not order a verdict on record {id}: {denied}");
    }
    let order = Order::new(context, view, (patient, Some(id)), model, &args.asking).await?;
    if let Some(verdict) = view.latest_verdict(id, model).await?
        && !may_follow(&verdict, &order)
    {
        let workers = counted(verdict.workers.len() as u64, "worker");
        let see = match verdict.status {
            VerdictStatus::Challenged => format!("disputes {}", verdict.request),
            VerdictStatus::Withdrawn => bail!(
                "the verdict of model {model} on record {id}, of {workers}, was withdrawn: only as \
                 many that the chain draws can give another; give --quorum {}, and no --worker",
                verdict.workers.len()
            ),
            VerdictStatus::Standing | VerdictStatus::Annulled => format!("show {id}"),
        };
        bail!(
            "model {model} has already reached a verdict on record {id}, of {workers}; \
             see `medchain {see}`, or give a larger --quorum"
        );
    }
    Ok(order)
}

/// Whether another verdict may take the place of this one, as the chain judges it.
fn may_follow(verdict: &Verdict, order: &Order) -> bool {
    let (before, now) = (verdict.workers.len(), usize::from(order.quorum));
    match verdict.status {
        VerdictStatus::Annulled => true,
        VerdictStatus::Withdrawn => before <= now && order.worker.is_none(),
        VerdictStatus::Standing | VerdictStatus::Challenged => before < now,
    }
}

async fn request(
    context: &Context,
    record: &Record,
    order: &Order,
) -> Result<(RequestId, Included)> {
    let call = Call::RequestInference { record: record.id, order: order.on_chain() };
    let purpose = "order the verdict";
    let outcome = context.sign(&call, purpose).await?;
    let request = event(&outcome, purpose, |event| match event {
        ChainEvent::InferenceRequested { request, .. } => Some(*request),
        _ => None,
    })?;
    Ok((request, (&outcome).into()))
}
