//! The weights of this pallet's calls.

use frame_support::weights::{constants::RocksDbWeight, Weight};

/// The weight of each call, without the call that `enact` makes.
pub trait WeightInfo {
    /// `announce`.
    fn announce() -> Weight;
    /// `cancel`.
    fn cancel() -> Weight;
    /// `enact`.
    fn enact() -> Weight;
    /// `remove_expired`.
    fn remove_expired() -> Weight;
}

/// Upper estimates, set by hand and not measured.
impl WeightInfo for () {
    fn announce() -> Weight {
        estimate(4, 3)
    }
    fn cancel() -> Weight {
        estimate(2, 2)
    }
    fn enact() -> Weight {
        estimate(2, 2)
    }
    fn remove_expired() -> Weight {
        estimate(2, 2)
    }
}

/// Picoseconds of computation beside the storage accesses.
const COMPUTATION: u64 = 50_000_000;
/// The most that reading one item adds to the proof, in bytes: a call of 4 KiB, and its path.
const PROOF_PER_READ: u64 = 8_000;

fn estimate(reads: u64, writes: u64) -> Weight {
    Weight::from_parts(COMPUTATION, reads.saturating_mul(PROOF_PER_READ))
        .saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}
