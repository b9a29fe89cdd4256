//! What predicting shows.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use medchain_client::chain::SlashReason;
use medchain_disputes::Move;
use medchain_primitives::{FailureCode, RequestId};
use prometheus::{CounterVec, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::jobs::{Answer, Counts, Ended, Play};
use crate::shared::metrics::{medc, set_since, set_states, CommonMetrics, DutyMetrics};

mod drift;

pub use drift::DriftMetrics;

/// The kinds of answers that are no failures; see [`kind`].
const KINDS: [&str; 6] = ["answer", "commitment", "reveal", "draw", "key-request", "key"];
/// The kinds of moves in disputes.
const MOVES: [&str; 6] = ["roots", "nodes", "leaf", "sums", "value", "secret"];
const STAGES: [&str; 5] = ["fetch_verify", "decrypt_decode", "infer", "submit", "total"];
const CAUSES: [&str; 8] =
    ["consent", "envelope", "shares", "content", "decoder", "passing", "submission", "witness"];

/// The metrics of predicting.
#[derive(Clone, Debug)]
pub struct PredictionMetrics {
    common: CommonMetrics,
    /// Requests that chose this worker, seen for the first time.
    pub seen: IntCounter,
    /// Answers that are in a block, by kind.
    pub answered: IntCounterVec,
    /// Requests that are over for this worker, by outcome.
    pub closed: IntCounterVec,
    /// What it lost of its bond, by reason.
    pub slashed: CounterVec,
    /// Attempts and submissions that will be repeated, by cause.
    pub retries: IntCounterVec,
    /// Requests that it left because the patient does not consent.
    pub left: IntCounter,
    /// Requests whose film has ended the process too often.
    pub skipped: IntCounter,
    skipped_requests: Arc<Mutex<BTreeSet<RequestId>>>,
    /// How long a stage took.
    pub stage: HistogramVec,
    /// Jobs by state.
    pub jobs: IntGaugeVec,
    /// Disputes in which it plays or played, by what happened to them.
    pub disputes: IntCounterVec,
    /// Moves in disputes that are in a block, by kind.
    pub moves: IntCounterVec,
    /// Disputes in which it plays, by the newest final block.
    pub disputes_open: IntGauge,
    /// Answers that it has committed to and not shown, by the newest final block.
    pub reveals_pending: IntGauge,
    /// When the oldest of them was first to be shown.
    pub oldest_reveal: IntGauge,
    /// Films that it keeps for disputes, at the last look.
    pub films_kept: IntGauge,
    /// 1 while it is suspended, or else 0.
    pub suspended: IntGauge,
    /// Whether its answers are spread as expected.
    pub drift: DriftMetrics,
}

impl PredictionMetrics {
    /// An answer is in a block.
    pub fn answered(&self, answer: &Answer) {
        let counters = match answer {
            Answer::Move(_) => &self.moves,
            _ => &self.answered,
        };
        counters.with_label_values(&[kind(answer)]).inc();
    }

    /// A dispute has begun or ended for this worker.
    pub fn played(&self, play: Play) {
        if let Some(how) = play.as_str() {
            self.disputes.with_label_values(&[how]).inc();
        }
    }

    /// What is open at the newest final block.
    pub fn pending(&self, disputes: usize, reveals: usize) {
        for (gauge, count) in [(&self.disputes_open, disputes), (&self.reveals_pending, reveals)] {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// When the oldest answer that is still to be shown was first to be shown.
    pub fn oldest_reveal(&self, since: Option<SystemTime>) {
        set_since(&self.oldest_reveal, since);
    }

    /// How many films are kept for disputes.
    pub fn films_kept(&self, films: usize) {
        self.films_kept.set(i64::try_from(films).unwrap_or(i64::MAX));
    }

    /// A request is not worked on, because its film has ended the process too often.
    pub fn skipped(&self, request: RequestId) {
        let mut requests = self.skipped_requests.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is asked about again counts once.
        if requests.insert(request) {
            self.skipped.inc();
        }
    }

    /// Whether the worker is suspended.
    pub fn suspended(&self, is_suspended: bool) {
        self.suspended.set(is_suspended.into());
    }

    /// A request is over for this worker.
    pub fn ended(&self, how: Ended) {
        self.closed.with_label_values(&[how.as_str()]).inc();
    }

    /// The worker lost a part of its bond, given in the chain's smallest unit.
    pub fn slashed(&self, reason: SlashReason, amount: u128) {
        self.slashed.with_label_values(&[reason.as_str()]).inc_by(medc(amount));
    }

    /// A stage took this long.
    pub fn observe(&self, stage: &str, took: Duration) {
        self.stage.with_label_values(&[stage]).observe(took.as_secs_f64());
    }

    /// Shows how many jobs are in which state.
    pub fn show(&self, counts: Counts) {
        let states = [
            ("waiting", counts.waiting),
            ("parked", counts.parked),
            ("running", counts.running),
            ("submitting", counts.submitting),
            ("included", counts.included),
            ("given_up", counts.given_up),
            ("idle", counts.idle),
        ];
        set_states(&self.jobs, states);
    }
}

/// The kind of an answer in metrics and logs.
pub fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Sealed(_) => KINDS[0],
        Answer::Commitment(_) => KINDS[1],
        Answer::Reveal { .. } => KINDS[2],
        Answer::Failure(code) => code.as_str(),
        Answer::Draw { .. } => KINDS[3],
        Answer::Ask(_) => KINDS[4],
        Answer::Keep(_) => KINDS[5],
        Answer::Move(made) => match **made {
            Move::Roots(_) => MOVES[0],
            Move::Nodes(_) => MOVES[1],
            Move::Leaf(_) => MOVES[2],
            Move::Sums(_) => MOVES[3],
            Move::Opening(_) => MOVES[4],
            Move::Secret(_) => MOVES[5],
        },
    }
}

impl DutyMetrics for PredictionMetrics {
    fn new() -> Result<Self, prometheus::Error> {
        let common = CommonMetrics::new("medchain_worker")?;
        let kinds = [&KINDS[..], &FailureCode::ALL.map(FailureCode::as_str)].concat();
        let metrics = Self {
            seen: common.counter(
                "requests_seen_total",
                "Requests that chose this worker, seen for the first time.",
            )?,
            answered: common.counters(
                "answers_included_total",
                "Answers included in a block, by kind.",
                "kind",
                &kinds,
            )?,
            closed: common.counters(
                "requests_closed_total",
                "Requests that are over for this worker, by outcome.",
                "how",
                &Ended::ALL.map(Ended::as_str),
            )?,
            slashed: common.amounts(
                "slashed_medc_total",
                "What the worker lost of its bond, in MEDC, by reason.",
                "reason",
                &SlashReason::ALL.map(SlashReason::as_str),
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
            jobs: common.gauges("jobs", "Jobs by state.")?,
            left: common.counter(
                "left_without_consent_total",
                "Requests that this worker left near their deadline because the patient's \
                 policy refuses it.",
            )?,
            skipped: common.counter(
                "skipped_films_total",
                "Requests that are not worked on because their film has ended the worker, or the \
                 process that decodes, several times.",
            )?,
            skipped_requests: Arc::default(),
            disputes: common.counters(
                "disputes_total",
                "Disputes in which this worker plays or played, by what happened to them.",
                "how",
                &Play::NAMES,
            )?,
            moves: common.counters(
                "dispute_moves_total",
                "Moves in disputes that are in a block, by kind.",
                "kind",
                &MOVES,
            )?,
            disputes_open: common.gauge(
                "disputes_open",
                "Disputes in which this worker plays, by the newest final block.",
            )?,
            reveals_pending: common.gauge(
                "reveals_pending",
                "Answers that this worker has still to show, by the newest final block.",
            )?,
            oldest_reveal: common.gauge(
                "oldest_reveal_timestamp_seconds",
                "When the oldest answer that this worker has still to show was first to be shown, \
                 in seconds since 1970, or 0.",
            )?,
            films_kept: common.gauge(
                "films_kept",
                "Films that are kept because an answer about them can be disputed.",
            )?,
            suspended: common.gauge(
                "suspended",
                "1 while this worker is suspended because it lost a part of its bond, or else 0.",
            )?,
            drift: DriftMetrics::new(&common)?,
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
    use medchain_client::chain::{SealedAnswer, UNIT};

    use super::*;

    fn text(metrics: &PredictionMetrics) -> String {
        metrics.common().text().unwrap()
    }

    #[test]
    fn everything_that_alerts_look_at_is_there_before_the_first_request() {
        let text = text(&PredictionMetrics::new().unwrap());
        for line in [
            "medchain_worker_requests_seen_total 0",
            "medchain_worker_answers_included_total{kind=\"answer\"} 0",
            "medchain_worker_answers_included_total{kind=\"commitment\"} 0",
            "medchain_worker_answers_included_total{kind=\"reveal\"} 0",
            "medchain_worker_stage_seconds_count{stage=\"total\"} 0",
            "medchain_worker_retries_total{cause=\"submission\"} 0",
            "medchain_worker_requests_closed_total{how=\"missed\"} 0",
            "medchain_worker_requests_closed_total{how=\"verdict\"} 0",
            "medchain_worker_slashed_medc_total{reason=\"absent\"} 0",
            "medchain_worker_slashed_medc_total{reason=\"not-revealed\"} 0",
            "medchain_worker_slashed_medc_total{reason=\"wrong-answer\"} 0",
            "medchain_worker_requests_closed_total{how=\"lost\"} 0",
            "medchain_worker_disputes_total{how=\"begun\"} 0",
            "medchain_worker_dispute_moves_total{kind=\"secret\"} 0",
            "medchain_worker_disputes_open 0",
            "medchain_worker_reveals_pending 0",
            "medchain_worker_oldest_reveal_timestamp_seconds 0",
            "medchain_worker_films_kept 0",
            "medchain_worker_skipped_films_total 0",
            "medchain_worker_suspended 0",
            "medchain_worker_declining 0",
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
        metrics.answered(&Answer::Sealed(SealedAnswer::default()));
        metrics.answered(&Answer::Failure(FailureCode::WrongHash));
        metrics.ended(Ended::Missed);
        metrics.slashed(SlashReason::Absent, 5 * UNIT / 2);
        metrics.observe("infer", Duration::from_millis(300));
        metrics.show(Counts { parked: 3, ..Counts::default() });
        metrics.answered(&Answer::Move(Box::new(Move::Roots(Default::default()))));
        metrics.played(Play::Round { deadline: 9 });
        metrics.played(Play::Won { timed_out: false });
        metrics.pending(2, 1);
        metrics.oldest_reveal(Some(SystemTime::UNIX_EPOCH + Duration::from_secs(7)));
        metrics.suspended(true);
        metrics.films_kept(3);
        metrics.skipped(RequestId(1));
        metrics.skipped(RequestId(1));
        let text = text(&metrics);
        for line in [
            "medchain_worker_requests_seen_total 1",
            "medchain_worker_answers_included_total{kind=\"answer\"} 1",
            "medchain_worker_requests_closed_total{how=\"missed\"} 1",
            "medchain_worker_slashed_medc_total{reason=\"absent\"} 2.5",
            "medchain_worker_answers_included_total{kind=\"wrong-hash\"} 1",
            "medchain_worker_stage_seconds_count{stage=\"infer\"} 1",
            "medchain_worker_jobs{state=\"parked\"} 3",
            "medchain_worker_dispute_moves_total{kind=\"roots\"} 1",
            "medchain_worker_disputes_total{how=\"won\"} 1",
            "medchain_worker_disputes_open 2",
            "medchain_worker_reveals_pending 1",
            "medchain_worker_oldest_reveal_timestamp_seconds 7",
            "medchain_worker_films_kept 3",
            "medchain_worker_skipped_films_total 1",
            "medchain_worker_suspended 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
