//! What predicting needs from the world beside [`crate::shared::ports`]: small traits
//! for the chain's requests, the store, the model, the cipher and the folder for answers.
//! The adapters are in [`super::adapters`]; tests bring their own.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use async_trait::async_trait;
use codec::{Decode, Encode};
use medchain_client::{
    chain::{
        AccessGrant, AnswerSalt, ChainEvent, Custody, Dispute, Finality, Model, Record,
        SealedAnswer, WorkerStatus,
    },
    crypto::ContentKey,
    custody::ReplyKey,
    AccountId32,
};
use medchain_disputes::Weights;
use medchain_exact::{Levels, Network};
use medchain_primitives::{
    Cid, ContentDigest, FilmCommitments, ModelId, Output, RecordId, RequestId, SealedKey,
};
use zeroize::Zeroizing;

use super::{
    drift::Tally,
    jobs::{happened::Involved, Answer, Job, JobId},
};
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
    /// Those in whose dispute it is a player.
    pub disputes: BTreeSet<RequestId>,
    /// The models of all of them.
    pub models: BTreeSet<ModelId>,
    /// Differs where anything differs that the block says of them and of the worker's own entry:
    /// while it stays the same, no event concerns the worker.
    pub trace: [u8; 32],
}

impl WorkList {
    /// An empty list.
    pub fn new(block: u32) -> Self {
        Self {
            block,
            jobs: Vec::new(),
            idle: BTreeSet::new(),
            disputes: BTreeSet::new(),
            models: BTreeSet::new(),
            trace: [0; 32],
        }
    }

    /// What the worker has to do with.
    pub fn involved(&self) -> Involved {
        let jobs = self.jobs.iter().map(|job| job.request);
        let chosen = jobs.chain(self.idle.iter().copied()).collect();
        Involved { chosen, playing: self.disputes.clone() }
    }
}

/// Whether an attempt at a job may begin, read at one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The patient's policy refuses this worker, for this reason.
    Refused(String),
    /// The record is not active any more, or never existed.
    Gone(String),
    /// A second node does not vouch for it, or not yet, for this reason.
    Unproven(String),
    /// The attempt may begin.
    Ready(Film),
}

/// Where a film is, and what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Film {
    /// Where the ciphertext is.
    pub cid: Cid,
    /// SHA-256 of the ciphertext.
    pub digest: ContentDigest,
    /// The content key, sealed to this worker.
    pub envelope: Option<SealedKey>,
    /// What the uploader committed the film to.
    pub commitments: FilmCommitments,
}

/// What custodians have done for a drawn worker that waits for the key of a record, read at one
/// block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shares {
    /// The worker does not wait for the key any more.
    NotAwaited,
    /// The patient's policy refuses this worker, for this reason.
    Refused(String),
    /// The record is not active any more, or no custodian keeps its key.
    Gone(String),
    /// They were not asked.
    NotAsked,
    /// They have delivered fewer shares than the key needs.
    Missing {
        /// How many they have delivered.
        delivered: usize,
        /// How many it needs.
        threshold: u8,
    },
    /// They have delivered what it needs.
    Delivered(Box<Delivered>),
}

/// Shares that custodians have delivered, with what the key is recovered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The record.
    pub record: Record,
    /// Its key, shared among custodians.
    pub custody: Custody,
    /// The access of this worker, with the shares.
    pub grant: AccessGrant,
}

/// How far this worker has looked for draws that nobody makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looked {
    /// It knows all that end up to this block.
    pub until: u32,
    /// How many blocks there are to draw; it can change.
    pub period: u32,
}

/// An open request whose workers nobody has drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undrawn {
    /// The request.
    pub request: RequestId,
    /// The model that it asks for.
    pub model: ModelId,
    /// How many workers it is to have.
    pub quorum: u8,
    /// The block in which the draw began.
    pub since: u32,
    /// The last block in which they can be drawn.
    pub until: u32,
}

/// Whether the workers of a request can be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawable {
    /// In the next block.
    Now,
    /// The seed is not there yet.
    Later,
    /// No custodian keeps the record's key, so drawn workers would need whoever has it. It can be
    /// entrusted until the draw ends.
    NotEntrusted,
}

/// The workers that can be drawn for each model.
pub type Candidates = BTreeMap<ModelId, BTreeSet<AccountId32>>;

/// What may still be asked of this worker about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// To show its answer, and to defend it.
    Everything,
    /// To show its answer alone: the record was erased, and nobody can dispute about it.
    Answer,
    /// To defend its answer, which is part of the verdict.
    Film {
        /// The last block in which the verdict can be challenged.
        until: u32,
    },
    /// Nothing.
    Nothing,
}

impl Needed {
    /// What to keep where a final block needs `self`, and the newest block needs `best`: a
    /// challenge that is not final yet needs a film already.
    pub fn or(self, best: Self) -> Self {
        match (self, best) {
            (Self::Nothing, best) => best,
            (_, Self::Everything) => Self::Everything,
            (last, _) => last,
        }
    }
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
    /// What custodians have done for a job that waits for the key; consent is asked for first.
    async fn shares(&self, job: &Job) -> Result<Shares, ChainError>;
    /// What happened in a final block.
    async fn events(&self, block: u32) -> Result<Vec<ChainEvent>, ChainError>;
    /// The open requests for these models whose draw began at least `age` blocks before the
    /// newest final one and has not ended, without those of an earlier look.
    async fn undrawn(
        &self,
        models: &BTreeSet<ModelId>,
        age: u32,
        before: Option<Looked>,
    ) -> Result<(Looked, Vec<Undrawn>), ChainError>;
    /// The workers that can be drawn for these models, by the newest final block.
    async fn candidates(&self, models: &BTreeSet<ModelId>) -> Result<Candidates, ChainError>;
    /// Which of these requests still are to be drawn, by the newest final block, and whether they
    /// can be. The others are left out.
    async fn drawable(
        &self,
        requests: &[RequestId],
    ) -> Result<BTreeMap<RequestId, Drawable>, ChainError>;
    /// How a submission for this job has ended already, by the newest block; `None` where
    /// the request asks for it there.
    async fn settled(&self, job: JobId) -> Result<Option<Outcome>, ChainError>;
    /// The film of a record, whether or not this worker may open it now; `None` where the
    /// record was erased.
    async fn film(&self, record: RecordId) -> Result<Option<Film>, ChainError>;
    /// The dispute about a request, by the newest block.
    async fn dispute(&self, request: RequestId) -> Result<Option<Dispute>, ChainError>;
    /// Why a second node does not vouch for this dispute about the request of a job, or not yet;
    /// `None` where it does, where it is away, or where there is none.
    async fn unproven(&self, _job: &Job, _dispute: &Dispute) -> Result<Option<String>, ChainError> {
        Ok(None)
    }
    /// What may still be asked of this worker about a request, by the newest final block or by
    /// the newest block. A request that they do not know may still come.
    async fn needed(&self, request: RequestId) -> Result<Needed, ChainError>;
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

/// What a start reads of the chain beside [`PredictionChain`].
#[async_trait]
pub trait Registry: PredictionChain {
    /// What the chain knows of an exact model's network; `None` where it knows none.
    async fn network(
        &self,
        model: ModelId,
    ) -> Result<Option<medchain_disputes::Network>, ChainError>;
    /// The model of a request; `None` where the chain does not know the request.
    async fn model_of(&self, request: RequestId) -> Result<Option<ModelId>, ChainError>;
}

/// Content by CID. What it returns has the hashes that the CID promises.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The content, at most `limit` bytes.
    async fn get(&self, cid: &Cid, limit: u64) -> Result<Vec<u8>, StoreError>;
    /// How many copies of content it holds at once while it gets it, at most.
    fn copies(&self) -> u64 {
        1
    }
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
    /// Opens the envelope, which was made for a record of `patient` with the content `cid`, then
    /// the file with the key in it.
    fn open(
        &self,
        envelope: &SealedKey,
        patient: &AccountId32,
        cid: &Cid,
        file: &[u8],
    ) -> Result<Opened, CipherError>;
    /// Encrypts bytes with the key of a film, as a file that [`Self::open`] opens.
    fn lock(
        &self,
        key: &ContentKey,
        patient: &AccountId32,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError>;
    /// The salt of this worker's answer to a request. It is the same at every call, also
    /// after a restart, and nobody else can tell it.
    fn salt(&self, genesis: &[u8; 32], request: RequestId) -> AnswerSalt;
    /// The key to which custodians encrypt their shares for a request. As the salt, it is the same
    /// at every call.
    fn reply(&self, genesis: &[u8; 32], request: RequestId) -> ReplyKey;
    /// Recovers the key that custodians delivered to [`Self::reply`], and seals it to this worker.
    fn recover(
        &self,
        genesis: &[u8; 32],
        request: RequestId,
        delivered: &Delivered,
    ) -> Result<SealedKey, CipherError>;
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
    /// The key in the envelope does not open the file, or a file could not be made.
    #[error("{0}")]
    File(String),
    /// The shares that were delivered give no key.
    #[error("{0}")]
    Shares(String),
}

/// What this worker needs after it has answered, where it survives the process: its answer,
/// and the film that it is about. Both are encrypted, and open with the worker's key alone.
#[async_trait]
pub trait Answers: Send + Sync + 'static {
    /// Remembers an answer, in place of an older one. When this returns, it is on disk.
    async fn put(&self, request: RequestId, sealed: &SealedAnswer) -> io::Result<()>;
    /// The answer to a request, if it is remembered.
    async fn get(&self, request: RequestId) -> io::Result<Option<SealedAnswer>>;
    /// Forgets an answer, if it is remembered.
    async fn remove(&self, request: RequestId) -> io::Result<()>;
    /// Remembers the film of a request, as [`Self::put`] does an answer.
    async fn put_film(&self, request: RequestId, film: &KeptFilm) -> io::Result<()>;
    /// The film of a request, if it is remembered.
    async fn film(&self, request: RequestId) -> io::Result<Option<KeptFilm>>;
    /// Forgets a film, if it is remembered.
    async fn remove_film(&self, request: RequestId) -> io::Result<()>;
    /// How many processes of this worker ended while they opened the film with this CID, or while
    /// they decoded it. Those of another version count as one: it may open the film.
    async fn fatalities(&self, cid: &Cid) -> io::Result<u32>;
    /// Notes that many, one more than there were: before a film is opened, as if this process
    /// ended with it.
    async fn put_fatalities(&self, cid: &Cid, count: u32) -> io::Result<()>;
    /// Takes the note back: this process is still there.
    async fn remove_fatalities(&self, cid: &Cid) -> io::Result<()>;
    /// Removes notes that are old, or the oldest where there are many.
    async fn prune_fatalities(&self) -> io::Result<()>;
    /// The requests of which anything is remembered.
    async fn requests(&self) -> io::Result<BTreeSet<RequestId>>;
    /// The requests of which the film is remembered.
    async fn films(&self) -> io::Result<BTreeSet<RequestId>>;
    /// Whether another film could be remembered now.
    async fn probe(&self) -> io::Result<()>;
}

/// A film as the network saw it, kept for a dispute: the patient may have removed it, and the
/// envelope of this worker, by then.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KeptFilm {
    /// The content key, sealed to this worker, as it was on chain.
    pub envelope: SealedKey,
    /// The content that the envelope was made for.
    pub cid: Cid,
    /// The square of greys, encrypted with that key.
    pub square: Vec<u8>,
}

/// One model, ready to run. Called from blocking threads, several at a time.
pub trait Predictor: Send + Sync + 'static {
    /// Decodes the bytes of an image file to the square of greys that its uploader has
    /// committed to.
    fn square(&self, image: &[u8]) -> Result<Zeroizing<Vec<u8>>, PredictorError>;
    /// What a model with steps of its own sees of the same file; `None` where it sees the square.
    fn input(&self, image: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, PredictorError>;
    /// Runs the model on what it sees of a film, and quantises.
    fn predict(&self, seen: &[u8]) -> Result<Output, PredictorError>;
    /// Whether two workers with different answers settle on chain which is right: the model is
    /// exact, and sees the very square that the uploader has committed to.
    fn is_disputable(&self) -> bool;
    /// Everything that the layers of a disputable model give for a square.
    fn levels(&self, square: &[u8]) -> Result<Levels, PredictorError>;
    /// The numbers of a disputable model.
    fn numbers(&self) -> Option<Numbers<'_>>;
}

/// The numbers of an exact network.
#[derive(Clone, Copy)]
pub struct Numbers<'a> {
    /// The network.
    pub network: &'a Network,
    /// The trees over its weights.
    pub weights: &'a Weights,
}

/// A model that this worker runs.
#[derive(Clone)]
pub struct ServedModel {
    /// Its entry on chain, as it was at the start.
    pub entry: Arc<Model>,
    /// Whether the chain may ask for new answers of it, and not for the defence of old ones
    /// alone.
    pub is_asked: bool,
    /// The model itself.
    pub predictor: Arc<dyn Predictor>,
    /// How it answered on films that are known.
    pub expected: Option<Tally>,
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
    /// Decoding the image has ended the process that did it: it took too much memory or time, or
    /// something else ended that process.
    #[error("{0}")]
    Ended(String),
}

impl PredictorError {
    /// Whether the model may predict on the same image later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Internal(_) | Self::Ended(_))
    }
}
