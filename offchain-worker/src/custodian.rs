//! The custodian's duty: to hand the shares of content keys over to whom the chain
//! has granted access.
//!
//! ```text
//! watcher ──final grants──► ┌────────────┐ ──Deliver──► sealing tasks
//!                           │ dispatcher │ ◄──Sealed───      │
//!                           │(Deliveries)│ ──────────► submitter (owns the nonce) ──► chain
//!                           └────────────┘ ◄─Submitted──     │
//! ```
//! It needs neither a store nor a model. Events mean nothing to it: it reads the
//! whole list of grants at every final block, so that nothing is lost by being
//! down, and a forged event leads nowhere.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::{
    sync::{mpsc, watch as stop_signal, Semaphore},
    task::JoinSet,
    time::timeout,
};
use tracing::info;

use crate::{
    core::{
        custody::{Action, Deliveries, Event, Grant, GrantId, Obstacle, Rules},
        Backoff,
    },
    ports::{
        custody::{CustodyChain, SealError, Sealer},
        Clock,
    },
    service::{
        submit::{Submitted, Submitter},
        watch::Watcher,
        Monitor, ServiceError,
    },
};

mod keeper;
mod ledger;
mod metrics;
mod outbox;
mod source;
pub mod startup;

pub use metrics::CustodianMetrics;

use ledger::Ledger;
use outbox::{Outgoing, Parcel};
use source::FinalGrants;

/// How many shares may be on their way into a block.
const MAX_PENDING: usize = 64;
/// How many subjects' keys are asked for at once.
const AT_ONCE: usize = 16;

/// The outside world.
#[derive(Clone)]
pub struct Ports {
    /// The chain, as this custodian's account.
    pub chain: Arc<dyn CustodyChain>,
    /// The custodian's decryption key.
    pub sealer: Arc<dyn Sealer>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
}

/// The numbers that an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Those of the core.
    pub rules: Rules,
    /// After this long without a block the connection counts as dead.
    pub stall: Duration,
    /// The waits between connections.
    pub reconnect: Backoff,
    /// How often the account is looked at.
    pub check_interval: Duration,
    /// How long work that has begun may take to end at a shutdown.
    pub shutdown_grace: Duration,
}

/// What the parts of the service tell the dispatcher.
pub(crate) enum Message {
    /// Something for the core as it is.
    Core(Event),
    /// A share is sealed to its subject, or not.
    Sealed { grant: GrantId, result: Result<Parcel, Obstacle> },
    /// A submission has ended.
    Submitted(Submitted<Parcel>),
}

/// The custodian, ready to run. Dropping the future of [`Custodian::run`] at any
/// point is safe: a later start takes up what the chain still grants.
pub struct Custodian {
    ports: Ports,
    settings: Settings,
    monitor: Monitor<CustodianMetrics>,
}

impl Custodian {
    /// A custodian over these ports.
    pub fn new(ports: Ports, settings: Settings, monitor: Monitor<CustodianMetrics>) -> Self {
        Self { ports, settings, monitor }
    }

    /// Runs until `stop` becomes true, then ends what has begun.
    ///
    /// # Errors
    /// [`ServiceError`], where going on makes no sense.
    pub async fn run(self, mut stop: stop_signal::Receiver<bool>) -> Result<(), ServiceError> {
        let (messages, mut inbox) = mpsc::channel(1024);
        let mut dispatcher = Dispatcher::new(&self, messages.clone());
        let mut background = JoinSet::new();
        background.spawn(self.watcher(messages).run());
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
            tokio::select! {
                Some(message) = inbox.recv() => dispatcher.take(message),
                Some(ended) = background.join_next() => return Err(match ended {
                    Ok(error) => ServiceError::Chain(error),
                    Err(error) => ServiceError::Stopped(error.to_string()),
                }),
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        drop((background, keeper));
        info!(begun = dispatcher.begun, "shutting down: finishing what has begun");
        let finish = async {
            while dispatcher.begun > 0 {
                match inbox.recv().await {
                    // A list that was read before the signal starts nothing any more.
                    Some(Message::Core(_)) => {}
                    Some(message) => dispatcher.take(message),
                    None => break,
                }
            }
        };
        if timeout(self.settings.shutdown_grace, finish).await.is_err() {
            info!("some work did not end in time; the next start takes it up again");
        }
        Ok(())
    }

    fn watcher(&self, messages: mpsc::Sender<Message>) -> Watcher<FinalGrants> {
        Watcher {
            source: FinalGrants {
                chain: self.ports.chain.clone(),
                clock: self.ports.clock.clone(),
                monitor: self.monitor.clone(),
            },
            clock: self.ports.clock.clone(),
            messages,
            health: self.monitor.health.clone(),
            reconnect: self.settings.reconnect,
            stall: self.settings.stall,
        }
    }
}

/// Feeds the core and does what it says.
struct Dispatcher {
    deliveries: Deliveries,
    ledger: Ledger,
    ports: Ports,
    monitor: Monitor<CustodianMetrics>,
    messages: mpsc::Sender<Message>,
    submissions: mpsc::UnboundedSender<Parcel>,
    /// Sealing and the submitter; they end with the dispatcher.
    tasks: JoinSet<()>,
    at_once: Arc<Semaphore>,
    /// How many shares are being sealed or sent.
    begun: usize,
}

impl Dispatcher {
    fn new(custodian: &Custodian, messages: mpsc::Sender<Message>) -> Self {
        let Custodian { ports, settings, monitor } = custodian;
        let (submissions, queue) = mpsc::unbounded_channel();
        let submitter = Submitter::new(
            Arc::new(Outgoing(ports.chain.clone())),
            ports.clock.clone(),
            messages.clone(),
            MAX_PENDING,
        );
        let mut tasks = JoinSet::new();
        tasks.spawn(submitter.run(queue));
        Self {
            deliveries: Deliveries::new(settings.rules, ports.chain.account()),
            ledger: Ledger::new(monitor.metrics.clone()),
            ports: ports.clone(),
            monitor: monitor.clone(),
            messages,
            submissions,
            tasks,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            begun: 0,
        }
    }

    fn take(&mut self, message: Message) {
        // Tasks that have ended are removed here; the submitter never ends first.
        while self.tasks.try_join_next().is_some() {}
        match message {
            Message::Core(event) => self.feed(event),
            Message::Sealed { result: Ok(parcel), .. } => {
                // The submitter lives as long as this dispatcher.
                let _ = self.submissions.send(parcel);
            }
            Message::Sealed { grant, result: Err(obstacle) } => {
                self.begun = self.begun.saturating_sub(1);
                self.ledger.obstructed(&obstacle);
                self.feed(Event::Obstructed { grant, obstacle });
            }
            Message::Submitted(Submitted { item, outcome, took }) => {
                self.begun = self.begun.saturating_sub(1);
                self.ledger.submitted(&item.grant, &outcome, took, self.ports.clock.now());
                self.feed(Event::Submitted { grant: item.grant, outcome });
            }
        }
    }

    fn feed(&mut self, event: Event) {
        for action in self.deliveries.handle(event) {
            match action {
                Action::Note(grant, note) => {
                    self.ledger.note(&grant, &note, self.ports.clock.now());
                }
                Action::Deliver(grant) => self.seal(grant),
            }
        }
        self.monitor.metrics.show(self.deliveries.counts());
    }

    fn seal(&mut self, grant: Grant) {
        let (ports, at_once) = (self.ports.clone(), self.at_once.clone());
        let messages = self.messages.clone();
        self.begun += 1;
        self.tasks.spawn(async move {
            let _place = at_once.acquire().await;
            // A defect with one grant must not leave it begun for ever.
            let result = AssertUnwindSafe(parcel(&ports, &grant))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Err(Obstacle::Passing("the sealing panicked".to_owned())));
            let _ = messages.send(Message::Sealed { grant: grant.id, result }).await;
        });
    }
}

/// This custodian's share, sealed to the key that the subject has now.
async fn parcel(ports: &Ports, grant: &Grant) -> Result<Parcel, Obstacle> {
    let key = ports.chain.reader_key(&grant.id.subject).await;
    let key = key.map_err(|error| Obstacle::Passing(error.to_string()))?;
    let key = key.ok_or_else(|| {
        Obstacle::NoKey("the subject has no encryption key on chain any more".to_owned())
    })?;
    let sealed = ports.sealer.reseal(&ports.chain.account(), grant, &key);
    let sealed = sealed.map_err(|error| match error {
        SealError::Unopened(reason) => Obstacle::Unopened(reason),
        SealError::Reader(reason) => Obstacle::NoKey(reason),
    })?;
    Ok(Parcel { grant: grant.id, sealed })
}

#[cfg(test)]
mod tests;
