//! What predicting needs from the world beside [`crate::shared::ports`]: small traits
//! for the chain's requests, the store, the model, the cipher and the folder for answers.
//! The adapters are in [`super::adapters`]; tests bring their own.

use std::{collections::BTreeSet, io, sync::Arc};

use async_trait::async_trait;
use medchain_client::{
    chain::{AnswerSalt, Finality, Model, SealedAnswer, WorkerStatus},
    crypto::ContentKey,
    AccountId32,
};
use medchain_primitives::{
    Cid, ContentDigest, FilmCommitments, ModelId, Output, RequestId, SealedKey,
};
use zeroize::Zeroizing;

use super::jobs::{Answer, Job, JobId};
use crate::shared::{
    outcome::Outcome,
    ports::{Chain, ChainError, SubmitError},
};

/// The open requests that chose this worker, at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkList {
    /// The number of the block.
    pub block: u32,
    /// What they ask of it there. Complete, in any order.
    pub jobs: Vec<Job>,
    /// Those that ask nothing of it there: others are to act.
    pub idle: BTreeSet<RequestId>,
}

impl WorkList {
    /// All of the requests.
    pub fn requests(&self) -> BTreeSet<RequestId> {
        self.jobs.iter().map(|job| job.request).chain(self.idle.iter().copied()).collect()
    }
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
        /// What the uploader committed the film to.
        commitments: FilmCommitments,
    },
}

/// What the chain holds about this worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Its entry; `None` where it is not registered.
    pub worker: Option<Registered>,
    /// What it can pay fees with, in the chain's smallest unit.
    pub free: u128,
}

/// A worker's entry on chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The models that it registered for.
    pub models: BTreeSet<ModelId>,
    /// Whether it can be chosen.
    pub status: WorkerStatus,
}

/// The chain, read and written to as this worker's account.
#[async_trait]
pub trait PredictionChain: Chain {
    /// The hash of the chain's first block.
    fn genesis(&self) -> [u8; 32];
    /// The work list of this worker.
    async fn work_list(&self, finality: Finality) -> Result<WorkList, ChainError>;
    /// Whether an attempt may begin, with what it needs; consent is asked for first.
    async fn readiness(&self, job: &Job) -> Result<Readiness, ChainError>;
    /// How a submission for this job has ended already, by the newest block; `None` where
    /// the request asks for it there.
    async fn settled(&self, job: JobId) -> Result<Option<Outcome>, ChainError>;
    /// Whether a final block has closed the request.
    async fn is_closed(&self, request: RequestId) -> Result<bool, ChainError>;
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

/// What follows from the worker's own encryption key.
pub trait Cipher: Send + Sync + 'static {
    /// SHA-256 of stored bytes.
    fn digest(&self, file: &[u8]) -> ContentDigest;
    /// Opens the envelope, then the file with the key in it.
    fn open(
        &self,
        envelope: &SealedKey,
        patient: &AccountId32,
        file: &[u8],
    ) -> Result<Opened, CipherError>;
    /// The salt of this worker's answer to a request. It is the same at every call, also
    /// after a restart, and nobody else can tell it.
    fn salt(&self, genesis: &[u8; 32], request: RequestId) -> AnswerSalt;
}

/// A film in plaintext, with its key.
pub struct Opened {
    /// The key of the content.
    pub key: ContentKey,
    /// The bytes of the image file.
    pub image: Zeroizing<Vec<u8>>,
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

/// The answers that this worker has committed to, where they survive the process. They are
/// sealed, so they are no secret.
#[async_trait]
pub trait Answers: Send + Sync + 'static {
    /// Remembers an answer, in place of an older one. When this returns, it is on disk.
    async fn put(&self, request: RequestId, sealed: &SealedAnswer) -> io::Result<()>;
    /// The answer to a request, if it is remembered.
    async fn get(&self, request: RequestId) -> io::Result<Option<SealedAnswer>>;
    /// Forgets an answer.
    async fn remove(&self, request: RequestId) -> io::Result<()>;
    /// The requests whose answers are remembered.
    async fn requests(&self) -> io::Result<Vec<RequestId>>;
}

/// One model, ready to run. Called from blocking threads, several at a time.
pub trait Predictor: Send + Sync + 'static {
    /// Decodes the bytes of an image file to the square of greys that its uploader has
    /// committed to.
    fn square(&self, image: &[u8]) -> Result<Zeroizing<Vec<u8>>, PredictorError>;
    /// Runs the model on an image file whose square this is, and quantises.
    fn predict(&self, image: &[u8], square: &[u8]) -> Result<Output, PredictorError>;
}

/// A model that this worker runs.
#[derive(Clone)]
pub struct ServedModel {
    /// How many classes it has on chain.
    pub classes: usize,
    /// The model itself.
    pub predictor: Arc<dyn Predictor>,
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
