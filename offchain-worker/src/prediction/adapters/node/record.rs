//! What one block says about the record of a job: whether the worker may open it, and its film.

use medchain_client::{
    chain::{AccessQuestion, Chain, ChainError, Record, RecordStatus, View},
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

/// Fails unless both nodes vouch for it that a job's request is about its record, whose content this
/// film is, and has chosen this worker.
pub(super) async fn ensure_asked(
    node: &Chain,
    witness: &Chain,
    me: &AccountId32,
    (job, film): (&Job, &Film),
) -> Result<(), ChainError> {
    let view = node.witnessed(witness).await?;
    let request = view.request(job.request).await?;
    let record = view.record(job.record).await?;
    let committee = view.committee(job.request).await?;
    let is_asked = request.is_some_and(|one| one.record == job.record && one.model == job.model)
        && record.is_some_and(|one| one.patient == job.patient && one.cid == film.cid)
        && committee.is_some_and(|one| one.step_of(me).is_some());
    if is_asked {
        return Ok(());
    }
    Err(ChainError::Disagreement {
        first: node.url().to_owned(),
        second: witness.url().to_owned(),
        what: format!(
            "request {} does not ask this of the worker in block {}, which both call final",
            job.request,
            view.number()
        ),
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
