//! The weights of blocks, transactions, database accesses and the calls of our pallets.
//!
//! `make weights` writes the files below. It measures the runtime as compiled for the chain,
//! in the executor of a release build (`runtime/bencher`).

pub mod pallet_custody;
pub mod pallet_disputes;
pub mod pallet_emr;
pub mod pallet_inference;
pub mod pallet_timelock;

pub use frame_support::weights::constants::{
    BlockExecutionWeight, ExtrinsicBaseWeight, RocksDbWeight,
};
