//! Regular checks of the account.

use std::time::Duration;

use tokio::time::sleep;

use super::setup::Ports;
use crate::{
    custody::{account, metrics::CustodyMetrics},
    shared::monitor::Monitor,
};

/// Checks for ever.
pub(super) async fn run(ports: Ports, monitor: Monitor<CustodyMetrics>, interval: Duration) {
    loop {
        // A chain that cannot be read is reported by the watcher.
        if let Ok(tip) = ports.chain.tip().await {
            monitor.tip(tip);
        }
        monitor.witness(&ports.chain.witness().await);
        if let Ok(appointment) = ports.chain.appointment().await {
            let problem = account::problem(&appointment, ports.keeper.key());
            monitor.account(appointment.free, problem);
        }
        sleep(interval).await;
    }
}
