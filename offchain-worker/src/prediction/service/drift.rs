//! Counts the answers of each model, and says so where they drift.
//!
//! Of a film, nothing stays but that its request was counted: the log, the metrics and
//! `/health` change with complete batches alone, and nothing is written to the disk.

use std::collections::{BTreeMap, BTreeSet};

use medchain_primitives::{ModelId, RequestId};
use tracing::{info, warn};

use crate::{
    prediction::{
        drift::{Called, Finding, Rules, Watch},
        jobs::{Job, Note, Phase},
        metrics::PredictionMetrics,
        ports::ServedModel,
    },
    shared::monitor::Monitor,
};

/// The counts of all models.
pub(super) struct Drift {
    rules: Rules,
    models: BTreeMap<ModelId, Watched>,
    /// The open requests whose films are counted: one that is computed again counts once.
    counted: BTreeSet<RequestId>,
    is_declining: bool,
    monitor: Monitor<PredictionMetrics>,
}

struct Watched {
    labels: Vec<String>,
    watch: Watch,
    is_alarm: bool,
}

impl Drift {
    /// Counts from zero, as after each start.
    pub fn new(
        rules: Rules,
        models: &BTreeMap<ModelId, ServedModel>,
        monitor: Monitor<PredictionMetrics>,
    ) -> Self {
        let watch = |(id, model): (&ModelId, &ServedModel)| {
            let (labels, expected) = (model.entry.labels.clone(), model.expected.clone());
            monitor.metrics.drift.watch(*id, &labels, expected.as_ref());
            let watch = Watch::new(rules, labels.len(), expected);
            (*id, Watched { labels, watch, is_alarm: false })
        };
        let models = models.iter().map(watch).collect();
        Self { rules, models, counted: BTreeSet::new(), is_declining: false, monitor }
    }

    /// Counts an answer. Whether the worker has to decline new requests from now on.
    pub fn count(&mut self, request: RequestId, model: ModelId, called: Called) -> bool {
        if self.is_declining || !self.counted.insert(request) {
            return false;
        }
        let Some(watched) = self.models.get_mut(&model) else { return false };
        let Some(finding) = watched.watch.count(called) else { return false };
        self.monitor.metrics.drift.found(model, &watched.labels, &finding);
        let was_alarm = std::mem::replace(&mut watched.is_alarm, finding.is_alarm());
        match watched.is_alarm {
            true => self.sound(model, &finding),
            false if was_alarm => {
                info!(model = model.0, films = finding.films, "the answers are spread as expected");
            }
            false => {}
        }
        self.is_declining
    }

    fn sound(&mut self, model: ModelId, finding: &Finding) {
        let difference = self.models.get(&model).and_then(|of| finding.difference(&of.labels));
        let (difference, films) = (difference.unwrap_or_default(), finding.films);
        let problem = format!(
            "the answers of model {model} to the last {films} films are not spread as expected: \
             {difference}"
        );
        if self.rules.is_stopping {
            self.is_declining = true;
            self.monitor.metrics.drift.decline();
            self.monitor.health.decline(format!(
                "{problem}; as stop_on_drift says, this worker declines all new requests until \
                 it is restarted"
            ));
            warn!(model = model.0, films, "drift alarm: {problem}; declining new requests");
        } else {
            warn!(model = model.0, films, "drift alarm: {problem}");
        }
    }

    /// The board has noted something: a request that is over is not computed again.
    pub fn note(&mut self, job: &Job, note: &Note) {
        if job.phase == Phase::Answer && matches!(note, Note::Closed(_)) {
            self.counted.remove(&job.request);
        }
    }
}
