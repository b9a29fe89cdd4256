//! What a worker reads that has not the key of its record.

use std::collections::BTreeMap;

use medchain_client::{
    chain::{AccessGrant, Basis, ChainError, Request, View},
    AccountId32,
};
use medchain_primitives::RequestId;

use super::record::{readiness, record_of};
use crate::prediction::{
    jobs::{Job, Phase},
    ports::{Delivered, Readiness, Shares},
};

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
    Ok(Some(phase(request.id, view.grant(request.record, me).await?)))
}

/// The same for all requests that wait for keys, with few questions to the node. `waiting` are
/// those in which this worker was drawn.
pub(super) async fn key_phases(
    view: &View,
    me: &AccountId32,
    waiting: &[&Request],
) -> Result<BTreeMap<RequestId, Phase>, ChainError> {
    let records: Vec<_> = waiting.iter().map(|one| one.record).collect();
    let has_key = view.have_envelopes(me, &records).await?;
    let without = waiting.iter().zip(has_key).filter(|(_, has_key)| !has_key);
    let without: Vec<&Request> = without.map(|(one, _)| *one).collect();
    let records: Vec<_> = without.iter().map(|one| one.record).collect();
    let read = futures::try_join!(view.are_entrusted(&records), view.grants_to(me, &records));
    let (entrusted, grants) = read?;
    let found = without.iter().zip(entrusted).zip(grants);
    let found = found.filter(|((_, is_entrusted), _)| *is_entrusted);
    Ok(found.map(|((one, _), grant)| (one.id, phase(one.id, grant))).collect())
}

fn phase(request: RequestId, grant: Option<AccessGrant>) -> Phase {
    let is_asked = grant.is_some_and(|grant| grant.basis == Basis::Draw { request });
    if is_asked {
        Phase::Collect
    } else {
        Phase::Ask
    }
}

pub(super) async fn shares(view: &View, me: &AccountId32, job: &Job) -> Result<Shares, ChainError> {
    if view.waits_for_key(me, job.request).await?.is_none() {
        return Ok(Shares::NotAwaited);
    }
    match readiness(view, me, job).await? {
        Readiness::Refused(reason) => return Ok(Shares::Refused(reason)),
        Readiness::Gone(reason) => return Ok(Shares::Gone(reason)),
        // Of one block, which is not compared with anything.
        Readiness::Unproven(_) | Readiness::Ready(_) => {}
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
