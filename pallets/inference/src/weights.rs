//! The weights of the calls.

use frame_support::weights::{constants::RocksDbWeight, Weight};

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
    /// Weight of processing one due request at the end of a block.
    fn process_due() -> Weight;
}

const COMPUTATION: u64 = 50_000_000;
const PROOF_OF_A_READ: u64 = 4_096;

fn estimate(reads: u64, writes: u64) -> Weight {
    Weight::from_parts(COMPUTATION, reads.saturating_mul(PROOF_OF_A_READ))
        .saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

/// Estimates for tests; the runtime uses measured weights.
///
/// They count every storage item that a call can touch, 50 µs of computation, and 4 KiB of
/// proof for each read.
impl WeightInfo for () {
    fn register_model() -> Weight {
        estimate(2, 2)
    }
    fn set_model_status() -> Weight {
        estimate(1, 1)
    }
    fn register_worker(m: u32) -> Weight {
        estimate(4u64.saturating_add(m.into()), 3)
    }
    fn set_worker_models(m: u32) -> Weight {
        estimate(1u64.saturating_add(m.into()), 1)
    }
    fn deregister_worker() -> Weight {
        estimate(3, 3)
    }
    fn request_inference() -> Weight {
        estimate(12, 8)
    }
    fn cancel_request() -> Weight {
        estimate(7, 10)
    }
    fn submit_prediction() -> Weight {
        estimate(14, 12)
    }
    fn report_failure() -> Weight {
        // The maximum number of envelopes, each of a worker.
        estimate(80, 11)
    }
    fn expire_request() -> Weight {
        estimate(7, 10)
    }
    fn process_due() -> Weight {
        estimate(9, 11)
    }
}
