//! Answers to requests, as the submitter sends them.

use std::sync::Arc;

use async_trait::async_trait;
use medchain_primitives::RequestId;

use crate::{
    prediction::{jobs::Answer, ports::PredictionChain},
    shared::{
        outcome::Outcome,
        ports::{Chain, ChainError, SubmitError},
        submit::Outbox,
    },
};

/// An answer that is to be signed.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    /// The request that it answers.
    pub request: RequestId,
    /// The answer.
    pub answer: Answer,
}

/// Sends answers to a chain.
pub(super) struct Answers(pub Arc<dyn PredictionChain>);

#[async_trait]
impl Outbox for Answers {
    type Item = Submission;

    fn chain(&self) -> &dyn Chain {
        &*self.0
    }

    async fn settled(&self, item: &Submission) -> Result<Option<Outcome>, ChainError> {
        self.0.settled(item.request).await
    }

    async fn submit(&self, item: &Submission, nonce: u64) -> Result<u32, SubmitError> {
        self.0.submit(item.request, &item.answer, nonce).await
    }
}
