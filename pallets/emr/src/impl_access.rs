//! Who may do what.

use frame_support::{ensure, weights::Weight};
use medchain_primitives::{Action, ModelId, RecordId};
use sp_runtime::DispatchError;

use crate::{
    AccessControl, AccessRequest, AccountIdOf, Answer, Config, DefaultPolicy, Denied, Error, Event,
    InferenceOrders, Pallet, PatientPolicies, Patients, Purpose, RecordStatus, Records,
};

impl<T: Config> Pallet<T> {
    /// [`Self::ask_for`] without a purpose.
    pub fn ask_access(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: Option<RecordId>,
        action: Action,
    ) -> Answer {
        Self::ask_for(patient, subject, record, action, None)
    }

    /// Whether `subject` may do `action` with the records of `patient`, or
    /// with the one named, and what finding out cost.
    ///
    /// The patient passes; everybody else passes if the patient's policy, or
    /// else the chain's default, says so, which deposits
    /// [`Event::AccessChecked`]. A record that is named must be the patient's
    /// and not erased; a superseded version counts as any other. Whether it is
    /// there is said only to those who may know: whom the policy refuses gets
    /// the same answer for every record.
    pub fn ask_for(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: Option<RecordId>,
        action: Action,
        purpose: Option<Purpose>,
    ) -> Answer {
        if subject == patient {
            return Answer::free(Self::ensure_there(patient, record));
        }
        let policy = Self::policy_of(patient);
        let mut answer = T::AccessControl::check(AccessRequest {
            policy: policy.as_ref(),
            patient,
            subject,
            record,
            action,
            purpose,
        });
        answer.result = answer.result.and_then(|()| Self::ensure_there(patient, record));
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

    /// What `policy` would say of this question if it were the patient's: for
    /// choosing a policy, it is not asked whether the record is there.
    pub fn check_policy(
        policy: &AccountIdOf<T>,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: Option<RecordId>,
        action: Action,
        purpose: Option<Purpose>,
    ) -> Result<(), Denied> {
        if subject == patient {
            return Ok(());
        }
        let policy = Some(policy);
        T::AccessControl::check(AccessRequest { policy, patient, subject, record, action, purpose })
            .result
    }

    /// The most that ordering a model costs, consent included, if one is ordered.
    pub(crate) fn order_weight(inference: &Option<ModelId>) -> Weight {
        match inference {
            Some(_) => T::InferenceOrders::weight().saturating_add(T::AccessControl::weight()),
            None => Weight::zero(),
        }
    }
}
