//! Answers to requests, as the submitter sends them.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    submit::{Outbox, Submitted},
    Message,
};
use crate::{
    core::{Answer, Outcome, Request},
    ports::{Chain, ChainError, Standing, SubmitError},
};

/// An answer that is to be signed.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    /// What it answers.
    pub request: Request,
    /// The answer.
    pub answer: Answer,
}

/// Sends answers to a chain.
pub(crate) struct Answers(pub Arc<dyn Chain>);

#[async_trait]
impl Outbox for Answers {
    type Item = Submission;

    async fn check(&self, item: &Submission) -> Result<(), Outcome> {
        match self.0.standing(item.request.id).await {
            Ok(Standing::Open) => Ok(()),
            Ok(Standing::Ours { at }) => Err(Outcome::Included { block: at }),
            Ok(Standing::Closed) => Err(Outcome::ClosedElsewhere),
            Err(error) => Err(Outcome::Lost(error.to_string())),
        }
    }

    async fn next_nonce(&self) -> Result<u64, ChainError> {
        self.0.next_nonce().await
    }

    async fn submit(&self, item: &Submission, nonce: u64) -> Result<u32, SubmitError> {
        self.0.submit(item.request.id, &item.answer, nonce).await
    }
}

impl From<Submitted<Submission>> for Message {
    fn from(ended: Submitted<Submission>) -> Self {
        let Submitted { item: Submission { request, answer }, outcome, took } = ended;
        Self::Submitted { request: request.id, answer, outcome, took }
    }
}
