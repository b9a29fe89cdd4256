//! The whole service over a chain, a store, a key and a model in memory, in real time
//! with blocks of a few milliseconds.

use std::collections::BTreeMap;

use medchain_primitives::{FailureCode, PreprocessingId, RequestId};
use tokio::time::sleep;

use super::*;
use crate::{
    prediction::{
        jobs::{Answer, ModelFacts, Rules},
        ports::ServedModel,
        world::{Stage, World, MODEL},
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

type Running = testing::Running<PredictionMetrics>;

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
        timing: Timing {
            reconnection: Reconnection { stall: Duration::from_secs(5), backoff },
            check_interval: Duration::from_millis(50),
            shutdown_grace: Duration::from_secs(5),
        },
        threads: 2,
        queue: 2,
        max_pending: 256,
        max_content: 1_000,
        follow_best: true,
    }
}

fn start(world: &Arc<World>) -> Running {
    start_with(world, settings())
}

fn start_with(world: &Arc<World>, settings: Settings) -> Running {
    let facts = ModelFacts {
        sha256: [1; 32],
        preprocessing: PreprocessingId::truncate_from(b"steps".to_vec()),
        classes: 3,
    };
    let served = ServedModel { facts, predictor: world.clone() };
    Running::start(settings.timing.reconnection.stall, |clock, monitor, stop| {
        let ports = Ports {
            chain: world.clone(),
            store: world.clone(),
            models: Arc::new(BTreeMap::from([(MODEL, served)])),
            cipher: world.clone(),
            clock,
        };
        run(ports, settings, monitor, stop)
    })
}
