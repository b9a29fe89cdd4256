//! The weights of blocks, transactions, database accesses and the calls of our pallets.
//!
//! `make weights` writes the files below. It measures the runtime as compiled for the chain,
//! in the executor of a release build.

pub mod pallet_emr;

pub use frame_support::weights::constants::{
    BlockExecutionWeight, ExtrinsicBaseWeight, RocksDbWeight,
};
