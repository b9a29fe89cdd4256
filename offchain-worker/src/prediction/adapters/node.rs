//! The chain through a node, as a worker that predicts sees it.

mod draws;
mod keys;
mod lists;
mod read;
mod record;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use medchain_client::{
    chain::{
        Call, ChainEvent, CustodyError, DispatchFailure, Dispute, DisputesError, EmrError,
        FailureKind, Finality, InferenceError, Model, Network,
    },
    AccountId32,
};
use medchain_disputes::Move;
use medchain_primitives::{ModelId, RecordId, RequestId};

use self::{
    draws::{candidates, drawable, undrawn},
    keys::shares,
    lists::Lists,
    read::{needed, settled, work_list},
    record::{agreed, ensure_film, film, not_asked, not_disputed, readiness, record_of},
};
use crate::{
    prediction::{
        jobs::{Answer, Job, JobId},
        ports::{
            Candidates, Drawable, Film, Looked, Needed, PredictionChain, Readiness, Registered,
            Registration, Registry, Shares, Undrawn, WorkList,
        },
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
    lists: Lists,
}

impl OverLink for NodeRequests {
    fn link(&self) -> &Link {
        &self.link
    }
}

impl NodeRequests {
    /// The requests on this link's chain.
    pub fn new(link: Link) -> Self {
        Self { link, lists: Lists::new() }
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
            let list = self.lists.at(view.hash(), work_list(&view, &me)).await?;
            Ok(WorkList::clone(&list))
        });
        Ok(read.await?)
    }

    async fn readiness(&self, job: &Job) -> Result<Readiness, ChainError> {
        let me = self.link.account();
        let asked = self.link.ask_both(|client, witness| async move {
            let told = readiness(&client.best().await?, &me, job).await?;
            let Some(witness) = witness else { return Ok(told) };
            if let Readiness::Ready(film) = &told {
                // Most jobs are newer than what both call final: no connection has failed.
                let proven = client.witnessed(&witness).await?;
                if let Some(reason) = not_asked(&proven, &me, (job, film)).await? {
                    return Ok(Readiness::Unproven(reason));
                }
            }
            // Consent is computed, so that it has no proof: both must say that there is.
            Ok(agreed(told, readiness(&witness.best().await?, &me, job).await?))
        });
        Ok(asked.await?)
    }

    async fn shares(&self, job: &Job) -> Result<Shares, ChainError> {
        let me = self.link.account();
        let asked =
            self.link.ask(|client| async move { shares(&client.best().await?, &me, job).await });
        Ok(asked.await?)
    }

    async fn events(&self, block: u32) -> Result<Vec<ChainEvent>, ChainError> {
        let asked = self.link.ask(|client| async move { client.events_of(block).await });
        Ok(asked.await?)
    }

    async fn undrawn(
        &self,
        models: &BTreeSet<ModelId>,
        age: u32,
        before: Option<Looked>,
    ) -> Result<(Looked, Vec<Undrawn>), ChainError> {
        // By final blocks: a fork may have drawn already.
        let asked = self.link.ask(|client| async move {
            undrawn(&client.finalised().await?, models, age, before).await
        });
        Ok(asked.await?)
    }

    async fn candidates(&self, models: &BTreeSet<ModelId>) -> Result<Candidates, ChainError> {
        let asked = self
            .link
            .ask(|client| async move { candidates(&client.finalised().await?, models).await });
        Ok(asked.await?)
    }

    async fn drawable(
        &self,
        requests: &[RequestId],
    ) -> Result<BTreeMap<RequestId, Drawable>, ChainError> {
        let asked = self
            .link
            .ask(|client| async move { drawable(&client.finalised().await?, requests).await });
        Ok(asked.await?)
    }

    async fn settled(&self, job: JobId) -> Result<Option<Outcome>, ChainError> {
        let me = self.link.account();
        let asked = self.link.ask(|client| async move {
            let best = client.best().await?;
            if self.lists.have(&best.hash(), job) {
                // Read before, at this block: it still asks this.
                return Ok(None);
            }
            settled(&best, &me, job).await
        });
        Ok(asked.await?)
    }

    async fn film(&self, record: RecordId) -> Result<Option<Film>, ChainError> {
        let me = self.link.account();
        let asked = self.link.ask_present(|client, witness| async move {
            let best = client.best().await?;
            let Some(found) = record_of(&best, record).await? else { return Ok(None) };
            let told = film(&best, &me, found).await?;
            if let (Some(witness), Some(film)) = (witness, &told) {
                ensure_film((&client, &witness), record, film).await?;
            }
            Ok(told)
        });
        Ok(asked.await?)
    }

    async fn unproven(&self, job: &Job, dispute: &Dispute) -> Result<Option<String>, ChainError> {
        let asked = self.link.ask_present(|_, witness| async move {
            let Some(witness) = witness else { return Ok(None) };
            not_disputed(&witness.best().await?, job, dispute).await
        });
        Ok(asked.await?)
    }

    async fn dispute(&self, request: RequestId) -> Result<Option<Dispute>, ChainError> {
        let asked =
            self.link.ask(|client| async move { client.best().await?.dispute(request).await });
        Ok(asked.await?)
    }

    async fn needed(&self, id: RequestId) -> Result<Needed, ChainError> {
        let me = self.link.account();
        let asked = self.link.ask(|client| async move {
            match needed(&client.finalised().await?, &me, id).await? {
                Needed::Everything => Ok(Needed::Everything),
                last => Ok(last.or(needed(&client.best().await?, &me, id).await?)),
            }
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
        let call = call(request, answer.clone(), self.link.account());
        let done = self.link.submit(&call, nonce, refusal).await?;
        Ok(done.block_number)
    }
}

#[async_trait]
impl Registry for NodeRequests {
    async fn network(&self, id: ModelId) -> Result<Option<Network>, ChainError> {
        let asked = self.link.ask(|client| async move { client.best().await?.network(id).await });
        Ok(asked.await?)
    }

    async fn model_of(&self, id: RequestId) -> Result<Option<ModelId>, ChainError> {
        let asked = self.link.ask(|client| async move {
            Ok(client.best().await?.request(id).await?.map(|request| request.model))
        });
        Ok(asked.await?)
    }
}

fn call(request: RequestId, answer: Answer, me: AccountId32) -> Call {
    match answer {
        Answer::Sealed(sealed) => Call::SubmitAnswer { request, sealed },
        Answer::Commitment(commitment) => Call::CommitAnswer { request, commitment },
        Answer::Reveal { sealed, salt } => Call::RevealAnswer { request, sealed, salt },
        Answer::Failure(code) => Call::ReportFailure { request, code },
        Answer::Draw { asks } => Call::DrawWorkers { request, asks },
        Answer::Ask(reply) => Call::RequestAsWorker { request, reply },
        Answer::Keep(sealed) => Call::SealToWorkers { request, keys: vec![(me, sealed)] },
        Answer::Move(made) => match *made {
            Move::Roots(roots) => Call::ShowRoots { request, roots },
            Move::Nodes(nodes) => Call::ShowNodes { request, nodes },
            Move::Leaf(leaf) => Call::ShowLeaf { request, leaf },
            Move::Sums(sums) => Call::ShowSums { request, sums },
            Move::Opening(opening) => Call::OpenValue { request, opening },
            Move::Secret(secret) => Call::OpenSecret { request, secret },
        },
    }
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
            | InferenceError::AlreadyAnswered
            | InferenceError::CancellationPending,
        ) => Outcome::ClosedElsewhere,
        // The uploader was faster, or this worker before a restart.
        FailureKind::Custody(CustodyError::NotDrawn | CustodyError::AccessAlreadyGranted) => {
            Outcome::ClosedElsewhere
        }
        FailureKind::Custody(CustodyError::RecordNotEntrusted) => Outcome::Gone,
        // Another round, or none: the stage decides what a move must be, and the other player
        // can end a round or the dispute.
        FailureKind::Disputes(
            DisputesError::DisputeNotFound
            | DisputesError::NotPlayer
            | DisputesError::WrongMove
            | DisputesError::AlreadyMoved,
        ) => Outcome::ClosedElsewhere,
        FailureKind::Inference(InferenceError::DeadlinePassed)
        | FailureKind::Disputes(DisputesError::DeadlinePassed) => Outcome::TooLate,
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
    use medchain_client::chain::RuntimeError;

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
            InferenceError::CancellationPending,
        ] {
            assert_eq!(outcome(settled), Outcome::ClosedElsewhere);
        }
        for settled in [
            DisputesError::DisputeNotFound,
            DisputesError::NotPlayer,
            DisputesError::WrongMove,
            DisputesError::AlreadyMoved,
        ] {
            assert_eq!(outcome(settled), Outcome::ClosedElsewhere);
        }
        for settled in [CustodyError::NotDrawn, CustodyError::AccessAlreadyGranted] {
            assert_eq!(outcome(settled), Outcome::ClosedElsewhere);
        }
        assert_eq!(outcome(CustodyError::RecordNotEntrusted), Outcome::Gone);
        assert_eq!(outcome(InferenceError::DeadlinePassed), Outcome::TooLate);
        assert_eq!(outcome(DisputesError::DeadlinePassed), Outcome::TooLate);
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
        assert_eq!(outcome(DisputesError::NotProven), rejected("Disputes.NotProven"));
    }

    #[test]
    fn an_unknown_error_of_the_chain_is_not_taken_for_a_refusal() {
        for pallet in [EmrError::PALLET, InferenceError::PALLET, DisputesError::PALLET] {
            let newer = FailureKind::Other { pallet: pallet.to_owned(), error: "Newer".to_owned() };
            assert_eq!(outcome(newer), Outcome::Rejected(format!("{pallet}.Newer")));
        }
        // An error of a pallet that a worker's calls do not reach.
        assert!(matches!(outcome(CustodyError::AccessNotFound), Outcome::Rejected(_)));
    }
}
