//! What a custodian needs from the world beside [`crate::shared::ports`]: the chain's
//! grants, and its own key. The adapters are in [`super::adapters`]; tests bring their
//! own.

use async_trait::async_trait;
use medchain_client::AccountId32;
use medchain_primitives::{EncryptionKey, SealedKey};

use super::deliveries::{Grant, GrantId, Grants};
use crate::shared::{
    outcome::Outcome,
    ports::{Chain, ChainError, SubmitError},
};

/// What the chain holds about this custodian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// Whether the account is a custodian now.
    pub is_custodian: bool,
    /// The encryption key that the account has published.
    pub published: Option<EncryptionKey>,
    /// What it can pay fees with, in the chain's smallest unit.
    pub free: u128,
}

/// The chain, read and written to as this custodian's account.
#[async_trait]
pub trait CustodyChain: Chain {
    /// Every grant at the newest final block.
    async fn grants(&self) -> Result<Grants, ChainError>;
    /// The encryption key of an account at the newest final block.
    async fn encryption_key(
        &self,
        account: &AccountId32,
    ) -> Result<Option<EncryptionKey>, ChainError>;
    /// How the delivery of this custodian's share has ended already, or would fail, by the
    /// newest block; `None` where the grant accepts the share. The policy is asked last,
    /// because a share that is sent although it refuses ends the grant.
    async fn settled(&self, grant: &GrantId) -> Result<Option<Outcome>, ChainError>;
    /// This custodian's own registration, key and funds.
    async fn appointment(&self) -> Result<Appointment, ChainError>;
    /// Signs and submits a share with this nonce; returns the number of the block in
    /// which it was delivered.
    async fn deliver(
        &self,
        grant: &GrantId,
        sealed_share: &SealedKey,
        nonce: u64,
    ) -> Result<u32, SubmitError>;
}

/// Decryption with the custodian's own key.
pub trait Sealer: Send + Sync + 'static {
    /// The public key that shares are sealed to.
    fn public(&self) -> EncryptionKey;
    /// Opens the share that `me` keeps of a grant's record, and seals it to `reader`.
    /// The share itself never leaves this function.
    ///
    /// # Errors
    /// [`SealError`].
    fn reseal(
        &self,
        me: &AccountId32,
        grant: &Grant,
        reader: &EncryptionKey,
    ) -> Result<SealedKey, SealError>;
}

/// Why a share could not be sealed to a reader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The custodian's share does not exist, or is not sealed to its key.
    #[error("{0}")]
    Unopened(String),
    /// Nothing can be sealed to the reader's key.
    #[error("{0}")]
    Reader(String),
}

impl SealError {
    /// Whether the same share may be sealed later: once the reader has a new key.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Reader(_))
    }
}
