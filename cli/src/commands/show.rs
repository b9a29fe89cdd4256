//! `medchain show`: everything the chain knows about one record.

mod report;

use anyhow::Result;
use clap::Args;
use medchain_client::{
    chain::{Basis, Record, RecordStatus, View},
    crypto::ContentKey,
};
use medchain_primitives::RecordId;

use crate::{
    arguments,
    context::Context,
    inference::VerdictReport,
    output::{self, Outcome},
    records::{self, RecordSummary},
};

pub use report::{RequestReport, ShowReport};

/// The most versions that are followed in each direction.
const MAX_VERSIONS: usize = 256;

/// Arguments of `medchain show`.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
}

/// Runs `medchain show`.
pub async fn run(context: &Context, args: &ShowArgs) -> Result<Outcome> {
    output::print(&show(context, args.record).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Reads a record and what belongs to it, at one block, and opens its verdicts for a
/// reader.
pub async fn show(context: &Context, id: RecordId) -> Result<ShowReport> {
    let view = &context.view().await?;
    let genesis = context.chain().await?.genesis_hash();
    let record = records::find(view, id).await?;
    let models = view.models().await?;
    let keys = keys(context, view, &record).await?;
    let mut verdicts = Vec::new();
    for verdict in view.verdicts_of(record.id).await? {
        verdicts.push(VerdictReport::read(view, genesis, &verdict, &keys).await?);
    }
    let grants = view.grants_on(record.id).await?;
    let mut open_requests = Vec::new();
    for model in &models {
        if let Some(request) = view.open_request_of(record.id, model.id).await?
            && let Some(request) = view.request(request).await?
        {
            let committee = view.committee(request.id).await?;
            let basis = Basis::Draw { request: request.id };
            let asked = grants.iter().filter(|grant| grant.basis == basis).count();
            open_requests.push(RequestReport::new(&request, committee, asked));
        }
    }
    let envelopes = view.envelopes(record.id).await?;
    Ok(ShowReport {
        patient: record.patient,
        deposit: record.deposit.to_string(),
        versions: versions(view, &record).await?,
        envelopes: envelopes.into_iter().map(|(reader, _)| reader).collect(),
        custody: view.custody(record.id).await?.map(Into::into),
        verdicts,
        open_requests,
        block_number: view.number(),
        record: RecordSummary::from(&record),
    })
}

/// The keys that may be the record's; none where there is no signer, or one who is no
/// reader.
async fn keys(context: &Context, view: &View, record: &Record) -> Result<Vec<ContentKey>> {
    if !context.has_signer() {
        return Ok(Vec::new());
    }
    context.identity()?;
    Ok(records::keys(context, view, record).await.unwrap_or_default())
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
