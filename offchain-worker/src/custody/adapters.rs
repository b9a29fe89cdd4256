//! The ports over medchain-client.

mod keeper;
mod node;
mod proven;

pub use keeper::SecretKeeper;
pub use node::NodeGrants;
