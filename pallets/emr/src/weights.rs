//! The weights of this pallet's calls.

use frame_support::weights::{constants::RocksDbWeight, Weight};

/// What each call costs, policy checks and inference orders apart: those come
/// with [`crate::AccessControl::weight`] and [`crate::InferenceOrders::weight`].
pub trait WeightInfo {
    /// `register_patient`.
    fn register_patient() -> Weight;
    /// `update_profile`.
    fn update_profile() -> Weight;
    /// `set_encryption_key`.
    fn set_encryption_key() -> Weight;
    /// `set_policy`.
    fn set_policy() -> Weight;
    /// `set_default_policy`.
    fn set_default_policy() -> Weight;
    /// `add_provider`.
    fn add_provider() -> Weight;
    /// `remove_provider`.
    fn remove_provider() -> Weight;
    /// `add_record` with `n` envelopes.
    fn add_record(n: u32) -> Weight;
    /// `amend_record` with `n` envelopes.
    fn amend_record(n: u32) -> Weight;
    /// `share_record`.
    fn share_record() -> Weight;
    /// `remove_envelope`.
    fn remove_envelope() -> Weight;
    /// `erase_record` of a record with `n` envelopes.
    fn erase_record(n: u32) -> Weight;
    /// `set_relation`.
    fn set_relation() -> Weight;
    /// `remove_relation`.
    fn remove_relation() -> Weight;
    /// `request_access`.
    fn request_access() -> Weight;
    /// `remove_encryption_key`.
    fn remove_encryption_key() -> Weight;
}

/// Hand-set and generous: an upper estimate for tests, not measured.
impl WeightInfo for () {
    fn register_patient() -> Weight {
        estimate(5, 5)
    }
    fn update_profile() -> Weight {
        estimate(1, 1)
    }
    fn set_encryption_key() -> Weight {
        estimate(4, 4)
    }
    fn set_policy() -> Weight {
        estimate(2, 1)
    }
    fn set_default_policy() -> Weight {
        estimate(1, 1)
    }
    fn add_provider() -> Weight {
        estimate(1, 1)
    }
    fn remove_provider() -> Weight {
        estimate(1, 1)
    }
    fn add_record(n: u32) -> Weight {
        let n = u64::from(n);
        estimate(8u64.saturating_add(n), 6u64.saturating_add(n))
    }
    fn amend_record(n: u32) -> Weight {
        let n = u64::from(n);
        estimate(8u64.saturating_add(n), 7u64.saturating_add(n))
    }
    fn share_record() -> Weight {
        estimate(11, 7)
    }
    fn remove_envelope() -> Weight {
        estimate(5, 5)
    }
    fn erase_record(n: u32) -> Weight {
        // Each envelope may have a depositor of its own.
        let n = u64::from(n).saturating_mul(3);
        estimate(4u64.saturating_add(n), 4u64.saturating_add(n))
    }
    fn set_relation() -> Weight {
        estimate(2, 2)
    }
    fn remove_relation() -> Weight {
        estimate(2, 2)
    }
    fn request_access() -> Weight {
        estimate(4, 0)
    }
    fn remove_encryption_key() -> Weight {
        estimate(5, 4)
    }
}

/// Picoseconds of computation beside the storage accesses, and the most that
/// reading one item adds to the proof, in bytes.
const COMPUTATION: u64 = 50_000_000;
const PROOF_PER_READ: u64 = 4_000;

fn estimate(reads: u64, writes: u64) -> Weight {
    Weight::from_parts(COMPUTATION, reads.saturating_mul(PROOF_PER_READ))
        .saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}
