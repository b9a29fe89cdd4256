//! Models: the files on this computer, the models and workers on chain, probabilities.

mod files;
mod probabilities;
mod workers;

pub use files::{ModelFiles, MAX_MODEL_BYTES, MAX_TEXT_BYTES};
pub use probabilities::{class, Probabilities};
pub use workers::{active, ensure_enough, nameable};
