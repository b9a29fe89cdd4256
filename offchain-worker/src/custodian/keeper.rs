//! Looks now and then whether the account is still in order.

use std::time::Duration;

use tokio::time::sleep;

use super::{startup::appointment_problem, CustodianMetrics, Ports};
use crate::service::Monitor;

/// Checks for ever.
pub(crate) async fn keep(ports: Ports, monitor: Monitor<CustodianMetrics>, interval: Duration) {
    loop {
        // A chain that cannot be read is the watcher's finding.
        if let Ok(tip) = ports.chain.tip().await {
            monitor.metrics.tip(tip);
        }
        if let Ok(appointment) = ports.chain.appointment().await {
            monitor.metrics.common.funds(appointment.free);
            let problem = appointment_problem(&appointment, ports.sealer.public());
            monitor.health.account(problem.map(|problem| format!("the account {problem}")));
        }
        sleep(interval).await;
    }
}
