//! The one owner of the account's nonce. It gives each call the next nonce and sends
//! the next call before the last one is in a block, so a backlog is sent as fast as
//! blocks take it. Whether calls are still wanted is asked about several at a time: one after the
//! other, a node that answers slowly would set the pace.

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
/// About how many calls the chain is asked at once whether they are still wanted.
const AT_ONCE: usize = 16;

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

/// A call of which it is not known yet whether it is still wanted.
#[derive(Clone, Debug)]
struct New<T> {
    item: T,
    started: Duration,
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
    new: HashMap<Id, New<O::Item>>,
    checks: JoinSet<Result<Option<Outcome>, ChainError>>,
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
            new: HashMap::new(),
            checks: JoinSet::new(),
            pending: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Runs until `items` ends and all of them are done.
    pub async fn run(mut self, mut items: mpsc::UnboundedReceiver<O::Item>) {
        let mut open = true;
        while open || !self.checks.is_empty() || !self.tasks.is_empty() {
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
                Some(checked) = self.checks.join_next_with_id() => {
                    let (id, result) = match checked {
                        Ok((id, result)) => (id, result),
                        Err(error) => (error.id(), Err(ChainError::Failed(error.to_string()))),
                    };
                    if let Some(new) = self.new.remove(&id) {
                        self.begin(new, result).await;
                    }
                }
                item = items.recv(), if open && self.has_room() => {
                    match item {
                        Some(item) => self.check(item),
                        None => open = false,
                    }
                }
            }
        }
    }

    fn has_room(&self) -> bool {
        self.new.len() < AT_ONCE && self.new.len() + self.pending.len() < self.max_pending
    }

    /// Asks whether a call is still wanted.
    fn check(&mut self, item: O::Item) {
        let new = New { item: item.clone(), started: self.clock.now() };
        let outbox = self.outbox.clone();
        let handle = self.checks.spawn(async move { outbox.settled(&item).await });
        self.new.insert(handle.id(), new);
    }

    /// Sends a call, unless the newest block shows that it is not wanted any more.
    async fn begin(&mut self, new: New<O::Item>, settled: Result<Option<Outcome>, ChainError>) {
        let New { item, started } = new;
        let outcome = match settled {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use medchain_client::{chain::Finality, AccountId32};
    use tokio::{sync::Barrier, time::timeout};

    use super::*;
    use crate::shared::{
        clock::SystemClock,
        ports::{Heads, Tip},
        testing::PATIENCE,
    };

    const CALLS: usize = 8;
    const FIRST_NONCE: u64 = 5;

    /// A chain that answers no question before so many are asked.
    struct Slow {
        asked: Barrier,
        nonce: AtomicU64,
    }

    #[async_trait]
    impl Chain for Slow {
        fn account(&self) -> AccountId32 {
            AccountId32([1; 32])
        }

        async fn heads(&self, _: Finality) -> Result<Heads, ChainError> {
            Err(ChainError::Failed("nobody follows it".into()))
        }

        async fn tip(&self) -> Result<Tip, ChainError> {
            Err(ChainError::Failed("nobody follows it".into()))
        }

        async fn next_nonce(&self) -> Result<u64, ChainError> {
            Ok(self.nonce.load(Ordering::SeqCst))
        }
    }

    #[async_trait]
    impl Outbox for Slow {
        type Item = usize;

        fn chain(&self) -> &dyn Chain {
            self
        }

        async fn settled(&self, item: &usize) -> Result<Option<Outcome>, ChainError> {
            self.asked.wait().await;
            match item {
                0 => Ok(Some(Outcome::ClosedElsewhere)),
                1 => panic!("a defect in one question"),
                _ => Ok(None),
            }
        }

        async fn submit(&self, _: &usize, nonce: u64) -> Result<u32, SubmitError> {
            self.nonce.fetch_max(nonce + 1, Ordering::SeqCst);
            Ok(nonce as u32)
        }
    }

    #[tokio::test]
    async fn a_slow_node_is_asked_about_several_calls_at_a_time() {
        let slow = Slow { asked: Barrier::new(CALLS), nonce: AtomicU64::new(FIRST_NONCE) };
        let (messages, mut inbox) = mpsc::channel::<Submitted<usize>>(CALLS);
        let (calls, items) = mpsc::unbounded_channel();
        (0..CALLS).for_each(|call| calls.send(call).unwrap());
        drop(calls);
        let submitter = Submitter::new(slow, Arc::new(SystemClock::start()), messages, CALLS);
        timeout(PATIENCE, submitter.run(items)).await.expect("it asks one after the other");

        let mut nonces = BTreeSet::new();
        while let Some(Submitted { item, outcome, .. }) = inbox.recv().await {
            match outcome {
                // Each call has a nonce of its own, without gaps.
                Outcome::Included { block } => assert!(nonces.insert(u64::from(block))),
                Outcome::ClosedElsewhere => assert_eq!(item, 0),
                Outcome::Lost(_) => assert_eq!(item, 1),
                other => panic!("{item}: {other:?}"),
            }
        }
        let sent = CALLS as u64 - 2;
        assert_eq!(nonces, (FIRST_NONCE..FIRST_NONCE + sent).collect());
    }
}
