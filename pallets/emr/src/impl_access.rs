//! Who may do what.

use frame_support::{ensure, weights::Weight};
use medchain_primitives::{Action, ModelId, RecordId};
use sp_runtime::DispatchError;

use crate::{
    AccessControl, AccessRequest, AccountIdOf, Answer, Config, DefaultPolicy, Denied, Error, Event,
    InferenceOrders, Pallet, PatientPolicies, Patients, Purpose, RecordStatus, Records,
};

impl<T: Config> Pallet<T> {
    /// Whether `subject` may do `action` with the records of `patient`, or
    /// with the one named, and what finding out cost.
    ///
    /// A record that is named must be the patient's and not erased; a
    /// superseded version counts as any other. The patient then passes;
    /// everybody else passes if the patient's policy, or else the chain's
    /// default, says so, which deposits [`Event::AccessChecked`].
    pub fn ask_access(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: Option<RecordId>,
        action: Action,
    ) -> Answer {
        if let Err(denied) = Self::ensure_there(patient, record) {
            return Answer::free(Err(denied));
        }
        if subject == patient {
            return Answer::free(Ok(()));
        }
        let policy = Self::policy_of(patient);
        let answer = T::AccessControl::check(AccessRequest {
            policy: policy.as_ref(),
            patient,
            subject,
            record,
            action,
        });
        if answer.result.is_ok() {
            Self::deposit_event(Event::AccessChecked {
                patient: patient.clone(),
                subject: subject.clone(),
                record,
                action,
                policy,
            });
        }
        answer
    }

    /// [`Self::ask_access`] for those who do not pay for it.
    pub fn check_access(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: Option<RecordId>,
        action: Action,
    ) -> Result<(), Denied> {
        Self::ask_access(patient, subject, record, action).result
    }

    /// There is such a patient, and the record is theirs and not erased.
    fn ensure_there(patient: &AccountIdOf<T>, record: Option<RecordId>) -> Result<(), Denied> {
        ensure!(Patients::<T>::contains_key(patient), Denied::PatientNotFound);
        if let Some(id) = record {
            let entry = Records::<T>::get(id)
                .filter(|entry| entry.patient == *patient)
                .ok_or(Denied::RecordNotFound)?;
            ensure!(entry.status != RecordStatus::Erased, Denied::RecordErased);
        }
        Ok(())
    }

    /// The policy that counts for `patient`: their own, or else the chain's.
    pub fn policy_of(patient: &AccountIdOf<T>) -> Option<AccountIdOf<T>> {
        PatientPolicies::<T>::get(patient).or_else(DefaultPolicy::<T>::get)
    }

    /// [`Self::ask_access`] with the denial as this pallet's error. Returns what
    /// the question used.
    pub fn ensure_access(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: Option<RecordId>,
        action: Action,
    ) -> Result<Weight, DispatchError> {
        let Answer { result, weight } = Self::ask_access(patient, subject, record, action);
        result.map_err(Error::<T>::from)?;
        Ok(weight)
    }

    /// Asks for `subject` whether they may see a record, and logs the answer.
    /// Returns what the question used.
    pub(crate) fn do_request_access(
        subject: AccountIdOf<T>,
        record: RecordId,
        purpose: Purpose,
    ) -> Result<Weight, DispatchError> {
        let patient = Records::<T>::get(record).ok_or(Error::<T>::RecordNotFound)?.patient;
        let answer = Self::ask_access(&patient, &subject, Some(record), Action::View);
        Self::deposit_event(match answer.result {
            Ok(()) => Event::AccessGranted { record, patient, subject, purpose },
            Err(reason) => Event::AccessDenied { record, patient, subject, purpose, reason },
        });
        Ok(answer.weight)
    }

    /// The most that ordering a model costs, consent included, if one is ordered.
    pub(crate) fn order_weight(inference: &Option<ModelId>) -> Weight {
        match inference {
            Some(_) => T::InferenceOrders::weight().saturating_add(T::AccessControl::weight()),
            None => Weight::zero(),
        }
    }
}
