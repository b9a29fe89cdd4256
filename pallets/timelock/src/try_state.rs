//! The invariants of the storage between any two blocks.

use codec::Encode;
use frame_support::{ensure, traits::Get};
use sp_runtime::{traits::Saturating, TryRuntimeError};

use crate::{Changes, Config, NextChangeId, Pallet};

impl<T: Config> Pallet<T> {
    /// Checks every invariant of this pallet's storage.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        ensure!(Changes::<T>::count() <= T::MaxChanges::get(), "too many changes are stored");
        let latest = frame_system::Pallet::<T>::block_number().saturating_add(Self::delay());
        let mut count = 0u32;
        for (id, change) in Changes::<T>::iter() {
            count = count.saturating_add(1);
            ensure!(id < NextChangeId::<T>::get(), "a change's number was not assigned");
            ensure!(
                change.call.encoded_size() <= T::MaxCallBytes::get() as usize,
                "a call is too long"
            );
            ensure!(change.enactable_at <= latest, "a change waits longer than the delay");
            ensure!(change.enactable_at <= change.expires_at, "a change expires while it waits");
        }
        ensure!(count == Changes::<T>::count(), "changes are miscounted");
        Ok(())
    }
}
