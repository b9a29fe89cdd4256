//! What the drift alarm shows. Each figure is of a complete batch.

use medchain_primitives::ModelId;
use prometheus::{GaugeVec, IntCounterVec, IntGauge};

use crate::{
    prediction::drift::{class_names, Finding, Tally},
    shared::metrics::CommonMetrics,
};

/// The metrics of the drift alarm. Before a model's first batch, what it would show is NaN.
#[derive(Clone, Debug)]
pub struct DriftMetrics {
    share: GaugeVec,
    distance: GaugeVec,
    chance: GaugeVec,
    alarm: GaugeVec,
    batches: IntCounterVec,
    declining: IntGauge,
}

impl DriftMetrics {
    /// A fresh set.
    ///
    /// # Errors
    /// Where a name is taken.
    pub fn new(common: &CommonMetrics) -> Result<Self, prometheus::Error> {
        Ok(Self {
            share: common.gauges_by(
                "drift_share",
                "Share of answers by class, seen in the last complete batch of films and expected.",
                &["model", "class", "of"],
            )?,
            distance: common.gauges_by(
                "drift_distance",
                "Largest difference between a share seen in the last batch and the expected one.",
                &["model"],
            )?,
            chance: common.gauges_by(
                "drift_chance",
                "Without drift, a batch that differs like the last one comes up with at most \
                 this chance, in powers of ten.",
                &["model"],
            )?,
            alarm: common.gauges_by(
                "drift_alarm",
                "1 where the answers of the last batch are not spread as expected, or else 0.",
                &["model"],
            )?,
            batches: common.counters(
                "drift_batches_total",
                "Complete batches of films.",
                "model",
                &[],
            )?,
            declining: common.gauge(
                "declining",
                "1 once this worker declines new requests because the drift alarm has sounded, \
                 or else 0.",
            )?,
        })
    }

    /// A model's answers are counted from now on.
    pub fn watch(&self, model: ModelId, labels: &[String], expected: Option<&Tally>) {
        let id = model.to_string();
        self.shares(&id, labels, "seen", &vec![f64::NAN; labels.len() + 1]);
        if let Some(expected) = expected {
            self.shares(&id, labels, "expected", &expected.shares());
        }
        self.distance.with_label_values(&[&id]).set(f64::NAN);
        self.chance.with_label_values(&[&id]).set(f64::NAN);
        self.alarm.with_label_values(&[&id]).set(0.0);
        self.batches.with_label_values(&[&id]);
    }

    /// A batch is complete.
    pub fn found(&self, model: ModelId, labels: &[String], finding: &Finding) {
        let id = model.to_string();
        self.shares(&id, labels, "seen", &finding.seen);
        if let Some(judgement) = &finding.judgement {
            self.distance.with_label_values(&[&id]).set(judgement.distance);
            self.chance.with_label_values(&[&id]).set(judgement.coarse_chance());
            self.alarm.with_label_values(&[&id]).set(f64::from(judgement.is_alarm));
        }
        self.batches.with_label_values(&[&id]).inc();
    }

    /// From now on the worker declines new requests.
    pub fn decline(&self) {
        self.declining.set(1);
    }

    fn shares(&self, model: &str, labels: &[String], of: &str, shares: &[f64]) {
        for (class, share) in class_names(labels).zip(shares) {
            self.share.with_label_values(&[model, class, of]).set(*share);
        }
    }
}
