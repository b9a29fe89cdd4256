//! The blocking threads that open, decode, predict and seal. Plaintext exists only here,
//! and is wiped before the next task.

use std::{
    io,
    panic::{catch_unwind, AssertUnwindSafe},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use medchain_client::{chain::SealedAnswer, crypto::VerdictName, AccountId32};
use medchain_primitives::{ContentDigest, FailureCode, FilmCommitments, SealedKey};
use tokio::sync::{mpsc, oneshot};

use crate::{
    prediction::{
        jobs::Problem,
        ports::{Cipher, Predictor, PredictorError},
    },
    shared::ports::Clock,
};

/// Encrypted content to predict on.
pub(super) struct Task {
    /// The model.
    pub predictor: Arc<dyn Predictor>,
    /// Opens the content.
    pub cipher: Arc<dyn Cipher>,
    /// Measures the stages.
    pub clock: Arc<dyn Clock>,
    /// The content key, sealed to this worker.
    pub envelope: SealedKey,
    /// The patient whose content it is.
    pub patient: AccountId32,
    /// What the record promises about `file`.
    pub digest: ContentDigest,
    /// What the uploader committed the film to.
    pub commitments: FilmCommitments,
    /// How many classes the model has.
    pub classes: usize,
    /// The verdict that the output is sealed for.
    pub name: VerdictName,
    /// The ciphertext.
    pub file: Vec<u8>,
}

/// How long the parts of an attempt took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stages {
    /// Fetching and checking every hash.
    pub fetch_verify: Duration,
    /// Opening the envelope, decrypting, decoding the image and comparing its square.
    pub decrypt_decode: Duration,
    /// The model.
    pub infer: Duration,
}

/// The result of a task, a sealed output or a problem, and how long it took.
pub(super) type Done = (Result<SealedAnswer, Problem>, Stages);

type Queued = (Task, oneshot::Sender<Done>);

/// A fixed number of threads behind a bounded queue. The threads end when the pool is
/// dropped.
#[derive(Clone)]
pub(super) struct Pool {
    queue: mpsc::Sender<Queued>,
}

impl Pool {
    /// Starts the threads.
    pub fn start(threads: usize, queue: usize) -> io::Result<Self> {
        let (queue, receiver) = mpsc::channel::<Queued>(queue.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads.max(1) {
            let receiver = receiver.clone();
            thread::Builder::new().name(format!("inference-{number}")).spawn(move || {
                while let Some((task, reply)) = next(&receiver) {
                    // The receiver is gone when the service shuts down.
                    let _ = reply.send(work(&task));
                }
            })?;
        }
        Ok(Self { queue })
    }

    /// Waits for a place in the queue, then for the result.
    pub async fn run(&self, task: Task) -> Done {
        let (reply, result) = oneshot::channel();
        let gone = || {
            let problem = Problem::Passing("the inference threads have stopped".to_owned());
            (Err(problem), Stages::default())
        };
        if self.queue.send((task, reply)).await.is_err() {
            return gone();
        }
        result.await.unwrap_or_else(|_| gone())
    }
}

/// The idle threads queue for the lock; its holder waits for the next task.
fn next(receiver: &Mutex<mpsc::Receiver<Queued>>) -> Option<Queued> {
    match receiver.lock() {
        Ok(mut receiver) => receiver.blocking_recv(),
        Err(_) => None,
    }
}

fn work(task: &Task) -> Done {
    let mut stages = Stages::default();
    // A defect in a decoder or in the model must cost one attempt, not a thread.
    let result = catch_unwind(AssertUnwindSafe(|| predict(task, &mut stages)))
        .unwrap_or_else(|_| Err(Problem::Passing("the model or a decoder panicked".to_owned())));
    (result, stages)
}

fn predict(task: &Task, stages: &mut Stages) -> Result<SealedAnswer, Problem> {
    let started = task.clock.now();
    if task.cipher.digest(&task.file) != task.digest {
        return Err(Problem::Content(
            FailureCode::WrongHash,
            "the SHA-256 of the content differs from the one in the record".to_owned(),
        ));
    }
    let digested = task.clock.now();
    stages.fetch_verify = digested.saturating_sub(started);
    let opened = task
        .cipher
        .open(&task.envelope, &task.patient, &task.file)
        .map_err(|error| Problem::Content(FailureCode::CannotDecrypt, error.to_string()))?;
    let square = task.predictor.square(&opened.image)?;
    if opened.key.commitments(&square) != Some(task.commitments) {
        return Err(Problem::Content(
            FailureCode::InputMismatch,
            "the film does not give the square, or its key not the verdict root, that the \
             uploader committed to"
                .to_owned(),
        ));
    }
    let decoded = task.clock.now();
    stages.decrypt_decode = decoded.saturating_sub(digested);
    let output = task.predictor.predict(&opened.image, &square)?;
    stages.infer = task.clock.now().saturating_sub(decoded);
    // The chain cannot look into a sealed answer: whoever opens it must find an output.
    output
        .check(task.classes)
        .map_err(|error| Problem::Passing(format!("the output is not a prediction: {error:?}")))?;
    Ok(opened.key.verdict_key(&task.name).seal(&output))
}

impl From<PredictorError> for Problem {
    fn from(error: PredictorError) -> Self {
        let text = error.to_string();
        match error {
            PredictorError::NotAnImage(_) => Self::Content(FailureCode::NotAnImage, text),
            PredictorError::TooLarge(_) => Self::Content(FailureCode::TooLarge, text),
            PredictorError::Internal(_) => Self::Passing(text),
        }
    }
}
