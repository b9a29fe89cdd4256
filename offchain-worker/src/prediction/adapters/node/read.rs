//! What one block says about a worker's requests.

use std::collections::BTreeMap;

use blake2::{digest::consts::U32, Blake2b, Digest};
use codec::Encode;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{ChainError, Dispute, Request, RequestStatus, Step, VerdictStatus, View, Worker},
    AccountId32,
};
use medchain_primitives::RequestId;

use super::{
    keys::{key_phase, key_phases},
    record::record_of,
};
use crate::{
    prediction::{
        jobs::{Job, JobId, Phase, Round},
        ports::{Needed, WorkList},
    },
    shared::outcome::Outcome,
};

/// How many disputes are read at once.
const AT_ONCE: usize = 16;

/// What a request asks of a worker that has come so far with it, beside a move in a dispute.
fn phase(status: RequestStatus, step: Option<&Step>) -> Option<Phase> {
    match (status, step?) {
        (RequestStatus::Committing, Step::Chosen) => Some(Phase::Answer),
        (RequestStatus::Revealing, Step::Committed(_)) => Some(Phase::Reveal),
        _ => None,
    }
}

/// A request, and how far `me` has come with it if it is open and has chosen `me`.
async fn request_of(
    view: &View,
    me: &AccountId32,
    id: RequestId,
) -> Result<Option<(Request, Option<Step>)>, ChainError> {
    let Some(request) = view.request(id).await? else { return Ok(None) };
    let committee = view.committee(id).await?;
    Ok(Some((request, committee.and_then(|committee| committee.step_of(me).cloned()))))
}

/// The dispute about a request, if `me` plays in it.
///
/// Of an erased record nobody shows anything any more: the chain refuses it, and no player loses.
async fn dispute_of(
    view: &View,
    me: &AccountId32,
    request: &Request,
) -> Result<Option<Dispute>, ChainError> {
    if request.status != RequestStatus::Disputed {
        return Ok(None);
    }
    let dispute = view.dispute(request.id).await?.filter(|found| found.side_of(me).is_some());
    Ok(match dispute {
        Some(dispute) if record_of(view, request.record).await?.is_some() => Some(dispute),
        _ => None,
    })
}

pub(super) async fn work_list(view: &View, me: &AccountId32) -> Result<WorkList, ChainError> {
    let (ids, own) = futures::try_join!(view.assignments(me), view.worker(me))?;
    let (requests, committees) = futures::try_join!(view.requests(&ids), view.committees(&ids))?;
    let requests = all(&ids, requests)?;
    let mut assigned = Vec::new();
    let mut waiting = Vec::new();
    for (request, committee) in requests.iter().zip(&committees) {
        let step = committee.as_ref().and_then(|committee| committee.step_of(me));
        let named = committee.as_ref().is_some_and(|committee| committee.named);
        assigned.push((request, step, named));
        // Without a committee there is no step either.
        if !named
            && request.status == RequestStatus::Sealing
            && view.number() < request.deadline
            && step == Some(&Step::Chosen)
        {
            waiting.push(request);
        }
    }
    let disputed = requests.iter();
    let disputed = disputed.filter(|request| request.status == RequestStatus::Disputed);
    let disputed: Vec<Request> = disputed.cloned().collect();
    let disputes = disputed.into_iter().map(|request| async move {
        let dispute = dispute_of(view, me, &request).await?;
        Ok::<_, ChainError>(dispute.map(|dispute| (request.id, dispute)))
    });
    let disputes = stream::iter(disputes).buffered(AT_ONCE).try_collect::<Vec<_>>();
    let (keys, disputes) = futures::try_join!(key_phases(view, me, &waiting), disputes)?;
    let mut disputes: BTreeMap<RequestId, Dispute> = disputes.into_iter().flatten().collect();

    let mut list = WorkList::new(view.number());
    let mut trace = Trace::new(own.as_ref());
    for (request, step, named) in assigned {
        let dispute = disputes.remove(&request.id);
        list.models.insert(request.model);
        list.disputes.extend(dispute.as_ref().map(|dispute| dispute.request));
        trace.add(request, step, dispute.as_ref());
        let asked = dispute.as_ref().and_then(|dispute| Round::asked(dispute, me));
        let shows_answer = dispute.is_some_and(|dispute| dispute.game.shows_answer());
        let key = keys.get(&request.id).copied();
        match phase(request.status, step).or(asked.map(Phase::Dispute)).or(key) {
            Some(phase) => {
                list.jobs.push(Job { shows_answer, ..job(request, phase, step, named) });
            }
            None => _ = list.idle.insert(request.id),
        }
    }
    list.trace = trace.end();
    Ok(list)
}

/// The requests that have chosen a worker. The chain has each of them as long as it lists it, so one
/// that a node leaves out would be lost work.
fn all(ids: &[RequestId], requests: Vec<Option<Request>>) -> Result<Vec<Request>, ChainError> {
    let found = ids.iter().zip(requests);
    let found = found.map(|(id, request)| {
        request.ok_or_else(|| ChainError::Decode {
            what: "Inference.Requests".to_owned(),
            reason: format!("the node lists request {id} for this worker, and does not have it"),
        })
    });
    found.collect()
}

/// A hash of everything that events tell a worker about: what it has done, and how its requests
/// stand.
struct Trace(Blake2b<U32>);

impl Trace {
    fn new(own: Option<&Worker>) -> Self {
        let own = own.map(|own| {
            // Every loss and every end that names a worker is counted there.
            (own.bond, own.status, own.answered, own.declined, own.missed, own.lost)
        });
        Self(Blake2b::new_with_prefix(own.encode()))
    }

    fn add(&mut self, request: &Request, step: Option<&Step>, dispute: Option<&Dispute>) {
        let round = dispute.map(Round::of);
        let Request { id, deadline, status, .. } = request;
        self.0.update((id, deadline, status, step, round).encode());
    }

    fn end(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

fn job(request: &Request, phase: Phase, step: Option<&Step>, named: bool) -> Job {
    Job {
        request: request.id,
        phase,
        record: request.record,
        patient: request.patient,
        model: request.model,
        quorum: request.quorum,
        named,
        deadline: request.deadline,
        commitment: match step {
            Some(Step::Committed(commitment)) => Some(*commitment),
            _ => None,
        },
        shows_answer: false,
    }
}

pub(super) async fn settled(
    view: &View,
    me: &AccountId32,
    job: JobId,
) -> Result<Option<Outcome>, ChainError> {
    let Some((request, step)) = request_of(view, me, job.request).await? else {
        return Ok(Some(Outcome::ClosedElsewhere));
    };
    let included = Outcome::Included { block: view.number() };
    if let Phase::Dispute(round) = job.phase {
        // Where another round has begun, both have moved in this one, or the dispute is over.
        let dispute = dispute_of(view, me, &request).await?;
        let same = dispute.filter(|dispute| Round::of(dispute) == round);
        return Ok(match same.map(|dispute| Round::asked(&dispute, me).is_some()) {
            Some(true) => None,
            Some(false) => Some(included),
            None => Some(Outcome::ClosedElsewhere),
        });
    }
    if let Phase::Draw = job.phase {
        let is_asked = request.status == RequestStatus::Drawing;
        return Ok((!is_asked).then_some(Outcome::ClosedElsewhere));
    }
    if let Phase::Ask | Phase::Collect = job.phase {
        let asked = key_phase(view, me, job.request).await?;
        if asked == Some(job.phase) {
            return Ok(None);
        }
        let is_done = asked.is_some() || view.envelope(request.record, me).await?.is_some();
        return Ok(Some(if is_done { included } else { Outcome::ClosedElsewhere }));
    }
    if phase(request.status, step.as_ref()) == Some(job.phase) {
        return Ok(None);
    }
    // What only follows where the call was in a block.
    let is_done = match job.phase {
        Phase::Answer => matches!(step, Some(Step::Committed(_) | Step::Revealed(_))),
        _ => matches!(step, Some(Step::Revealed(_))),
    };
    let is_ours = is_done
        || request.status == RequestStatus::Answered
            && view.verdict(job.request).await?.is_some_and(|verdict| verdict.workers.contains(me));
    Ok(Some(if is_ours { included } else { Outcome::ClosedElsewhere }))
}

pub(super) async fn needed(
    view: &View,
    me: &AccountId32,
    id: RequestId,
) -> Result<Needed, ChainError> {
    // A node that still catches up, or a fork, may not know it yet.
    let Some(request) = view.request(id).await? else { return Ok(Needed::Everything) };
    let is_erased = record_of(view, request.record).await?.is_none();
    if request.status.is_open() {
        return Ok(if is_erased { Needed::Answer } else { Needed::Everything });
    }
    let until = match view.verdict(id).await? {
        Some(verdict) if verdict.workers.contains(me) => match verdict.status {
            VerdictStatus::Standing | VerdictStatus::Challenged => verdict.challengeable_until,
            VerdictStatus::Annulled | VerdictStatus::Withdrawn => return Ok(Needed::Nothing),
        },
        _ => return Ok(Needed::Nothing),
    };
    let is_over = is_erased || view.number() > until;
    Ok(if is_over { Needed::Nothing } else { Needed::Film { until } })
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::AnswerCommitment;

    use super::*;

    #[test]
    fn a_request_that_is_listed_and_not_there_is_an_error() {
        let error = all(&[RequestId(7)], vec![None]).unwrap_err();
        assert!(error.to_string().contains("request 7"), "{error}");
        assert!(all(&[], Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn a_request_asks_only_what_its_status_and_the_worker_allow() {
        let committed = Step::Committed(AnswerCommitment([1; 32]));
        let revealed = Step::Revealed(Default::default());
        let asks = |status, step| phase(status, Some(step));
        assert_eq!(asks(RequestStatus::Committing, &Step::Chosen), Some(Phase::Answer));
        assert_eq!(asks(RequestStatus::Revealing, &committed), Some(Phase::Reveal));
        assert_eq!(asks(RequestStatus::Committing, &committed), None);
        assert_eq!(asks(RequestStatus::Revealing, &revealed), None);
        for status in [RequestStatus::Drawing, RequestStatus::Sealing, RequestStatus::Disputed] {
            assert_eq!(asks(status, &Step::Chosen), None);
            assert_eq!(asks(status, &committed), None);
        }
        assert_eq!(phase(RequestStatus::Committing, None), None, "it is another worker's");
    }
}
