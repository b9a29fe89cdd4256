//! What one block says about the record of a job: whether the worker may open it, and its film.

use medchain_client::{
    chain::{AccessQuestion, Chain, ChainError, Dispute, Record, RecordStatus, Request, View},
    AccountId32,
};
use medchain_primitives::RecordId;

use crate::prediction::{
    jobs::Job,
    ports::{Film, Readiness},
};

/// A record that was not erased.
pub(super) async fn record_of(view: &View, id: RecordId) -> Result<Option<Record>, ChainError> {
    let record = view.record(id).await?;
    Ok(record.filter(|record| record.status != RecordStatus::Erased))
}

/// The film of a record; `None` where its uploader has committed to none.
pub(super) async fn film(
    view: &View,
    me: &AccountId32,
    record: Record,
) -> Result<Option<Film>, ChainError> {
    let Some(commitments) = view.commitments(record.id).await? else { return Ok(None) };
    let envelope = view.envelope(record.id, me).await?;
    Ok(Some(Film { cid: record.cid, digest: record.digest, envelope, commitments }))
}

/// Why both nodes do not vouch for it that a job's request is about its record, whose content this
/// film is, and has chosen this worker; `None` where they do. `view` is what both vouch for.
pub(super) async fn not_asked(
    view: &View,
    me: &AccountId32,
    (job, film): (&Job, &Film),
) -> Result<Option<String>, ChainError> {
    let request = view.request(job.request).await?;
    let record = view.record(job.record).await?;
    let committee = view.committee(job.request).await?;
    let is_asked = is_of(request.as_ref(), job)
        && record.is_some_and(|one| one.patient == job.patient && one.cid == film.cid)
        && committee.is_some_and(|one| one.step_of(me).is_some());
    Ok((!is_asked).then(|| {
        format!(
            "request {} does not ask this of the worker in block {}, the last one that both nodes \
             call final: it does soon, or the first node lies",
            job.request,
            view.number()
        )
    }))
}

/// Why a second node does not vouch for a dispute, by its newest block; `None` where it does.
pub(super) async fn not_disputed(
    second: &View,
    job: &Job,
    dispute: &Dispute,
) -> Result<Option<String>, ChainError> {
    let request = second.request(job.request).await?;
    let found = second.dispute(job.request).await?;
    let is_disputed = is_of(request.as_ref(), job) && found.as_ref() == Some(dispute);
    Ok((!is_disputed).then(|| {
        format!(
            "the second node knows no such dispute about request {} in block {}, its newest one: \
             it does soon, or the first node lies",
            job.request,
            second.number()
        )
    }))
}

/// Whether a request is the one of a job.
fn is_of(request: Option<&Request>, job: &Job) -> bool {
    request.is_some_and(|one| {
        one.record == job.record && one.model == job.model && one.patient == job.patient
    })
}

/// Fails unless a second node says as well that a record has the content of this film.
pub(super) async fn ensure_film(
    (node, witness): (&Chain, &Chain),
    record: RecordId,
    film: &Film,
) -> Result<(), ChainError> {
    let view = witness.best().await?;
    if view.record(record).await?.is_some_and(|one| one.cid == film.cid) {
        return Ok(());
    }
    Err(ChainError::Disagreement {
        first: node.url().to_owned(),
        second: witness.url().to_owned(),
        what: format!("record {record} has another content in block {}", view.number()),
    })
}

pub(super) async fn readiness(
    view: &View,
    me: &AccountId32,
    job: &Job,
) -> Result<Readiness, ChainError> {
    let Some(record) = view.record(job.record).await? else {
        return Ok(Readiness::Gone("there is no such record".to_owned()));
    };
    match record.status {
        RecordStatus::Active => {}
        RecordStatus::Superseded { by } => {
            return Ok(Readiness::Gone(format!("record {by} has replaced it")));
        }
        RecordStatus::Erased => return Ok(Readiness::Gone("the record was erased".to_owned())),
    }
    let question = AccessQuestion::infer(job.model, Some(job.record));
    let consent = view.check_access(&job.patient, me, question).await?;
    if let Err(denied) = consent {
        return Ok(Readiness::Refused(denied.to_string()));
    }
    Ok(match film(view, me, record).await? {
        Some(film) => Readiness::Ready(film),
        None => Readiness::Gone("its uploader has committed to no film".to_owned()),
    })
}
