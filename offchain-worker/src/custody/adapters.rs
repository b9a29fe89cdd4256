//! The ports over medchain-client.

mod keeper;
mod node;

pub use keeper::SecretKeeper;
pub use node::NodeGrants;
