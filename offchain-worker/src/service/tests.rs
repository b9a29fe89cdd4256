//! The whole service over a chain, a store, a key and a model of the tests'
//! own, in real time with blocks of a few milliseconds.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use medchain_primitives::{FailureCode, ModelId, PreprocessingId, RequestId};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::*;
use crate::{adapters::SystemClock, core::Backoff, metrics::Exposition};

mod crash;
mod faults;
mod flow;
pub(crate) mod world;

use world::{Stage, World};

const MODEL: ModelId = ModelId(0);
/// Nothing here takes that long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn settings() -> Settings {
    let backoff = Backoff { first: Duration::from_millis(10), longest: Duration::from_millis(40) };
    Settings {
        rules: Rules {
            max_running: 6,
            max_taken_over: 2,
            takeover_blocks: 5,
            retry: backoff,
            consent: backoff,
            resubmit: backoff,
            report_margin: 20,
            envelope_grace: 3,
        },
        threads: 2,
        queue: 2,
        max_pending: 256,
        max_content: 1_000,
        fetch_timeout: Duration::from_secs(5),
        follow_best: true,
        stall: Duration::from_secs(5),
        reconnect: backoff,
        check_interval: Duration::from_millis(50),
        shutdown_grace: Duration::from_secs(5),
    }
}

/// A running service.
struct Running {
    task: JoinHandle<Result<(), ServiceError>>,
    stop: watch::Sender<bool>,
    monitor: Monitor,
    clock: Arc<dyn Clock>,
}

impl Running {
    /// As `kill -9`: nothing runs any more, nothing is finished.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

fn start(world: &Arc<World>) -> Running {
    start_with(world, settings())
}

fn start_with(world: &Arc<World>, settings: Settings) -> Running {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let facts = ModelFacts {
        sha256: [1; 32],
        preprocessing: PreprocessingId::truncate_from(b"steps".to_vec()),
        classes: 3,
    };
    let model: Arc<dyn Model> = world.clone();
    let ports = Ports {
        chain: world.clone(),
        store: world.clone(),
        models: Arc::new(BTreeMap::from([(MODEL, ServedModel { facts, model })])),
        cipher: world.clone(),
        clock: clock.clone(),
    };
    let monitor = Monitor {
        metrics: Arc::new(Metrics::new().unwrap()),
        health: Arc::new(Health::new(settings.stall)),
    };
    let (stop, stopped) = watch::channel(false);
    let service = Service::new(ports, settings, monitor.clone());
    Running { task: tokio::spawn(service.run(stopped)), stop, monitor, clock }
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
