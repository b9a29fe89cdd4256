//! What the tests of both duties share: a transaction pool in memory, blocks that
//! come by themselves, a service that can be killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    clock::SystemClock,
    metrics::DutyMetrics,
    monitor::Monitor,
    ports::{ChainError, Clock, Heads, SubmitError},
    service::{ServiceError, Stop},
};

/// The block time of chains in memory.
pub const BLOCK: Duration = Duration::from_millis(20);
/// How many calls fit in a block.
pub const BLOCK_CALLS: usize = 25;
/// Nothing in a test takes this long unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until something is so.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(timeout(PATIENCE, wait).await.is_ok(), "never: {what}");
}

/// Where the sender of a call learns how it ended.
pub type News = oneshot::Sender<Result<u32, SubmitError>>;

/// The transaction pool of a chain in memory, for one account.
pub struct Pool<T> {
    calls: BTreeMap<u64, (T, News)>,
    /// Nonces whose next call the pool loses.
    pub drops: BTreeSet<u64>,
    /// The most calls that it has held.
    pub largest: usize,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { calls: BTreeMap::new(), drops: BTreeSet::new(), largest: 0 }
    }
}

impl<T> Pool<T> {
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// The first nonce from `used` on that no call in the pool has.
    pub fn next_nonce(&self, used: u64) -> u64 {
        (used..).find(|nonce| !self.calls.contains_key(nonce)).unwrap()
    }

    /// Takes a call in; nonces below `used` are in blocks.
    pub fn add(
        &mut self,
        used: u64,
        nonce: u64,
        call: T,
    ) -> Result<oneshot::Receiver<Result<u32, SubmitError>>, SubmitError> {
        if nonce < used || self.calls.contains_key(&nonce) {
            return Err(SubmitError::Lost("the nonce is used".into()));
        }
        if self.drops.remove(&nonce) {
            return Err(SubmitError::Lost("the pool dropped it".into()));
        }
        let (news, result) = oneshot::channel();
        self.calls.insert(nonce, (call, news));
        self.largest = self.largest.max(self.calls.len());
        Ok(result)
    }

    /// Takes a call in again that a fork has removed from a block. Its sender knows
    /// nothing of that.
    pub fn add_again(&mut self, nonce: u64, call: T) {
        self.calls.insert(nonce, (call, oneshot::channel().0));
    }

    /// Hands the call with this nonce to a block.
    pub fn take(&mut self, nonce: u64) -> Option<(T, News)> {
        self.calls.remove(&nonce)
    }
}

/// Makes a block every [`BLOCK`] while the chain is in use.
pub fn produce_blocks<W: Send + Sync + 'static>(world: &Arc<W>, produce: fn(&W)) {
    let world = Arc::downgrade(world);
    tokio::spawn(async move {
        while let Some(world) = world.upgrade() {
            produce(&world);
            drop(world);
            sleep(BLOCK).await;
        }
    });
}

/// These blocks.
pub fn heads_of(blocks: &watch::Sender<u32>) -> Heads {
    let heads = futures::stream::unfold(blocks.subscribe(), |mut blocks| async move {
        blocks.changed().await.ok()?;
        let block = *blocks.borrow_and_update();
        Some((Ok(block), blocks))
    });
    heads.boxed()
}

/// What a node answers that may be down.
pub fn check_up(is_down: bool) -> Result<(), ChainError> {
    match is_down {
        true => Err(ChainError::Unreachable("the node is down".into())),
        false => Ok(()),
    }
}

/// A running service.
pub struct Running<M> {
    pub task: JoinHandle<Result<(), ServiceError>>,
    pub stop: watch::Sender<bool>,
    pub monitor: Monitor<M>,
    pub clock: Arc<dyn Clock>,
}

impl<M: DutyMetrics> Running<M> {
    /// Starts a service that `run` makes.
    pub fn start<F>(
        stall: Duration,
        run: impl FnOnce(Arc<dyn Clock>, Monitor<M>, Stop) -> F,
    ) -> Self
    where
        M: Clone,
        F: Future<Output = Result<(), ServiceError>> + Send + 'static,
    {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let monitor = Monitor::new(stall).unwrap();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(clock.clone(), monitor.clone(), stopped));
        Self { task, stop, monitor, clock }
    }

    /// As `kill -9`: nothing runs any more, nothing is finished.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// As SIGTERM: what has begun is finished.
    pub async fn terminate(self) {
        self.stop.send_replace(true);
        let ended = timeout(PATIENCE, self.task).await.unwrap();
        assert!(ended.unwrap().is_ok());
    }

    /// What `/health` answers.
    pub fn verdict(&self) -> Result<u32, String> {
        self.monitor.health.verdict(self.clock.now())
    }

    /// Whether `/metrics` has this text.
    pub fn shows(&self, text: &str) -> bool {
        self.monitor.metrics.common().text().unwrap().contains(text)
    }
}

/// An example configuration with its commented options in force.
pub fn uncommented(example: &str) -> String {
    let lines = example.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if rest.contains(" = ") => rest,
        _ => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
}
