//! What predicting shows.

use std::time::Duration;

use medchain_primitives::FailureCode;
use prometheus::{HistogramVec, IntCounter, IntCounterVec, IntGaugeVec};

use super::jobs::Counts;
use crate::shared::metrics::{set_states, CommonMetrics, DutyMetrics};

const PREDICTION: &str = "prediction";
const STAGES: [&str; 5] = ["fetch_verify", "decrypt_decode", "infer", "submit", "total"];
const CAUSES: [&str; 5] = ["consent", "envelope", "content", "passing", "submission"];
const ENDS: [&str; 4] = ["ours", "elsewhere", "expired", "gone"];

/// The metrics of predicting.
#[derive(Clone, Debug)]
pub struct PredictionMetrics {
    common: CommonMetrics,
    /// Requests seen for the first time.
    pub seen: IntCounter,
    /// Answers that are in a block, by kind: `prediction` or a failure code.
    pub answered: IntCounterVec,
    /// Closed requests, by outcome.
    pub closed: IntCounterVec,
    /// Attempts and submissions that will be repeated, by cause.
    pub retries: IntCounterVec,
    /// How long a stage took.
    pub stage: HistogramVec,
    /// Requests by state.
    pub jobs: IntGaugeVec,
}

impl PredictionMetrics {
    /// An answer is in a block; `failure` is its code where it is no prediction.
    pub fn answered(&self, failure: Option<FailureCode>) {
        self.answered.with_label_values(&[kind(failure)]).inc();
    }

    /// A stage took this long.
    pub fn observe(&self, stage: &str, took: Duration) {
        self.stage.with_label_values(&[stage]).observe(took.as_secs_f64());
    }

    /// Shows how many jobs are in which state.
    pub fn show(&self, counts: Counts) {
        let states = [
            ("waiting", counts.waiting),
            ("assigned_elsewhere", counts.assigned_elsewhere),
            ("parked", counts.parked),
            ("running", counts.running),
            ("submitting", counts.submitting),
            ("included", counts.included),
            ("given_up", counts.given_up),
        ];
        set_states(&self.jobs, states);
    }
}

/// The kind of an answer in metrics and logs: `prediction`, or the failure's code.
pub fn kind(failure: Option<FailureCode>) -> &'static str {
    failure.map_or(PREDICTION, FailureCode::as_str)
}

impl DutyMetrics for PredictionMetrics {
    fn new() -> Result<Self, prometheus::Error> {
        let common = CommonMetrics::new("medchain_worker")?;
        let kinds: Vec<&str> =
            std::iter::once(None).chain(FailureCode::ALL.map(Some)).map(kind).collect();
        let metrics = Self {
            seen: common.counter("requests_seen_total", "Requests seen for the first time.")?,
            answered: common.counters(
                "answers_included_total",
                "Answers included in a block, by kind.",
                "kind",
                &kinds,
            )?,
            closed: common.counters(
                "requests_closed_total",
                "Closed requests, by outcome.",
                "how",
                &ENDS,
            )?,
            retries: common.counters(
                "retries_total",
                "Attempts and submissions that will be repeated, by cause.",
                "cause",
                &CAUSES,
            )?,
            stage: common.histograms(
                "stage_seconds",
                "Duration of a stage, in seconds.",
                "stage",
                &STAGES,
            )?,
            jobs: common.gauges("jobs", "Requests by state.")?,
            common,
        };
        metrics.show(Counts::default());
        Ok(metrics)
    }

    fn common(&self) -> &CommonMetrics {
        &self.common
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(metrics: &PredictionMetrics) -> String {
        metrics.common().text().unwrap()
    }

    #[test]
    fn everything_that_alerts_look_at_is_there_before_the_first_request() {
        let text = text(&PredictionMetrics::new().unwrap());
        for line in [
            "medchain_worker_requests_seen_total 0",
            "medchain_worker_answers_included_total{kind=\"prediction\"} 0",
            "medchain_worker_stage_seconds_count{stage=\"total\"} 0",
            "medchain_worker_retries_total{cause=\"submission\"} 0",
            "medchain_worker_requests_closed_total{how=\"expired\"} 0",
            "medchain_worker_jobs{state=\"given_up\"} 0",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        for code in FailureCode::ALL {
            let line = format!("medchain_worker_answers_included_total{{kind=\"{code}\"}} 0");
            assert!(text.contains(&line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn the_text_shows_what_was_counted() {
        let metrics = PredictionMetrics::new().unwrap();
        metrics.seen.inc();
        metrics.answered(None);
        metrics.answered(Some(FailureCode::WrongHash));
        metrics.observe("infer", Duration::from_millis(300));
        metrics.show(Counts { parked: 3, ..Counts::default() });
        let text = text(&metrics);
        for line in [
            "medchain_worker_requests_seen_total 1",
            "medchain_worker_answers_included_total{kind=\"prediction\"} 1",
            "medchain_worker_answers_included_total{kind=\"wrong-hash\"} 1",
            "medchain_worker_stage_seconds_count{stage=\"infer\"} 1",
            "medchain_worker_jobs{state=\"parked\"} 3",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
