//! The loop that ties the pure state machine to the ports.
//!
//! ```text
//! watcher ──final grants──► ┌────────────┐ ──Deliver──► encrypting tasks
//!                           │ dispatcher │ ◄─Encrypted──     │
//!                           │(Deliveries)│ ──────────► submitter (owns the nonce) ──► chain
//!                           └────────────┘ ◄─Submitted──     │
//! ```
//! It needs neither a store nor a model, and acts on no event of the chain: it reads the
//! complete list of grants at every final block, so a custodian that was down misses
//! nothing, and a forged event has no effect.

use std::sync::Arc;

use tokio::{
    sync::{mpsc, Semaphore},
    task::JoinSet,
};

use super::{
    deliveries::{Deliveries, Event, Grant, GrantId, Step},
    metrics::CustodyMetrics,
};
use crate::shared::{
    monitor::Monitor,
    oldest::Oldest,
    service::{Dispatcher, Service, ServiceError, Stop},
    submit::{Submitted, Submitter},
    watch::Watcher,
};

mod checks;
mod encrypting;
mod journal;
mod message;
mod outbox;
mod setup;
mod source;

pub use setup::{Ports, Settings};

use encrypting::encrypt;
use journal::Journal;
use message::Message;
use outbox::{Shares, Submission};
use source::FinalGrants;

/// How many shares may be on their way into a block.
const MAX_PENDING: usize = 64;
/// How many shares are encrypted at once.
const AT_ONCE: usize = 16;

/// Runs until `stop` becomes true, then finishes what has begun. Dropping the future at
/// any point is safe: a later start resumes what the chain still grants.
///
/// # Errors
/// [`ServiceError`], where going on makes no sense.
pub async fn run(
    ports: Ports,
    settings: Settings,
    monitor: Monitor<CustodyMetrics>,
    stop: Stop,
) -> Result<(), ServiceError> {
    let (messages, inbox) = mpsc::channel(1024);
    let mut watchers = JoinSet::new();
    let watcher = Watcher {
        source: FinalGrants {
            chain: ports.chain.clone(),
            clock: ports.clock.clone(),
            monitor: monitor.clone(),
        },
        clock: ports.clock.clone(),
        messages: messages.clone(),
        health: monitor.health.clone(),
        reconnection: settings.timing.reconnection,
    };
    watchers.spawn(watcher.run());
    let mut checks = JoinSet::new();
    checks.spawn(checks::run(ports.clone(), monitor.clone(), settings.timing.check_interval));
    let shutdown_grace = settings.timing.shutdown_grace;
    let dispatcher = DeliveryDispatcher::start(ports, settings, monitor.metrics, messages);
    Service { dispatcher, inbox, watchers, checks, shutdown_grace }.run(stop).await
}

/// Feeds the state machine and does what it says.
struct DeliveryDispatcher {
    deliveries: Deliveries,
    journal: Journal,
    ports: Ports,
    metrics: Arc<CustodyMetrics>,
    messages: mpsc::Sender<Message>,
    submissions: mpsc::UnboundedSender<Submission>,
    /// Encrypting and the submitter; they end with the dispatcher.
    tasks: JoinSet<()>,
    at_once: Arc<Semaphore>,
    /// How many shares are being encrypted or sent.
    begun: usize,
    /// Which.
    under_way: Oldest<GrantId>,
}

impl DeliveryDispatcher {
    fn start(
        ports: Ports,
        settings: Settings,
        metrics: Arc<CustodyMetrics>,
        messages: mpsc::Sender<Message>,
    ) -> Self {
        let (submissions, queue) = mpsc::unbounded_channel();
        let submitter = Submitter::new(
            Shares(ports.chain.clone()),
            ports.clock.clone(),
            messages.clone(),
            MAX_PENDING,
        );
        let mut tasks = JoinSet::new();
        tasks.spawn(submitter.run(queue));
        Self {
            deliveries: Deliveries::new(settings.rules, ports.chain.account()),
            journal: Journal::new(metrics.clone()),
            ports,
            metrics,
            messages,
            submissions,
            tasks,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            begun: 0,
            under_way: Oldest::default(),
        }
    }

    fn feed(&mut self, event: Event) {
        for step in self.deliveries.handle(event) {
            match step {
                Step::Note(grant, note) => {
                    self.journal.note(&grant, &note, self.ports.clock.now());
                }
                Step::Deliver(grant) => self.encrypt(grant),
            }
        }
        self.metrics.show(self.deliveries.counts());
        self.metrics.oldest(self.under_way.since());
    }

    fn encrypt(&mut self, grant: Grant) {
        let (ports, at_once) = (self.ports.clone(), self.at_once.clone());
        let messages = self.messages.clone();
        self.begun += 1;
        self.under_way.begin(grant.id);
        let after_refusal = self.journal.was_refused(&grant.id);
        self.tasks.spawn(async move {
            let _place = at_once.acquire().await;
            let result = encrypt(&ports, &grant, after_refusal).await;
            let _ = messages.send(Message::Encrypted { grant: grant.id, result }).await;
        });
    }
}

impl Dispatcher for DeliveryDispatcher {
    type Message = Message;

    fn take(&mut self, message: Message) {
        // Removes tasks that have ended; the submitter never ends first.
        while self.tasks.try_join_next().is_some() {}
        match message {
            Message::Event(event) => self.feed(event),
            Message::Encrypted { result: Ok(submission), .. } => {
                // The submitter lives as long as this dispatcher.
                let _ = self.submissions.send(submission);
            }
            Message::Encrypted { grant, result: Err(obstacle) } => {
                self.begun = self.begun.saturating_sub(1);
                self.under_way.end(&grant);
                self.journal.obstructed(&obstacle);
                self.feed(Event::Obstructed { grant, obstacle });
            }
            Message::Submitted(submitted) => {
                self.begun = self.begun.saturating_sub(1);
                self.under_way.end(&submitted.item.grant);
                self.journal.submitted(&submitted, self.ports.clock.now());
                let Submitted { item, outcome, .. } = submitted;
                self.feed(Event::Submitted { grant: item.grant, outcome });
            }
        }
    }

    fn drain(&mut self, message: Message) {
        // A list that was read before the signal starts nothing any more.
        if !matches!(message, Message::Event(_)) {
            self.take(message);
        }
    }

    fn begun(&self) -> usize {
        self.begun
    }

    fn can_submit(&self) -> bool {
        !self.submissions.is_closed()
    }
}

#[cfg(test)]
mod tests;
