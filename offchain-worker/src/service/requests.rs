//! The open requests, as a watcher reads them.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use tracing::debug;

use super::{watch::Source, Message, Monitor};
use crate::{
    core::{Event, View},
    ports::{Chain, ChainError, Clock},
};

/// The whole list of open requests at one end of the chain.
pub(crate) struct Requests {
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// For the moment at which a block was read.
    pub clock: Arc<dyn Clock>,
    /// Which end.
    pub view: View,
    /// Who is told of each block.
    pub monitor: Monitor,
}

#[async_trait]
impl Source for Requests {
    type News = Message;

    async fn heads(&self) -> Result<BoxStream<'static, Result<(), ChainError>>, ChainError> {
        self.chain.heads(self.view).await
    }

    async fn read(&self) -> Result<Message, ChainError> {
        let open = self.chain.open_requests(self.view).await?;
        debug!(
            view = self.view(),
            block = open.block,
            open = open.requests.len(),
            "read the open requests"
        );
        self.monitor.metrics.common.block_read(self.view(), open.block);
        if self.view == View::Finalised {
            self.monitor.health.block(open.block, self.clock.now());
        }
        let event = Event::Open { view: self.view, block: open.block, open: open.requests };
        Ok(Message::Core(event))
    }

    fn view(&self) -> &'static str {
        match self.view {
            View::Best => "best",
            View::Finalised => "finalised",
        }
    }
}
