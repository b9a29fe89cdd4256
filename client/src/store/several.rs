//! Several stores combined: content is retrieved from one that has it, and stored in all of them,
//! so that one may be missing later.

mod heal;
mod read;
mod trouble;

use std::{
    sync::{
        atomic::{AtomicU64, Ordering},
        Arc,
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::future::join_all;
use medchain_primitives::Cid;
use tokio::time::timeout;

use self::trouble::Trouble;
use super::{
    dag, Depth, Failure, Kept, Looked, Progress, ProgressUpdate, State, Store, StoreError, Stored,
    Unpinned,
};

/// How long a store may make no progress. A little longer than the adapter for IPFS
/// waits for one block, because its error says more.
const PATIENCE: Duration = Duration::from_secs(40);
/// How many stores are asked for the same content at once: each may hold a copy.
const AT_ONCE: usize = 2;
/// After this long without progress, the next store is asked as well.
const HEDGE: Duration = Duration::from_secs(3);

/// Stores in the order in which they are asked; those that hung or refused in the last minutes come
/// last.
///
/// Content comes from the first that gives it, verified: the next one is asked where one fails, and
/// where none makes progress for a while; two at once at most. What a store has damaged is put back
/// there. What it lacks is not: not everybody who reads keeps what was read. Whoever does puts it
/// into all of them.
///
/// Each has a time-out of its own. It does not help against a file system that
/// hangs, as a lost network mount does, because this process reads folders itself.
#[derive(Clone, Debug)]
pub struct SeveralStores {
    stores: Vec<Arc<dyn Store>>,
    patience: Duration,
    hedge: Duration,
    trouble: Trouble,
    /// Those that did not answer what they have. Asked for one film after the other, they would
    /// hold up each.
    silent: Trouble,
}

impl SeveralStores {
    /// Combines these stores; the first is asked first.
    pub fn new(stores: Vec<Arc<dyn Store>>) -> Self {
        let (trouble, silent) = (Trouble::default(), Trouble::default());
        Self { stores, patience: PATIENCE, hedge: HEDGE, trouble, silent }
    }

    /// Skips a store that makes no progress for `patience`, instead of 40 s.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Asks the next store as well after `hedge` without progress, instead of 3 s.
    pub fn with_hedge(mut self, hedge: Duration) -> Self {
        self.hedge = hedge;
        self
    }

    /// Puts into one store; the CID that it reports is not trusted.
    async fn hand(
        &self,
        store: &dyn Store,
        bytes: &[u8],
        expected: &Cid,
        progress: Progress<'_>,
    ) -> Result<(), StoreError> {
        // A store that has received the whole file may be silent while it writes it.
        let patience = self.patience + Duration::from_secs(bytes.len() as u64 / 1_000_000);
        let put = timeout(patience, store.put_with_progress(bytes, progress)).await;
        let got = put.unwrap_or_else(|_| Err(late(store, patience)))?.cid;
        match got == *expected {
            true => Ok(()),
            false => Err(StoreError::CidMismatch {
                expected: expected.to_string(),
                got: got.to_string(),
            }),
        }
    }
}

#[async_trait]
impl Store for SeveralStores {
    async fn put_with_progress(
        &self,
        bytes: &[u8],
        progress: Progress<'_>,
    ) -> Result<Stored, StoreError> {
        let cid = dag::cid_of(bytes);
        let total = bytes.len() as u64;
        let done: Vec<AtomicU64> = self.stores.iter().map(|_| AtomicU64::new(0)).collect();
        let moved = |place: &AtomicU64, to: u64| {
            place.fetch_max(to, Ordering::Relaxed);
            let sum: u64 = done.iter().map(|done| done.load(Ordering::Relaxed)).sum();
            let mean = sum / self.stores.len().max(1) as u64;
            progress(ProgressUpdate { done: mean, total: Some(total) });
        };
        // At the same time: a store that hangs must not hold up the others.
        let mut puts = Vec::new();
        for (store, place) in self.stores.iter().zip(&done) {
            let (cid, moved) = (&cid, &moved);
            puts.push(async move {
                let noted = |update: ProgressUpdate| moved(place, update.done.min(total));
                let put = self.hand(store.as_ref(), bytes, cid, &noted).await;
                moved(place, total);
                put
            });
        }
        let (mut places, mut missed) = (Vec::new(), Vec::new());
        for (store, put) in self.stores.iter().zip(join_all(puts).await) {
            match put {
                Ok(()) => places.push(store.describe()),
                Err(error) => missed.push(Failure { store: store.describe(), error }),
            }
        }
        match places.is_empty() {
            true => Err(StoreError::AllFailed { task: "stored the content", failures: missed }),
            false => Ok(Stored { cid, places, missed }),
        }
    }

    async fn get_with_progress(
        &self,
        cid: &Cid,
        limit: u64,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, StoreError> {
        self.first(cid, limit, progress, Duration::MAX).await
    }

    async fn get_within(
        &self,
        cid: &Cid,
        limit: u64,
        patience: Duration,
    ) -> Result<Vec<u8>, StoreError> {
        self.first(cid, limit, &|_| (), patience).await
    }

    async fn unpin(&self, cid: &Cid) -> Vec<Unpinned> {
        // At the same time: a store that hangs must not hold up the others.
        let asked = self.stores.iter().map(|store| async move {
            let answers = timeout(self.patience, store.unpin(cid)).await;
            answers.unwrap_or_else(|_| {
                let late = late(store.as_ref(), self.patience);
                vec![Unpinned::now(store.describe(), Err(late))]
            })
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn goes_with(&self, cid: &Cid) -> Vec<Cid> {
        let asked = self.stores.iter().map(|store| async move { store.goes_with(cid).await });
        let mut all: Vec<Cid> = Vec::new();
        for part in join_all(asked).await.into_iter().flatten() {
            if !all.contains(&part) {
                all.push(part);
            }
        }
        all
    }

    async fn kept(&self) -> Vec<Kept> {
        let asked = self.stores.iter().enumerate().map(|(place, store)| async move {
            let answers = timeout(self.patience, store.kept()).await;
            let answers = answers.unwrap_or_else(|_| {
                let cids = Err(late(store.as_ref(), self.patience));
                vec![Kept { store: store.describe(), cids }]
            });
            self.silent.note_any(place, answers.iter().filter_map(|one| one.cids.as_ref().err()));
            answers
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn look(&self, cid: &Cid, depth: Depth) -> Vec<Looked> {
        let asked = self.stores.iter().enumerate().map(|(place, store)| async move {
            if self.silent.is_recent(place) {
                let reason = "it did not answer a moment ago, and is not asked again yet".into();
                let found = Err(StoreError::Unreachable { store: store.describe(), reason });
                return vec![Looked { store: store.describe(), found }];
            }
            let looking = store.look(cid, depth);
            let looked = match depth {
                // Each block that is read has a time-out of its own.
                Depth::Verified => looking.await,
                Depth::Present => timeout(self.patience, looking).await.unwrap_or_else(|_| {
                    let found = Err(late(store.as_ref(), self.patience));
                    vec![Looked { store: store.describe(), found }]
                }),
            };
            self.silent.note_any(place, looked.iter().filter_map(|one| one.found.as_ref().err()));
            looked
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let mut failures = Vec::new();
        for State { store, problem } in self.states().await {
            match problem {
                Some(error) => failures.push(Failure { store, error }),
                None => return Ok(()),
            }
        }
        Err(StoreError::AllFailed { task: "answers", failures })
    }

    async fn states(&self) -> Vec<State> {
        let states = self.stores.iter().map(|store| async move {
            let problem = timeout(self.patience, store.ping()).await;
            let problem = problem.unwrap_or_else(|_| Err(late(store.as_ref(), self.patience)));
            State { store: store.describe(), problem: problem.err() }
        });
        join_all(states).await
    }

    fn copies(&self) -> usize {
        self.stores.len().clamp(1, AT_ONCE)
    }

    fn describe(&self) -> String {
        let stores: Vec<String> = self.stores.iter().map(|store| store.describe()).collect();
        stores.join(", or else ")
    }
}

fn late(store: &dyn Store, after: Duration) -> StoreError {
    StoreError::Timeout { store: store.describe(), seconds: after.as_secs() }
}
