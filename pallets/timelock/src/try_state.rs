//! The invariants of the storage between any two blocks.

use codec::Encode;
use frame_support::{ensure, traits::Get};
use sp_runtime::TryRuntimeError;

use crate::{Changes, Config, NextChangeId, Pallet};

impl<T: Config> Pallet<T> {
    /// Checks every invariant of this pallet's storage.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        ensure!(Changes::<T>::count() <= T::MaxChanges::get(), "too many changes are stored");
        let mut count = 0u32;
        for (id, change) in Changes::<T>::iter() {
            count = count.saturating_add(1);
            ensure!(id < NextChangeId::<T>::get(), "a change's number was not assigned");
            ensure!(
                change.call.encoded_size() <= T::MaxCallBytes::get() as usize,
                "a call is too long"
            );
            ensure!(change.enactable_at <= change.expires_at, "a change expires while it waits");
        }
        ensure!(count == Changes::<T>::count(), "changes are miscounted");
        Ok(())
    }
}
