//! The work list, as a watcher reads it.

use std::sync::Arc;

use async_trait::async_trait;
use medchain_client::chain::Finality;
use tokio::sync::Mutex;
use tracing::{debug, warn};

use super::message::Message;
use crate::{
    prediction::{
        jobs::{happened::Involved, Event, Happened, Phase},
        metrics::PredictionMetrics,
        ports::{PredictionChain, WorkList},
    },
    shared::{
        metrics::DutyMetrics,
        monitor::Monitor,
        ports::{Chain, ChainError, Clock},
        watch::{view, Source},
    },
};

/// How many blocks back events are read, after a connection was lost for a while.
const MOST_BLOCKS: u32 = 64;

/// The complete work list at one end of the chain, at every block.
pub(super) struct WorkLists {
    /// The chain.
    chain: Arc<dyn PredictionChain>,
    /// For the moment at which a block was read.
    clock: Arc<dyn Clock>,
    /// Which end of the chain.
    finality: Finality,
    /// Learns of each block.
    monitor: Monitor<PredictionMetrics>,
    told: Mutex<Told>,
}

/// What the blocks have told so far.
#[derive(Default)]
struct Told {
    /// The last block whose events are known; none before the first list.
    block: Option<u32>,
    /// What that block said of the worker.
    trace: [u8; 32],
    /// What the worker had to do with there.
    involved: Involved,
}

impl WorkLists {
    /// The lists at one end of a chain.
    pub fn new(
        chain: Arc<dyn PredictionChain>,
        clock: Arc<dyn Clock>,
        finality: Finality,
        monitor: Monitor<PredictionMetrics>,
    ) -> Self {
        Self { chain, clock, finality, monitor, told: Mutex::default() }
    }

    /// What final blocks tell since the last list, each once. Their events are read only where
    /// something has changed that they can tell.
    async fn happened(&self, list: &WorkList) -> Result<Vec<Happened>, ChainError> {
        if self.finality == Finality::Best {
            return Ok(Vec::new());
        }
        let mut told = self.told.lock().await;
        let mut all = Vec::new();
        let after = list.involved();
        if let Some(known) = told.block.filter(|_| told.trace != list.trace) {
            let first = known.saturating_add(1).max(list.block.saturating_sub(MOST_BLOCKS));
            let mut involved = told.involved.clone();
            for block in first..=list.block {
                let events = match self.chain.events(block).await {
                    Ok(events) => events,
                    // They are for the log and for metrics. A block that the node does not have
                    // any more must not hold up the work.
                    Err(ChainError::Failed(reason)) => {
                        warn!(block, "cannot read the events of a block: {reason}");
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                all.extend(involved.hear(&self.chain.account(), &events, &after));
            }
        }
        *told = Told { block: Some(list.block), trace: list.trace, involved: after };
        Ok(all)
    }
}

#[async_trait]
impl Source for WorkLists {
    type News = Message;

    fn chain(&self) -> &dyn Chain {
        &*self.chain
    }

    fn finality(&self) -> Finality {
        self.finality
    }

    async fn read(&self) -> Result<Message, ChainError> {
        let finality = self.finality;
        let list = self.chain.work_list(finality).await?;
        debug!(
            view = view(finality),
            block = list.block,
            jobs = list.jobs.len(),
            idle = list.idle.len(),
            "read the work list"
        );
        self.monitor.metrics.common().block_read(finality, list.block);
        if finality == Finality::Finalised {
            self.monitor.health.block(list.block, self.clock.now());
            let reveals = list.jobs.iter().filter(|job| job.phase == Phase::Reveal).count();
            self.monitor.metrics.pending(list.disputes.len(), reveals);
        }
        let happened = self.happened(&list).await?;
        let (block, jobs, idle) = (list.block, list.jobs, list.idle.len());
        Ok(Message::Listed { list: Event::Listed { finality, block, jobs, idle }, happened })
    }
}
