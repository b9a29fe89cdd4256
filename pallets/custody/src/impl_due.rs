//! Grants that expire, emergencies that move on, and what has ended and is forgotten.

use frame_support::{traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_emr::due;

use crate::{Committees, Config, Due, DueEntry, NextDue, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
    /// Schedules what falls due after the block `last`.
    pub(crate) fn schedule(last: BlockNumberFor<T>, entry: DueEntry<T::AccountId>) {
        due::schedule::<T, Due<T>, NextDue<T>, _>(last, entry);
    }

    /// Processes what is due before `now`, within the weight `limit`. Returns the weight used.
    pub(crate) fn process_due(now: BlockNumberFor<T>, limit: Weight) -> Weight {
        let closing = <T as Config>::WeightInfo::close_emergency(T::MaxEmergencyRecords::get());
        // Whether others keep a drawn worker from answering, whose access expires.
        let expiring =
            <T as Config>::WeightInfo::process_due().saturating_add(T::Committees::weight());
        let step = expiring.max(closing);
        due::process_due::<T, Due<T>, NextDue<T>, _>(now, limit, step, |entry| match entry {
            DueEntry::Grant { record, subject } => Self::do_expire_grant(record, &subject),
            DueEntry::Emergency { emergency } => Self::do_close_emergency(emergency).map(drop),
            DueEntry::Ended { record, subject, reply } => {
                Self::do_forget_grant(record, subject, reply)
            }
            DueEntry::EndedCustody { record, dealing } => Self::forget_custody(record, dealing),
        })
    }
}
