//! What one block says about the record of a job: whether the worker may open it, and its film.

use medchain_client::{
    chain::{
        AccessQuestion, Chain, ChainError, Committee, Dispute, Record, RecordStatus, Request, View,
    },
    AccountId32,
};
use medchain_primitives::{Document, FilmCommitments, RecordContent, RecordId, SealedKey};

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
    let kept = kept_with(view, me, record.id).await?;
    Ok(film_of(record, kept))
}

/// What the chain keeps with a record for whoever opens its film: what its uploader has committed
/// to, and the envelope of `me`.
async fn kept_with(
    view: &View,
    me: &AccountId32,
    id: RecordId,
) -> Result<(Option<FilmCommitments>, Option<SealedKey>), ChainError> {
    futures::try_join!(view.commitments(id), view.envelope(id, me))
}

fn film_of(
    record: Record,
    (commitments, envelope): (Option<FilmCommitments>, Option<SealedKey>),
) -> Option<Film> {
    let RecordContent::Kept(document) = record.content else { return None };
    let Document { cid, digest } = document;
    Some(Film { cid, digest, envelope, commitments: commitments? })
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
        && record.is_some_and(|one| one.patient == job.patient && one.content.is_of(&film.cid))
        && has_chosen(request.as_ref(), committee.as_ref(), me, job);
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

/// Whether a request has chosen a worker, and in the way that its job says. A worker that is said
/// to be named alone shows its answer at once, and others could copy it.
fn has_chosen(
    request: Option<&Request>,
    committee: Option<&Committee>,
    me: &AccountId32,
    job: &Job,
) -> bool {
    request.is_some_and(|one| one.quorum == job.quorum)
        && committee.is_some_and(|one| one.named == job.named && one.step_of(me).is_some())
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
    if view.record(record).await?.is_some_and(|one| one.content.is_of(&film.cid)) {
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
    let question = AccessQuestion::infer(job.model, Some(job.record));
    // All at once: a film waits for one answer of the node, not for four.
    let (record, consent, kept) = futures::try_join!(
        view.record(job.record),
        view.check_access(&job.patient, me, question),
        kept_with(view, me, job.record),
    )?;
    let Some(record) = record else {
        return Ok(Readiness::Gone("there is no such record".to_owned()));
    };
    match record.status {
        RecordStatus::Active => {}
        RecordStatus::Superseded { by } => {
            return Ok(Readiness::Gone(format!("record {by} has replaced it")));
        }
        RecordStatus::Erased => return Ok(Readiness::Gone("the record was erased".to_owned())),
    }
    if let Err(denied) = consent {
        return Ok(Readiness::Refused(denied.to_string()));
    }
    Ok(match film_of(record, kept) {
        Some(film) => Readiness::Ready(film),
        None => Readiness::Gone("its uploader has committed to no film".to_owned()),
    })
}

/// What two nodes say together. A refusal of either is enough. But where one alone says that there
/// is nothing to answer, the worker must not leave off: silence costs the bond.
pub(super) fn agreed(told: Readiness, second: Readiness) -> Readiness {
    use Readiness::{Gone, Ready, Refused, Unproven};
    match (told, second) {
        (Ready(film), Ready(_)) => Ready(film),
        (Gone(why), Gone(_)) => Gone(why),
        (Refused(why), _) | (_, Refused(why)) => Refused(why),
        (Unproven(why), _) | (_, Unproven(why)) => Unproven(why),
        (Gone(why), Ready(_)) | (Ready(_), Gone(why)) => {
            Unproven(format!("one node says that {why}, and the other one does not"))
        }
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::{
        chain::{Member, RequestStatus, Step},
        store,
    };
    use medchain_primitives::{ContentDigest, InputRoot, ModelId, RequestId, VerdictCommitment};

    use super::*;
    use crate::prediction::jobs::Phase;

    fn ready(content: &[u8]) -> Readiness {
        Readiness::Ready(Film {
            cid: store::cid_of(content),
            digest: ContentDigest([1; 32]),
            envelope: None,
            commitments: FilmCommitments {
                input_root: InputRoot([2; 32]),
                verdicts: VerdictCommitment([3; 32]),
            },
        })
    }

    #[test]
    fn one_node_alone_does_not_have_an_answer_shown_before_others_have_committed() {
        let (me, other) = (AccountId32([1; 32]), AccountId32([2; 32]));
        let request = Request {
            id: RequestId(7),
            record: RecordId(1),
            patient: AccountId32([3; 32]),
            model: ModelId(0),
            requester: AccountId32([3; 32]),
            fee: 0,
            quorum: 2,
            opened: 1,
            deadline: 9,
            status: RequestStatus::Committing,
        };
        let members = [me, other].map(|worker| Member { worker, step: Step::Chosen });
        let drawn = Committee {
            members: members.to_vec(),
            named: false,
            waits_for_seed: false,
            lost: Vec::new(),
        };
        let job = |quorum, named| Job {
            request: request.id,
            phase: Phase::Answer,
            record: request.record,
            patient: request.patient,
            model: request.model,
            quorum,
            named,
            deadline: request.deadline,
            commitment: None,
            shows_answer: false,
        };
        let has = |who: &AccountId32, job: &Job| has_chosen(Some(&request), Some(&drawn), who, job);
        assert!(has(&me, &job(2, false)));
        assert!(!has(&me, &job(1, true)) && job(1, true).is_shown_at_once());
        assert!(!has(&me, &job(1, false)) && !has(&me, &job(2, true)));
        assert!(!has(&AccountId32([4; 32]), &job(2, false)));
        assert!(!has_chosen(Some(&request), None, &me, &job(2, false)));
        assert!(!has_chosen(None, Some(&drawn), &me, &job(2, false)));
    }

    #[test]
    fn one_node_alone_neither_opens_a_film_nor_ends_a_job() {
        let (refused, gone) = (Readiness::Refused("why".into()), Readiness::Gone("why".into()));
        assert_eq!(agreed(ready(b"film"), ready(b"another")), ready(b"film"), "that is proven");
        for other in [ready(b"film"), gone.clone(), refused.clone()] {
            assert_eq!(agreed(refused.clone(), other.clone()), refused);
            assert_eq!(agreed(other, refused.clone()), refused);
        }
        assert_eq!(agreed(gone.clone(), gone.clone()), gone);
        for (told, second) in [(gone.clone(), ready(b"film")), (ready(b"film"), gone)] {
            let Readiness::Unproven(why) = agreed(told, second) else { panic!() };
            assert!(why.contains("one node says that why"), "{why}");
        }
    }
}
