//! What the custodian needs from the world: the chain, and its own key.

use async_trait::async_trait;
use futures::stream::BoxStream;
use medchain_primitives::{EncryptionKey, SealedKey};

use super::{ChainError, SubmitError, Tip};
use crate::core::{
    custody::{Grant, GrantId, Grants},
    Account,
};

/// Where a grant stands at the newest block, for this custodian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It takes this custodian's share.
    Open,
    /// This custodian has handed its share over.
    Ours {
        /// The block at which that was read.
        at: u32,
    },
    /// The others have handed over enough.
    Enough,
    /// It has ended, or another one has taken its place.
    Ended,
    /// A share would come too late.
    Over,
    /// The record is erased.
    Erased,
    /// The patient's policy says no by now, for this reason. Whoever sends a share
    /// in spite of it ends the grant.
    Refused(String),
    /// This account is no custodian any more.
    NotCustodian,
}

/// What the chain holds about this custodian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// The version of the chain's runtime.
    pub spec_version: u32,
    /// Whether that runtime knows custodians at all.
    pub knows_custodians: bool,
    /// Whether the registrar has registered the account as one.
    pub is_custodian: bool,
    /// The encryption key that the account has published.
    pub published: Option<EncryptionKey>,
    /// What it can pay fees with, in the chain's smallest unit.
    pub free: u128,
}

/// The chain, seen and written to as this custodian's account.
#[async_trait]
pub trait CustodyChain: Send + Sync + 'static {
    /// The account that this custodian signs with.
    fn account(&self) -> Account;
    /// A signal for every new final block. Ends, or gives an error, when the
    /// connection is lost.
    async fn heads(&self) -> Result<BoxStream<'static, Result<(), ChainError>>, ChainError>;
    /// Everything that stands granted at the newest final block.
    async fn grants(&self) -> Result<Grants, ChainError>;
    /// The encryption key of an account at the newest final block.
    async fn reader_key(&self, subject: &Account) -> Result<Option<EncryptionKey>, ChainError>;
    /// Where a grant stands at the newest block, the policy's answer included.
    async fn standing(&self, grant: &GrantId) -> Result<Standing, ChainError>;
    /// This custodian's own registration, key and funds.
    async fn appointment(&self) -> Result<Appointment, ChainError>;
    /// What the newest block says of the chain.
    async fn tip(&self) -> Result<Tip, ChainError>;
    /// The nonce of the next call, those in the transaction pool counted.
    async fn next_nonce(&self) -> Result<u64, ChainError>;
    /// Signs and submits a share with this nonce; returns the number of the block
    /// that it was handed over in.
    async fn deliver(
        &self,
        grant: &GrantId,
        sealed_share: &SealedKey,
        nonce: u64,
    ) -> Result<u32, SubmitError>;
}

/// The custodian's own decryption key, put to use.
pub trait Sealer: Send + Sync + 'static {
    /// The public key that shares are sealed to.
    fn public(&self) -> EncryptionKey;
    /// Opens this custodian's share of a grant's record and seals it to `reader`.
    /// The share itself never leaves this function.
    ///
    /// # Errors
    /// [`SealError`].
    fn reseal(
        &self,
        me: &Account,
        grant: &Grant,
        reader: &EncryptionKey,
    ) -> Result<SealedKey, SealError>;
}

/// Why a share could not be sealed to somebody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The custodian's share is not sealed to its key, or is not there.
    #[error("{0}")]
    Unopened(String),
    /// Nothing can be sealed to the reader's key.
    #[error("{0}")]
    Reader(String),
}

impl SealError {
    /// Whether the same share may be sealed later: once the reader has another key.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Reader(_))
    }
}
