//! The policy that each patient chose, and the chain's default.

use frame_support::{ensure, traits::Get};
use sp_runtime::{traits::Saturating, DispatchResult};

use crate::{
    AccountIdOf, Config, DefaultPolicy, Error, Event, Pallet, PatientPolicies, Patients,
    PendingDefaultPolicy, PendingPolicy, PolicyChoice, PolicyChoiceOf,
};

impl<T: Config> Pallet<T> {
    /// What `patient` chose.
    pub fn choice_of(patient: &AccountIdOf<T>) -> PolicyChoiceOf<T> {
        match PatientPolicies::<T>::get(patient) {
            None => PolicyChoice::Default,
            Some(policy) if policy == *patient => PolicyChoice::Nobody,
            Some(policy) => PolicyChoice::Contract(policy),
        }
    }

    /// The policy in force for `patient`: their own, or else the chain's default.
    ///
    /// `None` if no policy is asked: the patient allows nobody, or there is no default.
    pub fn policy_of(patient: &AccountIdOf<T>) -> Option<AccountIdOf<T>> {
        match Self::choice_of(patient) {
            PolicyChoice::Default => DefaultPolicy::<T>::get(),
            PolicyChoice::Nobody => None,
            PolicyChoice::Contract(policy) => Some(policy),
        }
    }

    pub(crate) fn do_set_policy(
        patient: &AccountIdOf<T>,
        policy: Option<AccountIdOf<T>>,
    ) -> DispatchResult {
        ensure!(Patients::<T>::contains_key(patient), Error::<T>::PatientNotFound);
        let old = PatientPolicies::<T>::get(patient);
        PatientPolicies::<T>::set(patient, policy.clone());
        let event = Event::<T>::PolicySet { patient: patient.clone(), old, new: policy };
        Self::deposit_logged(patient, event);
        Ok(())
    }

    pub(crate) fn do_announce_default_policy(policy: Option<AccountIdOf<T>>) -> DispatchResult {
        ensure!(!PendingDefaultPolicy::<T>::exists(), Error::<T>::DefaultPolicyAlreadyAnnounced);
        let now = frame_system::Pallet::<T>::block_number();
        let enactable_at = now.saturating_add(T::DefaultPolicyDelay::get());
        PendingDefaultPolicy::<T>::put(PendingPolicy { policy: policy.clone(), enactable_at });
        Self::deposit_event(Event::DefaultPolicyAnnounced {
            current: DefaultPolicy::<T>::get(),
            announced: policy,
            enactable_at,
        });
        Ok(())
    }

    pub(crate) fn do_enact_default_policy() -> DispatchResult {
        let PendingPolicy { policy, enactable_at } =
            PendingDefaultPolicy::<T>::get().ok_or(Error::<T>::DefaultPolicyNotAnnounced)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(now >= enactable_at, Error::<T>::DefaultPolicyNotDue);
        PendingDefaultPolicy::<T>::kill();
        let old = DefaultPolicy::<T>::get();
        DefaultPolicy::<T>::set(policy.clone());
        Self::deposit_event(Event::DefaultPolicySet { old, new: policy });
        Ok(())
    }

    pub(crate) fn do_cancel_default_policy() -> DispatchResult {
        let pending =
            PendingDefaultPolicy::<T>::take().ok_or(Error::<T>::DefaultPolicyNotAnnounced)?;
        Self::deposit_event(Event::DefaultPolicyCancelled { announced: pending.policy });
        Ok(())
    }
}
