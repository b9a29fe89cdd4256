//! The loop that ties the pure state machine to the ports.
//!
//! ```text
//! watchers ──work lists──► ┌────────────┐ ──Attempt──► pipeline ──► openers ──► predictors
//! clock ─────ticks───────► │ dispatcher │ ◄─Attempted─    │
//!                          │  (Board)   │ ──Submit───► submitter (owns the nonce) ──► chain
//!                          └────────────┘ ◄─Submitted─    │
//! ```
//! Whatever has to survive a crash is on chain. Sealed answers and squares are on disk too,
//! encrypted, but only so that an answer can be shown and defended without the film: without
//! the disk, they are computed again.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use medchain_client::chain::Finality;
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    jobs::{Board, Event, Job, Moment, Problem, Step},
    metrics::PredictionMetrics,
};
use crate::shared::{
    monitor::Monitor,
    ports::Clock,
    service::{Dispatcher, Service, ServiceError, Stop},
    submit::Submitter,
    watch::Watcher,
};

mod checks;
mod defence;
mod draws;
mod drift;
mod fatal;
mod film;
mod inference;
mod journal;
mod message;
mod outbox;
mod pipeline;
mod pool;
mod setup;
mod shelf;
mod source;
mod sweep;

pub use setup::{Ports, Settings};

use defence::Defences;
use drift::Drift;
use fatal::Fatalities;
use inference::Stages;
use journal::Journal;
use message::Message;
use outbox::{AnswerBox, Submission};
use pipeline::{Attempt, Pipeline};
use pool::Pool;
use shelf::Shelf;
use source::WorkLists;

/// Runs until `stop` becomes true, then finishes what has begun. Dropping the future at
/// any point is safe: a later start resumes what the chain still holds open.
///
/// # Errors
/// [`ServiceError`], where going on makes no sense.
pub async fn run(
    ports: Ports,
    settings: Settings,
    monitor: Monitor<PredictionMetrics>,
    stop: Stop,
) -> Result<(), ServiceError> {
    let (messages, inbox) = mpsc::channel(1024);
    let mut watchers = JoinSet::new();
    watchers.spawn(watcher(Finality::Finalised, &ports, &settings, &monitor, &messages).run());
    if settings.follow_best {
        watchers.spawn(watcher(Finality::Best, &ports, &settings, &monitor, &messages).run());
    }
    let mut checks = JoinSet::new();
    let interval = settings.timing.check_interval;
    checks.spawn(checks::run(ports.clone(), monitor.clone(), interval));
    checks.spawn(sweep::run(ports.clone(), monitor.metrics.clone(), interval));
    let grace = settings.rules.uploader_grace;
    checks.spawn(draws::run(ports.clone(), grace, messages.clone(), interval));
    let shutdown_grace = settings.timing.shutdown_grace;
    let dispatcher = JobDispatcher::start(ports, settings, monitor, messages)?;
    Service { dispatcher, inbox, watchers, checks, shutdown_grace }.run(stop).await
}

fn watcher(
    finality: Finality,
    ports: &Ports,
    settings: &Settings,
    monitor: &Monitor<PredictionMetrics>,
    messages: &mpsc::Sender<Message>,
) -> Watcher<WorkLists> {
    Watcher {
        source: WorkLists::new(ports.chain.clone(), ports.clock.clone(), finality, monitor.clone()),
        clock: ports.clock.clone(),
        messages: messages.clone(),
        health: monitor.health.clone(),
        reconnection: settings.timing.reconnection,
    }
}

/// Feeds the board and does what it says.
struct JobDispatcher {
    board: Board,
    journal: Journal,
    drift: Drift,
    clock: Arc<dyn Clock>,
    metrics: Arc<PredictionMetrics>,
    pipeline: Pipeline,
    messages: mpsc::Sender<Message>,
    submissions: mpsc::UnboundedSender<Submission>,
    /// Attempts and the submitter; they end with the dispatcher.
    tasks: JoinSet<()>,
    attempts: usize,
    submitting: usize,
    is_draining: bool,
}

impl JobDispatcher {
    fn start(
        ports: Ports,
        settings: Settings,
        monitor: Monitor<PredictionMetrics>,
        messages: mpsc::Sender<Message>,
    ) -> Result<Self, ServiceError> {
        let (submissions, queue) = mpsc::unbounded_channel();
        let submitter = Submitter::new(
            AnswerBox(ports.chain.clone()),
            ports.clock.clone(),
            messages.clone(),
            settings.max_pending,
        );
        let mut tasks = JoinSet::new();
        tasks.spawn(submitter.run(queue));
        Ok(Self {
            board: Board::new(settings.rules),
            journal: Journal::new(monitor.metrics.clone()),
            drift: Drift::new(settings.drift, &ports.models, monitor.clone()),
            clock: ports.clock.clone(),
            metrics: monitor.metrics.clone(),
            pipeline: Pipeline {
                fatalities: Fatalities::new(ports.answers.clone(), monitor.metrics),
                ports,
                openers: Pool::start("opener", settings.threads, settings.queue)?,
                predictors: Pool::start("predictor", settings.threads, settings.queue)?,
                shelf: Shelf::new(settings.shelf()),
                defences: Defences::default(),
                max_content: settings.max_content,
                health: monitor.health,
            },
            messages,
            submissions,
            tasks,
            attempts: 0,
            submitting: 0,
            is_draining: false,
        })
    }

    fn feed(&mut self, event: Event) {
        let moment = Moment {
            now: self.clock.now(),
            // Without chance all workers wait alike, which is no reason to stop.
            chance: self.clock.chance().unwrap_or(0.5),
        };
        for step in self.board.handle(event, moment) {
            match step {
                Step::Note(job, note) => {
                    self.journal.note(&job, &note, moment.now);
                    self.drift.note(&job, &note);
                }
                Step::Attempt(job) if !self.is_draining => self.attempt(job),
                Step::Attempt(_) => {}
                Step::Submit(job, answer) => self.submit(Submission { job: job.id(), answer }),
            }
        }
        self.metrics.show(self.board.counts());
    }

    fn submit(&mut self, submission: Submission) {
        // The submitter lives as long as this dispatcher.
        if self.submissions.send(submission).is_ok() {
            self.submitting += 1;
        }
    }

    fn attempt(&mut self, job: Job) {
        let pipeline = self.pipeline.clone();
        let messages = self.messages.clone();
        self.attempts += 1;
        self.tasks.spawn(async move {
            // A defect in one attempt must not leave its job running for ever.
            let attempt = AssertUnwindSafe(pipeline.attempt(&job))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Attempt {
                    result: Err(Problem::Passing("the attempt panicked".to_owned())),
                    stages: Stages::default(),
                    called: None,
                });
            let _ = messages.send(Message::Attempted { job: job.id(), attempt }).await;
        });
    }
}

impl Dispatcher for JobDispatcher {
    type Message = Message;

    fn take(&mut self, message: Message) {
        // Removes attempts that have ended; the submitter never ends first.
        while self.tasks.try_join_next().is_some() {}
        match message {
            Message::Listed(list) => self.feed(list),
            Message::Happened(all) => {
                for happened in &all {
                    self.journal.happened(happened);
                    if let Some(request) = happened.ended_dispute() {
                        self.pipeline.defences.forget(request);
                    }
                }
            }
            Message::Draw(submission) if !self.is_draining => self.submit(submission),
            Message::Draw(_) => {}
            Message::Attempted { job, attempt } => {
                self.attempts = self.attempts.saturating_sub(1);
                self.journal.attempted(job, &attempt);
                if let Some((model, called)) = attempt.called
                    && self.drift.count(job.request, model, called)
                {
                    // Before the answer that told it: it is not given either.
                    self.feed(Event::Decline);
                }
                self.feed(Event::Attempted { job, result: attempt.result });
            }
            Message::Submitted(submitted) => {
                self.submitting = self.submitting.saturating_sub(1);
                self.journal.submitted(&submitted, self.clock.now());
                let (job, outcome) = (submitted.item.job, submitted.outcome);
                self.feed(Event::Submitted { job, outcome });
            }
        }
    }

    fn drain(&mut self, message: Message) {
        self.is_draining = true;
        self.take(message);
    }

    fn begun(&self) -> usize {
        self.attempts + self.submitting
    }

    fn can_submit(&self) -> bool {
        !self.submissions.is_closed()
    }

    fn until_wake(&self) -> Option<Duration> {
        let wake = self.board.next_wake()?;
        Some(wake.saturating_sub(self.clock.now()))
    }

    fn wake(&mut self) {
        self.feed(Event::Tick);
    }
}

#[cfg(test)]
mod tests;
