//! The whole service over a chain, a store, a key and a model in memory, in real time
//! with blocks of a few milliseconds.

use std::collections::BTreeMap;

use medchain_client::chain::{RequestStatus, SealedAnswer, Step as Progress, VerdictStatus};
use medchain_primitives::{FailureCode, ModelId, RequestId};
use tokio::time::sleep;

use super::*;
use crate::{
    prediction::{
        drift::{self, Known},
        jobs::{Answer, Rules},
        ports::{Answers, ServedModel, Store},
        world::{account, cid, entry, sealed, Desk, Stage, World, MODEL},
    },
    shared::{
        backoff::Backoff,
        config::Timing,
        testing::{self, until, BLOCK},
        watch::Reconnection,
    },
};

mod crash;
mod disputes;
mod drifting;
mod faults;
mod flow;
mod keys;
mod memory;
mod poison;
mod quorum;

type Running = testing::Running<PredictionMetrics>;

fn settings() -> Settings {
    let backoff = Backoff { first: Duration::from_millis(10), longest: Duration::from_millis(40) };
    Settings {
        rules: Rules {
            max_running: 6,
            retry: backoff,
            consent: backoff,
            resubmit: backoff,
            report_margin: 20,
            envelope_grace: 3,
            uploader_grace: 5,
            // More than a round has.
            secret_margin: 1_000,
        },
        drift: drift::Rules { films: 10, odds: 1_000, is_stopping: false },
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

/// Worker 1.
fn start(world: &Arc<World>) -> Running {
    start_with(&world.worker(1), settings())
}

fn start_with(desk: &Arc<Desk>, settings: Settings) -> Running {
    start_serving(desk, settings, BTreeMap::from([(MODEL, served(desk, None))]))
}

/// The model, and what was answered on films that are known.
fn served(desk: &Arc<Desk>, known: Option<&Known>) -> ServedModel {
    let entry = entry();
    let expected = known.and_then(|known| known.tally(&entry.labels));
    ServedModel { entry: Arc::new(entry), is_asked: true, predictor: desk.clone(), expected }
}

fn start_serving(
    desk: &Arc<Desk>,
    settings: Settings,
    models: BTreeMap<ModelId, ServedModel>,
) -> Running {
    start_remembering(desk, settings, models, desk.clone())
}

fn start_remembering(
    desk: &Arc<Desk>,
    settings: Settings,
    models: BTreeMap<ModelId, ServedModel>,
    answers: Arc<dyn Answers>,
) -> Running {
    start_storing(desk, settings, models, answers, desk.clone())
}

fn start_storing(
    desk: &Arc<Desk>,
    settings: Settings,
    models: BTreeMap<ModelId, ServedModel>,
    answers: Arc<dyn Answers>,
    store: Arc<dyn Store>,
) -> Running {
    Running::start(settings.timing.reconnection.stall, |clock, monitor, stop| {
        let ports = Ports {
            chain: desk.clone(),
            store,
            models: Arc::new(models),
            cipher: desk.clone(),
            answers,
            clock,
        };
        run(ports, settings, monitor, stop)
    })
}

/// The sealed answer that worker `number` has shown.
fn shown_by(world: &World, number: u8, id: RequestId) -> SealedAnswer {
    match world.step(number, id) {
        Some(Progress::Revealed(sealed)) => sealed,
        other => panic!("worker {number}: {other:?}"),
    }
}
