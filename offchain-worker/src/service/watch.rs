//! Follows the chain: reads the whole list of open requests at the start, at
//! every new block and after every reconnection.

use std::{convert::Infallible, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use tracing::{debug, warn};

use super::{Message, Monitor};
use crate::{
    core::{Backoff, Event, View},
    ports::{Chain, ChainError, Clock},
};

/// One end of the chain, being followed.
pub struct Watcher {
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// For the waits between connections.
    pub clock: Arc<dyn Clock>,
    /// Which end.
    pub view: View,
    /// Where the lists go.
    pub messages: mpsc::Sender<Message>,
    /// Who is told how it goes.
    pub monitor: Monitor,
    /// The waits between connections.
    pub reconnect: Backoff,
    /// After this long without a block the connection counts as dead.
    pub stall: Duration,
}

impl Watcher {
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
            self.monitor.health.chain_failed(&error.to_string());
            let chance = self.clock.chance().unwrap_or(0.5);
            let after = self.reconnect.delay(failures, chance);
            warn!(view = ?self.view, after_ms = after.as_millis() as u64, "the chain is out of sight: {error}");
            sleep(after).await;
        }
    }

    async fn follow(&self, failures: &mut u32) -> Result<Infallible, ChainError> {
        // Subscribed first, so that no block falls between list and stream.
        let mut heads = self.chain.heads(self.view).await?;
        loop {
            let open = self.chain.open_requests(self.view).await?;
            *failures = 0;
            debug!(view = ?self.view, block = open.block, open = open.requests.len(), "read the open requests");
            self.monitor.metrics.block_read(label(self.view), open.block);
            if self.view == View::Finalised {
                self.monitor.health.block(open.block, self.clock.now());
            }
            let event = Event::Open { view: self.view, block: open.block, open: open.requests };
            if self.messages.send(Message::Core(event)).await.is_err() {
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

fn label(view: View) -> &'static str {
    match view {
        View::Best => "best",
        View::Finalised => "finalised",
    }
}
