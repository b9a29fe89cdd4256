//! How a patient leaves.

use alloc::vec::Vec;
use frame_support::ensure;
use sp_runtime::DispatchError;

use crate::{
    AccountIdOf, Config, Departure, EncryptionKeys, Error, Event, HoldReason, Pallet,
    PatientPolicies, Patients, Relations,
};

impl<T: Config> Pallet<T> {
    /// Removes a patient who has nothing open, and releases the deposit. Returns the number of
    /// relations that were removed.
    ///
    /// The log stays, and so do erased records with their contents: an account that registers
    /// again must not get rid of either.
    pub(crate) fn do_deregister_patient(patient: &AccountIdOf<T>) -> Result<u32, DispatchError> {
        let entry = Patients::<T>::get(patient).ok_or(Error::<T>::PatientNotFound)?;
        ensure!(entry.records == 0, Error::<T>::RecordsNotErased);
        T::Departure::ensure_may_leave(patient)?;
        T::Departure::leave(patient)?;

        // Collected first: what is walked over must not change. There are at most `MAX_RELATIONS`.
        let relatives: Vec<_> = Relations::<T>::iter_key_prefix(patient).collect();
        for relative in relatives {
            Relations::<T>::remove(patient, &relative);
            let event = Event::<T>::RelationRemoved { patient: patient.clone(), relative };
            Self::deposit_logged(patient, event);
        }
        if let Some(old) = entry.profile {
            let event = Event::<T>::ProfileRemoved { patient: patient.clone(), old };
            Self::deposit_logged(patient, event);
        }
        if let Some(old) = PatientPolicies::<T>::take(patient) {
            let event =
                Event::<T>::PolicySet { patient: patient.clone(), old: Some(old), new: None };
            Self::deposit_logged(patient, event);
        }
        // The patient's deposit has paid for it.
        EncryptionKeys::<T>::remove(patient);
        let event = Event::<T>::EncryptionKeyRemoved { account: patient.clone() };
        Self::deposit_logged(patient, event);
        Patients::<T>::remove(patient);
        Self::release(HoldReason::Patient, patient, entry.deposit)?;
        let event = Event::<T>::PatientDeregistered { patient: patient.clone() };
        Self::deposit_logged(patient, event);
        Ok(entry.relations)
    }
}
