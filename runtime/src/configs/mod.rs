//! The configuration of every pallet, one file per concern.

mod consensus;
mod contracts;
mod governance;
mod medchain;
mod money;
mod system;
pub mod xcm;

pub use consensus::ConsensusHook;
pub use governance::ProxyType;
pub use money::WeightToFee;
pub use system::RuntimeBlockWeights;
