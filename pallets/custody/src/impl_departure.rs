//! What a patient who leaves must have ended, and what goes with them.

use frame_support::{ensure, traits::Get, weights::Weight};
use pallet_emr::Departure;
use sp_runtime::DispatchResult;

use crate::{
    AccountIdOf, Config, CustodianGroups, CustodiansOf, EmergenciesOver, EmergencyOptOuts, Error,
    Event, HoldReason, Pallet, WeightInfo,
};

impl<T: Config> Departure<AccountIdOf<T>> for Pallet<T> {
    fn ensure_may_leave(patient: &AccountIdOf<T>) -> DispatchResult {
        // Nobody would review it, and its bond would never be burned.
        ensure!(EmergenciesOver::<T>::get(patient) == 0, Error::<T>::EmergencyNotClosed);
        Ok(())
    }

    /// What custodians said about the patient stays: see [`crate::Declined`].
    fn leave(patient: &AccountIdOf<T>) -> DispatchResult {
        EmergencyOptOuts::<T>::remove(patient);
        let Some(group) = CustodianGroups::<T>::take(patient) else { return Ok(()) };
        Self::release(HoldReason::Custody, patient, group.deposit)?;
        let event = Event::CustodiansSet {
            patient: patient.clone(),
            old: Some(Self::accounts_of(&group)),
            new: None::<CustodiansOf<T>>,
            threshold: 0,
        };
        Self::deposit_logged(patient, event);
        Ok(())
    }

    fn weight() -> Weight {
        <T as Config>::WeightInfo::leave(T::MaxCustodians::get())
    }
}
