//! One attempt at one job. To answer: consent → fetch → verify → open → decode → compare →
//! predict → seal → remember. To show an answer: remember, or all of that again. It holds no
//! state: after any interruption the next attempt starts from the chain.

use std::sync::Arc;

use medchain_client::{
    chain::{AnswerSalt, SealedAnswer},
    crypto::VerdictName,
};
use medchain_primitives::{FailureCode, ModelId};
use tracing::warn;

use super::{
    inference::{Pool, Stages, Task},
    setup::Ports,
};
use crate::{
    prediction::{
        jobs::{Answer, Job, Phase, Problem},
        ports::{Readiness, ServedModel, StoreError},
    },
    shared::health::Health,
};

/// What an attempt needs.
#[derive(Clone)]
pub(super) struct Pipeline {
    /// The outside world.
    pub ports: Ports,
    /// The blocking threads.
    pub pool: Pool,
    /// The largest content that is fetched, in bytes.
    pub max_content: u64,
    /// Learns whether the store answers.
    pub health: Arc<Health>,
}

/// How an attempt ended.
pub(super) struct Attempt {
    /// The answer, or why there is none.
    pub result: Result<Answer, Problem>,
    /// How long its parts took.
    pub stages: Stages,
}

impl Pipeline {
    /// Attempts a job once.
    pub async fn attempt(&self, job: &Job) -> Attempt {
        let mut stages = Stages::default();
        let result = match job.phase {
            Phase::Answer => self.answer(job, &mut stages).await,
            Phase::Reveal => self.reveal(job, &mut stages).await,
        };
        Attempt { result, stages }
    }

    async fn answer(&self, job: &Job, stages: &mut Stages) -> Result<Answer, Problem> {
        let sealed = self.compute(job, stages).await?;
        // Remembered before the commitment exists anywhere, so that it can be shown even if
        // the film cannot be opened any more.
        if job.quorum > 1
            && let Err(error) = self.ports.answers.put(job.request, &sealed).await
        {
            warn!(request = job.request.0, "cannot remember the answer: {error}");
        }
        let (me, salt) = (self.ports.chain.account(), self.salt(job));
        Ok(Answer::first(job, &me, sealed, &salt))
    }

    async fn reveal(&self, job: &Job, stages: &mut Stages) -> Result<Answer, Problem> {
        let me = self.ports.chain.account();
        let remembered = self.ports.answers.get(job.request).await.unwrap_or_else(|error| {
            warn!(request = job.request.0, "cannot read the answer: {error}");
            None
        });
        let remembered =
            remembered.and_then(|sealed| Answer::reveal(job, &me, sealed, self.salt(job)));
        if let Some(answer) = remembered {
            return Ok(answer);
        }
        let sealed = self.compute(job, stages).await?;
        Answer::reveal(job, &me, sealed, self.salt(job)).ok_or_else(|| {
            Problem::Passing("the answer is not the one that was committed to".to_owned())
        })
    }

    fn salt(&self, job: &Job) -> AnswerSalt {
        self.ports.cipher.salt(&self.ports.chain.genesis(), job.request)
    }

    /// The sealed output for a job's request.
    async fn compute(&self, job: &Job, stages: &mut Stages) -> Result<SealedAnswer, Problem> {
        let model = self.model(job.model)?;
        let readiness = self.ports.chain.readiness(job).await;
        let readiness = readiness.map_err(|error| Problem::Passing(error.to_string()))?;
        let (cid, digest, envelope, commitments) = match readiness {
            Readiness::Refused(reason) => return Err(Problem::NoConsent(reason)),
            Readiness::Gone(reason) => return Err(Problem::Gone(reason)),
            Readiness::Ready { cid, digest, envelope, commitments } => {
                (cid, digest, envelope, commitments)
            }
        };
        let envelope = envelope.ok_or(Problem::NoEnvelope)?;

        let started = self.ports.clock.now();
        // The store itself limits the time: it knows how many places it asks.
        let fetched = self.ports.store.get(&cid, self.max_content).await;
        self.report_store(&fetched);
        let file = fetched?;
        let fetched = self.ports.clock.now().saturating_sub(started);

        let task = Task {
            predictor: model.predictor.clone(),
            cipher: self.ports.cipher.clone(),
            clock: self.ports.clock.clone(),
            envelope,
            patient: job.patient,
            digest,
            file,
            commitments,
            classes: model.classes,
            name: VerdictName {
                genesis: self.ports.chain.genesis(),
                record: job.record,
                model: job.model,
                request: job.request,
            },
        };
        let (sealed, times) = self.pool.run(task).await;
        *stages = times;
        stages.fetch_verify += fetched;
        sealed
    }

    /// The model of a job. Another start of this worker may have it.
    fn model(&self, id: ModelId) -> Result<&ServedModel, Problem> {
        self.ports
            .models
            .get(&id)
            .ok_or_else(|| Problem::Passing(format!("this worker does not run model {id}")))
    }

    fn report_store(&self, fetched: &Result<Vec<u8>, StoreError>) {
        match fetched {
            Err(StoreError::Unreachable(reason)) => self.health.store_failed(reason),
            _ => self.health.store_answered(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::NotAvailable(_) | StoreError::Unreachable(_) => Self::NotAvailable(text),
            StoreError::Corrupt(_) => Self::Content(FailureCode::WrongHash, text),
            StoreError::TooLarge(_) => Self::Content(FailureCode::TooLarge, text),
        }
    }
}
