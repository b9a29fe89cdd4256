//! Prometheus metrics.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, Opts};

use crate::core::Counts;

mod common;

pub use common::Common;

/// From a local store and a small image to a slow network and a long backlog.
pub(crate) const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0];

/// What `answers_included_total` tells apart: predictions, and failures by code.
pub const KINDS: [&str; 6] =
    ["prediction", "unavailable", "wrong_hash", "cannot_decrypt", "not_an_image", "too_large"];
const STAGES: [&str; 5] = ["fetch_verify", "decrypt_decode", "infer", "submit", "total"];
const CAUSES: [&str; 5] = ["consent", "envelope", "content", "passing", "submission"];
const ENDS: [&str; 4] = ["ours", "elsewhere", "expired", "gone"];

/// A set of metrics that can be shown.
pub trait Exposition: Send + Sync + 'static {
    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// Only where a metric is inconsistent in itself.
    fn text(&self) -> Result<String, prometheus::Error>;
}

/// All that the worker counts.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// What every duty counts.
    pub common: Common,
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
}

impl Metrics {
    /// A fresh set, all zero.
    ///
    /// # Errors
    /// Only where a name is taken twice, which a test rules out.
    pub fn new() -> Result<Self, prometheus::Error> {
        let common = Common::new("medchain_worker")?;
        let name = |name: &str| common.name(name);
        let metrics = Self {
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
            common,
        };
        metrics.start_at_zero();
        let common = &metrics.common;
        common.register(&metrics.seen)?;
        common.register(&metrics.answered)?;
        common.register(&metrics.closed)?;
        common.register(&metrics.retries)?;
        common.register(&metrics.stage)?;
        common.register(&metrics.jobs)?;
        Ok(metrics)
    }

    /// A series that is not there before its first event hides that event from
    /// `rate` and `increase`.
    fn start_at_zero(&self) {
        for kind in KINDS {
            self.answered.with_label_values(&[kind]);
        }
        for stage in STAGES {
            self.stage.with_label_values(&[stage]);
        }
        for cause in CAUSES {
            self.retries.with_label_values(&[cause]);
        }
        for how in ENDS {
            self.closed.with_label_values(&[how]);
        }
        self.show(Counts::default());
    }

    /// Notes how long a stage took.
    pub fn observe(&self, stage: &str, took: Duration) {
        self.stage.with_label_values(&[stage]).observe(took.as_secs_f64());
    }

    /// Shows how many requests are in which state.
    pub fn show(&self, counts: Counts) {
        for (state, count) in [
            ("waiting", counts.waiting),
            ("assigned_elsewhere", counts.assigned_elsewhere),
            ("parked", counts.parked),
            ("running", counts.running),
            ("submitting", counts.submitting),
            ("included", counts.included),
            ("given_up", counts.given_up),
        ] {
            self.jobs.with_label_values(&[state]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

impl Exposition for Metrics {
    fn text(&self) -> Result<String, prometheus::Error> {
        self.common.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_alerts_look_at_is_there_before_the_first_request() {
        let text = Metrics::new().unwrap().text().unwrap();
        for line in [
            "medchain_worker_answers_included_total{kind=\"wrong_hash\"} 0",
            "medchain_worker_stage_seconds_count{stage=\"total\"} 0",
            "medchain_worker_retries_total{cause=\"submission\"} 0",
            "medchain_worker_requests_closed_total{how=\"expired\"} 0",
            "medchain_worker_jobs{state=\"given_up\"} 0",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }

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
