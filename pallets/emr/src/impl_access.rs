//! Who may do what.

use frame_support::{ensure, weights::Weight};
use medchain_primitives::{Action, ModelId, RecordId};
use sp_runtime::DispatchError;

use crate::{
    AccessControl, AccessRequest, AccountIdOf, Config, DefaultPolicy, Denied, Error, Event,
    InferenceOrders, Pallet, PatientPolicies, Patients, Purpose, RecordStatus, Records,
};

impl<T: Config> Pallet<T> {
    /// Whether `subject` may do `action` with the records of `patient`, or
    /// with the one named.
    ///
    /// A record that is named must be the patient's and not erased; a
    /// superseded version counts as any other. The patient then passes;
    /// everybody else passes if the patient's policy, or else the chain's
    /// default, says so, which deposits [`Event::AccessChecked`].
    pub fn check_access(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: Option<RecordId>,
        action: Action,
    ) -> Result<(), Denied> {
        ensure!(Patients::<T>::contains_key(patient), Denied::PatientNotFound);
        if let Some(id) = record {
            let entry = Records::<T>::get(id)
                .filter(|entry| entry.patient == *patient)
                .ok_or(Denied::RecordNotFound)?;
            ensure!(entry.status != RecordStatus::Erased, Denied::RecordErased);
        }
        if subject == patient {
            return Ok(());
        }
        let policy = Self::policy_of(patient);
        T::AccessControl::check(AccessRequest {
            policy: policy.as_ref(),
            patient,
            subject,
            record,
            action,
        })?;
        Self::deposit_event(Event::AccessChecked {
            patient: patient.clone(),
            subject: subject.clone(),
            record,
            action,
            policy,
        });
        Ok(())
    }

    /// The policy that counts for `patient`: their own, or else the chain's.
    pub fn policy_of(patient: &AccountIdOf<T>) -> Option<AccountIdOf<T>> {
        PatientPolicies::<T>::get(patient).or_else(DefaultPolicy::<T>::get)
    }

    /// [`Self::check_access`] with the denial as this pallet's error.
    pub fn ensure_access(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: Option<RecordId>,
        action: Action,
    ) -> Result<(), DispatchError> {
        Self::check_access(patient, subject, record, action)
            .map_err(|denied| Error::<T>::from(denied).into())
    }

    /// Asks for `subject` whether they may see a record, and logs the answer.
    /// Returns the patient.
    pub(crate) fn do_request_access(
        subject: &AccountIdOf<T>,
        record: RecordId,
        purpose: Purpose,
    ) -> Result<AccountIdOf<T>, DispatchError> {
        let patient = Records::<T>::get(record).ok_or(Error::<T>::RecordNotFound)?.patient;
        let answer = Self::check_access(&patient, subject, Some(record), Action::View);
        let (log_patient, subject) = (patient.clone(), subject.clone());
        Self::deposit_event(match answer {
            Ok(()) => Event::AccessGranted { record, patient: log_patient, subject, purpose },
            Err(reason) => {
                Event::AccessDenied { record, patient: log_patient, subject, purpose, reason }
            }
        });
        Ok(patient)
    }

    /// What asking the policy costs: nothing where the patient acts.
    pub(crate) fn check_weight(patient: &AccountIdOf<T>, subject: &AccountIdOf<T>) -> Weight {
        if patient == subject {
            Weight::zero()
        } else {
            T::AccessControl::weight()
        }
    }

    /// What ordering a model costs, if one is ordered.
    pub(crate) fn order_weight(inference: &Option<ModelId>) -> Weight {
        if inference.is_some() {
            T::InferenceOrders::weight()
        } else {
            Weight::zero()
        }
    }
}
