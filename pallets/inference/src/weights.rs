//! The weights of the calls.

use frame_support::weights::{constants::RocksDbWeight, Weight};

/// What each call costs at most, without the question to the patient's
/// policy: [`crate::Pallet::policy_weight`] is added to the calls that ask it.
pub trait WeightInfo {
    /// Weight of `register_model`.
    fn register_model() -> Weight;
    /// Weight of `set_model_status`.
    fn set_model_status() -> Weight;
    /// Weight of `register_worker` with `m` models.
    fn register_worker(m: u32) -> Weight;
    /// Weight of `set_worker_models` with `m` models.
    fn set_worker_models(m: u32) -> Weight;
    /// Weight of `deregister_worker`.
    fn deregister_worker() -> Weight;
    /// Weight of `request_inference`.
    fn request_inference() -> Weight;
    /// Weight of `cancel_request`.
    fn cancel_request() -> Weight;
    /// Weight of `submit_prediction`.
    fn submit_prediction() -> Weight;
    /// Weight of `report_failure`.
    fn report_failure() -> Weight;
    /// Weight of `expire_request`.
    fn expire_request() -> Weight;
    /// Weight of closing one request that is due, at the end of a block.
    fn expire_due() -> Weight;
}

const COMPUTATION: u64 = 50_000_000;
const PROOF_OF_A_READ: u64 = 4_096;

fn conservative(reads: u64, writes: u64) -> Weight {
    Weight::from_parts(COMPUTATION, reads.saturating_mul(PROOF_OF_A_READ))
        .saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

/// Weights set by hand on the safe side: every storage item that a call can
/// touch, 50 µs of computation and 4 KiB of proof for each read. For tests;
/// the runtime has measured ones.
impl WeightInfo for () {
    fn register_model() -> Weight {
        conservative(2, 2)
    }
    fn set_model_status() -> Weight {
        conservative(1, 1)
    }
    fn register_worker(m: u32) -> Weight {
        conservative(4u64.saturating_add(m.into()), 3)
    }
    fn set_worker_models(m: u32) -> Weight {
        conservative(1u64.saturating_add(m.into()), 1)
    }
    fn deregister_worker() -> Weight {
        conservative(3, 3)
    }
    fn request_inference() -> Weight {
        conservative(11, 7)
    }
    fn cancel_request() -> Weight {
        conservative(7, 10)
    }
    fn submit_prediction() -> Weight {
        conservative(14, 12)
    }
    fn report_failure() -> Weight {
        // As many envelopes as there may be, each of a worker.
        conservative(80, 11)
    }
    fn expire_request() -> Weight {
        conservative(7, 10)
    }
    fn expire_due() -> Weight {
        conservative(9, 11)
    }
}
