//! The loop of a running duty: it feeds a state machine with what watchers, tasks and
//! the clock report, and ends in good order.

use std::time::Duration;

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::info;

use super::ports::ChainError;

/// Becomes true when the service shall stop.
pub type Stop = watch::Receiver<bool>;

/// Why a service ended by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The chain is not the one that this program was started for.
    #[error("{0}")]
    Chain(ChainError),
    /// A part of the service failed for good: a defect.
    #[error("a part of the worker stopped, which is a defect: {0}")]
    Stopped(String),
    /// The system gives no threads.
    #[error("cannot start threads: {0}")]
    Threads(#[from] std::io::Error),
}

/// A state machine with the tasks that it has begun.
pub(crate) trait Dispatcher {
    /// What the parts of the service report.
    type Message;
    /// Takes a message in.
    fn take(&mut self, message: Self::Message);
    /// Takes a message in while nothing new may begin.
    fn drain(&mut self, message: Self::Message);
    /// How many tasks have begun and not ended.
    fn begun(&self) -> usize;
    /// Whether the submitter still takes calls.
    fn can_submit(&self) -> bool;
    /// How long until [`Dispatcher::wake`] is due; `None` where no wait runs.
    fn until_wake(&self) -> Option<Duration> {
        None
    }
    /// A wait has ended.
    fn wake(&mut self) {}
}

/// A duty, ready to run.
pub(crate) struct Service<D: Dispatcher> {
    /// The state machine.
    pub dispatcher: D,
    /// What is reported to it.
    pub inbox: mpsc::Receiver<D::Message>,
    /// Tasks that follow the chain; each ends only with an error.
    pub watchers: JoinSet<ChainError>,
    /// Tasks that check the account and more; they end with the service.
    pub checks: JoinSet<()>,
    /// How long work that has begun may take to end at a shutdown.
    pub shutdown_grace: Duration,
}

impl<D: Dispatcher> Service<D> {
    /// Runs until `stop` becomes true, then finishes what has begun.
    pub async fn run(self, mut stop: Stop) -> Result<(), ServiceError> {
        let Self { mut dispatcher, mut inbox, mut watchers, checks, shutdown_grace } = self;
        loop {
            if !dispatcher.can_submit() {
                return Err(ServiceError::Stopped("the submitter ended".to_owned()));
            }
            let wake = dispatcher.until_wake();
            tokio::select! {
                Some(message) = inbox.recv() => dispatcher.take(message),
                Some(ended) = watchers.join_next() => return Err(match ended {
                    Ok(error) => ServiceError::Chain(error),
                    Err(error) => ServiceError::Stopped(error.to_string()),
                }),
                () = sleep(wake.unwrap_or_default()), if wake.is_some() => dispatcher.wake(),
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        drop((watchers, checks));
        info!(begun = dispatcher.begun(), "shutting down: finishing work in progress");
        let finish = async {
            while dispatcher.begun() > 0 {
                match inbox.recv().await {
                    Some(message) => dispatcher.drain(message),
                    None => break,
                }
            }
        };
        if timeout(shutdown_grace, finish).await.is_err() {
            info!("some work has not finished in time; it is resumed at the next start");
        }
        Ok(())
    }
}
