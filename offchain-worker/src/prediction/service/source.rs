//! The work list, as a watcher reads it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use medchain_client::chain::Finality;
use tracing::debug;

use super::message::Message;
use crate::{
    prediction::{
        jobs::{happened::Involved, Event, Happened, Phase},
        metrics::PredictionMetrics,
        ports::PredictionChain,
    },
    shared::{
        metrics::DutyMetrics,
        monitor::Monitor,
        ports::{Chain, ChainError, Clock, Head},
        watch::{view, Source},
    },
};

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
    /// The newest block whose events were read.
    block: u32,
    /// What the worker had to do with by the last list.
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

    /// What blocks tell that are final, each once: after a lost connection the last one comes
    /// again. `after` is what the worker has to do with now.
    fn happened(&self, blocks: &[Head], after: Involved) -> Vec<Happened> {
        let me = self.chain.account();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = Vec::new();
        for head in blocks {
            if self.finality == Finality::Finalised && head.block > told.block {
                told.block = head.block;
                all.extend(told.involved.hear(&me, &head.events, &after));
            }
        }
        told.involved = after;
        all
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

    async fn read(&self, blocks: Vec<Head>) -> Result<Message, ChainError> {
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
        let happened = self.happened(&blocks, list.involved());
        let (block, jobs, idle) = (list.block, list.jobs, list.idle.len());
        Ok(Message::Listed { list: Event::Listed { finality, block, jobs, idle }, happened })
    }
}
