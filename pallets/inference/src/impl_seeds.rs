//! Seeds: each draw waits for the first one that nobody could know when it was asked for.

use alloc::vec::Vec;
use frame_support::{traits::Get, BoundedVec};
use medchain_primitives::{ModelId, RecordId};
use sp_runtime::Saturating;

use crate::{AwaitedSeed, Choice, Config, Draw, DrawOf, DrawnBy, Pallet, SeedSource, Seeds};

impl<T: Config> Pallet<T> {
    /// Returns the draw for a record and model. The first request for them determines it.
    pub(crate) fn draw_for(record: RecordId, model: ModelId) -> DrawOf<T> {
        DrawnBy::<T>::get(record, model).unwrap_or_else(|| {
            let begin = Choice::After { number: Self::await_seed() };
            let draw = Draw { begin, opened: frame_system::Pallet::<T>::block_number() };
            DrawnBy::<T>::insert(record, model, draw);
            draw
        })
    }

    /// Notes that one more draw waits for a seed. Returns the number of the newest.
    fn await_seed() -> u32 {
        Self::settle_seed();
        let newest = T::Seeds::number();
        AwaitedSeed::<T>::mutate(|awaited| {
            if awaited.last().is_none_or(|(number, _)| *number < newest) {
                // There is room: no more than `SeedDelay` numbers are left from before. Without
                // it, the draw would get the seed after the last of them.
                let _ = awaited.try_push((newest, 0));
            }
            awaited.last_mut().map_or(newest, |(number, waiting)| {
                waiting.saturating_inc();
                *number
            })
        })
    }

    /// Stores the newest seed for the draws that it decides.
    ///
    /// It runs at the end of each block, and before the first use in a block: the seed is the
    /// same during a whole block.
    pub(crate) fn settle_seed() {
        let awaited = AwaitedSeed::<T>::get();
        let newest = T::Seeds::number();
        let is_ripe =
            |(number, _): &(u32, u32)| number.saturating_add(T::SeedDelay::get()) < newest;
        if !awaited.iter().any(is_ripe) {
            return;
        }
        let (ripe, left): (Vec<_>, Vec<_>) = awaited.into_iter().partition(is_ripe);
        let seed = T::Seeds::seed();
        for (number, waiting) in ripe {
            Seeds::<T>::insert(number, (seed, waiting));
        }
        if left.is_empty() {
            AwaitedSeed::<T>::kill();
        } else {
            AwaitedSeed::<T>::put(BoundedVec::truncate_from(left));
        }
    }

    /// Returns the seed for draws that wait since the one with this number, if it is there.
    pub(crate) fn seed_after(number: u32) -> Option<[u8; 32]> {
        Self::settle_seed();
        Seeds::<T>::get(number).map(|(seed, _)| seed)
    }

    /// Keeps the seed of a draw for all requests for the record and model.
    pub(crate) fn keep_seed(record: RecordId, model: ModelId, number: u32, seed: [u8; 32]) {
        DrawnBy::<T>::mutate(record, model, |draw| {
            if let Some(draw) = draw {
                draw.begin = Choice::Seeded { seed, last: None };
            }
        });
        Seeds::<T>::mutate_exists(number, |entry| {
            *entry = entry
                .map(|(seed, waiting)| (seed, waiting.saturating_sub(1)))
                .filter(|(_, waiting)| *waiting > 0);
        });
    }
}
