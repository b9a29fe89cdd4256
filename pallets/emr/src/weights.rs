//! The weights of this pallet's calls.

use frame_support::weights::{constants::RocksDbWeight, Weight};

/// The weight of each call, without policy checks and inference orders.
///
/// Those add [`crate::AccessControl::weight`] and [`crate::InferenceOrders::weight`].
pub trait WeightInfo {
    /// `register_patient`.
    fn register_patient() -> Weight;
    /// `update_profile`.
    fn update_profile() -> Weight;
    /// `set_encryption_key`.
    fn set_encryption_key() -> Weight;
    /// `set_policy` and `allow_nobody`.
    fn set_policy() -> Weight;
    /// `announce_default_policy`.
    fn announce_default_policy() -> Weight;
    /// `enact_default_policy`.
    fn enact_default_policy() -> Weight;
    /// `cancel_default_policy`.
    fn cancel_default_policy() -> Weight;
    /// `admit_institution`.
    fn admit_institution() -> Weight;
    /// `remove_institution`.
    fn remove_institution() -> Weight;
    /// `set_registrar`.
    fn set_registrar() -> Weight;
    /// `add_provider`.
    fn add_provider() -> Weight;
    /// `renew_provider`.
    fn renew_provider() -> Weight;
    /// `remove_provider`.
    fn remove_provider() -> Weight;
    /// `add_record` with `n` envelopes and without custody.
    fn add_record(n: u32) -> Weight;
    /// `amend_record` with `n` envelopes and without custody.
    fn amend_record(n: u32) -> Weight;
    /// `share_record`.
    fn share_record() -> Weight;
    /// `remove_envelope`.
    fn remove_envelope() -> Weight;
    /// `erase_record` of a record with `n` envelopes and `g` grants.
    fn erase_record(n: u32, g: u32) -> Weight;
    /// `set_relation`.
    fn set_relation() -> Weight;
    /// `remove_relation`.
    fn remove_relation() -> Weight;
    /// `request_access`.
    fn request_access() -> Weight;
    /// `remove_encryption_key`.
    fn remove_encryption_key() -> Weight;
    /// `set_custodians` with `c` custodians.
    fn set_custodians(c: u32) -> Weight;
    /// `entrust_record` to `c` custodians while there are `g` grants.
    fn entrust_record(c: u32, g: u32) -> Weight;
    /// `deliver_share`.
    fn deliver_share() -> Weight;
    /// `expire_grant`.
    fn expire_grant() -> Weight;
    /// `break_glass`.
    fn break_glass() -> Weight;
    /// `review_emergency`.
    fn review_emergency() -> Weight;
    /// `lapse_emergency`.
    fn lapse_emergency() -> Weight;
    /// `set_emergency_access`.
    fn set_emergency_access() -> Weight;
    /// Processing one entry that is due, or passing one block.
    fn process_due() -> Weight;
}

/// Upper estimates for tests, set by hand and not measured.
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
    fn announce_default_policy() -> Weight {
        estimate(4, 1)
    }
    fn enact_default_policy() -> Weight {
        estimate(2, 2)
    }
    fn cancel_default_policy() -> Weight {
        estimate(1, 1)
    }
    fn admit_institution() -> Weight {
        estimate(1, 2)
    }
    fn remove_institution() -> Weight {
        estimate(1, 1)
    }
    fn set_registrar() -> Weight {
        estimate(1, 1)
    }
    fn add_provider() -> Weight {
        estimate(3, 1)
    }
    fn renew_provider() -> Weight {
        estimate(2, 1)
    }
    fn remove_provider() -> Weight {
        estimate(2, 1)
    }
    fn add_record(n: u32) -> Weight {
        let n = u64::from(n);
        estimate(11u64.saturating_add(n), 8u64.saturating_add(n))
    }
    fn amend_record(n: u32) -> Weight {
        let n = u64::from(n);
        estimate(10u64.saturating_add(n), 9u64.saturating_add(n))
    }
    fn share_record() -> Weight {
        estimate(11, 7)
    }
    fn remove_envelope() -> Weight {
        estimate(10, 10)
    }
    fn erase_record(n: u32, g: u32) -> Weight {
        // Each envelope may have its own depositor, and each grant has.
        let n = u64::from(n).saturating_mul(3).saturating_add(u64::from(g).saturating_mul(4));
        estimate(8u64.saturating_add(n), 9u64.saturating_add(n))
    }
    fn set_relation() -> Weight {
        estimate(2, 2)
    }
    fn remove_relation() -> Weight {
        estimate(2, 2)
    }
    fn request_access() -> Weight {
        estimate(11, 6)
    }
    fn remove_encryption_key() -> Weight {
        estimate(5, 4)
    }
    fn set_custodians(c: u32) -> Weight {
        estimate(4u64.saturating_add(u64::from(c).saturating_mul(3)), 4)
    }
    fn entrust_record(_: u32, g: u32) -> Weight {
        let g = u64::from(g).saturating_mul(4);
        estimate(9u64.saturating_add(g), 7u64.saturating_add(g))
    }
    fn deliver_share() -> Weight {
        estimate(11, 6)
    }
    fn expire_grant() -> Weight {
        estimate(6, 6)
    }
    fn break_glass() -> Weight {
        estimate(17, 9)
    }
    fn review_emergency() -> Weight {
        estimate(9, 9)
    }
    fn lapse_emergency() -> Weight {
        estimate(6, 6)
    }
    fn set_emergency_access() -> Weight {
        estimate(2, 1)
    }
    fn process_due() -> Weight {
        estimate(8, 7)
    }
}

/// Picoseconds of computation beside the storage accesses.
const COMPUTATION: u64 = 50_000_000;
/// The most that reading one item adds to the proof, in bytes.
const PROOF_PER_READ: u64 = 4_000;

fn estimate(reads: u64, writes: u64) -> Weight {
    Weight::from_parts(COMPUTATION, reads.saturating_mul(PROOF_PER_READ))
        .saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}
