//! Prometheus metrics: what both duties show of the chain, the account and the
//! process.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use medchain_client::chain::{Finality, UNIT};
use prometheus::{
    core::Collector, CounterVec, Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec,
    IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use super::{ports::Tip, watch::view};

/// The buckets of durations: from a local store and a small image to a slow network
/// and a long backlog.
const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0];

/// The metrics of a duty.
pub trait DutyMetrics: Send + Sync + Sized + 'static {
    /// A fresh set, all zero.
    ///
    /// # Errors
    /// Only where two metrics have the same name, which a test rules out.
    fn new() -> Result<Self, prometheus::Error>;

    /// What both duties show.
    fn common(&self) -> &CommonMetrics;

    /// Shows what the newest block says about the chain.
    fn tip(&self, tip: Tip) {
        self.common().tip(tip);
    }
}

/// What both duties show, and the registry for what each shows beyond that.
#[derive(Clone, Debug)]
pub struct CommonMetrics {
    registry: Registry,
    prefix: &'static str,
    /// The newest block, by view.
    block: IntGaugeVec,
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

impl CommonMetrics {
    /// A fresh set, all zero, whose names begin with `prefix`.
    ///
    /// # Errors
    /// Only where two metrics have the same name, which a test rules out.
    pub fn new(prefix: &'static str) -> Result<Self, prometheus::Error> {
        let name = |name: &str| format!("{prefix}_{name}");
        let common = Self {
            registry: Registry::new(),
            prefix,
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
                    "Always 1; the labels are the versions of the worker and of the chain's \
                     runtime.",
                ),
                &["version", "runtime_spec_version"],
            )?,
            // Standard names, without the prefix.
            memory: IntGauge::new(
                "process_resident_memory_bytes",
                "Resident memory of the process, in bytes.",
            )?,
        };
        let started = Gauge::new(
            "process_start_time_seconds",
            "When the process started, in seconds since 1970.",
        )?;
        started.set(now());
        common.register(started)?;
        common.register(common.block.clone())?;
        common.register(common.read_at.clone())?;
        common.register(common.chain_time.clone())?;
        common.register(common.balance.clone())?;
        common.register(common.build.clone())?;
        common.register(common.memory.clone())?;
        Ok(common)
    }

    /// A counter that is shown.
    ///
    /// # Errors
    /// Where the name is taken.
    pub fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        self.register(IntCounter::new(self.name(name), help)?)
    }

    /// Counters, one for each value of `label`. Those of `values` are shown from the
    /// start: a series that appears with its first event hides that event from `rate`
    /// and `increase`.
    ///
    /// # Errors
    /// Where the name is taken.
    pub fn counters(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        let counters =
            self.register(IntCounterVec::new(Opts::new(self.name(name), help), &[label])?)?;
        for &value in values {
            counters.with_label_values(&[value]);
        }
        Ok(counters)
    }

    /// As [`Self::counters`], for amounts of the currency.
    ///
    /// # Errors
    /// Where the name is taken.
    pub fn amounts(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: &[&str],
    ) -> Result<CounterVec, prometheus::Error> {
        let amounts =
            self.register(CounterVec::new(Opts::new(self.name(name), help), &[label])?)?;
        for &value in values {
            amounts.with_label_values(&[value]);
        }
        Ok(amounts)
    }

    /// A gauge that is shown.
    ///
    /// # Errors
    /// Where the name is taken.
    pub fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.register(IntGauge::new(self.name(name), help)?)
    }

    /// Gauges, one for each state; see [`set_states`].
    ///
    /// # Errors
    /// Where the name is taken.
    pub fn gauges(&self, name: &str, help: &str) -> Result<IntGaugeVec, prometheus::Error> {
        self.register(IntGaugeVec::new(Opts::new(self.name(name), help), &["state"])?)
    }

    /// Gauges, one for each combination of values of `labels`.
    ///
    /// # Errors
    /// Where the name is taken.
    pub fn gauges_by(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<GaugeVec, prometheus::Error> {
        self.register(GaugeVec::new(Opts::new(self.name(name), help), labels)?)
    }

    /// A histogram of durations.
    ///
    /// # Errors
    /// Where the name is taken.
    pub fn histogram(&self, name: &str, help: &str) -> Result<Histogram, prometheus::Error> {
        self.register(Histogram::with_opts(self.durations(name, help))?)
    }

    /// Histograms of durations, one for each value of `label`; those of `values` are
    /// shown from the start.
    ///
    /// # Errors
    /// Where the name is taken.
    pub fn histograms(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: &[&str],
    ) -> Result<HistogramVec, prometheus::Error> {
        let histograms = self.register(HistogramVec::new(self.durations(name, help), &[label])?)?;
        for &value in values {
            histograms.with_label_values(&[value]);
        }
        Ok(histograms)
    }

    fn durations(&self, name: &str, help: &str) -> HistogramOpts {
        HistogramOpts::new(self.name(name), help).buckets(SECONDS.to_vec())
    }

    fn name(&self, name: &str) -> String {
        format!("{}_{name}", self.prefix)
    }

    fn register<C: Collector + Clone + 'static>(&self, metric: C) -> Result<C, prometheus::Error> {
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    /// A block was read.
    pub fn block_read(&self, finality: Finality, number: u32) {
        let view = view(finality);
        self.block.with_label_values(&[view]).set(i64::from(number));
        self.read_at.with_label_values(&[view]).set(now());
    }

    /// Shows what the newest block says about the chain.
    pub fn tip(&self, tip: Tip) {
        self.chain_time.set(tip.time.as_secs_f64());
        // An upgrade of the runtime must not leave the old version beside the new one.
        self.build.reset();
        let runtime = tip.spec_version.to_string();
        self.build.with_label_values(&[env!("CARGO_PKG_VERSION"), &runtime]).set(1);
    }

    /// Shows what the account can spend, given in the chain's smallest unit.
    pub fn funds(&self, free: u128) {
        self.balance.set(medc(free));
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

/// Shows how many things are in which state.
pub fn set_states<const N: usize>(gauges: &IntGaugeVec, states: [(&str, usize); N]) {
    for (state, count) in states {
        gauges.with_label_values(&[state]).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

/// An amount of the chain's smallest unit in MEDC, rounded to a float's 15 digits, which is
/// as exact as a graph.
pub fn medc(amount: u128) -> f64 {
    amount as f64 / UNIT as f64
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Shows since when something goes on, in seconds since 1970, or 0.
pub fn set_since(gauge: &IntGauge, since: Option<SystemTime>) {
    let since = since.and_then(|since| since.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    gauge.set(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
}

/// In bytes; `None` where the system does not say.
fn resident_memory() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn funds_and_blocks_have_their_units() {
        let common = CommonMetrics::new("medchain_test").unwrap();
        let before = now();
        common.funds(UNIT / 4 + 7 * UNIT);
        common.block_read(Finality::Best, 12);
        common.tip(Tip { block: 12, spec_version: 1, time: Duration::from_millis(1_500) });
        common.tip(Tip { block: 13, spec_version: 2, time: Duration::from_millis(2_500) });
        let text = common.text().unwrap();
        let version = env!("CARGO_PKG_VERSION");
        let build = |runtime: u32| {
            format!("_build_info{{runtime_spec_version=\"{runtime}\",version=\"{version}\"}} 1")
        };
        for line in [
            "medchain_test_balance_medc 7.25",
            "medchain_test_block{view=\"best\"} 12",
            "medchain_test_chain_timestamp_seconds 2.5",
            &build(2),
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains(&build(1)), "{text}");
        let read_at = common.read_at.with_label_values(&["best"]).get();
        assert!((before..before + 60.0).contains(&read_at), "{read_at}");
        let memory = text.lines().find_map(|l| l.strip_prefix("process_resident_memory_bytes "));
        assert!(memory.unwrap().parse::<f64>().unwrap() > 1e6, "{text}");
    }
}
