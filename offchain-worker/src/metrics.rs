//! Prometheus metrics.

use std::time::Duration;

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::core::Counts;

/// From a local store and a small image to a slow network and a long backlog.
const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0];

/// All that the worker counts.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    /// Requests that were seen for the first time.
    pub seen: IntCounter,
    /// Answers that are in a block, by kind: `prediction` or a failure code.
    pub answered: IntCounterVec,
    /// Requests that are done with, by how.
    pub closed: IntCounterVec,
    /// Attempts and submissions that will be repeated, by cause.
    pub retries: IntCounterVec,
    /// How long a stage took, by stage.
    pub stage: HistogramVec,
    /// Requests by state.
    pub jobs: IntGaugeVec,
    /// The newest block, by view.
    pub block: IntGaugeVec,
}

impl Metrics {
    /// A fresh set, all zero.
    ///
    /// # Errors
    /// Only where a name is taken twice, which a test rules out.
    pub fn new() -> Result<Self, prometheus::Error> {
        let name = |name: &str| format!("medchain_worker_{name}");
        let metrics = Self {
            registry: Registry::new(),
            seen: IntCounter::new(
                name("requests_seen_total"),
                "Requests that were seen for the first time.",
            )?,
            answered: IntCounterVec::new(
                Opts::new(name("answers_included_total"), "Answers that are in a block, by kind."),
                &["kind"],
            )?,
            closed: IntCounterVec::new(
                Opts::new(name("requests_closed_total"), "Requests that are done with, by how."),
                &["how"],
            )?,
            retries: IntCounterVec::new(
                Opts::new(
                    name("retries_total"),
                    "Attempts and submissions that will be repeated, by cause.",
                ),
                &["cause"],
            )?,
            stage: HistogramVec::new(
                HistogramOpts::new(name("stage_seconds"), "How long a stage took.")
                    .buckets(SECONDS.to_vec()),
                &["stage"],
            )?,
            jobs: IntGaugeVec::new(Opts::new(name("jobs"), "Requests by state."), &["state"])?,
            block: IntGaugeVec::new(
                Opts::new(name("block"), "The newest block, by view."),
                &["view"],
            )?,
        };
        let registry = &metrics.registry;
        registry.register(Box::new(metrics.seen.clone()))?;
        registry.register(Box::new(metrics.answered.clone()))?;
        registry.register(Box::new(metrics.closed.clone()))?;
        registry.register(Box::new(metrics.retries.clone()))?;
        registry.register(Box::new(metrics.stage.clone()))?;
        registry.register(Box::new(metrics.jobs.clone()))?;
        registry.register(Box::new(metrics.block.clone()))?;
        Ok(metrics)
    }

    /// Notes how long a stage took.
    pub fn observe(&self, stage: &str, took: Duration) {
        self.stage.with_label_values(&[stage]).observe(took.as_secs_f64());
    }

    /// Shows how many requests are in which state.
    pub fn show(&self, counts: Counts) {
        for (state, count) in [
            ("waiting", counts.waiting),
            ("parked", counts.parked),
            ("running", counts.running),
            ("submitting", counts.submitting),
            ("included", counts.included),
            ("given_up", counts.given_up),
        ] {
            self.jobs.with_label_values(&[state]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// Only where a metric is inconsistent in itself.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        let mut buffer = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut buffer)?;
        Ok(String::from_utf8_lossy(&buffer).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_shows_what_was_counted() {
        let metrics = Metrics::new().unwrap();
        metrics.seen.inc();
        metrics.answered.with_label_values(&["prediction"]).inc();
        metrics.observe("infer", Duration::from_millis(300));
        metrics.show(Counts { parked: 3, ..Counts::default() });
        let text = metrics.text().unwrap();
        for line in [
            "medchain_worker_requests_seen_total 1",
            "medchain_worker_answers_included_total{kind=\"prediction\"} 1",
            "medchain_worker_stage_seconds_count{stage=\"infer\"} 1",
            "medchain_worker_jobs{state=\"parked\"} 3",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
