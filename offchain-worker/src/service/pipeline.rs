//! One attempt at one request: consent → fetch → verify → open → decode →
//! predict → answer. It holds no state: whatever interrupts it, the next
//! attempt starts from the chain.

use std::sync::Arc;

use medchain_primitives::{FailureCode, ModelId};

use super::{
    inference::{Pool, Task},
    Ports, ServedModel, Settings, Stages,
};
use crate::{
    core::{result::prediction, Answer, Problem, Request},
    health::Health,
    ports::{Case, ChainError, StoreError},
};

/// What an attempt needs.
#[derive(Clone)]
pub struct Pipeline {
    /// The outside world.
    pub ports: Ports,
    /// The blocking threads.
    pub pool: Pool,
    /// Limits.
    pub settings: Settings,
    /// Who is told that the store does not answer.
    pub health: Arc<Health>,
}

/// How an attempt ended.
pub struct Attempt {
    /// The answer, or why there is none.
    pub result: Result<Answer, Problem>,
    /// How long its parts took.
    pub stages: Stages,
}

impl Pipeline {
    /// Works on a request once.
    pub async fn attempt(&self, request: &Request) -> Attempt {
        let mut stages = Stages::default();
        let result = self.work(request, &mut stages).await;
        Attempt { result, stages }
    }

    async fn work(&self, request: &Request, stages: &mut Stages) -> Result<Answer, Problem> {
        let model = self.model(request.model)?;
        let case = self.ports.chain.case(request).await;
        let (cid, digest, envelope) = match case.map_err(unread)? {
            Case::Refused(reason) => return Err(Problem::NoConsent(reason)),
            Case::Gone(reason) => return Err(Problem::Gone(reason)),
            Case::Ready { cid, digest, envelope } => (cid, digest, envelope),
        };
        let envelope = envelope.ok_or(Problem::NoEnvelope)?;

        let started = self.ports.clock.now();
        // The store itself gives up in time: it knows how many places it asks.
        let fetched = self.ports.store.get(&cid, self.settings.max_content).await;
        self.note_store(&fetched);
        let file = fetched.map_err(unfetched)?;
        let fetched = self.ports.clock.now().saturating_sub(started);

        let task = Task {
            model: model.model.clone(),
            cipher: self.ports.cipher.clone(),
            clock: self.ports.clock.clone(),
            envelope,
            patient: request.patient,
            digest,
            file,
        };
        let (output, times) = self.pool.run(task).await;
        *stages = times;
        stages.fetch_verify += fetched;
        prediction(&model.facts, &cid, output?)
            .map_err(|error| Problem::Passing(format!("the model's output is wrong: {error:?}")))
    }

    fn model(&self, id: ModelId) -> Result<&ServedModel, Problem> {
        self.ports
            .models
            .get(&id)
            .ok_or_else(|| Problem::Gone("this worker does not run the model".to_owned()))
    }

    fn note_store(&self, fetched: &Result<Vec<u8>, StoreError>) {
        match fetched {
            Err(StoreError::Unreachable(reason)) => self.health.store_failed(reason),
            _ => self.health.store_answered(),
        }
    }
}

fn unread(error: ChainError) -> Problem {
    Problem::Passing(error.to_string())
}

fn unfetched(error: StoreError) -> Problem {
    let text = error.to_string();
    match error {
        StoreError::NotAvailable(_) | StoreError::Unreachable(_) => Problem::NotAvailable(text),
        StoreError::Corrupt(_) => Problem::Content(FailureCode::WrongHash, text),
        StoreError::TooLarge(_) => Problem::Content(FailureCode::TooLarge, text),
    }
}
