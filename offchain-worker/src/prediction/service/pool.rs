//! The blocking threads that open films, predict and seal. Plaintext exists in what they do and on
//! the way from one to the other, nowhere else.

use std::{
    io,
    panic::{catch_unwind, AssertUnwindSafe},
    sync::{Arc, Mutex},
    thread,
};

use tokio::sync::{mpsc, oneshot, OwnedSemaphorePermit, Semaphore};

use crate::prediction::jobs::Problem;

type Work = Box<dyn FnOnce() + Send>;

/// A fixed number of threads behind a bounded queue. The threads end when the pool is
/// dropped.
#[derive(Clone)]
pub(super) struct Pool {
    queue: mpsc::Sender<Work>,
    /// One for each thread, and one for each place of the queue.
    places: Arc<Semaphore>,
}

impl Pool {
    /// Starts the threads, which are called after what they do.
    pub fn start(work: &str, threads: usize, queue: usize) -> io::Result<Self> {
        let (threads, queue) = (threads.max(1), queue.max(1));
        let places = threads.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(places));
        let (queue, receiver) = mpsc::channel::<Work>(queue);
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads {
            let receiver = receiver.clone();
            thread::Builder::new().name(format!("{work}-{number}")).spawn(move || {
                while let Some(work) = next(&receiver) {
                    work();
                }
            })?;
        }
        Ok(Self { queue, places })
    }

    /// Waits until the threads take what is run soon, for whoever prepares something for that.
    pub async fn place(&self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes the semaphore.
        self.places.clone().acquire_owned().await.ok()
    }

    /// Waits for a place in the queue, then for the result.
    ///
    /// # Errors
    /// [`Problem::Passing`], where the work panics or the threads have stopped.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let (reply, result) = oneshot::channel();
        let work = move || {
            // A defect in a decoder or in the model must cost one attempt, not a thread.
            let done = catch_unwind(AssertUnwindSafe(work));
            // The receiver is gone when the service shuts down.
            let _ = reply.send(done.map_err(|_| passing("the model or a decoder panicked")));
        };
        let stopped = || Err(passing("the threads that open films and predict have stopped"));
        if self.queue.send(Box::new(work)).await.is_err() {
            return stopped();
        }
        result.await.unwrap_or_else(|_| stopped())
    }
}

fn passing(why: &str) -> Problem {
    Problem::Passing(why.to_owned())
}

/// The idle threads queue for the lock; its holder waits for the next work.
fn next(receiver: &Mutex<mpsc::Receiver<Work>>) -> Option<Work> {
    match receiver.lock() {
        Ok(mut receiver) => receiver.blocking_recv(),
        Err(_) => None,
    }
}
