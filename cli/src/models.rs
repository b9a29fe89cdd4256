//! Models: the files on this computer, the models and workers on chain, predictions.

mod files;
mod prediction;
mod workers;

pub use files::{ModelFiles, MAX_MODEL_BYTES, MAX_TEXT_BYTES};
pub use prediction::{Prediction, Probabilities};
pub use workers::{active, consented_workers};
