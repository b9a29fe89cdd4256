//! Ending by itself what has a last block: grants, and reviews of emergencies.

use frame_support::{
    defensive, pallet_prelude::*, storage::with_storage_layer, weights::WeightMeter,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{One, Saturating};

use crate::{Config, Due, Duty, NextDue, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
    /// Remembers what ends by itself after the block `last`.
    pub(crate) fn schedule(last: BlockNumberFor<T>, duty: Duty<T::AccountId>) {
        if !NextDue::<T>::exists() {
            // Before the first entry, nothing can be due: without this, a chain
            // that has run for years would walk through all of its blocks.
            NextDue::<T>::put(frame_system::Pallet::<T>::block_number());
        }
        Due::<T>::insert(last, duty, ());
    }

    /// Ends what had its last block before `now`, the oldest first, as far as
    /// `limit` reaches. Returns what that cost.
    ///
    /// Each step either ends something or moves on by a block; both are paid for
    /// at the price of ending the dearer of the two.
    pub(crate) fn end_due(now: BlockNumberFor<T>, limit: Weight) -> Weight {
        let step = <T as Config>::WeightInfo::end_due();
        let mut meter = WeightMeter::with_limit(limit);
        if meter.try_consume(T::DbWeight::get().reads(1)).is_err() {
            return Weight::zero();
        }
        let Some(first) = NextDue::<T>::get() else { return meter.consumed() };
        let mut block = first;
        'blocks: while block < now {
            // One walk for each block: a new one for each entry would pass all
            // keys that were removed before, which costs ever more.
            let mut due = Due::<T>::iter_key_prefix(block);
            loop {
                if meter.try_consume(step).is_err() {
                    break 'blocks;
                }
                let Some(duty) = due.next() else { break };
                let ended = with_storage_layer(|| match duty {
                    Duty::Grant { record, subject } => Self::do_expire_grant(record, &subject),
                    Duty::Review { emergency } => Self::do_lapse_emergency(emergency),
                });
                if ended.is_err() {
                    // It stays, and whoever ends it by hand sees why.
                    defensive!("what is due cannot be ended");
                }
            }
            block.saturating_accrue(One::one());
        }
        if block != first {
            NextDue::<T>::put(block);
        }
        meter.consumed()
    }
}
