//! Follows the chain: reads all that is to be done at the start, at every new
//! block and after every reconnection.

use std::{convert::Infallible, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{stream::BoxStream, FutureExt, StreamExt};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use tracing::warn;

use crate::{
    core::Backoff,
    health::Health,
    ports::{ChainError, Clock},
};

/// One end of the chain, and what is read there.
#[async_trait]
pub(crate) trait Source: Send + Sync + 'static {
    /// What is read.
    type News: Send;
    /// A signal for every new block. Ends, or gives an error, when the
    /// connection is lost.
    async fn heads(&self) -> Result<BoxStream<'static, Result<(), ChainError>>, ChainError>;
    /// Everything at the newest block of this end.
    async fn read(&self) -> Result<Self::News, ChainError>;
    /// Which end of the chain, for the log.
    fn view(&self) -> &'static str;
}

/// One end of the chain, being followed.
pub(crate) struct Watcher<S: Source> {
    /// Which end.
    pub source: S,
    /// For the waits between connections.
    pub clock: Arc<dyn Clock>,
    /// Where the news go.
    pub messages: mpsc::Sender<S::News>,
    /// Who is told when the chain is out of sight.
    pub health: Arc<Health>,
    /// The waits between connections.
    pub reconnect: Backoff,
    /// After this long without a block the connection counts as dead.
    pub stall: Duration,
}

impl<S: Source> Watcher<S> {
    /// Follows for ever; returns only what no new connection can mend.
    pub async fn run(self) -> ChainError {
        let mut failures = 0u32;
        loop {
            let error = match self.follow(&mut failures).await {
                Err(error) => error,
                Ok(never) => match never {},
            };
            if !error.is_retryable() {
                return error;
            }
            failures = failures.saturating_add(1);
            self.health.chain_failed(&error.to_string());
            let chance = self.clock.chance().unwrap_or(0.5);
            let after = self.reconnect.delay(failures, chance);
            warn!(
                view = self.source.view(),
                after_ms = after.as_millis() as u64,
                "the chain is out of sight: {error}"
            );
            sleep(after).await;
        }
    }

    async fn follow(&self, failures: &mut u32) -> Result<Infallible, ChainError> {
        // Subscribed first, so that no block falls between list and stream.
        let mut heads = self.source.heads().await?;
        loop {
            let news = self.source.read().await?;
            *failures = 0;
            if self.messages.send(news).await.is_err() {
                // The service is going down and drops this task with it.
                std::future::pending::<()>().await;
            }
            match timeout(self.stall, heads.next()).await {
                Err(_) => {
                    let seconds = self.stall.as_secs();
                    return Err(ChainError::Unreachable(format!(
                        "the node has had no new block for {seconds} s"
                    )));
                }
                Ok(None) => return Err(ended()),
                Ok(Some(head)) => head?,
            }
            // Blocks that came while the last list was read need no list each.
            while let Some(head) = heads.next().now_or_never() {
                head.ok_or_else(ended)??;
            }
        }
    }
}

fn ended() -> ChainError {
    ChainError::Unreachable("the node ended the subscription".to_owned())
}
