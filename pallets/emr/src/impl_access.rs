//! The access question, and who answers it.

use frame_support::{ensure, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{Denied, DenyReason, InferenceOrder, RecordId, RecordStatus};
use sp_runtime::{traits::Zero, DispatchError};

use crate::{
    AccessControl, AccessQuestion, AccountIdOf, Answer, Config, DefaultPolicy, Error, Event,
    InferenceOrders, Pallet, Patients, PolicyChoice, Records,
};

impl<T: Config> Pallet<T> {
    /// Asks whether an account may do something with a patient's records.
    ///
    /// The patient may do everything. For any other account, the patient's
    /// policy, or else the chain's default, decides; if it allows, the event
    /// [`Event::AccessChecked`] is deposited. A patient who allows nobody has no
    /// policy that could. A record that is named must belong
    /// to the patient and must not be erased; a superseded version counts as any
    /// other. An account that the policy refuses gets the same answer for every
    /// record, and so learns nothing about them.
    pub fn check_access(question: AccessQuestion<'_, AccountIdOf<T>>) -> Answer {
        let AccessQuestion { patient, subject, record, action, purpose: _, model: _ } = question;
        if subject == patient {
            return Answer::free(Self::ensure_exists(patient, record));
        }
        let policy = match Self::choice_of(patient) {
            PolicyChoice::Nobody => {
                return Answer::free(Err(Denied::Refused(DenyReason::NoGrant)));
            }
            PolicyChoice::Default => DefaultPolicy::<T>::get(),
            PolicyChoice::Contract(policy) => Some(policy),
        };
        let mut answer = T::AccessControl::check(policy.as_ref(), question);
        answer.result = answer.result.and_then(|()| Self::ensure_exists(patient, record));
        if answer.result.is_ok() {
            let event = Event::<T>::AccessChecked {
                patient: patient.clone(),
                subject: subject.clone(),
                record,
                action,
                policy,
            };
            Self::deposit_logged(patient, event);
        }
        answer
    }

    /// Like [`Self::check_access`], with the denial as this pallet's error.
    /// Returns the weight that the question used.
    ///
    /// # Errors
    /// The error that corresponds to the [`Denied`] of the answer.
    pub fn ensure_access(
        question: AccessQuestion<'_, AccountIdOf<T>>,
    ) -> Result<Weight, DispatchError> {
        let Answer { result, weight } = Self::check_access(question);
        result.map_err(Error::<T>::from)?;
        Ok(weight)
    }

    /// Asks what `policy` would answer if it were the patient's.
    ///
    /// This helps to choose a policy: whether the record exists is not checked.
    pub fn check_policy(
        policy: &AccountIdOf<T>,
        question: AccessQuestion<'_, AccountIdOf<T>>,
    ) -> Answer {
        if question.subject == question.patient {
            return Answer::free(Ok(()));
        }
        T::AccessControl::check(Some(policy), question)
    }

    /// The maximum weight of ordering a model, its questions to the policy
    /// included. Zero if none is ordered.
    pub(crate) fn order_weight(inference: Option<&InferenceOrder<AccountIdOf<T>>>) -> Weight {
        match inference {
            Some(order) => T::InferenceOrders::weight()
                .saturating_add(T::AccessControl::weight().saturating_mul(order.questions())),
            None => Weight::zero(),
        }
    }

    /// Checks that the patient exists, and that the record is theirs and not erased.
    fn ensure_exists(patient: &AccountIdOf<T>, record: Option<RecordId>) -> Result<(), Denied> {
        ensure!(Patients::<T>::contains_key(patient), Denied::PatientNotFound);
        if let Some(id) = record {
            let entry = Records::<T>::get(id)
                .filter(|entry| entry.patient == *patient)
                .ok_or(Denied::RecordNotFound)?;
            ensure!(entry.status != RecordStatus::Erased, Denied::RecordErased);
        }
        Ok(())
    }

    /// Returns the hash of the first block, which the chain keeps for ever.
    ///
    /// What is signed or proven for another chain must not count on this one.
    pub fn genesis() -> [u8; 32] {
        let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(genesis.as_ref()).for_each(|(to, from)| *to = *from);
        bytes
    }
}
