//! The chain through a node, with reconnection.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex as PlainMutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::{
    stream::{self, BoxStream},
    StreamExt, TryStreamExt,
};
use medchain_client::{
    chain::{
        Call, ChainError as ClientError, DispatchFailure, Finality, ModelStatus, RecordStatus,
        Request as ClientRequest, RequestStatus, View as Snapshot, Worker,
    },
    keys::Identity,
    AccountId32,
};
use medchain_primitives::{Action, ModelId, RecordId, RequestId};

use super::link::{port_error, submit_error, Link};
use crate::{
    core::{result::ModelFacts, turn, Account, Answer, Outcome, Request, View},
    ports::{
        Case, Chain, ChainError, ChainModel, OpenRequests, Registration, Standing, SubmitError, Tip,
    },
};

/// A node's chain, as one worker's account.
pub struct NodeChain {
    link: Link,
    holders: PlainMutex<BTreeMap<RequestId, Holders>>,
}

/// Who holds the key of a request's record.
#[derive(Clone)]
struct Holders {
    /// The block at which that was read.
    at: u32,
    accounts: Arc<BTreeSet<Account>>,
}

/// How many records' envelopes are asked for at once.
const AT_ONCE: usize = 16;

impl NodeChain {
    /// Connects to the node at `url`. Later it reconnects by itself, to the
    /// same chain only. `inclusion_timeout` is how long an answer may take
    /// into a block before it counts as lost.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`], [`ChainError::WrongChain`].
    pub async fn connect(
        url: &str,
        identity: Identity,
        inclusion_timeout: Duration,
    ) -> Result<Self, ChainError> {
        let link = Link::connect(url, identity, inclusion_timeout).await?;
        Ok(Self { link, holders: PlainMutex::default() })
    }

    fn me(&self) -> AccountId32 {
        self.link.me()
    }

    /// A panic elsewhere leaves whole entries here, so the lock is still good.
    fn holders(&self) -> MutexGuard<'_, BTreeMap<RequestId, Holders>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads who holds the key of the records of these requests, of each once.
    ///
    /// An upload seals the key in the call that opens the request, so that what
    /// is sealed later is rare; who gets its envelope late starts without a turn.
    async fn learn_holders(
        &self,
        snapshot: &Snapshot,
        requests: &[&ClientRequest],
    ) -> Result<(), ClientError> {
        let unknown: Vec<(RequestId, RecordId)> = {
            let known = self.holders();
            let unknown = requests.iter().filter(|request| !known.contains_key(&request.id));
            unknown.map(|request| (request.id, request.record)).collect()
        };
        let at = snapshot.number();
        let read = unknown.into_iter().map(|(id, record)| async move {
            let envelopes = snapshot.envelopes(record).await?;
            let accounts = envelopes.into_iter().map(|(reader, _)| reader.0).collect();
            Ok::<_, ClientError>((id, Holders { at, accounts: Arc::new(accounts) }))
        });
        let read: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        self.holders().extend(read);
        Ok(())
    }

    /// Forgets what this final block holds closed. A request of a newer block is
    /// not missing, only not final yet.
    fn forget_holders(&self, block: u32, open: &[ClientRequest]) {
        let open: BTreeSet<RequestId> = open.iter().map(|request| request.id).collect();
        self.holders().retain(|id, holders| open.contains(id) || holders.at > block);
    }
}

#[async_trait]
impl Chain for NodeChain {
    fn account(&self) -> Account {
        self.me().0
    }

    async fn heads(
        &self,
        view: View,
    ) -> Result<BoxStream<'static, Result<(), ChainError>>, ChainError> {
        let finality = match view {
            View::Best => Finality::Best,
            View::Finalised => Finality::Finalised,
        };
        self.link.heads(finality).await
    }

    /// Without those that this worker has reported as failed: they are open for
    /// the others alone. Workers and reports are read once for the whole list,
    /// and not at all where it is empty.
    async fn open_requests(&self, view: View) -> Result<OpenRequests, ChainError> {
        let me = self.me();
        self.link
            .ask_or_reconnect(|client| async move {
                let snapshot = match view {
                    View::Best => client.best().await?,
                    View::Finalised => client.finalised().await?,
                };
                let requests = snapshot.open_requests().await?;
                if view == View::Finalised {
                    self.forget_holders(snapshot.number(), &requests);
                }
                if requests.is_empty() {
                    return Ok(OpenRequests { block: snapshot.number(), requests: Vec::new() });
                }
                let workers = snapshot.workers().await?;
                let reports = snapshot.failure_reporters().await?;
                let shared: Vec<&ClientRequest> =
                    requests.iter().filter(|request| is_shared(request, &me, &workers)).collect();
                self.learn_holders(&snapshot, &shared).await?;
                let known = self.holders().clone();
                let none = BTreeSet::new();
                let requests = requests.iter().filter_map(|request| {
                    let reporters = reports.get(&request.id);
                    if reporters.is_some_and(|reporters| reporters.contains(&me)) {
                        return None;
                    }
                    let reporters =
                        reporters.into_iter().flatten().map(|account| account.0).collect();
                    let holders =
                        known.get(&request.id).map_or(&none, |holders| &*holders.accounts);
                    let running =
                        workers.iter().filter(|worker| worker.models.contains(&request.model));
                    Some(Request {
                        id: request.id,
                        record: request.record,
                        patient: request.patient.0,
                        model: request.model,
                        opened: request.opened,
                        deadline: request.deadline,
                        candidates: turn::candidates(
                            running.map(|worker| worker.account.0),
                            holders,
                            &reporters,
                        ),
                    })
                });
                Ok(OpenRequests { block: snapshot.number(), requests: requests.collect() })
            })
            .await
    }

    async fn case(&self, request: &Request) -> Result<Case, ChainError> {
        let me = self.me();
        self.link
            .ask(|client| async move { case(&client.best().await?, &me, request).await })
            .await
            .map_err(port_error)
    }

    async fn standing(&self, id: RequestId) -> Result<Standing, ChainError> {
        let me = self.me();
        self.link
            .ask(|client| async move {
                let best = client.best().await?;
                let status = best.request(id).await?.map(|request| request.status);
                let reported = best.failure_report(id, &me).await?.is_some();
                Ok(match status {
                    Some(RequestStatus::Open) if reported => Standing::Ours { at: best.number() },
                    Some(RequestStatus::Open) => Standing::Open,
                    Some(
                        RequestStatus::Answered { worker } | RequestStatus::Failed { worker, .. },
                    ) if worker == me => Standing::Ours { at: best.number() },
                    _ => Standing::Closed,
                })
            })
            .await
            .map_err(port_error)
    }

    async fn registration(&self) -> Result<Registration, ChainError> {
        let me = self.me();
        self.link
            .ask(|client| async move {
                let best = client.best().await?;
                let worker = best.worker(&me).await?;
                let balance = best.balance(&me).await?;
                Ok(Registration {
                    models: worker.map(|worker| worker.models.into_iter().collect()),
                    free: balance.spendable(0),
                })
            })
            .await
            .map_err(port_error)
    }

    async fn tip(&self) -> Result<Tip, ChainError> {
        self.link.tip().await
    }

    async fn model(&self, id: ModelId) -> Result<Option<ChainModel>, ChainError> {
        let model = self
            .link
            .ask(|client| async move { client.best().await?.model(id).await })
            .await
            .map_err(port_error)?;
        Ok(model.map(|model| ChainModel {
            id: model.id,
            name: format!("{} {}", model.name, model.version),
            cid: model.cid,
            facts: ModelFacts {
                sha256: model.sha256,
                preprocessing: model.preprocessing,
                classes: model.labels.len(),
            },
            labels: model.labels,
            active: model.status == ModelStatus::Active,
        }))
    }

    async fn next_nonce(&self) -> Result<u64, ChainError> {
        self.link.next_nonce().await
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
        let outcome = self.link.submit(&call, nonce).await.map_err(failure)?;
        Ok(outcome.block_number)
    }
}

/// Whether somebody else runs the model of a request as well. Only then it
/// matters who holds its record's key.
fn is_shared(request: &ClientRequest, me: &AccountId32, workers: &[Worker]) -> bool {
    let runs = |worker: &&Worker| worker.models.contains(&request.model);
    let (mine, others): (Vec<&Worker>, Vec<&Worker>) =
        workers.iter().filter(runs).partition(|worker| worker.account == *me);
    !mine.is_empty() && !others.is_empty()
}

/// Reads everything about a request at one block.
async fn case(
    snapshot: &Snapshot,
    me: &AccountId32,
    request: &Request,
) -> Result<Case, ClientError> {
    let Some(record) = snapshot.record(request.record).await? else {
        return Ok(Case::Gone("there is no such record".to_owned()));
    };
    match record.status {
        RecordStatus::Active => {}
        RecordStatus::Superseded { by } => {
            return Ok(Case::Gone(format!("record {by} has replaced it")));
        }
        RecordStatus::Erased => return Ok(Case::Gone("the record was erased".to_owned())),
    }
    let patient = AccountId32(request.patient);
    let consent = snapshot.check_access(&patient, me, Some(request.record), Action::Infer).await?;
    if let Err(denied) = consent {
        return Ok(Case::Refused(denied.to_string()));
    }
    Ok(Case::Ready {
        cid: record.cid,
        digest: record.digest,
        envelope: snapshot.envelope(request.record, me).await?,
    })
}

fn failure(error: ClientError) -> SubmitError {
    match error {
        ClientError::Dispatch(failure) => SubmitError::Refused(refusal(&failure)),
        other => submit_error(other),
    }
}

/// What a failed call means for its request. The chain asks for consent last,
/// with pallet-emr's own errors.
fn refusal(failure: &DispatchFailure) -> Outcome {
    match (failure.pallet.as_str(), failure.error.as_str()) {
        (
            "Inference",
            "RequestNotOpen" | "RequestNotFound" | "AlreadyPredicted" | "AlreadyReported",
        ) => Outcome::ClosedElsewhere,
        ("Inference", "DeadlinePassed") => Outcome::TooLate,
        ("Inference", "RecordNotActive" | "RecordNotFound" | "NotSealedToWorker")
        | ("Emr", "RecordNotFound" | "RecordErased" | "RecordSuperseded" | "PatientNotFound") => {
            Outcome::Gone
        }
        ("Emr", _) => Outcome::NoConsent(failure.to_string()),
        _ => Outcome::Rejected(failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_the_chain_is_understood() {
        let check = |pallet: &str, error: &str, expected: Outcome| {
            let failure = DispatchFailure {
                pallet: pallet.to_owned(),
                error: error.to_owned(),
                docs: String::new(),
            };
            assert_eq!(refusal(&failure), expected, "{pallet}.{error}");
        };
        let text = |text: &str| text.to_owned();
        check("Inference", "RequestNotOpen", Outcome::ClosedElsewhere);
        check("Inference", "AlreadyReported", Outcome::ClosedElsewhere);
        check("Inference", "DeadlinePassed", Outcome::TooLate);
        check("Inference", "RecordNotActive", Outcome::Gone);
        // Others can open the record, and decide.
        check("Inference", "NotSealedToWorker", Outcome::Gone);
        check("Emr", "RecordErased", Outcome::Gone);
        for error in [
            "NoPolicy",
            "PolicyTrapped",
            "NoGrant",
            "ActionNotGranted",
            "GrantExpired",
            "GrantRevoked",
            "PolicyRefused",
        ] {
            check("Emr", error, Outcome::NoConsent(text(&format!("Emr.{error}"))));
        }
        check("Inference", "NotAWorker", Outcome::Rejected(text("Inference.NotAWorker")));
        check("", "BadOrigin", Outcome::Rejected(text("BadOrigin")));
    }

    #[test]
    fn only_a_refused_call_has_used_its_nonce() {
        assert!(matches!(failure(ClientError::StaleNonce), SubmitError::Lost(_)));
        let account = AccountId32([0; 32]);
        assert!(matches!(
            failure(ClientError::InsufficientFunds { account }),
            SubmitError::Unpaid(_)
        ));
    }
}
