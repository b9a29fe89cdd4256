//! Models: the files on this computer, the models and workers on chain, probabilities.

mod files;
mod load;
mod network;
mod probabilities;
mod workers;

pub use files::{ModelFiles, MAX_MODEL_BYTES, MAX_TEXT_BYTES};
pub use load::{ensure_preprocessing, load, registered};
#[cfg(test)]
pub use network::tests::network as test_network;
pub use network::{describe, difference, NetworkSummary};
pub use probabilities::{class, Probabilities};
pub use workers::{active, ensure_enough, nameable};
