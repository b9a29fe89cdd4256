//! The ports over medchain-client and medchain-vision.

mod chain;
mod cipher;
mod clock;
mod model;
mod store;

pub use chain::NodeChain;
pub use cipher::KeyCipher;
pub use clock::SystemClock;
pub use model::{LoadError, VisionModel};
pub use store::ContentStore;
