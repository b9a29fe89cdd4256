//! One attempt at one job: consent → fetch → verify → open → decode → predict →
//! answer. It holds no state: after any interruption the next attempt starts from the
//! chain.

use std::sync::Arc;

use medchain_primitives::{FailureCode, ModelId};

use super::{
    inference::{Pool, Stages, Task},
    setup::Ports,
};
use crate::{
    prediction::{
        jobs::{answer::prediction, Answer, Job, Problem},
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
        let result = self.work(job, &mut stages).await;
        Attempt { result, stages }
    }

    async fn work(&self, job: &Job, stages: &mut Stages) -> Result<Answer, Problem> {
        let model = self.model(job.model)?;
        let readiness = self.ports.chain.readiness(job).await;
        let readiness = readiness.map_err(|error| Problem::Passing(error.to_string()))?;
        let (cid, digest, envelope) = match readiness {
            Readiness::Refused(reason) => return Err(Problem::NoConsent(reason)),
            Readiness::Gone(reason) => return Err(Problem::Gone(reason)),
            Readiness::Ready { cid, digest, envelope } => (cid, digest, envelope),
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
        };
        let (output, times) = self.pool.run(task).await;
        *stages = times;
        stages.fetch_verify += fetched;
        prediction(&model.facts, &cid, output?)
            .map_err(|error| Problem::Passing(format!("the output is not a prediction: {error:?}")))
    }

    fn model(&self, id: ModelId) -> Result<&ServedModel, Problem> {
        self.ports
            .models
            .get(&id)
            .ok_or_else(|| Problem::Gone("this worker does not run the model".to_owned()))
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
