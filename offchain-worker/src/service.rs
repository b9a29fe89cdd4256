//! The loop that ties the pure core to the ports.
//!
//! ```text
//! watchers ──open lists──► ┌────────────┐ ──Process──► pipeline tasks ──► inference threads
//! clock ─────ticks───────► │ dispatcher │ ◄──Worked───      │
//!                          │  (Board)   │ ──Submit───► submitter (owns the nonce) ──► chain
//!                          └────────────┘ ◄─Submitted─      │
//! ```
//! Nothing is written to disk: what has to survive a crash stands on chain.

use std::{collections::BTreeMap, io, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use medchain_primitives::{ModelId, RequestId};
use tokio::{
    sync::{mpsc, watch as stop_signal},
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::info;

use crate::{
    core::{
        result::ModelFacts, Action, Answer, Backoff, Board, Event, Moment, Outcome, Problem,
        Request, Rules, View,
    },
    health::Health,
    metrics::Metrics,
    ports::{Chain, ChainError, Cipher, Clock, Model, Store},
};

mod answers;
mod inference;
mod keeper;
mod ledger;
mod pipeline;
mod requests;
pub(crate) mod submit;
pub(crate) mod watch;

use answers::{Answers, Submission};
use inference::Pool;
use ledger::Ledger;
use pipeline::{Attempt, Pipeline};
use requests::Requests;
use submit::Submitter;

/// The outside world.
#[derive(Clone)]
pub struct Ports {
    /// The chain, as this worker's account.
    pub chain: Arc<dyn Chain>,
    /// Where content is.
    pub store: Arc<dyn Store>,
    /// The models that run here.
    pub models: Arc<BTreeMap<ModelId, ServedModel>>,
    /// The worker's decryption key.
    pub cipher: Arc<dyn Cipher>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
}

/// A model that runs here.
#[derive(Clone)]
pub struct ServedModel {
    /// What receipts commit to.
    pub facts: ModelFacts,
    /// The model itself.
    pub model: Arc<dyn Model>,
}

/// The numbers that an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Those of the core.
    pub rules: Rules,
    /// How many inference threads run.
    pub threads: usize,
    /// How many opened tasks may wait for an inference thread.
    pub queue: usize,
    /// How many calls may be on their way into a block.
    pub max_pending: usize,
    /// The largest content that is fetched, in bytes.
    pub max_content: u64,
    /// How long one fetch may take from one store.
    pub fetch_timeout: Duration,
    /// Whether requests are taken from the newest block, not only from final ones.
    pub follow_best: bool,
    /// After this long without a block the connection counts as dead.
    pub stall: Duration,
    /// The waits between connections.
    pub reconnect: Backoff,
    /// How often the account and the store are looked at.
    pub check_interval: Duration,
    /// How long work that has begun may take to end at a shutdown.
    pub shutdown_grace: Duration,
}

/// How long the parts of an attempt took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// Fetching and checking every hash.
    pub fetch_verify: Duration,
    /// Opening the envelope, decrypting and decoding the image.
    pub decrypt_decode: Duration,
    /// Preprocessing and the model.
    pub infer: Duration,
}

/// What others can watch a duty by.
#[derive(Clone, Debug)]
pub struct Monitor<M = Metrics> {
    /// Counters.
    pub metrics: Arc<M>,
    /// Condition.
    pub health: Arc<Health>,
}

/// What the parts of the service tell the dispatcher.
pub(crate) enum Message {
    /// Something for the core as it is.
    Core(Event),
    /// An attempt has ended.
    Worked { request: RequestId, attempt: Attempt },
    /// A submission has ended.
    Submitted { request: RequestId, answer: Answer, outcome: Outcome, took: Duration },
}

/// Why the service ended by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The chain is not the one that this worker was started for.
    #[error("{0}")]
    Chain(ChainError),
    /// A part of the service failed for good: a defect.
    #[error("a part of the worker stopped: {0}")]
    Stopped(String),
    /// The system gives no threads.
    #[error("cannot start the inference threads: {0}")]
    Threads(#[from] io::Error),
}

/// The worker, ready to run. Dropping the future of [`Service::run`] at any
/// point is safe: a later start takes up what the chain still holds open.
pub struct Service {
    ports: Ports,
    settings: Settings,
    monitor: Monitor,
}

impl Service {
    /// A service over these ports.
    pub fn new(ports: Ports, settings: Settings, monitor: Monitor) -> Self {
        Self { ports, settings, monitor }
    }

    /// Runs until `stop` becomes true, then ends what has begun.
    ///
    /// # Errors
    /// [`ServiceError`], where going on makes no sense.
    pub async fn run(self, mut stop: stop_signal::Receiver<bool>) -> Result<(), ServiceError> {
        let (messages, mut inbox) = mpsc::channel(1024);
        let mut dispatcher = Dispatcher::new(&self, messages.clone())?;
        let mut watchers = JoinSet::new();
        self.watch(View::Finalised, &messages, &mut watchers);
        if self.settings.follow_best {
            self.watch(View::Best, &messages, &mut watchers);
        }
        let mut keeper = JoinSet::new();
        keeper.spawn(keeper::keep(
            self.ports.clone(),
            self.monitor.clone(),
            self.settings.check_interval,
        ));
        loop {
            if dispatcher.submissions.is_closed() {
                return Err(ServiceError::Stopped("the submitter ended".to_owned()));
            }
            let wake = dispatcher.until_wake();
            tokio::select! {
                Some(message) = inbox.recv() => dispatcher.take(message),
                Some(ended) = watchers.join_next() => return Err(match ended {
                    Ok(error) => ServiceError::Chain(error),
                    Err(error) => ServiceError::Stopped(error.to_string()),
                }),
                () = sleep(wake.unwrap_or_default()), if wake.is_some() => {
                    dispatcher.feed(Event::Tick);
                }
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        drop((watchers, keeper));
        info!(begun = dispatcher.begun(), "shutting down: finishing what has begun");
        let finish = async {
            while dispatcher.begun() > 0 {
                match inbox.recv().await {
                    Some(message) => dispatcher.drain(message),
                    None => break,
                }
            }
        };
        if timeout(self.settings.shutdown_grace, finish).await.is_err() {
            info!("some work did not end in time; the next start takes it up again");
        }
        Ok(())
    }

    fn watch(
        &self,
        view: View,
        messages: &mpsc::Sender<Message>,
        watchers: &mut JoinSet<ChainError>,
    ) {
        let watcher = watch::Watcher {
            source: Requests {
                chain: self.ports.chain.clone(),
                clock: self.ports.clock.clone(),
                view,
                monitor: self.monitor.clone(),
            },
            clock: self.ports.clock.clone(),
            messages: messages.clone(),
            health: self.monitor.health.clone(),
            reconnect: self.settings.reconnect,
            stall: self.settings.stall,
        };
        watchers.spawn(watcher.run());
    }
}

/// Feeds the board and does what it says.
struct Dispatcher {
    board: Board,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    monitor: Monitor,
    pipeline: Pipeline,
    messages: mpsc::Sender<Message>,
    submissions: mpsc::UnboundedSender<Submission>,
    /// Attempts and the submitter; they end with the dispatcher.
    tasks: JoinSet<()>,
    attempts: usize,
    submitting: usize,
    is_draining: bool,
}

impl Dispatcher {
    fn new(service: &Service, messages: mpsc::Sender<Message>) -> Result<Self, ServiceError> {
        let Service { ports, settings, monitor } = service;
        let (submissions, queue) = mpsc::unbounded_channel();
        let submitter = Submitter::new(
            Arc::new(Answers(ports.chain.clone())),
            ports.clock.clone(),
            messages.clone(),
            settings.max_pending,
        );
        let mut tasks = JoinSet::new();
        tasks.spawn(submitter.run(queue));
        Ok(Self {
            board: Board::new(settings.rules, ports.chain.account(), ports.models.keys().copied()),
            ledger: Ledger::new(monitor.metrics.clone()),
            clock: ports.clock.clone(),
            monitor: monitor.clone(),
            pipeline: Pipeline {
                ports: ports.clone(),
                pool: Pool::start(settings.threads, settings.queue)?,
                settings: *settings,
                health: monitor.health.clone(),
            },
            messages,
            submissions,
            tasks,
            attempts: 0,
            submitting: 0,
            is_draining: false,
        })
    }

    /// How much has begun and not ended.
    fn begun(&self) -> usize {
        self.attempts + self.submitting
    }

    /// How long until a tick is due.
    fn until_wake(&self) -> Option<Duration> {
        let wake = self.board.next_wake()?;
        Some(wake.saturating_sub(self.clock.now()))
    }

    /// Takes a message in while nothing new may begin.
    fn drain(&mut self, message: Message) {
        self.is_draining = true;
        self.take(message);
    }

    fn take(&mut self, message: Message) {
        // Attempts that have ended are removed here; the submitter never ends first.
        while self.tasks.try_join_next().is_some() {}
        match message {
            Message::Core(event) => self.feed(event),
            Message::Worked { request, attempt } => {
                self.attempts = self.attempts.saturating_sub(1);
                self.ledger.worked(request, &attempt);
                self.feed(Event::Worked { request, result: attempt.result });
            }
            Message::Submitted { request, answer, outcome, took } => {
                self.submitting = self.submitting.saturating_sub(1);
                let now = self.clock.now();
                self.ledger.submitted(request, &answer, &outcome, took, now);
                self.feed(Event::Submitted { request, outcome });
            }
        }
    }

    fn feed(&mut self, event: Event) {
        let moment = Moment {
            now: self.clock.now(),
            // Without chance all workers wait alike, which is no reason to stop.
            chance: self.clock.chance().unwrap_or(0.5),
        };
        for action in self.board.handle(event, moment) {
            match action {
                Action::Note(request, note) => self.ledger.note(&request, &note, moment.now),
                Action::Process(request) if !self.is_draining => self.process(request),
                Action::Process(_) => {}
                Action::Submit(request, answer) => {
                    // The submitter lives as long as this dispatcher.
                    if self.submissions.send(Submission { request, answer }).is_ok() {
                        self.submitting += 1;
                    }
                }
            }
        }
        self.monitor.metrics.show(self.board.counts());
    }

    fn process(&mut self, request: Request) {
        let pipeline = self.pipeline.clone();
        let messages = self.messages.clone();
        self.attempts += 1;
        self.tasks.spawn(async move {
            // A defect in one attempt must not leave its request running for ever.
            let attempt = AssertUnwindSafe(pipeline.attempt(&request))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Attempt {
                    result: Err(Problem::Passing("the attempt panicked".to_owned())),
                    stages: Stages::default(),
                });
            let request = request.id;
            let _ = messages.send(Message::Worked { request, attempt }).await;
        });
    }
}

#[cfg(test)]
pub(crate) mod tests;
