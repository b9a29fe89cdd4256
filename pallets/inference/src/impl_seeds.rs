//! Seeds: each request waits for the first one that nobody could know when it was made.

use crate::{AwaitedSeed, Config, Pallet, SeedSource, Seeds};

impl<T: Config> Pallet<T> {
    /// Notes that one more request waits for the next seed. Returns the number of the newest.
    pub(crate) fn await_seed() -> u32 {
        Self::settle_seed();
        let number = T::Seeds::number();
        let waiting = AwaitedSeed::<T>::get().map_or(0, |(_, waiting)| waiting);
        AwaitedSeed::<T>::put((number, waiting.saturating_add(1)));
        number
    }

    /// Stores the newest seed if requests wait for it.
    ///
    /// It runs at the end of each block, and before the first use in a block: the seed is the
    /// same during a whole block.
    pub(crate) fn settle_seed() {
        if let Some((number, waiting)) = AwaitedSeed::<T>::get()
            && number < T::Seeds::number()
        {
            AwaitedSeed::<T>::kill();
            Seeds::<T>::insert(number, (T::Seeds::seed(), waiting));
        }
    }

    /// Returns the seed that followed the one with this number, if it is there.
    pub(crate) fn seed_after(number: u32) -> Option<[u8; 32]> {
        Self::settle_seed();
        Seeds::<T>::get(number).map(|(seed, _)| seed)
    }

    /// Notes that one request fewer waits for the seed after this one.
    pub(crate) fn forget_seed(number: u32) {
        Self::settle_seed();
        if let Some((seed, waiting)) = Seeds::<T>::get(number) {
            match waiting.saturating_sub(1) {
                0 => Seeds::<T>::remove(number),
                left => Seeds::<T>::insert(number, (seed, left)),
            }
        } else if let Some((number, waiting)) = AwaitedSeed::<T>::get() {
            match waiting.saturating_sub(1) {
                0 => AwaitedSeed::<T>::kill(),
                left => AwaitedSeed::<T>::put((number, left)),
            }
        }
    }
}
