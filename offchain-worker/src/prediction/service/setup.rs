//! What the service is given at its start.

use std::{collections::BTreeMap, sync::Arc};

use medchain_primitives::ModelId;

use crate::{
    prediction::{
        drift,
        jobs::Rules,
        ports::{Answers, Cipher, PredictionChain, ServedModel, Store},
    },
    shared::{config::Timing, ports::Clock},
};

/// The outside world.
#[derive(Clone)]
pub struct Ports {
    /// The chain, as this worker's account.
    pub chain: Arc<dyn PredictionChain>,
    /// Where content is.
    pub store: Arc<dyn Store>,
    /// The models that this worker runs.
    pub models: Arc<BTreeMap<ModelId, ServedModel>>,
    /// The worker's decryption key.
    pub cipher: Arc<dyn Cipher>,
    /// Where answers survive the process.
    pub answers: Arc<dyn Answers>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
}

/// The numbers that an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Those of the state machine.
    pub rules: Rules,
    /// Those of the drift alarm.
    pub drift: drift::Rules,
    /// When the service acts.
    pub timing: Timing,
    /// How many threads predict, and how many more open films.
    pub threads: usize,
    /// How many images may be opened ahead of their turn.
    pub queue: usize,
    /// How many calls may be on their way into a block.
    pub max_pending: usize,
    /// The largest content that is fetched, in bytes.
    pub max_content: u64,
    /// Whether requests are taken from the newest block, not only from final ones.
    pub follow_best: bool,
}

/// How many files may be fetched while every thread that opens films has one.
const AHEAD: u64 = 4;

impl Settings {
    /// How many bytes of fetched files are held at once, those included that are being opened.
    pub fn shelf(&self) -> u64 {
        (self.threads as u64).saturating_add(AHEAD).saturating_mul(self.max_content)
    }
}
