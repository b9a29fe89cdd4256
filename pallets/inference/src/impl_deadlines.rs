//! Closing by itself what nobody answered in time.

use frame_support::{
    defensive, pallet_prelude::*, storage::with_storage_layer, weights::WeightMeter,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{One, Saturating};

use crate::{Config, Deadlines, NextExpiry, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
    /// Expires requests whose last block is before `now`, the oldest first, as
    /// far as `limit` reaches. Returns what that cost.
    ///
    /// Each step either closes a request or moves on by a block; both are paid
    /// for at the price of closing one.
    pub(crate) fn expire_due(now: BlockNumberFor<T>, limit: Weight) -> Weight {
        let step = <T as Config>::WeightInfo::expire_due();
        let mut meter = WeightMeter::with_limit(limit);
        let first = NextExpiry::<T>::get();
        let mut block = first;
        'blocks: while block < now {
            // One walk for each block: a new one for each request would pass all
            // keys that were removed before, which costs ever more.
            let mut due = Deadlines::<T>::iter_key_prefix(block);
            loop {
                if meter.try_consume(step).is_err() {
                    break 'blocks;
                }
                let Some(id) = due.next() else { break };
                if with_storage_layer(|| Self::do_expire(id)).is_err() {
                    // It stays open, and whoever calls `expire_request` sees why.
                    defensive!("a request that is due cannot be closed");
                }
            }
            block.saturating_accrue(One::one());
        }
        if block != first {
            NextExpiry::<T>::put(block);
        }
        meter.consumed()
    }
}
