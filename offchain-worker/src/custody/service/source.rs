//! The grants, as the watcher reads them.

use std::sync::Arc;

use async_trait::async_trait;
use medchain_client::chain::Finality;
use tracing::debug;

use super::message::Message;
use crate::{
    custody::{deliveries::Event, metrics::CustodyMetrics, ports::CustodyChain},
    shared::{
        monitor::Monitor,
        ports::{Chain, ChainError, Clock},
        watch::Source,
    },
};

/// The complete list of grants, at every final block.
pub(super) struct FinalGrants {
    /// The chain.
    pub chain: Arc<dyn CustodyChain>,
    /// For the moment at which a block was read.
    pub clock: Arc<dyn Clock>,
    /// Learns of each block.
    pub monitor: Monitor<CustodyMetrics>,
}

#[async_trait]
impl Source for FinalGrants {
    type News = Message;

    fn chain(&self) -> &dyn Chain {
        &*self.chain
    }

    fn finality(&self) -> Finality {
        Finality::Finalised
    }

    async fn read(&self) -> Result<Message, ChainError> {
        let list = self.chain.grants().await?;
        debug!(block = list.finalised, grants = list.grants.len(), "read the grants");
        self.monitor.metrics.blocks_read(list.finalised, list.best);
        self.monitor.health.block(list.finalised, self.clock.now());
        Ok(Message::Event(Event::Listed(list)))
    }
}
