//! The blocking threads that open, decode and predict. Plaintext lives here
//! alone, and is wiped before the next task.

use std::{
    io,
    panic::{catch_unwind, AssertUnwindSafe},
    sync::{Arc, Mutex},
    thread,
};

use medchain_primitives::{ContentDigest, FailureCode, Output, SealedKey};
use tokio::sync::{mpsc, oneshot};

use super::Stages;
use crate::{
    core::{Account, Problem},
    ports::{Cipher, Clock, Model, ModelError},
};

/// Encrypted content that is to be predicted.
pub struct Task {
    /// Which model.
    pub model: Arc<dyn Model>,
    /// What opens the content.
    pub cipher: Arc<dyn Cipher>,
    /// What the time is told by.
    pub clock: Arc<dyn Clock>,
    /// The content key, sealed to this worker.
    pub envelope: SealedKey,
    /// Whose content it is.
    pub patient: Account,
    /// What the record promises about `file`.
    pub digest: ContentDigest,
    /// The ciphertext.
    pub file: Vec<u8>,
}

/// What comes of a task: an output or a problem, and how long it took.
pub type Done = (Result<Output, Problem>, Stages);

type Job = (Task, oneshot::Sender<Done>);

/// A fixed number of threads behind a bounded queue. The threads end when the
/// pool is dropped.
#[derive(Clone)]
pub struct Pool {
    jobs: mpsc::Sender<Job>,
}

impl Pool {
    /// Starts the threads.
    pub fn start(threads: usize, queue: usize) -> io::Result<Self> {
        let (jobs, receiver) = mpsc::channel::<Job>(queue.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads.max(1) {
            let receiver = receiver.clone();
            thread::Builder::new().name(format!("inference-{number}")).spawn(move || {
                while let Some((task, reply)) = next(&receiver) {
                    // Nobody waits any more when the service is going down.
                    let _ = reply.send(work(task));
                }
            })?;
        }
        Ok(Self { jobs })
    }

    /// Waits for a place in the queue, then for the result.
    pub async fn run(&self, task: Task) -> Done {
        let (reply, result) = oneshot::channel();
        let gone = || {
            let problem = Problem::Passing("the inference threads are gone".to_owned());
            (Err(problem), Stages::default())
        };
        if self.jobs.send((task, reply)).await.is_err() {
            return gone();
        }
        result.await.unwrap_or_else(|_| gone())
    }
}

/// The idle threads queue for the lock; its holder waits for the next job.
fn next(receiver: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    match receiver.lock() {
        Ok(mut receiver) => receiver.blocking_recv(),
        Err(_) => None,
    }
}

fn work(task: Task) -> Done {
    let mut stages = Stages::default();
    // A defect in a decoder or in the model must cost one attempt, not a thread.
    let result = catch_unwind(AssertUnwindSafe(|| predict(&task, &mut stages)))
        .unwrap_or_else(|_| Err(Problem::Passing("the model or a decoder panicked".into())));
    (result, stages)
}

fn predict(task: &Task, stages: &mut Stages) -> Result<Output, Problem> {
    let started = task.clock.now();
    if task.cipher.digest(&task.file) != task.digest {
        return Err(Problem::Content(
            FailureCode::WrongHash,
            "the content does not have the digest that the record promises".to_owned(),
        ));
    }
    let digested = task.clock.now();
    stages.fetch_verify = digested.saturating_sub(started);
    let plaintext = task
        .cipher
        .open(&task.envelope, &task.patient, &task.file)
        .map_err(|error| Problem::Content(FailureCode::CannotDecrypt, error.to_string()))?;
    stages.decrypt_decode = task.clock.now().saturating_sub(digested);
    let predicted = task.model.predict(&plaintext).map_err(|error| {
        let text = error.to_string();
        match error {
            ModelError::NotAnImage(_) => Problem::Content(FailureCode::NotAnImage, text),
            ModelError::TooLarge(_) => Problem::Content(FailureCode::TooLarge, text),
            ModelError::Internal(_) => Problem::Passing(text),
        }
    })?;
    stages.decrypt_decode += predicted.decode;
    stages.infer = predicted.infer;
    Ok(predicted.output)
}
