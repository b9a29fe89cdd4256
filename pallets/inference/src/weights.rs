//! The weights of the calls.

use frame_support::weights::{constants::RocksDbWeight, Weight};
use medchain_primitives::MAX_QUORUM;
use pallet_emr::log_weight;

use crate::MAX_LOST;

/// The maximum weight of each call, without asking the patient's policy.
///
/// Calls that ask it add [`crate::Pallet::policy_weight`].
pub trait WeightInfo {
    /// Weight of `register_model`.
    fn register_model() -> Weight;
    /// Weight of `set_model_status`.
    fn set_model_status() -> Weight;
    /// Weight of `register_worker` with `m` models.
    fn register_worker(m: u32) -> Weight;
    /// Weight of `set_worker_models` with `m` models.
    fn set_worker_models(m: u32) -> Weight;
    /// Weight of `deregister_worker` of a worker with `m` models.
    fn deregister_worker(m: u32) -> Weight;
    /// Weight of `request_inference`.
    fn request_inference() -> Weight;
    /// Weight of `cancel_request`.
    fn cancel_request() -> Weight;
    /// Weight of `draw_workers` that asks about `a` candidates.
    fn draw_workers(a: u32) -> Weight;
    /// Weight of `seal_to_workers` with `k` keys.
    fn seal_to_workers(k: u32) -> Weight;
    /// Weight of asking whether a drawn worker waits for a key.
    fn key_place() -> Weight;
    /// Weight of noting what a drawn worker has paid for a key.
    fn note_key_cost() -> Weight;
    /// Weight of `commit_answer`.
    fn commit_answer() -> Weight;
    /// Weight of `reveal_answer`.
    fn reveal_answer() -> Weight;
    /// Weight of `submit_answer`.
    fn submit_answer() -> Weight;
    /// Weight of `report_failure`.
    fn report_failure() -> Weight;
    /// Weight of `challenge_verdict`.
    fn challenge_verdict() -> Weight;
    /// Weight of `annul_dispute`.
    fn annul_dispute() -> Weight;
    /// Weight of what follows from a dispute that was settled.
    fn settle_dispute() -> Weight;
    /// Weight of `settle_overdue`.
    fn settle_overdue() -> Weight;
    /// Weight of `withdraw_bond`.
    fn withdraw_bond() -> Weight;
    /// Weight of `top_up_bond` of a worker with `m` models.
    fn top_up_bond(m: u32) -> Weight;
    /// Weight of `disclose_verdict`.
    fn disclose_verdict() -> Weight;
    /// Weight of asking whether a patient may leave.
    fn leave() -> Weight;
    /// Weight of moving one overdue request on at the end of a block.
    fn process_due() -> Weight;
}

const COMPUTATION: u64 = 50_000_000;
const PROOF_OF_A_READ: u64 = 4_096;

/// The workers of the largest committee.
const MEMBERS: u64 = MAX_QUORUM as u64;
/// What assigning or releasing a worker touches: its entry and its work list.
const PER_MEMBER: u64 = 2;
/// What paying or slashing a worker touches: two accounts and the holds of each.
const PER_PAYMENT: u64 = 4;
/// The most models of a worker, from each of which a slashed worker is removed.
const MODELS: u64 = 16;

const fn estimate(reads: u64, writes: u64) -> Weight {
    let time = COMPUTATION
        .saturating_add(reads.saturating_mul(RocksDbWeight::get().read))
        .saturating_add(writes.saturating_mul(RocksDbWeight::get().write));
    Weight::from_parts(time, reads.saturating_mul(PROOF_OF_A_READ))
}

/// Estimates that count every storage item a call can touch, 50 µs of computation, and 4 KiB of
/// proof for each read; and what is linked into the patient's log ([`log_weight`]).
///
/// Bonds, penalties and periods are read from storage, where the runtime has them there.
impl WeightInfo for () {
    fn register_model() -> Weight {
        estimate(2, 2)
    }
    fn set_model_status() -> Weight {
        estimate(1, 1)
    }
    fn register_worker(m: u32) -> Weight {
        estimate(5u64.saturating_add(u64::from(m).saturating_mul(2)), 3u64.saturating_add(m.into()))
    }
    fn set_worker_models(m: u32) -> Weight {
        let lists = MODELS.saturating_add(m.into());
        estimate(1u64.saturating_add(lists).saturating_add(m.into()), 1u64.saturating_add(lists))
    }
    fn deregister_worker(m: u32) -> Weight {
        estimate(8u64.saturating_add(m.into()), 1u64.saturating_add(m.into()))
    }
    fn request_inference() -> Weight {
        estimate(22, 14).saturating_add(log_weight(3))
    }
    fn cancel_request() -> Weight {
        let members = MEMBERS.saturating_mul(PER_MEMBER);
        // Also those that have left may be owed something. Each is logged.
        let paid = u64::from(MAX_LOST).saturating_mul(PER_PAYMENT);
        let all = members.saturating_add(paid);
        estimate(9u64.saturating_add(all), 8u64.saturating_add(all))
            .saturating_add(log_weight(MAX_LOST.saturating_add(1)))
    }
    fn draw_workers(a: u32) -> Weight {
        // Each candidate: its entry, its key, its work list, its envelope.
        let candidates = u64::from(a).saturating_mul(4);
        // Logged: each yes of the policy, the draw, what follows.
        estimate(16u64.saturating_add(candidates), 14u64.saturating_add(candidates))
            .saturating_add(log_weight(a.saturating_add(2)))
    }
    fn seal_to_workers(k: u32) -> Weight {
        // The envelope, its depositor and the deposit, for what is replaced and what is added.
        let keys = u64::from(k).saturating_mul(5);
        // Each member's envelope and key. One more: whether the patient has an envelope. Two more:
        // whether custodians delivered the key to the signer.
        let members = MEMBERS.saturating_mul(2);
        // And the period that workers have.
        estimate(14u64.saturating_add(members).saturating_add(keys), 6u64.saturating_add(keys))
            .saturating_add(log_weight(k.saturating_mul(2).saturating_add(1)))
    }
    fn key_place() -> Weight {
        // Request, committee, envelope, record, model.
        estimate(5, 0)
    }
    fn note_key_cost() -> Weight {
        // Request, patient, costs.
        estimate(3, 1)
    }
    fn commit_answer() -> Weight {
        estimate(10, 7).saturating_add(log_weight(3))
    }
    fn reveal_answer() -> Weight {
        let members = MEMBERS.saturating_mul(PER_MEMBER.saturating_add(PER_PAYMENT));
        estimate(14u64.saturating_add(members), 11u64.saturating_add(members))
            .saturating_add(log_weight(3))
    }
    fn submit_answer() -> Weight {
        estimate(22, 17).saturating_add(log_weight(2))
    }
    fn report_failure() -> Weight {
        let paid = u64::from(MAX_LOST).saturating_mul(PER_PAYMENT);
        let members = MEMBERS.saturating_mul(PER_MEMBER).saturating_add(paid);
        let reads = 18u64.saturating_add(members).saturating_add(MAX_LOST.into());
        estimate(reads, 11u64.saturating_add(members))
            .saturating_add(log_weight(MAX_LOST.saturating_add(2)))
    }
    fn settle_overdue() -> Weight {
        let per_member =
            PER_MEMBER.saturating_add(PER_PAYMENT).saturating_add(MODELS).saturating_add(1);
        // And what others are owed that have left before.
        let owed = u64::from(MAX_LOST).saturating_mul(PER_PAYMENT);
        let members = MEMBERS.saturating_mul(per_member).saturating_add(owed);
        // Logged: what each member missed and lost, what others got, what follows.
        let logged = MAX_QUORUM.saturating_mul(2).saturating_add(MAX_LOST).saturating_add(1);
        // Two more for each member: whether it has the key.
        let reads = 32u64.saturating_add(members).saturating_add(MAX_LOST.into());
        estimate(reads, 12u64.saturating_add(members)).saturating_add(log_weight(logged))
    }
    fn challenge_verdict() -> Weight {
        let members = MEMBERS.saturating_add(1).saturating_mul(PER_MEMBER);
        estimate(14u64.saturating_add(members), 9u64.saturating_add(members))
            .saturating_add(log_weight(3))
    }
    fn annul_dispute() -> Weight {
        let members = MEMBERS.saturating_mul(PER_MEMBER.saturating_add(PER_PAYMENT));
        estimate(10u64.saturating_add(members), 9u64.saturating_add(members))
            .saturating_add(log_weight(2))
    }
    fn settle_dispute() -> Weight {
        // Two losers are slashed; then the others are paid, or two of them dispute.
        let members = MEMBERS.saturating_mul(PER_MEMBER.saturating_add(PER_PAYMENT));
        let losers =
            PER_MEMBER.saturating_add(PER_PAYMENT).saturating_add(MODELS).saturating_mul(2);
        let all = members.saturating_add(losers).saturating_add(21);
        estimate(all, all).saturating_add(log_weight(3))
    }
    fn withdraw_bond() -> Weight {
        estimate(3, 3)
    }
    fn top_up_bond(m: u32) -> Weight {
        estimate(4u64.saturating_add(m.into()), 3u64.saturating_add(m.into()))
    }
    fn disclose_verdict() -> Weight {
        estimate(5, 0).saturating_add(log_weight(1))
    }
    fn leave() -> Weight {
        estimate(1, 0)
    }
    fn process_due() -> Weight {
        Self::settle_overdue().saturating_add(estimate(2, 1))
    }
}
