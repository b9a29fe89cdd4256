//! The ports over medchain-client and medchain-vision.

mod chain;
mod cipher;
mod clock;
mod custody;
mod link;
mod model;
mod sealer;
mod store;

pub use chain::NodeChain;
pub use cipher::KeyCipher;
pub use clock::SystemClock;
pub use custody::NodeCustody;
pub use model::{LoadError, VisionModel};
pub use sealer::KeySealer;
pub use store::ContentStore;
