//! What the service is given at its start.

use std::sync::Arc;

use crate::{
    custody::{
        deliveries::Rules,
        ports::{CustodyChain, Sealer},
    },
    shared::{config::Timing, ports::Clock},
};

/// The outside world.
#[derive(Clone)]
pub struct Ports {
    /// The chain, as this custodian's account.
    pub chain: Arc<dyn CustodyChain>,
    /// The custodian's decryption key.
    pub sealer: Arc<dyn Sealer>,
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
