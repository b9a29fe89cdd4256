//! Reading from the first store that gives the content.

use std::{
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
    /// where one has failed, and where none has given the content for a while. Then the first
    /// answer counts.
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
        let ask = |place: usize, store| {
            let asked = timeout(whole, self.ask(store, cid, limit, rising));
            let answer = async move { asked.await.unwrap_or_else(|_| Err(late(store, whole))) };
            answer.map(move |answer| (place, answer)).boxed()
        };
        let mut left = self.stores.iter().map(AsRef::as_ref).enumerate();
        let mut asked = FuturesUnordered::new();
        asked.extend(left.next().map(|(place, store)| ask(place, store)));
        let mut failures: Vec<(usize, StoreError)> = Vec::new();
        loop {
            let next = tokio::select! {
                // In this order, so that an answer that is there is not hedged.
                biased;
                answered = asked.next() => match answered {
                    None => return Err(self.all_failed(failures)),
                    Some((place, Ok(bytes))) => {
                        drop(asked);
                        self.heal(cid, &bytes, place, &failures).await;
                        return Ok(bytes);
                    }
                    // Both follow from verified blocks: every store would answer the same.
                    Some((_, Err(error @ (StoreError::TooLarge { .. }
                        | StoreError::Unsupported { .. })))) => return Err(error),
                    Some((place, Err(error))) => {
                        failures.push((place, self.skip(cid, place, error)));
                        left.next()
                    }
                },
                () = sleep(self.hedge), if left.len() > 0 && asked.len() < AT_ONCE => {
                    info!(%cid, "no store has given the content yet: asking the next one as well");
                    left.next()
                }
            };
            asked.extend(next.map(|(place, store)| ask(place, store)));
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

    /// Asks one store, for as long as it makes progress.
    async fn ask(
        &self,
        store: &dyn Store,
        cid: &Cid,
        limit: u64,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, StoreError> {
        let done = AtomicU64::new(0);
        let noted = |update: ProgressUpdate| {
            done.fetch_max(update.done, Ordering::Relaxed);
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
