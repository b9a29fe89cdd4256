//! What the worker needs from the world: one small trait each for the chain,
//! the store, the model, the cipher and the clock; [`custody`] has what the
//! custodian needs. The adapters stand in [`crate::adapters`]; tests bring their
//! own.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use futures::stream::BoxStream;
use medchain_primitives::{Cid, ContentDigest, ModelId, Output, RequestId, SealedKey};
use zeroize::Zeroizing;

use crate::core::{result::ModelFacts, Account, Answer, Outcome, Request, View};

pub mod custody;

/// Every open request at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequests {
    /// The number of the block.
    pub block: u32,
    /// Complete, in any order.
    pub requests: Vec<Request>,
}

/// What the chain holds about a request that is to be worked on, read at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Case {
    /// The patient's policy refuses this worker, for this reason.
    Refused(String),
    /// The record is not active any more, or was never there.
    Gone(String),
    /// Work may begin.
    Ready {
        /// Where the ciphertext is.
        cid: Cid,
        /// SHA-256 of the ciphertext.
        digest: ContentDigest,
        /// The content key, sealed to this worker.
        envelope: Option<SealedKey>,
    },
}

/// Where a request stands at the newest block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It takes answers.
    Open,
    /// This worker has answered it, or reported that it failed.
    Ours {
        /// The block at which that was read.
        at: u32,
    },
    /// It is closed otherwise.
    Closed,
}

/// What the chain holds about this worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The models that it registered for; none where it is no worker.
    pub models: Option<BTreeSet<ModelId>>,
    /// What it can pay fees with, in the chain's smallest unit.
    pub free: u128,
}

/// What the newest block says of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The number of the block.
    pub block: u32,
    /// The version of the runtime.
    pub spec_version: u32,
    /// The time that the block carries, since 1970. Long ago while the node
    /// itself still catches up.
    pub time: Duration,
}

/// A model as the chain knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainModel {
    /// Its number.
    pub id: ModelId,
    /// Name and version, for people.
    pub name: String,
    /// Where the ONNX file is.
    pub cid: Cid,
    /// What receipts commit to.
    pub facts: ModelFacts,
    /// The names of the classes.
    pub labels: Vec<String>,
    /// Whether it may be asked for.
    pub active: bool,
}

/// The chain, seen and written to as this worker's account.
#[async_trait]
pub trait Chain: Send + Sync + 'static {
    /// The account that this worker signs with.
    fn account(&self) -> Account;
    /// A signal for every new block. Ends, or gives an error, when the
    /// connection is lost.
    async fn heads(
        &self,
        view: View,
    ) -> Result<BoxStream<'static, Result<(), ChainError>>, ChainError>;
    /// The whole list of open requests that this worker has not reported as failed.
    async fn open_requests(&self, view: View) -> Result<OpenRequests, ChainError>;
    /// What is needed to work on a request, consent first.
    async fn case(&self, request: &Request) -> Result<Case, ChainError>;
    /// Where a request stands now.
    async fn standing(&self, request: RequestId) -> Result<Standing, ChainError>;
    /// This worker's own registration and funds.
    async fn registration(&self) -> Result<Registration, ChainError>;
    /// What the newest block says of the chain.
    async fn tip(&self) -> Result<Tip, ChainError>;
    /// A model's entry.
    async fn model(&self, model: ModelId) -> Result<Option<ChainModel>, ChainError>;
    /// The nonce of the next call, those in the transaction pool counted.
    async fn next_nonce(&self) -> Result<u64, ChainError>;
    /// Signs and submits an answer with this nonce; returns the number of the
    /// block that it succeeded in.
    async fn submit(
        &self,
        request: RequestId,
        answer: &Answer,
        nonce: u64,
    ) -> Result<u32, SubmitError>;
}

/// Why the chain could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// No node answers, or it stopped answering.
    #[error("{0}")]
    Unreachable(String),
    /// The node answers for another chain than before, or for one that this
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

/// Why an answer is not in a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The call was in a block and failed there.
    #[error("the chain refused the answer: {0:?}")]
    Refused(Outcome),
    /// It is not known to be in a block, and its nonce may be unused.
    #[error("{0}")]
    Lost(String),
    /// The account cannot pay the fee. The nonce is unused.
    #[error("{0}")]
    Unpaid(String),
}

impl SubmitError {
    /// Whether the same answer may be taken later without a change of state.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Lost(_))
    }
}

/// Content by CID. What it returns has the hashes that the CID promises.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The content, at most `limit` bytes.
    async fn get(&self, cid: &Cid, limit: u64) -> Result<Vec<u8>, StoreError>;
    /// Whether the store answers at all.
    async fn ping(&self) -> Result<(), StoreError>;
    /// Which store this is, for people.
    fn describe(&self) -> String;
}

/// Why the store gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It is not there, or not in time.
    #[error("{0}")]
    NotAvailable(String),
    /// The store itself does not answer.
    #[error("{0}")]
    Unreachable(String),
    /// A block does not have the hash that it was asked for by, or does not
    /// belong where it stands.
    #[error("{0}")]
    Corrupt(String),
    /// It is larger than the limit.
    #[error("{0}")]
    TooLarge(String),
}

impl StoreError {
    /// Whether the same content may be had later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::NotAvailable(_) | Self::Unreachable(_))
    }
}

/// The worker's own decryption key, put to use.
pub trait Cipher: Send + Sync + 'static {
    /// SHA-256 of stored bytes.
    fn digest(&self, file: &[u8]) -> ContentDigest;
    /// Opens the envelope, then the file with the key in it.
    fn open(
        &self,
        envelope: &SealedKey,
        patient: &Account,
        file: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError>;
}

/// Why content could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// The envelope is not for this worker, or damaged.
    #[error("{0}")]
    Envelope(String),
    /// The key in the envelope does not open the file.
    #[error("{0}")]
    File(String),
}

impl CipherError {
    /// Whether the same input may open later: never.
    pub fn is_retryable(&self) -> bool {
        false
    }
}

/// One model, ready to run. Called from blocking threads, several at a time.
pub trait Model: Send + Sync + 'static {
    /// Decodes the bytes of an image file, runs the model and quantises.
    fn predict(&self, image: &[u8]) -> Result<Predicted, ModelError>;
}

/// What a model says, and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicted {
    /// The quantised probabilities.
    pub output: Output,
    /// From bytes to pixels.
    pub decode: Duration,
    /// From pixels to output.
    pub infer: Duration,
}

/// Why a model says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The bytes are not an image that can be decoded.
    #[error("{0}")]
    NotAnImage(String),
    /// The file or the image is over a limit.
    #[error("{0}")]
    TooLarge(String),
    /// The model itself failed.
    #[error("{0}")]
    Internal(String),
}

impl ModelError {
    /// Whether the same image may be predicted later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Internal(_))
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
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

impl ClockError {
    /// Whether asking again may help.
    pub fn is_retryable(&self) -> bool {
        true
    }
}
