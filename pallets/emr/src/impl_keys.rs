//! The keys that content keys are sealed to.

use frame_support::{
    ensure,
    traits::{fungible::MutateHold, tokens::Precision, Get},
};
use medchain_primitives::EncryptionKey;
use sp_runtime::DispatchResult;

use crate::{
    AccountIdOf, Config, EncryptionKeyDeposits, EncryptionKeys, Error, Event, HoldReason, Pallet,
    Patients,
};

impl<T: Config> Pallet<T> {
    /// Checks that something can be sealed to this key.
    pub(crate) fn ensure_encryption_key(key: &EncryptionKey) -> DispatchResult {
        ensure!(!key.is_of_small_order(), Error::<T>::InvalidEncryptionKey);
        Ok(())
    }

    /// Holds the deposit for the first key of an account that is no patient.
    pub(crate) fn hold_for_encryption_key(account: &AccountIdOf<T>) -> DispatchResult {
        if EncryptionKeys::<T>::contains_key(account) || Patients::<T>::contains_key(account) {
            return Ok(());
        }
        let deposit = T::EncryptionKeyDeposit::get();
        T::Currency::hold(&HoldReason::EncryptionKey.into(), account, deposit)?;
        EncryptionKeyDeposits::<T>::insert(account, deposit);
        Ok(())
    }

    /// Stores the key that content keys are sealed to for `account`.
    pub(crate) fn store_encryption_key(account: AccountIdOf<T>, key: EncryptionKey) {
        EncryptionKeys::<T>::insert(&account, key);
        Self::deposit_event(Event::EncryptionKeySet { account, key });
    }

    /// Removes the key of `account` and returns what is held for it.
    pub(crate) fn do_remove_encryption_key(account: AccountIdOf<T>) -> DispatchResult {
        ensure!(!Patients::<T>::contains_key(&account), Error::<T>::PatientNeedsEncryptionKey);
        ensure!(EncryptionKeys::<T>::contains_key(&account), Error::<T>::EncryptionKeyNotFound);
        EncryptionKeys::<T>::remove(&account);
        Self::release_for_encryption_key(&account)?;
        Self::deposit_event(Event::EncryptionKeyRemoved { account });
        Ok(())
    }

    /// Returns what is held for the key of `account`, if anything is.
    pub(crate) fn release_for_encryption_key(account: &AccountIdOf<T>) -> DispatchResult {
        if let Some(deposit) = EncryptionKeyDeposits::<T>::take(account) {
            // If something else took part of the hold, the key must still go.
            let reason = HoldReason::EncryptionKey.into();
            T::Currency::release(&reason, account, deposit, Precision::BestEffort)?;
        }
        Ok(())
    }
}
