//! A chain to which something else is sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use medchain_client::{
    chain::{AnswerCommitment, AnswerSalt, ChainEvent, Dispute, Finality, Model, SealedAnswer},
    crypto::answer_commitment,
    AccountId32,
};
use medchain_disputes::Move;
use medchain_primitives::{ModelId, RecordId, RequestId};
use medchain_worker::{
    prediction::{
        jobs::{Answer, Job, JobId, Phase},
        ports::{
            Candidates, Drawable, Film, Looked, Needed, PredictionChain, Readiness, Registration,
            Shares, Undrawn, WorkList,
        },
    },
    shared::{
        outcome::Outcome,
        ports::{Chain, ChainError, Heads, SubmitError, Tip},
    },
};

use crate::lie::Lie;

/// Bytes that are no seal, as long as an answer of three classes.
const NO_SEAL: [u8; 30] = [1; 30];
const SALT: AnswerSalt = AnswerSalt([9; 32]);
/// The rounds of a dispute about a layer that pools.
const ROUNDS: u64 = 5;

/// A chain that is lied to.
pub struct LyingChain {
    honest: Arc<dyn PredictionChain>,
    lie: Lie,
    /// What the worker believes to have committed to.
    believed: Mutex<BTreeMap<RequestId, AnswerCommitment>>,
}

impl LyingChain {
    /// Stands between a worker and the chain.
    pub fn new(honest: Arc<dyn PredictionChain>, lie: Lie) -> Self {
        Self { honest, lie, believed: Mutex::default() }
    }

    fn believed(&self) -> std::sync::MutexGuard<'_, BTreeMap<RequestId, AnswerCommitment>> {
        self.believed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it makes no move in the present round of a dispute.
    async fn is_silent(&self, request: RequestId) -> bool {
        let dispute = self.honest.dispute(request).await;
        let round = dispute.ok().flatten().map_or(0, |dispute| dispute.game.round());
        u64::from(round) > request.0 % ROUNDS
    }

    /// What is sent instead of an answer.
    fn instead(&self, request: RequestId, answer: &Answer) -> Answer {
        let no_seal = SealedAnswer::truncate_from(NO_SEAL.to_vec());
        match (self.lie, answer.clone()) {
            (Lie::Seal, Answer::Sealed(_)) => Answer::Sealed(no_seal),
            (Lie::Seal, Answer::Commitment(commitment)) => {
                self.believed().insert(request, commitment);
                let me = self.honest.account();
                Answer::Commitment(answer_commitment(request, &me.0, &no_seal, &SALT))
            }
            (Lie::Seal, Answer::Reveal { .. }) => Answer::Reveal { sealed: no_seal, salt: SALT },
            (Lie::Dense, Answer::Move(made)) => match *made {
                Move::Sums(mut sums) => {
                    // One of them makes the value that it claimed.
                    let step = 1i32 << sums.shift;
                    sums.pieces.as_mut().iter_mut().take(1).for_each(|sum| *sum += step);
                    Answer::Move(Box::new(Move::Sums(sums)))
                }
                other => Answer::Move(Box::new(other)),
            },
            (_, answer) => answer,
        }
    }
}

#[async_trait]
impl Chain for LyingChain {
    fn account(&self) -> AccountId32 {
        self.honest.account()
    }

    async fn heads(&self, finality: Finality) -> Result<Heads, ChainError> {
        self.honest.heads(finality).await
    }

    async fn tip(&self) -> Result<Tip, ChainError> {
        self.honest.tip().await
    }

    async fn next_nonce(&self) -> Result<u64, ChainError> {
        self.honest.next_nonce().await
    }
}

#[async_trait]
impl PredictionChain for LyingChain {
    fn genesis(&self) -> [u8; 32] {
        self.honest.genesis()
    }

    async fn work_list(&self, finality: Finality) -> Result<WorkList, ChainError> {
        let mut list = self.honest.work_list(finality).await?;
        let mut jobs = Vec::new();
        for mut job in std::mem::take(&mut list.jobs) {
            let own = self.believed().get(&job.request).copied();
            if let (Some(commitment), Some(own)) = (&mut job.commitment, own) {
                *commitment = own;
            }
            let is_move = matches!(job.phase, Phase::Dispute(_));
            // What is not on the list is not done, and holds up nothing else.
            if !(is_move && self.lie == Lie::Fading && self.is_silent(job.request).await) {
                jobs.push(job);
            }
        }
        list.jobs = jobs;
        Ok(list)
    }

    async fn readiness(&self, job: &Job) -> Result<Readiness, ChainError> {
        self.honest.readiness(job).await
    }

    async fn shares(&self, job: &Job) -> Result<Shares, ChainError> {
        self.honest.shares(job).await
    }

    async fn events(&self, block: u32) -> Result<Vec<ChainEvent>, ChainError> {
        self.honest.events(block).await
    }

    async fn undrawn(
        &self,
        models: &BTreeSet<ModelId>,
        age: u32,
        before: Option<Looked>,
    ) -> Result<(Looked, Vec<Undrawn>), ChainError> {
        self.honest.undrawn(models, age, before).await
    }

    async fn candidates(&self, models: &BTreeSet<ModelId>) -> Result<Candidates, ChainError> {
        self.honest.candidates(models).await
    }

    async fn drawable(
        &self,
        requests: &[RequestId],
    ) -> Result<BTreeMap<RequestId, Drawable>, ChainError> {
        self.honest.drawable(requests).await
    }

    async fn settled(&self, job: JobId) -> Result<Option<Outcome>, ChainError> {
        self.honest.settled(job).await
    }

    async fn film(&self, record: RecordId) -> Result<Option<Film>, ChainError> {
        self.honest.film(record).await
    }

    async fn dispute(&self, request: RequestId) -> Result<Option<Dispute>, ChainError> {
        self.honest.dispute(request).await
    }

    async fn needed(&self, request: RequestId) -> Result<Needed, ChainError> {
        self.honest.needed(request).await
    }

    async fn registration(&self) -> Result<Registration, ChainError> {
        self.honest.registration().await
    }

    async fn model(&self, model: ModelId) -> Result<Option<Model>, ChainError> {
        self.honest.model(model).await
    }

    async fn submit(
        &self,
        request: RequestId,
        answer: &Answer,
        nonce: u64,
    ) -> Result<u32, SubmitError> {
        if self.lie == Lie::Silent && matches!(answer, Answer::Move(_)) {
            return std::future::pending().await;
        }
        self.honest.submit(request, &self.instead(request, answer), nonce).await
    }
}
