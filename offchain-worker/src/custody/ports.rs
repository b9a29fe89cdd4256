//! What a custodian needs from the world beside [`crate::shared::ports`]: the chain's
//! grants, and its own key. The adapters are in [`super::adapters`]; tests bring their
//! own.

use async_trait::async_trait;
use medchain_client::{
    chain::Custodian,
    custody::{CustodianKey, Delivery},
    AccountId32,
};

use super::deliveries::{Grant, GrantId, Grants};
use crate::shared::{
    outcome::Outcome,
    ports::{Chain, ChainError, SubmitError},
};

/// What the chain holds about this custodian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// Whether the account has the role of a custodian now.
    pub is_custodian: bool,
    /// Its registration, with its key.
    pub registered: Option<Custodian>,
    /// What it can pay fees with, in the chain's smallest unit.
    pub free: u128,
}

/// The chain, read and written to as this custodian's account.
#[async_trait]
pub trait CustodyChain: Chain {
    /// Every grant at the newest final block.
    async fn grants(&self) -> Result<Grants, ChainError>;
    /// How the delivery of this custodian's share has ended already, or would fail, by the
    /// newest block; `None` where the grant accepts the share. A share that is sent although
    /// access is refused is in a block all the same, and the subject can open it.
    async fn settled(&self, grant: &GrantId) -> Result<Option<Outcome>, ChainError>;
    /// This custodian's own registration, role and funds.
    async fn appointment(&self) -> Result<Appointment, ChainError>;
    /// Signs and submits a share with this nonce, valid for a few blocks only; returns the
    /// number of the block in which it was delivered.
    async fn deliver(
        &self,
        grant: &GrantId,
        delivery: &Delivery,
        nonce: u64,
    ) -> Result<u32, SubmitError>;
}

/// What keeps the custodian's secret.
pub trait Keeper: Send + Sync + 'static {
    /// The public key that shares are encrypted to.
    fn key(&self) -> CustodianKey;
    /// Encrypts the share that `me` keeps of a grant's record to the grant's reply key. The
    /// share itself never leaves this function.
    ///
    /// # Errors
    /// [`NoShare`].
    fn encrypt(&self, me: &AccountId32, grant: &Grant) -> Result<Delivery, NoShare>;
}

/// The custodian's share does not exist, or is not encrypted to its key. Another attempt has
/// the same result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoShare(pub String);
