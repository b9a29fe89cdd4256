//! What one block says about the record of a job: whether the worker may open it, and its film.

use medchain_client::{
    chain::{AccessQuestion, ChainError, Record, RecordStatus, View},
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
