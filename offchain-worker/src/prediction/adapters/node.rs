//! The chain through a node, as a worker that predicts sees it.

use async_trait::async_trait;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{
        Call, ChainError as ClientError, DispatchFailure, EmrError, FailureKind, Finality,
        InferenceError, Model, RecordStatus, Request, RequestStatus, Step, View,
    },
    AccountId32,
};
use medchain_primitives::{Action, ModelId, RequestId};

use crate::{
    prediction::{
        jobs::{Answer, Job, JobId, Phase},
        ports::{PredictionChain, Readiness, Registered, Registration, WorkList},
    },
    shared::{
        link::{Link, OverLink},
        outcome::Outcome,
        ports::{Chain, ChainError, SubmitError},
    },
};

/// A node's chain, as one worker's account.
pub struct NodeRequests {
    link: Link,
}

/// How many requests are read at once.
const AT_ONCE: usize = 16;

impl OverLink for NodeRequests {
    fn link(&self) -> &Link {
        &self.link
    }
}

impl NodeRequests {
    /// The requests on this link's chain.
    pub fn new(link: Link) -> Self {
        Self { link }
    }
}

#[async_trait]
impl PredictionChain for NodeRequests {
    fn genesis(&self) -> [u8; 32] {
        self.link.genesis().0
    }

    async fn work_list(&self, finality: Finality) -> Result<WorkList, ChainError> {
        let me = self.link.account();
        let read = self.link.ask_or_reconnect(|client| async move {
            let view = match finality {
                Finality::Best => client.best().await?,
                Finality::Finalised => client.finalised().await?,
            };
            work_list(&view, &me).await
        });
        Ok(read.await?)
    }

    async fn readiness(&self, job: &Job) -> Result<Readiness, ChainError> {
        let me = self.link.account();
        let asked =
            self.link.ask(|client| async move { readiness(&client.best().await?, &me, job).await });
        Ok(asked.await?)
    }

    async fn settled(&self, job: JobId) -> Result<Option<Outcome>, ChainError> {
        let me = self.link.account();
        let asked = self.link.ask(|client| async move {
            let best = client.best().await?;
            let Some((request, step)) = request_of(&best, &me, job.request).await? else {
                return Ok(Some(Outcome::ClosedElsewhere));
            };
            if phase(request.status, step.as_ref()) == Some(job.phase) {
                return Ok(None);
            }
            // What only follows where the call was in a block.
            let is_done = match job.phase {
                Phase::Answer => matches!(step, Some(Step::Committed(_) | Step::Revealed(_))),
                Phase::Reveal => matches!(step, Some(Step::Revealed(_))),
            };
            let is_ours = is_done
                || request.status == RequestStatus::Answered
                    && best
                        .verdict(job.request)
                        .await?
                        .is_some_and(|verdict| verdict.workers.contains(&me));
            Ok(Some(match is_ours {
                true => Outcome::Included { block: best.number() },
                false => Outcome::ClosedElsewhere,
            }))
        });
        Ok(asked.await?)
    }

    async fn is_closed(&self, id: RequestId) -> Result<bool, ChainError> {
        let asked = self.link.ask(|client| async move {
            let request = client.finalised().await?.request(id).await?;
            Ok(request.is_some_and(|request| !request.status.is_open()))
        });
        Ok(asked.await?)
    }

    async fn registration(&self) -> Result<Registration, ChainError> {
        let me = self.link.account();
        let asked = self.link.ask(|client| async move {
            let best = client.best().await?;
            let worker = best.worker(&me).await?;
            let balance = best.balance(&me).await?;
            Ok(Registration {
                worker: worker.map(|worker| Registered {
                    models: worker.models.into_iter().collect(),
                    status: worker.status,
                }),
                free: balance.spendable(0),
            })
        });
        Ok(asked.await?)
    }

    async fn model(&self, id: ModelId) -> Result<Option<Model>, ChainError> {
        let asked = self.link.ask(|client| async move { client.best().await?.model(id).await });
        Ok(asked.await?)
    }

    async fn submit(
        &self,
        request: RequestId,
        answer: &Answer,
        nonce: u64,
    ) -> Result<u32, SubmitError> {
        let call = match answer.clone() {
            Answer::Sealed(sealed) => Call::SubmitAnswer { request, sealed },
            Answer::Commitment(commitment) => Call::CommitAnswer { request, commitment },
            Answer::Reveal { sealed, salt } => Call::RevealAnswer { request, sealed, salt },
            Answer::Failure(code) => Call::ReportFailure { request, code },
        };
        let done = self.link.submit(&call, nonce, refusal).await?;
        Ok(done.block_number)
    }
}

/// What a request asks of a worker that has come so far with it.
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
) -> Result<Option<(Request, Option<Step>)>, ClientError> {
    let Some(request) = view.request(id).await? else { return Ok(None) };
    let committee = view.committee(id).await?;
    Ok(Some((request, committee.and_then(|committee| committee.step_of(me).cloned()))))
}

async fn work_list(view: &View, me: &AccountId32) -> Result<WorkList, ClientError> {
    let ids = view.assignments(me).await?;
    let read = ids.into_iter().map(|id| request_of(view, me, id));
    let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
    let mut list = WorkList { block: view.number(), jobs: Vec::new(), idle: Default::default() };
    for (request, step) in read.into_iter().flatten() {
        match phase(request.status, step.as_ref()) {
            Some(phase) => list.jobs.push(job(&request, phase, step.as_ref())),
            None => _ = list.idle.insert(request.id),
        }
    }
    Ok(list)
}

fn job(request: &Request, phase: Phase, step: Option<&Step>) -> Job {
    Job {
        request: request.id,
        phase,
        record: request.record,
        patient: request.patient,
        model: request.model,
        quorum: request.quorum,
        deadline: request.deadline,
        commitment: match step {
            Some(Step::Committed(commitment)) => Some(*commitment),
            _ => None,
        },
    }
}

async fn readiness(view: &View, me: &AccountId32, job: &Job) -> Result<Readiness, ClientError> {
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
    let consent =
        view.check_access(&job.patient, me, Some(job.record), Action::Infer, None).await?;
    if let Err(denied) = consent {
        return Ok(Readiness::Refused(denied.to_string()));
    }
    let Some(commitments) = view.commitments(job.record).await? else {
        return Ok(Readiness::Gone("its uploader has committed to no film".to_owned()));
    };
    Ok(Readiness::Ready {
        cid: record.cid,
        digest: record.digest,
        envelope: view.envelope(job.record, me).await?,
        commitments,
    })
}

/// What a failed call means for its request. The chain asks for consent last, so a
/// denial is an error of pallet-emr.
fn refusal(failure: &DispatchFailure) -> Outcome {
    match &failure.kind {
        FailureKind::Inference(
            InferenceError::RequestNotOpen
            | InferenceError::RequestNotFound
            | InferenceError::WrongStatus
            | InferenceError::NotChosen
            | InferenceError::AlreadyAnswered,
        ) => Outcome::ClosedElsewhere,
        FailureKind::Inference(InferenceError::DeadlinePassed) => Outcome::TooLate,
        FailureKind::Inference(
            InferenceError::RecordNotActive
            | InferenceError::RecordNotFound
            | InferenceError::ModelRetired,
        )
        | FailureKind::Emr(
            EmrError::RecordNotFound
            | EmrError::RecordErased
            | EmrError::RecordSuperseded
            | EmrError::PatientNotFound,
        ) => Outcome::Gone,
        // Whoever takes the key back takes consent back, and may give both again.
        FailureKind::Inference(InferenceError::EnvelopeNotFound) => {
            Outcome::NoConsent(failure.to_string())
        }
        FailureKind::Emr(error) if error.is_denial() => Outcome::NoConsent(failure.to_string()),
        // Nothing that this program does not know passes for one of the above.
        _ => Outcome::Rejected(failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::{AnswerCommitment, RuntimeError};

    use super::*;

    fn outcome(error: impl Into<FailureKind>) -> Outcome {
        refusal(&DispatchFailure { kind: error.into(), docs: String::new() })
    }

    #[test]
    fn each_error_of_the_chain_is_understood() {
        for settled in [
            InferenceError::RequestNotOpen,
            InferenceError::WrongStatus,
            InferenceError::NotChosen,
            InferenceError::AlreadyAnswered,
        ] {
            assert_eq!(outcome(settled), Outcome::ClosedElsewhere);
        }
        assert_eq!(outcome(InferenceError::DeadlinePassed), Outcome::TooLate);
        assert_eq!(outcome(InferenceError::RecordNotActive), Outcome::Gone);
        assert_eq!(outcome(InferenceError::ModelRetired), Outcome::Gone);
        assert!(matches!(outcome(InferenceError::EnvelopeNotFound), Outcome::NoConsent(_)));
        assert_eq!(outcome(EmrError::RecordErased), Outcome::Gone);
        for error in EmrError::ALL.iter().copied().filter(|error| error.is_denial()) {
            assert_eq!(outcome(error), Outcome::NoConsent(format!("Emr.{error}")));
        }
        let rejected = |name: &str| Outcome::Rejected(name.to_owned());
        assert_eq!(outcome(RuntimeError::BadOrigin), rejected("BadOrigin"));
        assert_eq!(
            outcome(InferenceError::CommitmentMismatch),
            rejected("Inference.CommitmentMismatch")
        );
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
        for status in [RequestStatus::Drawing, RequestStatus::Sealing] {
            assert_eq!(asks(status, &Step::Chosen), None);
            assert_eq!(asks(status, &committed), None);
        }
        assert_eq!(phase(RequestStatus::Committing, None), None, "it is another worker's");
    }

    #[test]
    fn an_unknown_error_of_the_chain_is_not_taken_for_a_refusal() {
        for pallet in [EmrError::PALLET, InferenceError::PALLET] {
            let newer = FailureKind::Other { pallet: pallet.to_owned(), error: "Newer".to_owned() };
            assert_eq!(outcome(newer), Outcome::Rejected(format!("{pallet}.Newer")));
        }
        // An error of pallet-emr that is neither a denial nor about the record.
        assert!(matches!(outcome(EmrError::AccessExpired), Outcome::Rejected(_)));
    }
}
