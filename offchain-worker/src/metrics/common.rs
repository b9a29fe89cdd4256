//! What every duty shows: the chain as it sees it, its account, its process.

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use medchain_client::chain::UNIT;
use prometheus::{
    core::Collector, Encoder, Gauge, GaugeVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::ports::Tip;

/// What every duty counts, and the registry for what it counts beyond that.
#[derive(Clone, Debug)]
pub struct Common {
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

impl Common {
    /// A fresh set, all zero, whose names begin with `prefix`.
    ///
    /// # Errors
    /// Only where a name is taken twice, which a test rules out.
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
        common.register(&started)?;
        common.register(&common.block)?;
        common.register(&common.read_at)?;
        common.register(&common.chain_time)?;
        common.register(&common.balance)?;
        common.register(&common.build)?;
        common.register(&common.memory)?;
        Ok(common)
    }

    /// A metric's name, with the prefix.
    pub fn name(&self, name: &str) -> String {
        format!("{}_{name}", self.prefix)
    }

    /// Shows this as well.
    ///
    /// # Errors
    /// Where its name is taken already.
    pub fn register<C: Collector + Clone + 'static>(
        &self,
        metric: &C,
    ) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(metric.clone()))
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
    use std::time::Duration;

    use super::*;

    #[test]
    fn funds_and_blocks_have_their_units() {
        let common = Common::new("medchain_test").unwrap();
        let before = now();
        common.funds(UNIT / 4 + 7 * UNIT);
        common.block_read("best", 12);
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
