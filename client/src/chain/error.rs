//! What can go wrong between this program and the chain.

use std::fmt::Display;

use subxt::{
    error::{
        BackendError, EventsError, ExtrinsicError, OnlineClientAtBlockError, OnlineClientError,
        RpcError, RuntimeApiError, StorageError,
    },
    rpcs,
};
use thiserror::Error;

mod dispatch;
mod pallet;
mod runtime;

pub use dispatch::{DispatchFailure, FailureKind};
pub use pallet::{ContractsError, CustodyError, DisputesError, EmrError, InferenceError};
pub use runtime::RuntimeError;

use super::{AddressError, ContractFailure};
use crate::{AccountId32, H256};

/// Why the chain could not be read, or a transaction not made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChainError {
    /// Not an address that may be used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No node answers at this address.
    #[error("cannot reach a node at {url}: {reason}")]
    Unreachable {
        /// The address.
        url: String,
        /// What the network said.
        reason: String,
    },
    /// A node of another chain.
    #[error("the node at {url} runs the chain `{found}`, not `medchain`")]
    WrongChain {
        /// The node's address.
        url: String,
        /// The name of its runtime.
        found: String,
    },
    /// Two nodes that do not tell the same.
    #[error(
        "the nodes at {first} and {second} do not agree: {what}. One of them may be lying, or be \
         behind; name other nodes, or wait until both have caught up"
    )]
    Disagreement {
        /// The first node's address.
        first: String,
        /// The second node's address.
        second: String,
        /// In what.
        what: String,
    },
    /// A node of this chain whose runtime this program does not fit.
    #[error("this program does not fit the node's runtime: {what}; update the client or the node")]
    Incompatible {
        /// What differs, with both versions.
        what: String,
    },
    /// This program fits the best block's runtime, but not that of the finalised block:
    /// an upgrade is about to become final.
    #[error(
        "the upgrade of the node's runtime is not final yet, and this program does not fit the \
         runtime before it: {what}; try again in a minute"
    )]
    UpgradeNotFinal {
        /// What differs, with both versions.
        what: String,
    },
    /// Blocks of a runtime whose events, or the little state that history needs, this
    /// program cannot read.
    #[error("this program does not fit the runtime of block {first}: {what}")]
    UnreadableBlocks {
        /// The first of these blocks that was asked for.
        first: u32,
        /// The first block after them, where that is known.
        next: Option<u32>,
        /// What differs, with both versions.
        what: String,
    },
    /// The connection broke. Connect again.
    #[error("lost the connection to the node: {reason}")]
    ConnectionLost {
        /// What the network said.
        reason: String,
    },
    /// No answer in time. A transaction may still be included in a block.
    #[error("{what} took longer than {seconds} s")]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
    },
    /// The call was executed and failed. The fee is paid, nothing else changed.
    #[error("{0}")]
    Dispatch(DispatchFailure),
    /// The account cannot pay the fee.
    #[error(
        "{account} does not have the funds to pay the fee; send it some with `medchain transfer`"
    )]
    InsufficientFunds {
        /// The account that signs.
        account: AccountId32,
    },
    /// The nonce is already used: another program signs with the same key.
    #[error("the nonce is already used: another program signs with the same key; try again")]
    StaleNonce,
    /// The pool rejected the transaction.
    #[error("the node rejected the transaction: {reason}")]
    Pool {
        /// What the node said.
        reason: String,
        /// Whether it may accept it later.
        temporary: bool,
    },
    /// A transaction was handed over, and nobody knows what became of it: it may be included
    /// later, or already be.
    #[error(
        "the outcome of {call} is unknown: {cause}; the transaction {hash:?}, with the nonce \
         {nonce} of {account}, may be in a block, or get into one until block {until}"
    )]
    OutcomeUnknown {
        /// What was called, such as `Emr.add_record`.
        call: String,
        /// The transaction's hash.
        hash: H256,
        /// The account that signed it.
        account: AccountId32,
        /// Its nonce.
        nonce: u64,
        /// The last block that can include it.
        until: u32,
        /// What kept its outcome from being seen.
        cause: Box<ChainError>,
    },
    /// A transaction is in no block, and none can include it any more.
    #[error("the transaction {hash:?} is in no block, and none can include it any more: {reason}")]
    NeverIncluded {
        /// The transaction's hash.
        hash: H256,
        /// Why.
        reason: String,
    },
    /// What must be noted before a transaction is handed over could not be. Nothing was sent.
    #[error("nothing was sent, because the transaction could not be noted before: {reason}")]
    NotNoted {
        /// Why.
        reason: String,
    },
    /// The pool accepted the transaction and dropped it before it was in a block.
    #[error("the node dropped the transaction: {reason}")]
    Dropped {
        /// Why.
        reason: String,
    },
    /// A contract did not do what it was asked to do.
    #[error("{0}")]
    Contract(ContractFailure),
    /// The node has no such block, or no longer has its state.
    #[error("the node does not have the block {hash:?}")]
    BlockNotFound {
        /// The block.
        hash: H256,
    },
    /// The node pruned the state of an old block.
    #[error(
        "the node has discarded the state of block {block}; its oldest is that of block {first}"
    )]
    StatePruned {
        /// The block.
        block: u32,
        /// The first block whose state the node still has.
        first: u32,
    },
    /// What a node says of a patient's log is not what the chain has linked.
    #[error(
        "the log is broken at block {block}: {what}; the node lacks it or is lying, so ask another"
    )]
    BrokenLog {
        /// The block.
        block: u32,
        /// What differs.
        what: String,
    },
    /// A value could not be decoded.
    #[error("cannot decode {what}: {reason}")]
    Decode {
        /// What was read.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The node answered with an error.
    #[error("the node answered with an error: {message} ({code})")]
    Node {
        /// The JSON-RPC error code.
        code: i32,
        /// What it said.
        message: String,
    },
    /// Anything else between here and the node.
    #[error("{reason}")]
    Other {
        /// What happened.
        reason: String,
    },
}

impl ChainError {
    /// Whether the same request may succeed later without anybody changing
    /// it, on a new connection where this one is lost.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::ConnectionLost { .. }
            | Self::Timeout { .. }
            | Self::UpgradeNotFinal { .. }
            | Self::StaleNonce
            | Self::OutcomeUnknown { .. }
            | Self::NeverIncluded { .. }
            | Self::Dropped { .. }
            | Self::BlockNotFound { .. }
            | Self::Node { .. } => true,
            Self::Pool { temporary, .. } => *temporary,
            Self::Address(_)
            | Self::Disagreement { .. }
            | Self::WrongChain { .. }
            | Self::Incompatible { .. }
            | Self::UnreadableBlocks { .. }
            | Self::Dispatch(_)
            | Self::InsufficientFunds { .. }
            | Self::NotNoted { .. }
            | Self::Contract(_)
            | Self::StatePruned { .. }
            | Self::BrokenLog { .. }
            | Self::Decode { .. }
            | Self::Other { .. } => false,
        }
    }

    /// Whether a new connection is needed before anything else can succeed.
    pub fn is_disconnected(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::ConnectionLost { .. } => true,
            Self::OutcomeUnknown { cause, .. } => cause.is_disconnected(),
            _ => false,
        }
    }

    /// Whether a transaction may have had, or may still have, its effect. After any other
    /// error of [`super::Chain::submit`] it has none, but for the fee of one that failed.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::OutcomeUnknown { .. })
    }

    /// The error of the call, where it was executed and failed.
    pub fn failure(&self) -> Option<&FailureKind> {
        match self {
            Self::Dispatch(failure) => Some(&failure.kind),
            _ => None,
        }
    }

    /// Whether the call failed with this error, such as
    /// `error.is(EmrError::NoGrant)`.
    pub fn is(&self, kind: impl Into<FailureKind>) -> bool {
        self.failure() == Some(&kind.into())
    }

    pub(super) fn decode(what: impl Display, reason: impl Display) -> Self {
        Self::Decode { what: what.to_string(), reason: reason.to_string() }
    }

    /// The error behind whatever subxt returned.
    pub(super) fn from_subxt(error: impl Into<subxt::Error>) -> Self {
        let error = error.into();
        match backend(&error) {
            Some(error) => Self::from_backend(error),
            None => Self::Other { reason: error.to_string() },
        }
    }

    fn from_backend(error: &BackendError) -> Self {
        match error {
            BackendError::Rpc(RpcError::ClientError(error)) => Self::from_rpc(error),
            other => Self::ConnectionLost { reason: other.to_string() },
        }
    }

    pub(super) fn from_rpc(error: &rpcs::Error) -> Self {
        match error {
            rpcs::Error::User(error) => {
                Self::Node { code: error.code, message: error.message.clone() }
            }
            rpcs::Error::Client(error) => Self::ConnectionLost { reason: cause(error.as_ref()) },
            rpcs::Error::DisconnectedWillReconnect(reason) => {
                Self::ConnectionLost { reason: reason.clone() }
            }
            other => Self::Other { reason: other.to_string() },
        }
    }
}

/// The innermost of nested errors: the outer ones only repeat it.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(rpcs::Error::Client(inner)) = cause.downcast_ref() {
        cause = inner.as_ref();
    }
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The failure of the connection in an error of subxt, which has no accessor for it.
fn backend(error: &subxt::Error) -> Option<&BackendError> {
    use subxt::Error as E;
    match error {
        E::BackendError(error)
        | E::StorageError(
            StorageError::CannotFetchValue(error)
            | StorageError::CannotIterateValues(error)
            | StorageError::StreamFailure(error),
        )
        | E::RuntimeApiError(RuntimeApiError::CannotCallApi(error))
        | E::EventsError(EventsError::CannotFetchEventBytes(error))
        | E::OnlineClientError(OnlineClientError::CannotGetGenesisHash(error))
        | E::ExtrinsicError(
            ExtrinsicError::CannotGetFeeInfo(error)
            | ExtrinsicError::ErrorSubmittingTransaction(error),
        ) => Some(error),
        E::OnlineClientAtBlockError(
            OnlineClientAtBlockError::CannotGetCurrentBlock { reason }
            | OnlineClientAtBlockError::CannotGetBlockHash { reason, .. }
            | OnlineClientAtBlockError::CannotGetBlockHeader { reason, .. }
            | OnlineClientAtBlockError::CannotGetSpecVersion { reason, .. },
        ) => Some(reason),
        _ => None,
    }
}
