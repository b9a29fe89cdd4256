//! Events about one patient, which belong into the patient's log.

use crate::{AccountIdOf, Config, Event, Pallet};

impl<T: Config> Pallet<T> {
    /// Deposits an event about a patient, and links it into the patient's log.
    pub(crate) fn deposit_logged(patient: &AccountIdOf<T>, event: Event<T>) {
        pallet_emr::Pallet::<T>::deposit_logged(patient, event);
    }
}
