//! The chain through a node, as a worker that predicts sees it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{
        Call, ChainError as ClientError, DispatchFailure, EmrError, FailureKind, Finality,
        InferenceError, Model, RecordStatus, Request, RequestStatus, View, Worker,
    },
    AccountId32,
};
use medchain_primitives::{Action, ModelId, RecordId, RequestId};

use crate::{
    prediction::{
        jobs::{turn, Answer, Job},
        ports::{OpenRequests, PredictionChain, Readiness, Registration},
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
    holders: Mutex<BTreeMap<RequestId, Holders>>,
}

/// The accounts that hold the key of a request's record.
#[derive(Clone)]
struct Holders {
    /// The block at which they were read.
    at: u32,
    accounts: Arc<BTreeSet<AccountId32>>,
}

/// How many records' envelopes are asked for at once.
const AT_ONCE: usize = 16;

impl OverLink for NodeRequests {
    fn link(&self) -> &Link {
        &self.link
    }
}

impl NodeRequests {
    /// The requests on this link's chain.
    pub fn new(link: Link) -> Self {
        Self { link, holders: Mutex::default() }
    }

    /// A panic elsewhere leaves whole entries here, so a poisoned lock is still good.
    fn holders(&self) -> MutexGuard<'_, BTreeMap<RequestId, Holders>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads which accounts hold the keys of these requests' records, once for each
    /// request.
    ///
    /// An upload seals the key in the call that opens the request, so envelopes that are
    /// added later are rare; a worker that gets its envelope later starts without a turn.
    async fn learn_holders(&self, view: &View, requests: &[&Request]) -> Result<(), ClientError> {
        let unknown: Vec<(RequestId, RecordId)> = {
            let known = self.holders();
            let unknown = requests.iter().filter(|request| !known.contains_key(&request.id));
            unknown.map(|request| (request.id, request.record)).collect()
        };
        let at = view.number();
        let read = unknown.into_iter().map(|(id, record)| async move {
            let envelopes = view.envelopes(record).await?;
            let accounts = envelopes.into_iter().map(|(reader, _)| reader).collect();
            Ok::<_, ClientError>((id, Holders { at, accounts: Arc::new(accounts) }))
        });
        let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        self.holders().extend(read);
        Ok(())
    }

    /// Forgets the requests that this final block holds closed. A request of a newer
    /// block is not missing, only not final yet.
    fn forget_holders(&self, block: u32, open: &[Request]) {
        let open: BTreeSet<RequestId> = open.iter().map(|request| request.id).collect();
        self.holders().retain(|id, holders| open.contains(id) || holders.at > block);
    }

    /// Reads workers and reports once for the whole list, and not at all where the list
    /// is empty.
    async fn read_open(&self, view: &View, finality: Finality) -> Result<Vec<Job>, ClientError> {
        let me = self.link.account();
        let requests = view.open_requests().await?;
        if finality == Finality::Finalised {
            self.forget_holders(view.number(), &requests);
        }
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let workers = view.workers().await?;
        let reports = view.failure_reporters().await?;
        let shared: Vec<&Request> =
            requests.iter().filter(|request| is_shared(request, &me, &workers)).collect();
        self.learn_holders(view, &shared).await?;
        let known = self.holders().clone();
        let none = BTreeSet::new();
        let jobs = requests.iter().filter_map(|request| {
            let reporters = reports.get(&request.id).unwrap_or(&none);
            // A request that this worker has reported is open for the others alone.
            (!reporters.contains(&me)).then(|| {
                let holders = known.get(&request.id).map_or(&none, |holders| &*holders.accounts);
                let running =
                    workers.iter().filter(|worker| worker.models.contains(&request.model));
                let running = running.map(|worker| worker.account);
                Job {
                    id: request.id,
                    record: request.record,
                    patient: request.patient,
                    model: request.model,
                    opened: request.opened,
                    deadline: request.deadline,
                    candidates: turn::candidates(running, holders, reporters),
                }
            })
        });
        Ok(jobs.collect())
    }
}

#[async_trait]
impl PredictionChain for NodeRequests {
    async fn open_requests(&self, finality: Finality) -> Result<OpenRequests, ChainError> {
        let read = self.link.ask_or_reconnect(|client| async move {
            let view = match finality {
                Finality::Best => client.best().await?,
                Finality::Finalised => client.finalised().await?,
            };
            let jobs = self.read_open(&view, finality).await?;
            Ok(OpenRequests { block: view.number(), jobs })
        });
        Ok(read.await?)
    }

    async fn readiness(&self, job: &Job) -> Result<Readiness, ChainError> {
        let me = self.link.account();
        let asked =
            self.link.ask(|client| async move { readiness(&client.best().await?, &me, job).await });
        Ok(asked.await?)
    }

    async fn settled(&self, id: RequestId) -> Result<Option<Outcome>, ChainError> {
        let me = self.link.account();
        let asked = self.link.ask(|client| async move {
            let best = client.best().await?;
            let ours = Some(Outcome::Included { block: best.number() });
            let status = best.request(id).await?.map(|request| request.status);
            Ok(match status {
                Some(RequestStatus::Open) if best.failure_report(id, &me).await?.is_some() => ours,
                Some(RequestStatus::Open) => None,
                Some(RequestStatus::Answered { worker } | RequestStatus::Failed { worker, .. })
                    if worker == me =>
                {
                    ours
                }
                _ => Some(Outcome::ClosedElsewhere),
            })
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
                models: worker.map(|worker| worker.models.into_iter().collect()),
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
            Answer::Prediction { output, receipt } => {
                Call::SubmitPrediction { request, output, receipt }
            }
            Answer::Failure(code) => Call::ReportFailure { request, code },
        };
        let done = self.link.submit(&call, nonce, refusal).await?;
        Ok(done.block_number)
    }
}

/// Whether another worker runs the model of a request as well. Only then it matters
/// which of them hold its record's key.
fn is_shared(request: &Request, me: &AccountId32, workers: &[Worker]) -> bool {
    let runs = |worker: &&Worker| worker.models.contains(&request.model);
    let (mine, others): (Vec<&Worker>, Vec<&Worker>) =
        workers.iter().filter(runs).partition(|worker| worker.account == *me);
    !mine.is_empty() && !others.is_empty()
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
    Ok(Readiness::Ready {
        cid: record.cid,
        digest: record.digest,
        envelope: view.envelope(job.record, me).await?,
    })
}

/// What a failed call means for its request. The chain asks for consent last, so a
/// denial is an error of pallet-emr.
fn refusal(failure: &DispatchFailure) -> Outcome {
    match &failure.kind {
        FailureKind::Inference(
            InferenceError::RequestNotOpen
            | InferenceError::RequestNotFound
            | InferenceError::PredictionAlreadyExists
            | InferenceError::FailureAlreadyReported,
        ) => Outcome::ClosedElsewhere,
        FailureKind::Inference(InferenceError::RequestExpired) => Outcome::TooLate,
        FailureKind::Inference(
            InferenceError::RecordNotActive
            | InferenceError::RecordNotFound
            | InferenceError::EnvelopeNotFound,
        )
        | FailureKind::Emr(
            EmrError::RecordNotFound
            | EmrError::RecordErased
            | EmrError::RecordSuperseded
            | EmrError::PatientNotFound,
        ) => Outcome::Gone,
        FailureKind::Emr(error) if error.is_denial() => Outcome::NoConsent(failure.to_string()),
        // Nothing that this program does not know passes for one of the above.
        _ => Outcome::Rejected(failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::RuntimeError;

    use super::*;

    fn outcome(error: impl Into<FailureKind>) -> Outcome {
        refusal(&DispatchFailure { kind: error.into(), docs: String::new() })
    }

    #[test]
    fn each_error_of_the_chain_is_understood() {
        assert_eq!(outcome(InferenceError::RequestNotOpen), Outcome::ClosedElsewhere);
        assert_eq!(outcome(InferenceError::FailureAlreadyReported), Outcome::ClosedElsewhere);
        assert_eq!(outcome(InferenceError::RequestExpired), Outcome::TooLate);
        assert_eq!(outcome(InferenceError::RecordNotActive), Outcome::Gone);
        // Others can open the record, and decide.
        assert_eq!(outcome(InferenceError::EnvelopeNotFound), Outcome::Gone);
        assert_eq!(outcome(EmrError::RecordErased), Outcome::Gone);
        for error in EmrError::ALL.iter().copied().filter(|error| error.is_denial()) {
            assert_eq!(outcome(error), Outcome::NoConsent(format!("Emr.{error}")));
        }
        let rejected = |name: &str| Outcome::Rejected(name.to_owned());
        assert_eq!(outcome(RuntimeError::BadOrigin), rejected("BadOrigin"));
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
