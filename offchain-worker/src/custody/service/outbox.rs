//! Encrypted shares, as the submitter sends them.

use std::sync::Arc;

use async_trait::async_trait;
use medchain_client::custody::Delivery;

use crate::{
    custody::{deliveries::GrantId, ports::CustodyChain},
    shared::{
        outcome::Outcome,
        ports::{Chain, ChainError, SubmitError},
        submit::Outbox,
    },
};

/// A share that is encrypted to the subject of a grant.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    /// Of which grant.
    pub grant: GrantId,
    /// The share.
    pub delivery: Delivery,
    /// Whether access was refused before.
    pub after_refusal: bool,
}

/// Sends shares to a chain.
pub(super) struct Shares(pub Arc<dyn CustodyChain>);

#[async_trait]
impl Outbox for Shares {
    type Item = Submission;

    fn chain(&self) -> &dyn Chain {
        &*self.0
    }

    async fn settled(&self, item: &Submission) -> Result<Option<Outcome>, ChainError> {
        self.0.settled(&item.grant).await
    }

    async fn submit(&self, item: &Submission, nonce: u64) -> Result<u32, SubmitError> {
        self.0.deliver(&item.grant, &item.delivery, nonce).await
    }
}
