//! The weights of the calls.

use frame_support::weights::{constants::RocksDbWeight, Weight};

/// The maximum weight of each call, without what the client does at the end of a dispute.
pub trait WeightInfo {
    /// Weight of `show_roots`.
    fn show_roots() -> Weight;
    /// Weight of `show_nodes`.
    fn show_nodes() -> Weight;
    /// Weight of `show_leaf` with `b` bytes.
    fn show_leaf(b: u32) -> Weight;
    /// Weight of `show_sums` with `p` pieces.
    fn show_sums(p: u32) -> Weight;
    /// Weight of `open_value` that shows `b` bytes.
    fn open_value(b: u32) -> Weight;
    /// Weight of `open_secret`.
    fn open_secret() -> Weight;
}

/// What a dispute and its last move take in a proof, at most.
const PROOF: u64 = 24 * 1024;

/// Estimates for tests, which measure nothing.
impl WeightInfo for () {
    fn show_roots() -> Weight {
        estimate(100)
    }
    fn show_nodes() -> Weight {
        estimate(1000)
    }
    fn show_leaf(b: u32) -> Weight {
        estimate(100u64.saturating_add(b.into()))
    }
    fn show_sums(p: u32) -> Weight {
        estimate(200u64.saturating_add(p.into()))
    }
    fn open_value(b: u32) -> Weight {
        estimate(1000u64.saturating_add(b.into()))
    }
    fn open_secret() -> Weight {
        estimate(500)
    }
}

/// Some microseconds, three reads and three writes.
fn estimate(microseconds: u64) -> Weight {
    Weight::from_parts(microseconds.saturating_mul(1_000_000), PROOF)
        .saturating_add(RocksDbWeight::get().reads_writes(3, 3))
}
