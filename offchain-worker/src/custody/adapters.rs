//! The ports over medchain-client.

mod node;
mod sealer;

pub use node::NodeGrants;
pub use sealer::KeySealer;
