//! What the service is given at its start.

use std::sync::Arc;

use crate::{
    custody::{
        deliveries::Rules,
        ports::{CustodyChain, Keeper},
    },
    shared::{config::Timing, ports::Clock},
};

/// The outside world.
#[derive(Clone)]
pub struct Ports {
    /// The chain, as this custodian's account.
    pub chain: Arc<dyn CustodyChain>,
    /// What keeps the custodian's secret.
    pub keeper: Arc<dyn Keeper>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
}

/// The numbers that an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Those of the state machine.
    pub rules: Rules,
    /// When the service acts.
    pub timing: Timing,
}
