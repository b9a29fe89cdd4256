//! The keys that content keys are sealed to.

use frame_support::{ensure, traits::Get};
use medchain_primitives::EncryptionKey;
use sp_runtime::DispatchResult;

use crate::{
    AccountIdOf, Config, EncryptionKeyDeposits, EncryptionKeys, Error, Event, HoldReason, Pallet,
    Patients,
};

impl<T: Config> Pallet<T> {
    /// Checks that it is safe to seal to this key.
    pub(crate) fn ensure_encryption_key(key: &EncryptionKey) -> DispatchResult {
        ensure!(!key.is_of_small_order(), Error::<T>::InvalidEncryptionKey);
        Ok(())
    }

    /// Stores the encryption key of `account`.
    pub(crate) fn store_encryption_key(account: &AccountIdOf<T>, key: EncryptionKey) {
        EncryptionKeys::<T>::insert(account, key);
        let event = Event::<T>::EncryptionKeySet { account: account.clone(), key };
        if Patients::<T>::contains_key(account) {
            Self::deposit_logged(account, event);
        } else {
            Self::deposit_event(event);
        }
    }

    /// Removes the encryption key of `account` and releases its deposit.
    pub(crate) fn do_remove_encryption_key(account: AccountIdOf<T>) -> DispatchResult {
        ensure!(!Patients::<T>::contains_key(&account), Error::<T>::EncryptionKeyRequired);
        ensure!(EncryptionKeys::<T>::contains_key(&account), Error::<T>::EncryptionKeyNotFound);
        EncryptionKeys::<T>::remove(&account);
        Self::release_key_deposit(&account)?;
        Self::deposit_event(Event::EncryptionKeyRemoved { account });
        Ok(())
    }

    /// Holds the deposit for the first key of an account other than a patient.
    pub(crate) fn hold_key_deposit(account: &AccountIdOf<T>) -> DispatchResult {
        if EncryptionKeys::<T>::contains_key(account) || Patients::<T>::contains_key(account) {
            return Ok(());
        }
        let deposit = T::EncryptionKeyDeposit::get();
        Self::hold(HoldReason::EncryptionKey, account, deposit)?;
        EncryptionKeyDeposits::<T>::insert(account, deposit);
        Ok(())
    }

    /// Releases the deposit for the key of `account`, if there is one.
    pub(crate) fn release_key_deposit(account: &AccountIdOf<T>) -> DispatchResult {
        match EncryptionKeyDeposits::<T>::take(account) {
            Some(deposit) => Self::release(HoldReason::EncryptionKey, account, deposit),
            None => Ok(()),
        }
    }

    /// Raises the patient's key epoch: an account that may know a content key has
    /// lost access, so what follows needs a new one.
    pub fn raise_key_epoch(patient: &AccountIdOf<T>) {
        Patients::<T>::mutate_extant(patient, |entry| {
            entry.key_epoch = entry.key_epoch.saturating_add(1);
        });
    }
}
