//! How each pallet is configured, a file for each concern.

mod consensus;
mod contracts;
mod governance;
mod medchain;
mod money;
mod system;
pub mod xcm;

pub use consensus::ConsensusHook;
pub use governance::ProxyType;
pub use medchain::RequestDeadline;
pub use money::WeightToFee;
pub use system::RuntimeBlockWeights;
