//! What blocks, transactions, database accesses and our own calls cost.
//!
//! The two files below are written by `make weights`: the runtime as it is
//! compiled for the chain, in the executor of a release build.

pub mod pallet_emr;
pub mod pallet_inference;

pub use frame_support::weights::constants::{
    BlockExecutionWeight, ExtrinsicBaseWeight, RocksDbWeight,
};
