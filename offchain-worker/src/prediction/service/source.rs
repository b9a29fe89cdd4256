//! The open requests, as a watcher reads them.

use std::sync::Arc;

use async_trait::async_trait;
use medchain_client::chain::Finality;
use tracing::debug;

use super::message::Message;
use crate::{
    prediction::{jobs::Event, metrics::PredictionMetrics, ports::PredictionChain},
    shared::{
        metrics::DutyMetrics,
        monitor::Monitor,
        ports::{Chain, ChainError, Clock},
        watch::{view, Source},
    },
};

/// The complete list of open requests at one end of the chain, at every block.
pub(super) struct OpenRequestLists {
    /// The chain.
    pub chain: Arc<dyn PredictionChain>,
    /// For the moment at which a block was read.
    pub clock: Arc<dyn Clock>,
    /// Which end of the chain.
    pub finality: Finality,
    /// Learns of each block.
    pub monitor: Monitor<PredictionMetrics>,
}

#[async_trait]
impl Source for OpenRequestLists {
    type News = Message;

    fn chain(&self) -> &dyn Chain {
        &*self.chain
    }

    fn finality(&self) -> Finality {
        self.finality
    }

    async fn read(&self) -> Result<Message, ChainError> {
        let finality = self.finality;
        let open = self.chain.open_requests(finality).await?;
        debug!(
            view = view(finality),
            block = open.block,
            open = open.jobs.len(),
            "read the open requests"
        );
        self.monitor.metrics.common().block_read(finality, open.block);
        if finality == Finality::Finalised {
            self.monitor.health.block(open.block, self.clock.now());
        }
        Ok(Message::Event(Event::Open { finality, block: open.block, open: open.jobs }))
    }
}
