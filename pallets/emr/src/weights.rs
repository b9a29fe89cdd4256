//! The weights of this pallet's calls.

use frame_support::weights::{constants::RocksDbWeight, Weight};

/// The weight of each call, without policy checks, inference orders and custody.
///
/// Those add [`crate::AccessControl::weight`], [`crate::InferenceOrders::weight`] and the weights
/// of [`crate::KeyCustody`]. What a call links into the patient's log is in its weight.
pub trait WeightInfo {
    /// `register_patient`.
    fn register_patient() -> Weight;
    /// `update_profile` and `remove_profile`.
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
    /// `remove_envelope` of a reader without a grant.
    fn remove_envelope() -> Weight;
    /// `erase_record` of a record with `n` envelopes and without custody.
    fn erase_record(n: u32) -> Weight;
    /// `restore_record`.
    fn restore_record() -> Weight;
    /// `set_relation`.
    fn set_relation() -> Weight;
    /// `remove_relation`.
    fn remove_relation() -> Weight;
    /// `remove_encryption_key`.
    fn remove_encryption_key() -> Weight;
    /// `deregister_patient` of a patient with `n` relations, without what others have of them.
    fn deregister_patient(n: u32) -> Weight;
    /// `withdraw_envelope`.
    fn withdraw_envelope() -> Weight;
    /// `set_log_archive`.
    fn set_log_archive() -> Weight;
    /// `remove_log_archive`.
    fn remove_log_archive() -> Weight;
}

/// Upper estimates for tests, set by hand and not measured.
impl WeightInfo for () {
    fn register_patient() -> Weight {
        estimate(5, 5).saturating_add(log_weight(2))
    }
    fn update_profile() -> Weight {
        estimate(1, 1).saturating_add(log_weight(2))
    }
    fn set_encryption_key() -> Weight {
        estimate(4, 4).saturating_add(log_weight(1))
    }
    fn set_policy() -> Weight {
        estimate(2, 1).saturating_add(log_weight(1))
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
        let entries = n.saturating_add(3);
        let n = u64::from(n);
        estimate(12u64.saturating_add(n), 10u64.saturating_add(n))
            .saturating_add(log_weight(entries))
    }
    fn amend_record(n: u32) -> Weight {
        let entries = n.saturating_add(3);
        let n = u64::from(n);
        estimate(12u64.saturating_add(n), 11u64.saturating_add(n))
            .saturating_add(log_weight(entries))
    }
    fn share_record() -> Weight {
        estimate(12, 7).saturating_add(log_weight(3))
    }
    fn remove_envelope() -> Weight {
        estimate(6, 6).saturating_add(log_weight(2))
    }
    fn erase_record(n: u32) -> Weight {
        // Each envelope may have its own depositor.
        let n = u64::from(n).saturating_mul(3);
        estimate(7u64.saturating_add(n), 7u64.saturating_add(n)).saturating_add(log_weight(1))
    }
    fn restore_record() -> Weight {
        estimate(4, 2).saturating_add(log_weight(1))
    }
    fn set_relation() -> Weight {
        estimate(2, 2).saturating_add(log_weight(1))
    }
    fn remove_relation() -> Weight {
        estimate(2, 2).saturating_add(log_weight(1))
    }
    fn remove_encryption_key() -> Weight {
        estimate(5, 4)
    }
    fn deregister_patient(n: u32) -> Weight {
        // A profile, a policy, a key and the end are logged as well.
        let entries = n.saturating_add(4);
        let n = u64::from(n);
        estimate(6u64.saturating_add(n), 5u64.saturating_add(n)).saturating_add(log_weight(entries))
    }
    fn withdraw_envelope() -> Weight {
        // The request and, for each of four models, the newest verdict.
        estimate(14, 4).saturating_add(log_weight(1))
    }
    fn set_log_archive() -> Weight {
        estimate(3, 3)
    }
    fn remove_log_archive() -> Weight {
        estimate(3, 3)
    }
}

/// Picoseconds of computation beside the storage accesses.
const COMPUTATION: u64 = 50_000_000;
/// The most that reading one item adds to the proof, in bytes.
const PROOF_PER_READ: u64 = 4_000;

/// The most that the logs of one patient add to the proof in one call, in bytes: the head, and the
/// topic, which the next block removes.
const PROOF_OF_LOG: u64 = 6_000;

/// Encoding and hashing one entry of a log, in picoseconds.
const LOG_COMPUTATION: u64 = 10_000_000;

/// The weight of linking this many events into the log of one patient.
///
/// The head is read and written, and the topic is read, written, and removed in the next block, all
/// of them once: events that follow find them in memory. Weights that are measured have it already.
pub fn log_weight(entries: u32) -> Weight {
    if entries == 0 {
        return Weight::zero();
    }
    let hashing = LOG_COMPUTATION.saturating_mul(entries.into());
    RocksDbWeight::get()
        .reads_writes(2, 3)
        .saturating_add(Weight::from_parts(hashing, PROOF_OF_LOG))
}

fn estimate(reads: u64, writes: u64) -> Weight {
    Weight::from_parts(COMPUTATION, reads.saturating_mul(PROOF_PER_READ))
        .saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}
