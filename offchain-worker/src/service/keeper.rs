//! Looks now and then whether the account and the store are still in order.

use std::time::Duration;

use tokio::time::sleep;

use super::{Monitor, Ports};
use crate::startup::account_problem;

/// Checks for ever.
pub async fn keep(ports: Ports, monitor: Monitor, interval: Duration) {
    loop {
        // A chain that cannot be read is the watchers' finding.
        if let Ok(tip) = ports.chain.tip().await {
            monitor.metrics.common.tip(tip);
        }
        if let Ok(registration) = ports.chain.registration().await {
            monitor.metrics.common.funds(registration.free);
            let problem = account_problem(&registration);
            monitor.health.account(problem.map(|problem| format!("the account {problem}")));
        }
        match ports.store.ping().await {
            Ok(()) => monitor.health.store_answered(),
            Err(error) => monitor.health.store_failed(&error.to_string()),
        }
        sleep(interval).await;
    }
}
