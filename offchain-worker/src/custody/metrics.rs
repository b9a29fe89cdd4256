//! What custody shows.

use std::{
    sync::{
        atomic::{AtomicU32, Ordering},
        Arc,
    },
    time::{Duration, SystemTime},
};

use medchain_client::chain::Finality;
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::deliveries::Counts;
use crate::shared::{
    metrics::{set_since, set_states, CommonMetrics, DutyMetrics},
    ports::Tip,
};

/// The outcomes that `deliveries_total` tells apart.
const OUTCOMES: [&str; 11] = [
    "delivered",
    "elsewhere",
    "exposed",
    "refused",
    "late",
    "late-after-refusal",
    "gone",
    "lost",
    "rejected",
    "unopened",
    "failed",
];

/// The metrics of custody.
#[derive(Clone, Debug)]
pub struct CustodyMetrics {
    common: CommonMetrics,
    /// Grants seen for the first time that ask for a share of this custodian.
    pub seen: IntCounter,
    /// Attempts to deliver a share, by outcome.
    pub deliveries: IntCounterVec,
    /// From a grant seen for the first time to the share in a block.
    took: Histogram,
    /// Grants by state.
    grants: IntGaugeVec,
    /// When the oldest share that is under way was begun.
    oldest: IntGauge,
    /// How far the newest block is ahead of the final one that was served last.
    behind: IntGauge,
    finalised: Arc<AtomicU32>,
}

impl CustodyMetrics {
    /// The grants of a final block were read.
    pub fn blocks_read(&self, finalised: u32, best: u32) {
        self.common.block_read(Finality::Finalised, finalised);
        self.common.block_read(Finality::Best, best);
        self.finalised.store(finalised, Ordering::Relaxed);
        self.behind.set(i64::from(best.saturating_sub(finalised)));
    }

    /// An attempt has ended.
    pub fn ended(&self, outcome: &str) {
        self.deliveries.with_label_values(&[outcome]).inc();
    }

    /// Shows when the oldest share that is under way was begun.
    pub fn oldest(&self, since: Option<SystemTime>) {
        set_since(&self.oldest, since);
    }

    /// A share is in a block, this long after its grant was first seen.
    pub fn observe(&self, took: Duration) {
        self.took.observe(took.as_secs_f64());
    }

    /// Shows how many grants are in which state.
    pub fn show(&self, counts: Counts) {
        let states = [
            ("foreign", counts.foreign),
            ("assigned_elsewhere", counts.assigned_elsewhere),
            ("waiting", counts.waiting),
            ("refused", counts.refused),
            ("delivering", counts.delivering),
            ("included", counts.included),
            ("exposed", counts.exposed),
            ("delivered", counts.delivered),
            ("enough", counts.enough),
            ("unopened", counts.unopened),
            ("over", counts.over),
        ];
        set_states(&self.grants, states);
    }
}

impl DutyMetrics for CustodyMetrics {
    fn new() -> Result<Self, prometheus::Error> {
        let common = CommonMetrics::new("medchain_custodian")?;
        let metrics = Self {
            seen: common.counter(
                "grants_seen_total",
                "Grants seen for the first time that ask for a share of this custodian.",
            )?,
            deliveries: common.counters(
                "deliveries_total",
                "Attempts to deliver a share, by outcome.",
                "outcome",
                &OUTCOMES,
            )?,
            took: common.histogram(
                "delivery_seconds",
                "From a grant seen for the first time to the share in a block, in seconds.",
            )?,
            grants: common.gauges("grants", "Grants on chain, by state.")?,
            oldest: common.gauge(
                "oldest_delivery_timestamp_seconds",
                "When the oldest share that is being encrypted or sent was begun, in seconds since \
                 1970, or 0.",
            )?,
            behind: common.gauge(
                "blocks_behind",
                "How many blocks the newest one is ahead of the final one that was served last.",
            )?,
            finalised: Arc::default(),
            common,
        };
        metrics.show(Counts::default());
        Ok(metrics)
    }

    fn common(&self) -> &CommonMetrics {
        &self.common
    }

    /// Where no block becomes final any more, only this shows it.
    fn tip(&self, tip: Tip) {
        self.common.block_read(Finality::Best, tip.block);
        self.common.tip(tip);
        let served = self.finalised.load(Ordering::Relaxed);
        self.behind.set(i64::from(tip.block.saturating_sub(served)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_there_before_the_first_grant_and_has_its_unit() {
        let metrics = CustodyMetrics::new().unwrap();
        metrics.blocks_read(10, 13);
        let text = metrics.common().text().unwrap();
        for line in [
            "medchain_custodian_grants_seen_total 0",
            "medchain_custodian_deliveries_total{outcome=\"delivered\"} 0",
            "medchain_custodian_deliveries_total{outcome=\"exposed\"} 0",
            "medchain_custodian_deliveries_total{outcome=\"late-after-refusal\"} 0",
            "medchain_custodian_oldest_delivery_timestamp_seconds 0",
            "medchain_custodian_grants{state=\"assigned_elsewhere\"} 0",
            "medchain_custodian_delivery_seconds_count 0",
            "medchain_custodian_block{view=\"finalised\"} 10",
            "medchain_custodian_blocks_behind 3",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        metrics.oldest(Some(SystemTime::UNIX_EPOCH + Duration::from_secs(7)));
        let text = metrics.common().text().unwrap();
        assert!(text.contains("medchain_custodian_oldest_delivery_timestamp_seconds 7"), "{text}");
        // No block becomes final any more.
        metrics.tip(Tip { block: 40, spec_version: 1, time: Duration::ZERO });
        let text = metrics.common().text().unwrap();
        assert!(text.contains("medchain_custodian_blocks_behind 30"), "{text}");
    }
}
