//! Forgetting the answers and films that are not needed any more, and counting the others.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use medchain_primitives::RequestId;
use tokio::time::sleep;
use tracing::{debug, warn};

use super::setup::Ports;
use crate::prediction::{metrics::PredictionMetrics, ports::Needed};

/// For how many blocks a film is kept without another look at the chain, at most. The record
/// may be erased meanwhile.
const GLANCE: u32 = 100;

/// Looks for ever. Nothing goes that a final block or the newest block needs: a node that still
/// catches up, or a fork, may not know a request yet.
pub(super) async fn run(ports: Ports, metrics: Arc<PredictionMetrics>, interval: Duration) {
    let mut sweep = Sweep { ports, next: BTreeMap::new() };
    // The first look takes a while, and the metric would show 0 meanwhile.
    sweep.count(&metrics).await;
    loop {
        sweep.look().await;
        sweep.count(&metrics).await;
        sleep(interval).await;
    }
}

struct Sweep {
    ports: Ports,
    /// From which block on to look again at a request whose verdict can be challenged.
    next: BTreeMap<RequestId, u32>,
}

impl Sweep {
    async fn count(&self, metrics: &PredictionMetrics) {
        // A folder that cannot be read is reported by the look.
        if let Ok(films) = self.ports.answers.films().await {
            metrics.films_kept(films.len());
        }
    }

    async fn look(&mut self) {
        let requests = match self.ports.answers.requests().await {
            Ok(requests) => requests,
            Err(error) => {
                warn!("cannot read the folder of answers: {error}");
                return;
            }
        };
        // A chain that cannot be read is reported by the watchers.
        let Ok(tip) = self.ports.chain.tip().await else { return };
        self.next.retain(|request, _| requests.contains(request));
        for request in requests {
            if self.next.get(&request).is_some_and(|next| tip.block < *next) {
                continue;
            }
            let needed = self.ports.chain.needed(request).await.unwrap_or(Needed::Everything);
            if let Needed::Film { until } = needed {
                let glance = tip.block.saturating_add(GLANCE);
                self.next.insert(request, glance.min(until.saturating_add(1)));
            }
            self.forget(request, needed).await;
        }
        // By age and number: the same film may come with another request.
        if let Err(error) = self.ports.answers.prune_fatalities().await {
            warn!("cannot remove old notes of films that ended this worker: {error}");
        }
    }

    async fn forget(&self, request: RequestId, needed: Needed) {
        let (answer, film) = match needed {
            Needed::Everything => return,
            Needed::Answer => (false, true),
            Needed::Film { .. } => (true, false),
            Needed::Nothing => (true, true),
        };
        let answers = &self.ports.answers;
        let mut result = Ok(());
        if answer {
            result = answers.remove(request).await;
        }
        if film {
            result = answers.remove_film(request).await.and(result);
        }
        match result {
            Ok(()) => debug!(request = request.0, answer, film, "forgot what is not needed"),
            Err(error) => warn!(request = request.0, "cannot remove the answer: {error}"),
        }
    }
}
