//! What blocks, transactions, database accesses and our own calls cost.
//!
//! The two files below are written by `make weights`. The runtime is measured
//! as it is compiled for the chain; the node around it in the dev profile, so
//! that the times are upper bounds. Proof sizes do not depend on that.

pub mod pallet_emr;
pub mod pallet_inference;

pub use frame_support::weights::constants::{
    BlockExecutionWeight, ExtrinsicBaseWeight, RocksDbWeight,
};
