//! The whole duty over a chain and a key in memory, in real time with blocks of a few
//! milliseconds, of which the newest two are not final.

use std::time::Duration;

use tokio::time::sleep;

use super::*;
use crate::{
    custody::{
        deliveries::{GrantId, Rules},
        world::{Stage, World},
    },
    shared::{
        backoff::Backoff,
        config::Timing,
        testing::{self, until, BLOCK},
        watch::Reconnection,
    },
};

mod crash;
mod faults;
mod flow;

/// A period that no test outlasts.
const LONG: u32 = 100_000;

type Running = testing::Running<CustodyMetrics>;

fn settings() -> Settings {
    let backoff = Backoff { first: Duration::from_millis(10), longest: Duration::from_millis(40) };
    Settings {
        rules: Rules { takeover_blocks: 5 },
        timing: Timing {
            reconnection: Reconnection { stall: Duration::from_secs(5), backoff },
            check_interval: Duration::from_millis(50),
            shutdown_grace: Duration::from_secs(5),
        },
    }
}

fn start(world: &Arc<World>) -> Running {
    let stall = settings().timing.reconnection.stall;
    Running::start(stall, |clock, monitor, stop| {
        let ports = Ports { chain: world.clone(), keeper: world.clone(), clock };
        run(ports, settings(), monitor, stop)
    })
}

/// How many attempts have ended with this outcome.
fn ended(custodian: &Running, outcome: &str) -> u64 {
    custodian.monitor.metrics.deliveries.with_label_values(&[outcome]).get()
}
