//! The configuration of every pallet, one file per concern.

mod bodies;
mod consensus;
mod contracts;
mod council;
mod custody;
mod ethics;
mod governance;
mod medchain;
mod money;
mod parameters;
mod system;
pub mod xcm;
mod xcm_weights;

pub use consensus::ConsensusHook;
pub use council::{
    CouncilMajority, CouncilMinority, CouncilTwoThirds, PublicDelay, MAX_COUNCIL_MEMBERS,
};
pub use ethics::{EthicsMajority, EthicsMotionDuration, MAX_ETHICS_MEMBERS};
pub use governance::ProxyType;
pub use money::WeightToFee;
pub use parameters::{
    all_parameters, values, RuntimeParameters, RuntimeParametersKey, RuntimeParametersValue,
};
pub use system::RuntimeBlockWeights;
