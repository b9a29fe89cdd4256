//! Breaking the glass: access at once, against a bond, under review.

use frame_support::{ensure, traits::Get, weights::Weight};
use medchain_primitives::{
    Action, Basis, EmergencyId, EmergencyReason, EndReason, RecordId, RecordStatus, RelationKind,
    Role,
};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

use crate::{
    AccessQuestion, AccountIdOf, Config, Custodies, Due, DueEntry, Emergencies, Emergency,
    EmergencyOf, EmergencyOptOuts, Error, Event, Grants, HoldReason, NextEmergencyId,
    OpenEmergencies, Pallet, Patients, Records, Relations,
};

impl<T: Config> Pallet<T> {
    /// Grants access to a record's key without asking the patient first. Returns
    /// the weight that the question to the policy used.
    pub(crate) fn do_break_glass(
        subject: AccountIdOf<T>,
        id: RecordId,
        reason: EmergencyReason,
    ) -> Result<Weight, DispatchError> {
        let record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        let patient = record.patient;
        ensure!(subject != patient, Error::<T>::OwnRecord);
        let asked = Self::ensure_may_break_glass(&patient, &subject, id)?;
        // Checked last: an account that may not break the glass learns nothing
        // about the record.
        ensure!(record.status != RecordStatus::Erased, Error::<T>::RecordErased);
        ensure!(!EmergencyOptOuts::<T>::contains_key(&patient), Error::<T>::EmergencyOptedOut);
        ensure!(Custodies::<T>::contains_key(id), Error::<T>::RecordNotEntrusted);
        Self::end_replaced_grant(id, &patient, &subject)?;
        let open = OpenEmergencies::<T>::get(&subject);
        ensure!(open < T::MaxOpenEmergencies::get(), Error::<T>::MaxEmergenciesExceeded);

        let emergency = NextEmergencyId::<T>::get();
        let next = emergency.0.checked_add(1).ok_or(Error::<T>::EmergencyIdsExhausted)?;
        let bond = T::EmergencyBond::get();
        Self::hold(HoldReason::Emergency, &subject, bond)?;
        let basis = Basis::Emergency { emergency };
        let until = Self::store_grant(id, &subject, basis, T::EmergencyPeriod::get())?;
        let now = frame_system::Pallet::<T>::block_number();
        let review_until = now.saturating_add(T::ReviewPeriod::get());
        NextEmergencyId::<T>::put(EmergencyId(next));
        OpenEmergencies::<T>::insert(&subject, open.saturating_add(1));
        let entry = Emergency {
            record: id,
            patient: patient.clone(),
            subject: subject.clone(),
            reason,
            broken_at: now,
            review_until,
            bond,
        };
        Emergencies::<T>::insert(emergency, entry);
        Self::schedule(review_until, DueEntry::Review { emergency });
        Self::deposit_event(Event::GlassBroken {
            emergency,
            record: id,
            patient,
            subject,
            reason,
            until,
            review_until,
        });
        Ok(asked)
    }

    /// Says whether breaking the glass was right.
    pub(crate) fn do_review_emergency(
        reviewer: AccountIdOf<T>,
        id: EmergencyId,
        accepted: bool,
    ) -> DispatchResult {
        let emergency = Emergencies::<T>::get(id).ok_or(Error::<T>::EmergencyNotFound)?;
        ensure!(Self::may_review(&emergency, &reviewer), Error::<T>::NotReviewer);
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(now <= emergency.review_until, Error::<T>::ReviewExpired);
        if accepted {
            Self::release(HoldReason::Emergency, &emergency.subject, emergency.bond)?;
        } else {
            Self::burn(HoldReason::Emergency, &emergency.subject, emergency.bond)?;
            Self::end_emergency_grant(id, &emergency)?;
            Self::raise_key_epoch(&emergency.patient);
        }
        Self::remove_emergency(id, &emergency);
        Self::deposit_event(Event::EmergencyReviewed {
            emergency: id,
            record: emergency.record,
            patient: emergency.patient,
            subject: emergency.subject,
            reviewer,
            accepted,
            bond: emergency.bond,
        });
        Ok(())
    }

    /// Closes an emergency that nobody reviewed in time, and burns the bond.
    ///
    /// Burned and not paid out: nobody may profit from letting a review lapse, or
    /// from rejecting.
    pub(crate) fn do_lapse_emergency(id: EmergencyId) -> DispatchResult {
        let emergency = Emergencies::<T>::get(id).ok_or(Error::<T>::EmergencyNotFound)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(emergency.review_until < now, Error::<T>::ReviewNotExpired);
        Self::burn(HoldReason::Emergency, &emergency.subject, emergency.bond)?;
        Self::raise_key_epoch(&emergency.patient);
        Self::remove_emergency(id, &emergency);
        Self::deposit_event(Event::EmergencyLapsed {
            emergency: id,
            record: emergency.record,
            patient: emergency.patient,
            subject: emergency.subject,
            bond: emergency.bond,
        });
        Ok(())
    }

    /// Allows or forbids breaking the glass over the patient's records.
    pub(crate) fn do_set_emergency_access(
        patient: AccountIdOf<T>,
        allowed: bool,
    ) -> DispatchResult {
        ensure!(Patients::<T>::contains_key(&patient), Error::<T>::PatientNotFound);
        if allowed {
            EmergencyOptOuts::<T>::remove(&patient);
        } else {
            EmergencyOptOuts::<T>::insert(&patient, ());
        }
        Self::deposit_event(Event::EmergencyAccessSet { patient, allowed });
        Ok(())
    }

    /// Closes an emergency whose access ended before the key was delivered, unless
    /// the subject or the review ended it.
    ///
    /// Otherwise, those who can end the access could have bonds burned for nothing.
    pub(crate) fn void_emergency(id: EmergencyId, reason: EndReason) -> DispatchResult {
        if matches!(reason, EndReason::GivenUp | EndReason::Rejected) {
            return Ok(());
        }
        let Some(emergency) = Emergencies::<T>::get(id) else { return Ok(()) };
        Self::release(HoldReason::Emergency, &emergency.subject, emergency.bond)?;
        Self::remove_emergency(id, &emergency);
        Self::deposit_event(Event::EmergencyVoided {
            emergency: id,
            record: emergency.record,
            patient: emergency.patient,
            subject: emergency.subject,
            bond: emergency.bond,
        });
        Ok(())
    }

    /// Checks that the subject is an emergency contact or a clinician, or that the
    /// policy allows it [`Action::Emergency`].
    fn ensure_may_break_glass(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: RecordId,
    ) -> Result<Weight, DispatchError> {
        let relation = Relations::<T>::get(patient, subject);
        if relation.is_some_and(|relation| relation.emergency_contact)
            || Self::has_role(subject, Role::Clinician)
        {
            return Ok(Weight::zero());
        }
        Self::ensure_access(AccessQuestion {
            patient,
            subject,
            record: Some(record),
            action: Action::Emergency,
            purpose: None,
            model: None,
        })
    }

    /// Ends the grant that breaking the glass replaces: one by the policy, or an
    /// expired one that is still stored.
    fn end_replaced_grant(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
    ) -> DispatchResult {
        let Some(grant) = Grants::<T>::get(record, subject) else { return Ok(()) };
        let reason = if grant.until < frame_system::Pallet::<T>::block_number() {
            EndReason::Expired
        } else {
            EndReason::Replaced
        };
        ensure!(
            reason == EndReason::Expired || matches!(grant.basis, Basis::Policy { .. }),
            Error::<T>::GlassAlreadyBroken
        );
        Self::end_grant(record, patient, subject.clone(), reason)?;
        Ok(())
    }

    /// Ends the grant of a rejected emergency, but no other grant to its subject.
    fn end_emergency_grant(id: EmergencyId, emergency: &EmergencyOf<T>) -> DispatchResult {
        let Emergency { record, patient, subject, .. } = emergency;
        let basis = Grants::<T>::get(record, subject).map(|grant| grant.basis);
        if basis == Some(Basis::Emergency { emergency: id }) {
            Self::end_grant(*record, patient, subject.clone(), EndReason::Rejected)?;
        }
        Ok(())
    }

    /// The patient and the guardians whom the patient named may review, but never
    /// the account that broke the glass.
    fn may_review(emergency: &EmergencyOf<T>, reviewer: &AccountIdOf<T>) -> bool {
        let guardian = || {
            Relations::<T>::get(&emergency.patient, reviewer)
                .is_some_and(|relation| relation.kind == RelationKind::Guardian)
        };
        *reviewer != emergency.subject && (*reviewer == emergency.patient || guardian())
    }

    fn remove_emergency(id: EmergencyId, emergency: &EmergencyOf<T>) {
        Emergencies::<T>::remove(id);
        Due::<T>::remove(emergency.review_until, DueEntry::Review { emergency: id });
        OpenEmergencies::<T>::mutate_exists(&emergency.subject, |open| {
            *open = open.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0);
        });
    }
}
