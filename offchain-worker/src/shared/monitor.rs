//! What a running duty can be watched by.

use std::{sync::Arc, time::Duration};

use super::{
    health::Health,
    metrics::DutyMetrics,
    ports::{ChainError, Tip},
};

/// The metrics and the condition of a duty.
#[derive(Clone, Debug)]
pub struct Monitor<M> {
    /// Counters.
    pub metrics: Arc<M>,
    /// Condition.
    pub health: Arc<Health>,
}

impl<M: DutyMetrics> Monitor<M> {
    /// A monitor with fresh metrics, unhealthy until the first block; see
    /// [`Health::new`].
    ///
    /// # Errors
    /// Only where two metrics have the same name, which a test rules out.
    pub fn new(stall: Duration) -> Result<Self, prometheus::Error> {
        Ok(Self { metrics: Arc::new(M::new()?), health: Arc::new(Health::new(stall)) })
    }

    /// The newest block was read.
    pub fn tip(&self, tip: Tip) {
        self.metrics.tip(tip);
    }

    /// The second node was asked whether it confirms what the first one says.
    pub fn witness(&self, answer: &Result<(), ChainError>) {
        let problem = answer.as_ref().err();
        self.health.witness(problem.map(|error| format!("the witness does not confirm: {error}")));
    }

    /// The account was checked: what it can spend, in the chain's smallest unit, and
    /// what keeps it from its duty.
    pub fn account(&self, free: u128, problem: Option<String>) {
        self.metrics.common().funds(free);
        self.health.account(problem.map(|problem| format!("the account {problem}")));
    }
}
