//! Who was drawn as a worker, for the pallet of the custodians: pallet-inference knows.

use frame_support::weights::Weight;
#[cfg(feature = "runtime-benchmarks")]
use medchain_primitives::RecordId;
use medchain_primitives::RequestId;
use pallet_custody::{Committees, Place};

use crate::{AccountId, BlockNumber, Inference};

/// The workers that pallet-inference drew.
pub struct DrawnWorkers;

impl Committees<AccountId, BlockNumber> for DrawnWorkers {
    fn place(worker: &AccountId, request: RequestId) -> Option<Place<BlockNumber>> {
        let (record, model, until) = Inference::key_place(worker, request)?;
        Some(Place { record, model, until })
    }

    fn weight() -> Weight {
        Inference::key_place_weight()
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn seat(worker: &AccountId, record: RecordId) -> RequestId {
        Inference::seat(worker, record)
    }
}
