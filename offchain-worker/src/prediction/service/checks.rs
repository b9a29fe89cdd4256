//! Regular checks of the account, the store and the state folder.

use std::time::Duration;

use tokio::time::sleep;

use super::setup::Ports;
use crate::{
    prediction::{account, metrics::PredictionMetrics},
    shared::monitor::Monitor,
};

/// Checks for ever.
pub(super) async fn run(ports: Ports, monitor: Monitor<PredictionMetrics>, interval: Duration) {
    loop {
        // A chain that cannot be read is reported by the watchers.
        if let Ok(tip) = ports.chain.tip().await {
            monitor.tip(tip);
        }
        monitor.witness(&ports.chain.witness().await);
        if let Ok(registration) = ports.chain.registration().await {
            monitor.account(registration.free, account::problem(&registration));
            monitor.metrics.suspended(account::is_suspended(&registration));
        }
        match ports.store.ping().await {
            Ok(()) => monitor.health.store_answered(),
            Err(error) => monitor.health.store_failed(&error.to_string()),
        }
        match ports.answers.probe().await {
            Ok(()) => monitor.health.disk_written(),
            Err(error) => {
                let reason = format!("cannot write to the state folder: {error}");
                monitor.health.disk_failed(&reason);
            }
        }
        sleep(interval).await;
    }
}
