//! Reading from the first store that gives the content.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures::{stream::FuturesUnordered, FutureExt, StreamExt};
use medchain_primitives::Cid;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::{late, SeveralStores, AT_ONCE};
use crate::store::{Failure, Progress, ProgressUpdate, Store, StoreError};

impl SeveralStores {
    /// Asks one after the other; none may take longer than `whole` in all. The next one is asked
    /// where one has failed, and where none has made progress for a while. Then the first answer
    /// counts.
    pub(super) async fn first(
        &self,
        cid: &Cid,
        limit: u64,
        progress: Progress<'_>,
        whole: Duration,
    ) -> Result<Vec<u8>, StoreError> {
        // Each store starts from zero, and reported numbers must not fall.
        let furthest = AtomicU64::new(0);
        let rising = |update: ProgressUpdate| {
            if furthest.fetch_max(update.done, Ordering::Relaxed) <= update.done {
                progress(update);
            }
        };
        let rising: Progress<'_> = &rising;
        // How often any of them has made progress.
        let moves = AtomicU64::new(0);
        let moves = &moves;
        let ask = |place: usize, store| {
            let asked = timeout(whole, self.ask(store, cid, limit, rising, moves));
            let answer = async move { asked.await.unwrap_or_else(|_| Err(late(store, whole))) };
            answer.map(move |answer| (place, answer)).boxed()
        };
        let mut left = self.in_turn().into_iter();
        let mut asked = FuturesUnordered::new();
        let mut under_way = BTreeSet::new();
        let first = left.next();
        under_way.extend(first.map(|(place, _)| place));
        asked.extend(first.map(|(place, store)| ask(place, store)));
        let mut failures: Vec<(usize, StoreError)> = Vec::new();
        loop {
            let next = tokio::select! {
                // In this order, so that an answer that is there is not hedged.
                biased;
                answered = asked.next() => match answered {
                    None => return Err(self.all_failed(failures)),
                    Some((place, Ok(bytes))) => {
                        drop(asked);
                        self.trouble.learn(place, None);
                        self.heal(cid, &bytes, place, &failures).await;
                        return Ok(bytes);
                    }
                    // Both follow from verified blocks: every store would answer the same.
                    Some((_, Err(error @ (StoreError::TooLarge { .. }
                        | StoreError::Unsupported { .. })))) => return Err(error),
                    Some((place, Err(error))) => {
                        under_way.remove(&place);
                        self.trouble.learn(place, Some(&error));
                        failures.push((place, self.skip(cid, place, error)));
                        left.next()
                    }
                },
                () = self.stalled(moves), if left.len() > 0 && asked.len() < AT_ONCE => {
                    info!(%cid, "no store makes progress: asking the next one as well");
                    under_way.iter().for_each(|place| self.trouble.note(*place));
                    left.next()
                }
            };
            under_way.extend(next.map(|(place, _)| place));
            asked.extend(next.map(|(place, store)| ask(place, store)));
        }
    }

    /// The stores in the order in which they are asked.
    fn in_turn(&self) -> Vec<(usize, &dyn Store)> {
        let mut stores: Vec<(usize, &dyn Store)> =
            self.stores.iter().map(AsRef::as_ref).enumerate().collect();
        // Otherwise as they were given.
        stores.sort_by_key(|(place, _)| self.trouble.is_recent(*place));
        stores
    }

    /// Waits until no store has made progress for a while: one that is slow and goes on is not to be
    /// asked for the same content twice.
    async fn stalled(&self, moves: &AtomicU64) {
        let mut before = moves.load(Ordering::Relaxed);
        loop {
            sleep(self.hedge).await;
            let now = moves.load(Ordering::Relaxed);
            if now == before {
                return;
            }
            before = now;
        }
    }

    /// Logs that a store did not give the content.
    fn skip(&self, cid: &Cid, place: usize, error: StoreError) -> StoreError {
        let store = self.name(place);
        let cause = error.cause();
        match &error {
            // That disk needs attention, even if another store has the content.
            StoreError::Corrupt { .. } => {
                warn!(%cid, "{store} has damaged content, check its disk: {cause}");
            }
            _ => info!(%cid, "skipped: {store}: {cause}"),
        }
        error
    }

    pub(super) fn name(&self, place: usize) -> String {
        self.stores.get(place).map(|store| store.describe()).unwrap_or_default()
    }

    fn all_failed(&self, mut failures: Vec<(usize, StoreError)>) -> StoreError {
        failures.sort_by_key(|(place, _)| *place);
        let failures = failures.into_iter();
        let failures = failures.map(|(place, error)| Failure { store: self.name(place), error });
        StoreError::AllFailed { task: "delivered the content", failures: failures.collect() }
    }

    /// Asks one store, for as long as it makes progress, and counts how often it does.
    async fn ask(
        &self,
        store: &dyn Store,
        cid: &Cid,
        limit: u64,
        progress: Progress<'_>,
        moves: &AtomicU64,
    ) -> Result<Vec<u8>, StoreError> {
        let done = AtomicU64::new(0);
        let noted = |update: ProgressUpdate| {
            if done.fetch_max(update.done, Ordering::Relaxed) < update.done {
                moves.fetch_add(1, Ordering::Relaxed);
            }
            progress(update);
        };
        let mut asked = store.get_with_progress(cid, limit, &noted);
        let mut before = 0;
        loop {
            if let Ok(answer) = timeout(self.patience, &mut asked).await {
                return answer;
            }
            let now = done.load(Ordering::Relaxed);
            if now == before {
                return Err(late(store, self.patience));
            }
            before = now;
        }
    }
}
