//! The whole duty over a chain of the tests' own, in real time with blocks of a few
//! milliseconds, of which the newest two are not final.

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::*;
use crate::{adapters::SystemClock, health::Health, metrics::Exposition};

mod crash;
mod faults;
mod flow;
mod world;

use world::{Stage, World, BLOCK};

/// Nothing here takes that long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn settings() -> Settings {
    Settings {
        rules: Rules { takeover_blocks: 5 },
        stall: Duration::from_secs(5),
        reconnect: Backoff { first: Duration::from_millis(10), longest: Duration::from_millis(40) },
        check_interval: Duration::from_millis(50),
        shutdown_grace: Duration::from_secs(5),
    }
}

/// A running custodian.
struct Running {
    task: JoinHandle<Result<(), ServiceError>>,
    stop: watch::Sender<bool>,
    monitor: Monitor<CustodianMetrics>,
    clock: Arc<dyn Clock>,
}

impl Running {
    /// As `kill -9`: nothing runs any more, nothing is finished.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    fn ended(&self, outcome: &str) -> u64 {
        self.monitor.metrics.deliveries.with_label_values(&[outcome]).get()
    }

    fn shows(&self, line: &str) -> bool {
        self.monitor.metrics.text().unwrap().contains(line)
    }
}

fn start(world: &Arc<World>) -> Running {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let ports = Ports { chain: world.clone(), sealer: world.clone(), clock: clock.clone() };
    let monitor = Monitor {
        metrics: Arc::new(CustodianMetrics::new().unwrap()),
        health: Arc::new(Health::new(settings().stall)),
    };
    let (stop, stopped) = watch::channel(false);
    let custodian = Custodian::new(ports, settings(), monitor.clone());
    Running { task: tokio::spawn(custodian.run(stopped)), stop, monitor, clock }
}

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(timeout(PATIENCE, wait).await.is_ok(), "never: {what}");
}
