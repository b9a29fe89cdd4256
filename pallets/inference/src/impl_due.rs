//! Expiring unanswered requests at the end of a block.

use frame_support::weights::Weight;
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::RequestId;
use pallet_emr::due;

use crate::{Config, Due, NextDue, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
    /// Schedules a request to expire after the block `last`.
    pub(crate) fn schedule(last: BlockNumberFor<T>, request: RequestId) {
        due::schedule::<T, Due<T>, NextDue<T>, _>(last, request);
    }

    /// Expires the requests due before `now`, oldest first, within `limit`.
    ///
    /// Returns the weight used.
    pub(crate) fn process_due(now: BlockNumberFor<T>, limit: Weight) -> Weight {
        let step = <T as Config>::WeightInfo::process_due();
        due::process_due::<T, Due<T>, NextDue<T>, _>(now, limit, step, Self::do_expire)
    }
}
