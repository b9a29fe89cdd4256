//! Follows the chain: reads the whole list of what is to be done at the start, at
//! every new block and after every reconnection.

use std::{convert::Infallible, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{FutureExt, StreamExt};
use medchain_client::chain::Finality;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use tracing::warn;

use super::{
    backoff::Backoff,
    clock::millis,
    health::Health,
    ports::{Chain, ChainError, Clock},
};

/// What is read at the best or at the finalised end of the chain.
#[async_trait]
pub(crate) trait Source: Send + Sync + 'static {
    /// What is read.
    type News: Send;
    /// The chain.
    fn chain(&self) -> &dyn Chain;
    /// Which end of it.
    fn finality(&self) -> Finality;
    /// Everything at the newest block of this end.
    async fn read(&self) -> Result<Self::News, ChainError>;
    /// What follows from what was read, where nobody waits for it.
    async fn follow_up(&self) -> Result<Option<Self::News>, ChainError> {
        Ok(None)
    }
}

/// When a connection counts as lost, and when the next one is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnection {
    /// After this long without a block the connection counts as lost.
    pub stall: Duration,
    /// The waits between connections.
    pub backoff: Backoff,
}

/// Follows one source.
pub(crate) struct Watcher<S: Source> {
    /// What is read.
    pub source: S,
    /// For the waits between connections.
    pub clock: Arc<dyn Clock>,
    /// Where the news go.
    pub messages: mpsc::Sender<S::News>,
    /// Learns of lost connections.
    pub health: Arc<Health>,
    /// The rules for lost connections.
    pub reconnection: Reconnection,
}

impl<S: Source> Watcher<S> {
    /// Follows for ever; returns only errors that a new connection cannot solve.
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
            let after = self.reconnection.backoff.delay(failures, chance);
            warn!(
                view = view(self.source.finality()),
                after_ms = millis(after),
                "lost connection to the chain: {error}"
            );
            sleep(after).await;
        }
    }

    async fn follow(&self, failures: &mut u32) -> Result<Infallible, ChainError> {
        // Subscribed first, so that no block is missed between list and stream.
        let mut heads = self.source.chain().heads(self.source.finality()).await?;
        loop {
            let news = self.source.read().await?;
            *failures = 0;
            self.send(news).await;
            if let Some(news) = self.source.follow_up().await? {
                self.send(news).await;
            }
            let stall = self.reconnection.stall;
            match timeout(stall, heads.next()).await {
                Err(_) => {
                    return Err(ChainError::Unreachable(format!(
                        "no new block from the node for {} s",
                        stall.as_secs()
                    )));
                }
                Ok(None) => return Err(ended()),
                Ok(Some(head)) => _ = head?,
            }
            // One list serves all blocks that came while the last one was read.
            while let Some(head) = heads.next().now_or_never() {
                head.ok_or_else(ended)??;
            }
        }
    }

    async fn send(&self, news: S::News) {
        if self.messages.send(news).await.is_err() {
            // The service is shutting down and drops this task with it.
            std::future::pending::<()>().await;
        }
    }
}

fn ended() -> ChainError {
    ChainError::Unreachable("the node ended the subscription".to_owned())
}

/// The name of an end of the chain in logs and metrics.
pub(crate) fn view(finality: Finality) -> &'static str {
    match finality {
        Finality::Best => "best",
        Finality::Finalised => "finalised",
    }
}
