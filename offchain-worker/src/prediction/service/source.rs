//! The work list, as a watcher reads it.

use std::{ops::RangeInclusive, sync::Arc};

use async_trait::async_trait;
use medchain_client::chain::Finality;
use medchain_primitives::RequestId;
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
        oldest::Oldest,
        ports::{Chain, ChainError, Clock},
        watch::{view, Source},
    },
};

/// Of how many blocks events are read after one list: after a connection or finality was lost for a
/// while there may be many, and the next list must not wait for them.
const STEP: u32 = 64;

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
    /// The answers that are still to be shown.
    reveals: Mutex<Oldest<RequestId>>,
}

/// What the blocks have told so far.
#[derive(Default)]
struct Told {
    /// The last block whose events are known; none before the first list.
    block: Option<u32>,
    /// What the worker had to do with there.
    involved: Involved,
    /// Up to which block there is something to tell.
    until: u32,
    /// The block of the newest list.
    newest: u32,
    /// What that block said of the worker.
    trace: [u8; 32],
    /// What the worker has to do with there.
    after: Involved,
}

impl Told {
    /// A list was read. Where what it says of the worker is as before, no event concerns the worker.
    fn listed(&mut self, list: &WorkList) {
        if self.block.is_some() && self.trace != list.trace {
            self.until = list.block;
        }
        (self.newest, self.trace, self.after) = (list.block, list.trace, list.involved());
        let known = self.block.unwrap_or(list.block);
        if known >= self.until {
            self.catch_up(known);
        }
    }

    /// The blocks whose events are to be read next.
    fn next(&self) -> Option<RangeInclusive<u32>> {
        let known = self.block.filter(|known| *known < self.until)?;
        Some(known.saturating_add(1)..=self.until.min(known.saturating_add(STEP)))
    }

    /// Events up to this block were read.
    fn heard(&mut self, block: u32, involved: Involved) {
        (self.block, self.involved) = (Some(block), involved);
        if block >= self.until {
            self.catch_up(block);
        }
    }

    /// All is known up to the newest list, which may be of an older block than the one before, from
    /// a node that lags.
    fn catch_up(&mut self, known: u32) {
        self.block = Some(known.max(self.newest));
        self.involved = self.after.clone();
    }
}

impl WorkLists {
    /// The lists at one end of a chain.
    pub fn new(
        chain: Arc<dyn PredictionChain>,
        clock: Arc<dyn Clock>,
        finality: Finality,
        monitor: Monitor<PredictionMetrics>,
    ) -> Self {
        let (told, reveals) = (Mutex::default(), Mutex::default());
        Self { chain, clock, finality, monitor, told, reveals }
    }

    /// What final blocks tell, each once. Their events are read only where something has changed
    /// that they can tell.
    async fn happened(&self, told: &mut Told) -> Result<Vec<Happened>, ChainError> {
        let mut all = Vec::new();
        let Some(blocks) = told.next() else { return Ok(all) };
        let (first, last) = (*blocks.start(), *blocks.end());
        let mut involved = told.involved.clone();
        let (mut unread, mut why) = (0u32, String::new());
        for block in blocks {
            match self.chain.events(block).await {
                Ok(events) => {
                    all.extend(involved.hear(&self.chain.account(), &events, &told.after));
                }
                // They are for the log and for metrics. A block that the node does not have any
                // more must not hold up the others.
                Err(ChainError::Failed(reason)) => (unread, why) = (unread + 1, reason),
                Err(error) => return Err(error),
            }
        }
        if unread > 0 {
            warn!(
                unread,
                first,
                last,
                "cannot read the events of some blocks, which the node may not have any more; what \
                 they tell is missing in log and metrics: {why}"
            );
        }
        told.heard(last, involved);
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
            let reveals = list.jobs.iter().filter(|job| job.phase == Phase::Reveal);
            let reveals: Vec<RequestId> = reveals.map(|job| job.request).collect();
            self.monitor.metrics.pending(list.disputes.len(), reveals.len());
            let mut oldest = self.reveals.lock().await;
            oldest.keep(reveals);
            self.monitor.metrics.oldest_reveal(oldest.since());
            drop(oldest);
            self.told.lock().await.listed(&list);
        }
        let (block, jobs, idle) = (list.block, list.jobs, list.idle.len());
        Ok(Message::Listed(Event::Listed { finality, block, jobs, idle }))
    }

    async fn follow_up(&self) -> Result<Option<Message>, ChainError> {
        if self.finality == Finality::Best {
            return Ok(None);
        }
        let mut told = self.told.lock().await;
        let all = self.happened(&mut told).await?;
        Ok((!all.is_empty()).then_some(Message::Happened(all)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(block: u32, trace: u8) -> WorkList {
        WorkList { trace: [trace; 32], ..WorkList::new(block) }
    }

    /// Reads what is to be read after a list.
    fn read(told: &mut Told, block: u32, trace: u8) -> Option<(u32, u32)> {
        told.listed(&list(block, trace));
        let blocks = told.next()?;
        told.heard(*blocks.end(), Involved::default());
        Some((*blocks.start(), *blocks.end()))
    }

    #[test]
    fn every_block_since_a_change_is_read_once_and_in_steps() {
        let mut told = Told::default();
        assert_eq!(read(&mut told, 100, 1), None, "what was before the start is not told");
        assert_eq!(read(&mut told, 101, 1), None);
        assert_eq!(read(&mut told, 102, 2), Some((102, 102)));
        assert_eq!(read(&mut told, 300, 3), Some((103, 166)));
        assert_eq!(
            read(&mut told, 301, 3),
            Some((167, 230)),
            "the list is the same, and more is due"
        );
        assert_eq!(read(&mut told, 302, 3), Some((231, 294)));
        assert_eq!(read(&mut told, 303, 3), Some((295, 300)));
        assert_eq!(read(&mut told, 304, 3), None);
        assert_eq!(read(&mut told, 305, 4), Some((305, 305)));
    }

    #[test]
    fn a_node_that_lags_makes_nothing_be_told_twice() {
        let mut told = Told::default();
        read(&mut told, 100, 1);
        assert_eq!(read(&mut told, 102, 2), Some((101, 102)));
        assert_eq!(read(&mut told, 101, 3), None);
        assert_eq!(read(&mut told, 103, 2), Some((103, 103)));
    }
}
