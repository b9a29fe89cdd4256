//! Who was drawn as a worker, for the pallet of the custodians: pallet-inference knows, and bears in
//! mind what such a worker pays for the key.

use frame_support::weights::Weight;
#[cfg(feature = "runtime-benchmarks")]
use medchain_primitives::RecordId;
use medchain_primitives::RequestId;
use pallet_custody::{Committees, Place};

use crate::{AccountId, Balance, BlockNumber, Inference};

/// The workers that pallet-inference drew.
pub struct DrawnWorkers;

impl Committees<AccountId, BlockNumber, Balance> for DrawnWorkers {
    fn place(worker: &AccountId, request: RequestId) -> Option<Place<BlockNumber>> {
        let (record, model, until) = Inference::key_place(worker, request)?;
        Some(Place { record, model, until })
    }

    fn is_stopped(worker: &AccountId, request: RequestId) -> bool {
        Inference::is_stopped(worker, request)
    }

    fn note_paid(worker: &AccountId, request: RequestId, amount: Balance) {
        Inference::note_key_cost(worker, request, amount);
    }

    fn gave_up(worker: &AccountId, request: RequestId) {
        Inference::forget_key_cost(worker, request);
    }

    fn weight() -> Weight {
        // `is_stopped` looks at the same.
        Inference::key_place_weight()
    }

    fn note_weight() -> Weight {
        Inference::note_key_cost_weight()
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn seat(worker: &AccountId, record: RecordId) -> RequestId {
        Inference::seat(worker, record)
    }
}
