//! The pallets that `scripts/benchmark-weights.sh` measures: those of this repository.
//!
//! The others ship weights measured on reference hardware.

use alloc::{string::String, vec::Vec};
use frame_benchmarking::{BenchmarkBatch, BenchmarkConfig, BenchmarkList};

use crate::{AllPalletsWithSystem, Custody, Disputes, Emr, Inference, Timelock};

frame_benchmarking::define_benchmarks!(
    [pallet_emr, Emr]
    [pallet_custody, Custody]
    [pallet_inference, Inference]
    [pallet_disputes, Disputes]
    [pallet_timelock, Timelock]
);

/// Returns all benchmarks.
pub fn list(extra: bool) -> Vec<BenchmarkList> {
    let mut list = Vec::<BenchmarkList>::new();
    list_benchmarks!(list, extra);
    list
}

/// Runs the benchmarks that `config` names.
pub fn run(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
    use frame_support::traits::WhitelistedStorageKeys;
    let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
    let mut batches = Vec::<BenchmarkBatch>::new();
    let params = (&config, &whitelist);
    add_benchmarks!(params, batches);
    if batches.is_empty() {
        return Err("no benchmark has this name".into());
    }
    Ok(batches)
}
