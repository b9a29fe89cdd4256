//! Sealed shares, as the submitter sends them.

use std::sync::Arc;

use async_trait::async_trait;
use medchain_primitives::SealedKey;

use super::Message;
use crate::{
    core::{custody::GrantId, Outcome},
    ports::{
        custody::{CustodyChain, Standing},
        ChainError, SubmitError,
    },
    service::submit::{Outbox, Submitted},
};

/// A share that is sealed to the subject of a grant.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// Of which grant.
    pub grant: GrantId,
    /// The share.
    pub sealed: SealedKey,
}

/// Sends shares to a chain.
pub(crate) struct Outgoing(pub Arc<dyn CustodyChain>);

#[async_trait]
impl Outbox for Outgoing {
    type Item = Parcel;

    /// Asks the newest block right before signing: whoever sends a share that the
    /// policy does not allow any more ends the grant.
    async fn check(&self, item: &Parcel) -> Result<(), Outcome> {
        let standing = self.0.standing(&item.grant).await;
        match standing.map_err(|error| Outcome::Lost(error.to_string()))? {
            Standing::Open => Ok(()),
            Standing::Ours { at } => Err(Outcome::Included { block: at }),
            Standing::Enough | Standing::Ended => Err(Outcome::ClosedElsewhere),
            Standing::Over => Err(Outcome::TooLate),
            Standing::Erased => Err(Outcome::Gone),
            Standing::Refused(reason) => Err(Outcome::NoConsent(reason)),
            Standing::NotCustodian => {
                Err(Outcome::Rejected("this account is no custodian any more".to_owned()))
            }
        }
    }

    async fn next_nonce(&self) -> Result<u64, ChainError> {
        self.0.next_nonce().await
    }

    async fn submit(&self, item: &Parcel, nonce: u64) -> Result<u32, SubmitError> {
        self.0.deliver(&item.grant, &item.sealed, nonce).await
    }
}

impl From<Submitted<Parcel>> for Message {
    fn from(ended: Submitted<Parcel>) -> Self {
        Self::Submitted(ended)
    }
}
