//! What both duties need from the world: the chain as one account sees it, time and
//! chance. The adapters are [`crate::shared::link`] and [`crate::shared::clock`];
//! tests bring their own.

use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use medchain_client::{chain::Finality, AccountId32};

use super::outcome::Outcome;

/// The number of each new block, some of which may be left out. It ends, or gives an error, when
/// the connection is lost.
pub type Heads = BoxStream<'static, Result<u32, ChainError>>;

/// What the newest block says about the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The number of the block.
    pub block: u32,
    /// The version of the runtime.
    pub spec_version: u32,
    /// The time that the block carries, since 1970. It is long past while the node
    /// still catches up.
    pub time: Duration,
}

/// The chain, read and written to as one account.
#[async_trait]
pub trait Chain: Send + Sync + 'static {
    /// The account that signs.
    fn account(&self) -> AccountId32;
    /// Tells that there are new blocks.
    async fn heads(&self, finality: Finality) -> Result<Heads, ChainError>;
    /// What the newest block says about the chain.
    async fn tip(&self) -> Result<Tip, ChainError>;
    /// Whether the second node can confirm what the first one says now; it always can where there
    /// is none.
    async fn witness(&self) -> Result<(), ChainError> {
        Ok(())
    }
    /// The account's next nonce; calls in the transaction pool are counted.
    async fn next_nonce(&self) -> Result<u64, ChainError>;
}

/// Why the chain could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// No node answers, or it stopped answering.
    #[error("{0}")]
    Unreachable(String),
    /// The node answers for a different chain than before, or for one that this
    /// program does not understand.
    #[error("{0}")]
    WrongChain(String),
    /// The node answered with an error.
    #[error("{0}")]
    Failed(String),
}

impl ChainError {
    /// Whether the same question may succeed later.
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::WrongChain(_))
    }
}

/// Why a call is not in a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The call was in a block and did not do there what it was for.
    #[error("the chain refused the call: {0:?}")]
    Refused(Outcome),
    /// The call is not known to be in a block, and its nonce may be unused.
    #[error("{0}")]
    Lost(String),
    /// The account cannot pay the fee. The nonce is unused.
    #[error("{0}")]
    Unpaid(String),
}

impl SubmitError {
    /// Whether the chain may accept the same call later without a change of state.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Lost(_))
    }
}

/// Time and chance.
pub trait Clock: Send + Sync + 'static {
    /// Time since any fixed start; never runs backwards.
    fn now(&self) -> Duration;
    /// A number that is uniform in `[0, 1)`.
    fn chance(&self) -> Result<f64, ClockError>;
}

/// Why there is no chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// The operating system gives no random numbers.
    #[error("the operating system returned no random bytes")]
    NoRandomness,
}
