//! Entries that fall due: indexed by their last block, processed oldest first.
//!
//! `Due` is a double map from the last block of an entry and the entry to `()`.
//! `NextDue` is the block from which on entries are still to be processed.

use codec::FullCodec;
use frame_support::{
    defensive,
    pallet_prelude::DispatchResult,
    storage::{with_storage_layer, IterableStorageDoubleMap, StorageDoubleMap, StorageValue},
    traits::Get,
    weights::{Weight, WeightMeter},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{One, Saturating};

/// Schedules `entry`, which falls due after the block `last`.
pub fn schedule<T, Due, NextDue, Entry>(last: BlockNumberFor<T>, entry: Entry)
where
    T: frame_system::Config,
    Due: StorageDoubleMap<BlockNumberFor<T>, Entry, ()>,
    NextDue: StorageValue<BlockNumberFor<T>>,
    Entry: FullCodec,
{
    if !NextDue::exists() {
        // Before the first entry, nothing can be due: without this, a chain that
        // has run for years would walk through all of its blocks.
        NextDue::put(frame_system::Pallet::<T>::block_number());
    }
    Due::insert(last, entry, ());
}

/// Processes the entries due before `now`, oldest first, within the weight
/// `limit`. Returns the weight used.
///
/// Costs one read for `NextDue`, and `step` for each entry and for each block
/// that it passes. `process` must remove its entry from `Due`. An entry that it
/// refuses stays, and is passed over from then on.
pub fn process_due<T, Due, NextDue, Entry>(
    now: BlockNumberFor<T>,
    limit: Weight,
    step: Weight,
    mut process: impl FnMut(Entry) -> DispatchResult,
) -> Weight
where
    T: frame_system::Config,
    Due: IterableStorageDoubleMap<BlockNumberFor<T>, Entry, ()>,
    NextDue: StorageValue<BlockNumberFor<T>, Query = Option<BlockNumberFor<T>>>,
    Entry: FullCodec,
{
    let mut meter = WeightMeter::with_limit(limit);
    if meter.try_consume(T::DbWeight::get().reads(1)).is_err() {
        return Weight::zero();
    }
    let Some(first) = NextDue::get() else { return meter.consumed() };
    let mut block = first;
    'blocks: while block < now {
        // One walk for each block: a new one for each entry would pass all keys
        // that were removed before, which costs ever more.
        let mut due = Due::iter_key_prefix(block);
        loop {
            if meter.try_consume(step).is_err() {
                break 'blocks;
            }
            let Some(entry) = due.next() else { break };
            if with_storage_layer(|| process(entry)).is_err() {
                // The call that processes the entry by hand shows the error.
                defensive!("an entry that is due cannot be processed");
            }
        }
        block.saturating_accrue(One::one());
    }
    if block != first {
        NextDue::put(block);
    }
    meter.consumed()
}
