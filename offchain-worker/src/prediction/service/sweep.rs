//! Forgetting the answers to requests that are closed.

use std::time::Duration;

use tokio::time::sleep;
use tracing::{debug, warn};

use super::setup::Ports;

/// Looks for ever. Only a final block that holds a request closed lets its answer go: a node
/// that still catches up, or a fork, may not know the request yet.
pub(super) async fn run(ports: Ports, interval: Duration) {
    loop {
        match ports.answers.requests().await {
            Ok(requests) => {
                for request in requests {
                    // A chain that cannot be read is reported by the watchers.
                    if !ports.chain.is_closed(request).await.unwrap_or(false) {
                        continue;
                    }
                    match ports.answers.remove(request).await {
                        Ok(()) => debug!(request = request.0, "forgot the answer"),
                        Err(error) => {
                            warn!(request = request.0, "cannot remove the answer: {error}");
                        }
                    }
                }
            }
            Err(error) => warn!("cannot read the folder of answers: {error}"),
        }
        sleep(interval).await;
    }
}
