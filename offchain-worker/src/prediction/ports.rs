//! What predicting needs from the world beside [`crate::shared::ports`]: small traits
//! for the chain's requests, the store, the model and the cipher. The adapters are in
//! [`super::adapters`]; tests bring their own.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use medchain_client::{
    chain::{Finality, Model},
    AccountId32,
};
use medchain_primitives::{Cid, ContentDigest, ModelId, Output, RequestId, SealedKey};
use zeroize::Zeroizing;

use super::jobs::{Answer, Job, ModelFacts};
use crate::shared::{
    outcome::Outcome,
    ports::{Chain, ChainError, SubmitError},
};

/// Every open request at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequests {
    /// The number of the block.
    pub block: u32,
    /// Complete, in any order.
    pub jobs: Vec<Job>,
}

/// Whether an attempt at a job may begin, read at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The patient's policy refuses this worker, for this reason.
    Refused(String),
    /// The record is not active any more, or never existed.
    Gone(String),
    /// The attempt may begin.
    Ready {
        /// Where the ciphertext is.
        cid: Cid,
        /// SHA-256 of the ciphertext.
        digest: ContentDigest,
        /// The content key, sealed to this worker.
        envelope: Option<SealedKey>,
    },
}

/// What the chain holds about this worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The models that it registered for; `None` where it is not registered.
    pub models: Option<BTreeSet<ModelId>>,
    /// What it can pay fees with, in the chain's smallest unit.
    pub free: u128,
}

/// The chain, read and written to as this worker's account.
#[async_trait]
pub trait PredictionChain: Chain {
    /// The complete list of open requests, without those on which this worker has
    /// reported a failure.
    async fn open_requests(&self, finality: Finality) -> Result<OpenRequests, ChainError>;
    /// Whether an attempt may begin, with what it needs; consent is asked for first.
    async fn readiness(&self, job: &Job) -> Result<Readiness, ChainError>;
    /// How a submission for this request has ended already, by the newest block; `None`
    /// where the request accepts an answer of this worker.
    async fn settled(&self, request: RequestId) -> Result<Option<Outcome>, ChainError>;
    /// This worker's own registration and funds.
    async fn registration(&self) -> Result<Registration, ChainError>;
    /// A model's entry.
    async fn model(&self, model: ModelId) -> Result<Option<Model>, ChainError>;
    /// Signs and submits an answer with this nonce; returns the number of the block in
    /// which the call succeeded.
    async fn submit(
        &self,
        request: RequestId,
        answer: &Answer,
        nonce: u64,
    ) -> Result<u32, SubmitError>;
}

/// Content by CID. What it returns has the hashes that the CID promises.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The content, at most `limit` bytes.
    async fn get(&self, cid: &Cid, limit: u64) -> Result<Vec<u8>, StoreError>;
    /// Whether the store answers at all.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Why the store gave no content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store does not have it, or did not give it in time.
    #[error("{0}")]
    NotAvailable(String),
    /// The store itself does not answer.
    #[error("{0}")]
    Unreachable(String),
    /// A block does not have the hash that it was asked for by, or is out of place.
    #[error("{0}")]
    Corrupt(String),
    /// It is larger than the limit.
    #[error("{0}")]
    TooLarge(String),
}

impl StoreError {
    /// Whether the store may give the same content later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::NotAvailable(_) | Self::Unreachable(_))
    }
}

/// Decryption with the worker's own key.
pub trait Cipher: Send + Sync + 'static {
    /// SHA-256 of stored bytes.
    fn digest(&self, file: &[u8]) -> ContentDigest;
    /// Opens the envelope, then the file with the key in it.
    fn open(
        &self,
        envelope: &SealedKey,
        patient: &AccountId32,
        file: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError>;
}

/// Why content could not be opened. Another attempt has the same result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// The envelope is damaged, or sealed to a different key.
    #[error("{0}")]
    Envelope(String),
    /// The key in the envelope does not open the file.
    #[error("{0}")]
    File(String),
}

/// One model, ready to run. Called from blocking threads, several at a time.
pub trait Predictor: Send + Sync + 'static {
    /// Decodes the bytes of an image file, runs the model and quantises.
    fn predict(&self, image: &[u8]) -> Result<Predicted, PredictorError>;
}

/// A model that this worker runs.
#[derive(Clone)]
pub struct ServedModel {
    /// What receipts commit to.
    pub facts: ModelFacts,
    /// The model itself.
    pub predictor: Arc<dyn Predictor>,
}

/// What a model predicts, and how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicted {
    /// The quantised probabilities.
    pub output: Output,
    /// From bytes to pixels.
    pub decode: Duration,
    /// From pixels to output.
    pub infer: Duration,
}

/// Why a model predicts nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PredictorError {
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

impl PredictorError {
    /// Whether the model may predict on the same image later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Internal(_))
    }
}
