//! What the custodian counts.

use std::{
    sync::{
        atomic::{AtomicU32, Ordering},
        Arc,
    },
    time::Duration,
};

use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
};

use crate::{
    core::custody::Counts,
    metrics::{Common, Exposition, SECONDS},
    ports::Tip,
};

/// What `deliveries_total` tells apart.
const OUTCOMES: [&str; 10] = [
    "delivered",
    "elsewhere",
    "refused",
    "late",
    "gone",
    "lost",
    "rejected",
    "unopened",
    "no_key",
    "failed",
];

/// All that the custodian counts.
#[derive(Clone, Debug)]
pub struct CustodianMetrics {
    /// What every duty counts.
    pub common: Common,
    /// Grants that were seen for the first time and ask for a share of this
    /// custodian's.
    pub seen: IntCounter,
    /// Attempts to hand a share over, by how they ended.
    pub deliveries: IntCounterVec,
    /// From the moment at which a grant was first seen to the share in a block.
    pub took: Histogram,
    /// Grants by state.
    grants: IntGaugeVec,
    /// How far the newest block is ahead of the final one that was served last.
    behind: IntGauge,
    finalised: Arc<AtomicU32>,
}

impl CustodianMetrics {
    /// A fresh set, all zero.
    ///
    /// # Errors
    /// Only where a name is taken twice, which a test rules out.
    pub fn new() -> Result<Self, prometheus::Error> {
        let common = Common::new("medchain_custodian")?;
        let name = |name: &str| common.name(name);
        let metrics = Self {
            seen: IntCounter::new(
                name("grants_seen_total"),
                "Grants that were seen for the first time and ask for a share of this custodian's.",
            )?,
            deliveries: IntCounterVec::new(
                Opts::new(
                    name("deliveries_total"),
                    "Attempts to hand a share over, by how they ended.",
                ),
                &["outcome"],
            )?,
            took: Histogram::with_opts(
                HistogramOpts::new(
                    name("delivery_seconds"),
                    "From the moment at which a grant was first seen to the share in a block.",
                )
                .buckets(SECONDS.to_vec()),
            )?,
            grants: IntGaugeVec::new(
                Opts::new(name("grants"), "Grants that stand on chain, by state."),
                &["state"],
            )?,
            behind: IntGauge::new(
                name("blocks_behind"),
                "How many blocks the newest one is ahead of the final one that was served last.",
            )?,
            finalised: Arc::default(),
            common,
        };
        // A series that is not there before its first event hides it from `rate`.
        for outcome in OUTCOMES {
            metrics.deliveries.with_label_values(&[outcome]);
        }
        metrics.show(Counts::default());
        let common = &metrics.common;
        common.register(&metrics.seen)?;
        common.register(&metrics.deliveries)?;
        common.register(&metrics.took)?;
        common.register(&metrics.grants)?;
        common.register(&metrics.behind)?;
        Ok(metrics)
    }

    /// The grants of a final block were read.
    pub fn blocks_read(&self, finalised: u32, best: u32) {
        self.common.block_read("finalised", finalised);
        self.common.block_read("best", best);
        self.finalised.store(finalised, Ordering::Relaxed);
        self.behind.set(i64::from(best.saturating_sub(finalised)));
    }

    /// Shows what the newest block says of the chain. Where no block becomes final
    /// any more, this is what tells.
    pub fn tip(&self, tip: Tip) {
        self.common.block_read("best", tip.block);
        self.common.tip(tip);
        let served = self.finalised.load(Ordering::Relaxed);
        self.behind.set(i64::from(tip.block.saturating_sub(served)));
    }

    /// An attempt has ended.
    pub fn ended(&self, outcome: &str) {
        self.deliveries.with_label_values(&[outcome]).inc();
    }

    /// A share is in a block.
    pub fn observe(&self, took: Duration) {
        self.took.observe(took.as_secs_f64());
    }

    /// Shows how many grants are in which state.
    pub fn show(&self, counts: Counts) {
        for (state, count) in [
            ("foreign", counts.foreign),
            ("assigned_elsewhere", counts.assigned_elsewhere),
            ("waiting", counts.waiting),
            ("refused", counts.refused),
            ("delivering", counts.delivering),
            ("included", counts.included),
            ("delivered", counts.delivered),
            ("enough", counts.enough),
            ("unopened", counts.unopened),
            ("over", counts.over),
        ] {
            self.grants.with_label_values(&[state]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }
}

impl Exposition for CustodianMetrics {
    fn text(&self) -> Result<String, prometheus::Error> {
        self.common.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_there_before_the_first_grant_and_has_its_unit() {
        let metrics = CustodianMetrics::new().unwrap();
        metrics.blocks_read(10, 13);
        let text = metrics.text().unwrap();
        for line in [
            "medchain_custodian_grants_seen_total 0",
            "medchain_custodian_deliveries_total{outcome=\"delivered\"} 0",
            "medchain_custodian_deliveries_total{outcome=\"no_key\"} 0",
            "medchain_custodian_grants{state=\"assigned_elsewhere\"} 0",
            "medchain_custodian_delivery_seconds_count 0",
            "medchain_custodian_block{view=\"finalised\"} 10",
            "medchain_custodian_blocks_behind 3",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
        // No block becomes final any more.
        metrics.tip(Tip { block: 40, spec_version: 1, time: Duration::ZERO });
        let text = metrics.text().unwrap();
        assert!(text.contains("medchain_custodian_blocks_behind 30"), "{text}");
    }
}
