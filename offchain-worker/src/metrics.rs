//! Prometheus metrics.

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use medchain_client::chain::UNIT;
use prometheus::{
    Encoder, Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::{core::Counts, ports::Tip};

/// From a local store and a small image to a slow network and a long backlog.
const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0];

/// What `answers_included_total` tells apart: predictions, and failures by code.
pub const KINDS: [&str; 6] =
    ["prediction", "unavailable", "wrong_hash", "cannot_decrypt", "not_an_image", "too_large"];
const STAGES: [&str; 5] = ["fetch_verify", "decrypt_decode", "infer", "submit", "total"];
const CAUSES: [&str; 5] = ["consent", "envelope", "content", "passing", "submission"];
const ENDS: [&str; 4] = ["ours", "elsewhere", "expired", "gone"];

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
    /// When the newest block was read, by view.
    read_at: GaugeVec,
    /// The time that the newest block carries.
    chain_time: Gauge,
    /// What the account can spend.
    balance: Gauge,
    /// Always 1; its labels are what runs here.
    build: IntGaugeVec,
    memory: IntGauge,
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
            read_at: GaugeVec::new(
                Opts::new(
                    name("block_read_timestamp_seconds"),
                    "When the newest block was read, in seconds since 1970, by view.",
                ),
                &["view"],
            )?,
            chain_time: Gauge::new(
                name("chain_timestamp_seconds"),
                "The time that the newest block carries, in seconds since 1970.",
            )?,
            balance: Gauge::new(name("balance_medc"), "What the account can spend, in MEDC.")?,
            build: IntGaugeVec::new(
                Opts::new(
                    name("build_info"),
                    "Always 1: the worker's version and that of the chain's runtime.",
                ),
                &["version", "runtime_spec_version"],
            )?,
            // The name that every process has it under.
            memory: IntGauge::new(
                "process_resident_memory_bytes",
                "How much memory the process has.",
            )?,
        };
        let started = Gauge::new(
            "process_start_time_seconds",
            "When the process started, in seconds since 1970.",
        )?;
        started.set(now());
        metrics.start_at_zero();
        let registry = &metrics.registry;
        registry.register(Box::new(started))?;
        registry.register(Box::new(metrics.read_at.clone()))?;
        registry.register(Box::new(metrics.chain_time.clone()))?;
        registry.register(Box::new(metrics.balance.clone()))?;
        registry.register(Box::new(metrics.build.clone()))?;
        registry.register(Box::new(metrics.memory.clone()))?;
        registry.register(Box::new(metrics.seen.clone()))?;
        registry.register(Box::new(metrics.answered.clone()))?;
        registry.register(Box::new(metrics.closed.clone()))?;
        registry.register(Box::new(metrics.retries.clone()))?;
        registry.register(Box::new(metrics.stage.clone()))?;
        registry.register(Box::new(metrics.jobs.clone()))?;
        registry.register(Box::new(metrics.block.clone()))?;
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

    /// A block was read.
    pub fn block_read(&self, view: &str, number: u32) {
        self.block.with_label_values(&[view]).set(i64::from(number));
        self.read_at.with_label_values(&[view]).set(now());
    }

    /// Shows what the newest block says of the chain.
    pub fn tip(&self, tip: Tip) {
        self.chain_time.set(tip.time.as_secs_f64());
        // An upgrade of the runtime must not leave the old version beside the new one.
        self.build.reset();
        let runtime = tip.spec_version.to_string();
        self.build.with_label_values(&[env!("CARGO_PKG_VERSION"), &runtime]).set(1);
    }

    /// Shows what the account can spend, given in the chain's smallest unit.
    pub fn funds(&self, free: u128) {
        // Rounded to a float's 15 digits, which is as exact as a graph.
        self.balance.set(free as f64 / UNIT as f64);
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

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// Only where a metric is inconsistent in itself.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        if let Some(bytes) = resident_memory() {
            self.memory.set(bytes);
        }
        let mut buffer = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut buffer)?;
        Ok(String::from_utf8_lossy(&buffer).into_owned())
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// In bytes, where the system tells.
fn resident_memory() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
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
        let memory = text.lines().find_map(|l| l.strip_prefix("process_resident_memory_bytes "));
        assert!(memory.unwrap().parse::<f64>().unwrap() > 1e6, "{text}");
    }

    #[test]
    fn funds_and_blocks_have_their_units() {
        let metrics = Metrics::new().unwrap();
        let before = now();
        metrics.funds(UNIT / 4 + 7 * UNIT);
        metrics.block_read("best", 12);
        metrics.tip(Tip { spec_version: 1, time: Duration::from_millis(1_500) });
        metrics.tip(Tip { spec_version: 2, time: Duration::from_millis(2_500) });
        let text = metrics.text().unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let build = |runtime: u32| {
            format!("_build_info{{runtime_spec_version=\"{runtime}\",version=\"{version}\"}} 1")
        };
        for line in [
            "medchain_worker_balance_medc 7.25",
            "medchain_worker_block{view=\"best\"} 12",
            "medchain_worker_chain_timestamp_seconds 2.5",
            &build(2),
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains(&build(1)), "{text}");
        let read_at = metrics.read_at.with_label_values(&["best"]).get();
        assert!((before..before + 60.0).contains(&read_at), "{read_at}");
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
