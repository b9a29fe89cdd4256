//! The one owner of the account's nonce. It gives each call the next nonce and sends
//! the next call before the last one is in a block, so a backlog is sent as fast as
//! blocks take it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    sync::mpsc,
    task::{Id, JoinSet},
};

use super::{
    outcome::Outcome,
    ports::{Chain, ChainError, Clock, SubmitError},
};

/// How often a lost call is resent at once, because later calls wait for its nonce.
const MAX_REFILLS: u32 = 3;

/// What is signed and sent, and how.
#[async_trait]
pub(crate) trait Outbox: Send + Sync + 'static {
    /// What one call is made of.
    type Item: Clone + Send + 'static;
    /// The chain, for the nonce.
    fn chain(&self) -> &dyn Chain;
    /// Asks the newest block whether the call is still wanted. `Some` says how the
    /// submission has ended, and that nothing is to be sent.
    async fn settled(&self, item: &Self::Item) -> Result<Option<Outcome>, ChainError>;
    /// Signs and submits with this nonce; returns the number of the block in which the
    /// call succeeded.
    async fn submit(&self, item: &Self::Item, nonce: u64) -> Result<u32, SubmitError>;
}

/// A submission that has ended.
#[derive(Clone, Debug)]
pub(crate) struct Submitted<T> {
    /// What was to be sent.
    pub item: T,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

#[derive(Clone, Debug)]
struct Pending<T> {
    item: T,
    nonce: u64,
    started: Duration,
    refills: u32,
}

/// See the module's documentation.
pub(crate) struct Submitter<O: Outbox, M> {
    outbox: Arc<O>,
    clock: Arc<dyn Clock>,
    messages: mpsc::Sender<M>,
    max_pending: usize,
    /// The next nonce; `None` where the chain has to be asked.
    next: Option<u64>,
    pending: HashMap<Id, Pending<O::Item>>,
    tasks: JoinSet<Result<u32, SubmitError>>,
}

impl<O: Outbox, M: From<Submitted<O::Item>> + Send> Submitter<O, M> {
    /// A submitter that reports to `messages` and has at most `max_pending` calls on
    /// their way.
    pub fn new(
        outbox: O,
        clock: Arc<dyn Clock>,
        messages: mpsc::Sender<M>,
        max_pending: usize,
    ) -> Self {
        Self {
            outbox: Arc::new(outbox),
            clock,
            messages,
            max_pending: max_pending.max(1),
            next: None,
            pending: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Runs until `items` ends and all of them are done.
    pub async fn run(mut self, mut items: mpsc::UnboundedReceiver<O::Item>) {
        let mut open = true;
        while open || !self.tasks.is_empty() {
            tokio::select! {
                Some(ended) = self.tasks.join_next_with_id() => {
                    let (id, result) = match ended {
                        Ok((id, result)) => (id, result),
                        Err(error) => (error.id(), Err(SubmitError::Lost(error.to_string()))),
                    };
                    if let Some(pending) = self.pending.remove(&id) {
                        self.finish(pending, result).await;
                    }
                }
                item = items.recv(), if open && self.pending.len() < self.max_pending => {
                    match item {
                        Some(item) => self.begin(item).await,
                        None => open = false,
                    }
                }
            }
        }
    }

    /// Sends a call, unless the newest block shows that it is not wanted any more.
    async fn begin(&mut self, item: O::Item) {
        let started = self.clock.now();
        let outcome = match self.outbox.settled(&item).await {
            Ok(None) => match self.nonce().await {
                Ok(nonce) => {
                    self.send(Pending { item, nonce, started, refills: 0 });
                    return;
                }
                Err(error) => Outcome::Lost(error.to_string()),
            },
            Ok(Some(outcome)) => outcome,
            Err(error) => Outcome::Lost(error.to_string()),
        };
        self.report(item, outcome, started).await;
    }

    fn send(&mut self, pending: Pending<O::Item>) {
        let outbox = self.outbox.clone();
        let item = pending.item.clone();
        let nonce = pending.nonce;
        let handle = self.tasks.spawn(async move { outbox.submit(&item, nonce).await });
        self.pending.insert(handle.id(), pending);
    }

    async fn finish(&mut self, pending: Pending<O::Item>, result: Result<u32, SubmitError>) {
        let outcome = match result {
            Ok(block) => Outcome::Included { block },
            Err(SubmitError::Refused(Outcome::ClosedElsewhere)) => {
                // An earlier call of this account, perhaps from before a restart, may
                // have closed it.
                match self.outbox.settled(&pending.item).await {
                    Ok(Some(Outcome::Included { block })) => Outcome::Included { block },
                    _ => Outcome::ClosedElsewhere,
                }
            }
            Err(SubmitError::Refused(outcome)) => outcome,
            Err(SubmitError::Unpaid(reason)) => {
                self.next = None;
                Outcome::Rejected(reason)
            }
            Err(SubmitError::Lost(reason)) => match self.refill(&pending, reason).await {
                Some(outcome) => outcome,
                None => return,
            },
        };
        self.report(pending.item, outcome, pending.started).await;
    }

    /// A lost call leaves a gap that all later nonces wait for. Where there are later
    /// ones, the same call fills the gap at once, if the newest block still wants it;
    /// otherwise the loss is returned, and the state machine decides.
    async fn refill(&mut self, lost: &Pending<O::Item>, reason: String) -> Option<Outcome> {
        self.next = None;
        let holds_up = self.pending.values().any(|pending| pending.nonce > lost.nonce);
        if holds_up && lost.refills < MAX_REFILLS {
            match self.outbox.settled(&lost.item).await {
                Ok(None) => {}
                Ok(settled) => return settled,
                Err(_) => return Some(Outcome::Lost(reason)),
            }
            match self.nonce().await {
                Ok(nonce) if nonce <= lost.nonce => {
                    self.send(Pending { nonce, refills: lost.refills + 1, ..lost.clone() });
                    return None;
                }
                // The nonce is used: the call may be in the pool or in a block.
                Ok(_) | Err(_) => self.next = None,
            }
        }
        Some(Outcome::Lost(reason))
    }

    /// The smallest free nonce.
    async fn nonce(&mut self) -> Result<u64, ChainError> {
        // With nothing on its way, the chain knows best: a fork may have taken calls back.
        if self.pending.is_empty() {
            self.next = None;
        }
        let base = match self.next {
            Some(next) => next,
            None => self.outbox.chain().next_nonce().await?,
        };
        let taken: BTreeSet<u64> = self.pending.values().map(|pending| pending.nonce).collect();
        let mut nonce = base;
        while taken.contains(&nonce) {
            nonce = nonce.saturating_add(1);
        }
        self.next = Some(nonce.saturating_add(1));
        Ok(nonce)
    }

    async fn report(&self, item: O::Item, outcome: Outcome, started: Duration) {
        let took = self.clock.now().saturating_sub(started);
        // The receiver is gone when the service shuts down.
        let _ = self.messages.send(Submitted { item, outcome, took }.into()).await;
    }
}
