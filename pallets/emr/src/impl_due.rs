//! Grants that expire and reviews that lapse without a call.

use frame_support::weights::Weight;
use frame_system::pallet_prelude::BlockNumberFor;

use crate::{due, Config, Due, DueEntry, NextDue, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
    /// Schedules what falls due after the block `last`.
    pub(crate) fn schedule(last: BlockNumberFor<T>, entry: DueEntry<T::AccountId>) {
        due::schedule::<T, Due<T>, NextDue<T>, _>(last, entry);
    }

    /// Processes what is due before `now`, within the weight `limit`. Returns the
    /// weight used.
    pub(crate) fn process_due(now: BlockNumberFor<T>, limit: Weight) -> Weight {
        let step = <T as Config>::WeightInfo::process_due();
        due::process_due::<T, Due<T>, NextDue<T>, _>(now, limit, step, |entry| match entry {
            DueEntry::Grant { record, subject } => Self::do_expire_grant(record, subject),
            DueEntry::Review { emergency } => Self::do_lapse_emergency(emergency),
        })
    }
}
