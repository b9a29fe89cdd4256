//! What a worker reads that has not the key of its record, or of whose request nobody draws the
//! workers.

use std::collections::BTreeSet;

use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{Basis, ChainError, Request, RequestStatus, View},
    AccountId32,
};
use medchain_primitives::{ModelId, RequestId};

use super::read::{readiness, record_of};
use crate::prediction::{
    jobs::{Job, Phase},
    ports::{Delivered, Readiness, Shares, Undrawn},
};

/// How many requests are read at once.
const AT_ONCE: usize = 16;

/// What a request asks of a drawn worker that waits for the key, if it does: to ask custodians, or
/// to collect what they deliver. Nothing where they do not keep it.
pub(super) async fn key_phase(
    view: &View,
    me: &AccountId32,
    request: RequestId,
) -> Result<Option<Phase>, ChainError> {
    let Some(request) = view.waits_for_key(me, request).await? else { return Ok(None) };
    if view.custody(request.record).await?.is_none() {
        return Ok(None);
    }
    let grant = view.grant(request.record, me).await?;
    let is_asked = grant.is_some_and(|grant| grant.basis == Basis::Draw { request: request.id });
    Ok(Some(if is_asked { Phase::Collect } else { Phase::Ask }))
}

pub(super) async fn shares(view: &View, me: &AccountId32, job: &Job) -> Result<Shares, ChainError> {
    if view.waits_for_key(me, job.request).await?.is_none() {
        return Ok(Shares::NotAwaited);
    }
    match readiness(view, me, job).await? {
        Readiness::Refused(reason) => return Ok(Shares::Refused(reason)),
        Readiness::Gone(reason) => return Ok(Shares::Gone(reason)),
        Readiness::Ready(_) => {}
    }
    let Some(record) = record_of(view, job.record).await? else {
        return Ok(Shares::Gone("the record was erased".to_owned()));
    };
    let Some(custody) = view.custody(job.record).await? else {
        return Ok(Shares::Gone("no custodian keeps its key".to_owned()));
    };
    let grant = view.grant(job.record, me).await?;
    let own = Basis::Draw { request: job.request };
    let Some(grant) = grant.filter(|grant| grant.basis == own) else {
        return Ok(Shares::NotAsked);
    };
    let (delivered, threshold) = (grant.deliveries.len(), custody.threshold);
    if delivered < usize::from(threshold) {
        return Ok(Shares::Missing { delivered, threshold });
    }
    Ok(Shares::Delivered(Box::new(Delivered { record, custody, grant })))
}

pub(super) async fn undrawn(
    view: &View,
    models: &BTreeSet<ModelId>,
) -> Result<Vec<Undrawn>, ChainError> {
    let open = view.open_requests().await?;
    let waiting = open.into_iter().filter(|request| {
        request.status == RequestStatus::Drawing
            && models.contains(&request.model)
            && view.number() < request.deadline
    });
    let read = waiting.map(|request| async move { undrawn_of(view, &request).await });
    let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
    Ok(read.into_iter().flatten().collect())
}

async fn undrawn_of(view: &View, request: &Request) -> Result<Option<Undrawn>, ChainError> {
    let committee = view.committee(request.id).await?;
    let can_draw = committee.is_some_and(|committee| !committee.waits_for_seed);
    if !can_draw || view.custody(request.record).await?.is_none() {
        return Ok(None);
    }
    let candidates = view.candidates(request.model).await?.into_iter().collect();
    Ok(Some(Undrawn { request: request.id, quorum: request.quorum, candidates }))
}
