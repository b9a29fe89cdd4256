//! The grants, as the watcher reads them.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use tracing::debug;

use super::{CustodianMetrics, Message};
use crate::{
    core::custody::Event,
    ports::{custody::CustodyChain, ChainError, Clock},
    service::{watch::Source, Monitor},
};

/// The whole list of grants at the newest final block.
pub(crate) struct FinalGrants {
    /// The chain.
    pub chain: Arc<dyn CustodyChain>,
    /// For the moment at which a block was read.
    pub clock: Arc<dyn Clock>,
    /// Who is told of each block.
    pub monitor: Monitor<CustodianMetrics>,
}

#[async_trait]
impl Source for FinalGrants {
    type News = Message;

    async fn heads(&self) -> Result<BoxStream<'static, Result<(), ChainError>>, ChainError> {
        self.chain.heads().await
    }

    async fn read(&self) -> Result<Message, ChainError> {
        let list = self.chain.grants().await?;
        debug!(block = list.finalised, grants = list.grants.len(), "read the grants");
        self.monitor.metrics.blocks_read(list.finalised, list.best);
        self.monitor.health.block(list.finalised, self.clock.now());
        Ok(Message::Core(Event::Listed(list)))
    }

    fn view(&self) -> &'static str {
        "finalised"
    }
}
