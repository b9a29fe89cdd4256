//! Answers to requests, as the submitter sends them.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    prediction::{
        jobs::{Answer, JobId},
        ports::PredictionChain,
    },
    shared::{
        outcome::Outcome,
        ports::{Chain, ChainError, SubmitError},
        submit::Outbox,
    },
};

/// An answer that is to be signed.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    /// The job that it is for.
    pub job: JobId,
    /// The answer.
    pub answer: Answer,
}

/// Sends answers to a chain.
pub(super) struct AnswerBox(pub Arc<dyn PredictionChain>);

#[async_trait]
impl Outbox for AnswerBox {
    type Item = Submission;

    fn chain(&self) -> &dyn Chain {
        &*self.0
    }

    async fn settled(&self, item: &Submission) -> Result<Option<Outcome>, ChainError> {
        self.0.settled(item.job).await
    }

    async fn submit(&self, item: &Submission, nonce: u64) -> Result<u32, SubmitError> {
        self.0.submit(item.job.request, &item.answer, nonce).await
    }
}
