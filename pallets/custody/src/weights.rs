//! The weights of this pallet's calls.

use frame_support::weights::{constants::RocksDbWeight, Weight};
use pallet_emr::log_weight;

/// The weight of each call, without policy checks.
///
/// Those add [`pallet_emr::AccessControl::weight`].
pub trait WeightInfo {
    /// `register_custodian`: verifies a key.
    fn register_custodian() -> Weight;
    /// `retire_custodian`.
    fn retire_custodian() -> Weight;
    /// `set_declined`.
    fn set_declined() -> Weight;
    /// `set_custodians` with `c` custodians.
    fn set_custodians(c: u32) -> Weight;
    /// `entrust_record` to `c` custodians while there are `g` grants: verifies a dealing.
    fn entrust_record(c: u32, g: u32) -> Weight;
    /// Ending the custody of a record that is erased while there are `g` grants.
    fn end_custody(g: u32) -> Weight;
    /// `request_access` by an account whose earlier grant ends.
    fn request_access() -> Weight;
    /// `deliver_share`, under an emergency: verifies a delivery.
    fn deliver_share() -> Weight;
    /// `expire_grant`, and any other end of one grant.
    fn expire_grant() -> Weight;
    /// `break_glass`.
    fn break_glass() -> Weight;
    /// `request_in_emergency` by an account whose earlier grant ends.
    fn request_in_emergency() -> Weight;
    /// `review_emergency`, where `g` records were requested and their grants end.
    fn review_emergency(g: u32) -> Weight;
    /// `judge_emergency`, where `g` records were requested and their grants end.
    fn judge_emergency(g: u32) -> Weight;
    /// `close_emergency`, where `g` records were requested.
    fn close_emergency(g: u32) -> Weight;
    /// `set_emergency_access`.
    fn set_emergency_access() -> Weight;
    /// `lift_suspension`.
    fn lift_suspension() -> Weight;
    /// `forget_grant`.
    fn forget_grant() -> Weight;
    /// `request_as_worker` by an account whose earlier grant ends.
    fn request_as_worker() -> Weight;
    /// `withdraw_shares`.
    fn withdraw_shares() -> Weight;
    /// What a patient with `c` custodians takes along who leaves.
    fn leave(c: u32) -> Weight;
    /// Processing one grant that is due, or passing one block.
    fn process_due() -> Weight;
}

/// Upper estimates, set by hand: what a call reads and writes, and what proofs were measured to
/// take in WebAssembly (`docs/adr/0023-verifiable-sharing.md`).
///
/// Bonds, fees and periods are read from storage, where the runtime has them there.
///
/// A hold is an account and its holds: two items. What a call links into the log of the patient is
/// [`log_weight`].
impl WeightInfo for () {
    fn register_custodian() -> Weight {
        // Role and institution, custodian, genesis, hold.
        estimate(7, 3).saturating_add(KEY_PROOF)
    }
    fn retire_custodian() -> Weight {
        estimate(3, 3)
    }
    fn set_declined() -> Weight {
        estimate(5, 3).saturating_add(log_weight(1))
    }
    fn set_custodians(c: u32) -> Weight {
        // Patient, group, hold; of each custodian its entry, whom it declines, role, institution.
        estimate(4u64.saturating_add(u64::from(c).saturating_mul(4)), 3)
            .saturating_add(log_weight(1))
    }
    fn entrust_record(c: u32, g: u32) -> Weight {
        // Record, custody, group, genesis, holds of both depositors, what is remembered
        // of the custody.
        let logged = log_weight(g.saturating_add(1));
        let (c, g) = (u64::from(c), u64::from(g).saturating_mul(PER_GRANT));
        let reads = 10u64.saturating_add(c.saturating_mul(4)).saturating_add(g);
        let verified =
            if c > 0 { DEALING.saturating_add(SHARE.saturating_mul(c)) } else { Weight::zero() };
        estimate(reads, 8u64.saturating_add(g)).saturating_add(verified).saturating_add(logged)
    }
    fn end_custody(g: u32) -> Weight {
        let logged = log_weight(g);
        let g = u64::from(g).saturating_mul(PER_GRANT);
        estimate(5u64.saturating_add(g), 6u64.saturating_add(g)).saturating_add(logged)
    }
    fn request_access() -> Weight {
        // Record, two policies, patient, custody, grant, used reply key, hold, schedule; the end of
        // a grant. Logged: the policy's yes, the end of a grant, the new one.
        estimate(18, 13).saturating_add(log_weight(3))
    }
    fn deliver_share() -> Weight {
        // Record, grant, what is remembered of grant and custody, custody, role, custodian, genesis;
        // emergency, opt-out, two policies, patient, relation, role of a clinician; hold, and the
        // custodian's account.
        // Logged: the policy's answer, the share.
        estimate(22, 6).saturating_add(DELIVERY).saturating_add(log_weight(2))
    }
    fn expire_grant() -> Weight {
        // Record, grant, custody, two entries in the schedule, emergency and its list, hold, what
        // is remembered of the grant.
        estimate(11, 10).saturating_add(log_weight(1))
    }
    fn break_glass() -> Weight {
        // Patient, rejections, also of the pair, group, two policies, opt-out, relation, role,
        // running and new emergency, count, number, hold, schedule.
        estimate(22, 9).saturating_add(log_weight(2))
    }
    fn request_in_emergency() -> Weight {
        // Record, emergency, rejections, also of the pair, two policies, patient, opt-out, relation,
        // role, custody, grant, used reply key, list, hold, schedule; the end of a grant.
        estimate(24, 15).saturating_add(log_weight(3))
    }
    fn review_emergency(g: u32) -> Weight {
        // Emergency, relation, patient, rejections, also of the pair, counts, hold, issuance,
        // schedule; of each record its place in the list, and the end of its grant.
        let logged = log_weight(g.saturating_add(1));
        let g = u64::from(g).saturating_mul(PER_GRANT.saturating_add(2));
        estimate(15u64.saturating_add(g), 14u64.saturating_add(g)).saturating_add(logged)
    }
    fn judge_emergency(g: u32) -> Weight {
        Self::review_emergency(g)
    }
    fn close_emergency(g: u32) -> Weight {
        // Emergency, pair, counts, hold, issuance, schedule; of each record its place in the list.
        let g = u64::from(g);
        small(12u64.saturating_add(g), 11u64.saturating_add(g)).saturating_add(log_weight(1))
    }
    fn set_emergency_access() -> Weight {
        estimate(2, 1).saturating_add(log_weight(1))
    }
    fn lift_suspension() -> Weight {
        estimate(1, 1)
    }
    fn forget_grant() -> Weight {
        // What is remembered, hold, schedule.
        small(4, 4)
    }
    fn request_as_worker() -> Weight {
        // As a request that the policy allows.
        Self::request_access()
    }
    fn withdraw_shares() -> Weight {
        // Two custodies, the record and its later versions, hold, what is remembered of grants and
        // of the custody, schedule.
        estimate(14, 7).saturating_add(log_weight(1))
    }
    fn leave(c: u32) -> Weight {
        // Emergencies, opt-out, group, hold. The group is the larger the more are in it.
        estimate(5, 4)
            .saturating_add(Weight::from_parts(0, u64::from(c).saturating_mul(64)))
            .saturating_add(log_weight(1))
    }
    fn process_due() -> Weight {
        // As the end of a grant, and the schedule itself. Only the custody is large.
        small(13, 12)
            .saturating_add(Weight::from_parts(0, PROOF_PER_READ))
            .saturating_add(log_weight(1))
    }
}

/// Picoseconds of computation beside storage and proofs.
const COMPUTATION: u64 = 50_000_000;
/// The most that reading one item adds to the proof, in bytes.
const PROOF_PER_READ: u64 = 4_000;
/// The same of an item of at most 200 bytes, most of which are in the same part of the trie.
const PROOF_PER_SMALL_READ: u64 = 1_000;
/// Items of each grant that ends with its custody: grant, two in the schedule, emergency, hold,
/// what is remembered of it.
const PER_GRANT: u64 = 7;

/// Verifying a custodian's key: 0.25 ms.
const KEY_PROOF: Weight = Weight::from_parts(250_000_000, 0);
/// Verifying a dealing: 0.25 ms, and 0.11 ms for each share.
const DEALING: Weight = Weight::from_parts(250_000_000, 0);
/// See [`DEALING`].
const SHARE: Weight = Weight::from_parts(110_000_000, 0);
/// Verifying a delivery: 0.8 ms.
const DELIVERY: Weight = Weight::from_parts(800_000_000, 0);

fn estimate(reads: u64, writes: u64) -> Weight {
    Weight::from_parts(COMPUTATION, reads.saturating_mul(PROOF_PER_READ))
        .saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

/// As [`estimate`], of small items.
fn small(reads: u64, writes: u64) -> Weight {
    Weight::from_parts(COMPUTATION, reads.saturating_mul(PROOF_PER_SMALL_READ))
        .saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}
