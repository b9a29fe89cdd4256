//! Breaking the glass: access at once, against a bond, under review.

use frame_support::{
    ensure,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision},
        Get,
    },
    weights::Weight,
};
use medchain_primitives::{Action, EmergencyId, EmergencyReason, RecordId, RelationKind, Role};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

use crate::{
    AccountIdOf, Basis, Config, Custodies, Due, Duty, Emergencies, Emergency, EmergencyOf,
    EmergencyOptOuts, EndReason, Error, Event, Grants, HoldReason, NextEmergencyId,
    OpenEmergencies, Pallet, Patients, Providers, RecordStatus, Records, Relations,
};

impl<T: Config> Pallet<T> {
    /// Lets somebody have a record's key without asking the patient first.
    /// Returns what the question to the policy used, where it was asked.
    pub(crate) fn do_break_glass(
        subject: AccountIdOf<T>,
        id: RecordId,
        reason: EmergencyReason,
    ) -> Result<Weight, DispatchError> {
        let record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        let patient = record.patient;
        ensure!(subject != patient, Error::<T>::OwnRecord);
        let used = Self::ensure_may_break_glass(&patient, &subject, id)?;
        // Only now: who may not break the glass learns nothing of the record.
        ensure!(record.status != RecordStatus::Erased, Error::<T>::RecordErased);
        ensure!(!EmergencyOptOuts::<T>::contains_key(&patient), Error::<T>::EmergencyOptedOut);
        ensure!(Custodies::<T>::contains_key(id), Error::<T>::NotEntrusted);
        Self::make_way(id, &patient, &subject)?;
        let open = OpenEmergencies::<T>::get(&subject);
        ensure!(open < T::MaxOpenEmergencies::get(), Error::<T>::TooManyEmergencies);

        let emergency = NextEmergencyId::<T>::get();
        let next = emergency.0.checked_add(1).ok_or(Error::<T>::EmergencyIdsExhausted)?;
        let bond = T::EmergencyBond::get();
        T::Currency::hold(&HoldReason::Emergency.into(), &subject, bond)?;
        let basis = Basis::Emergency { emergency };
        let until = Self::open_grant(id, &subject, basis, T::EmergencyPeriod::get())?;
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
        Self::schedule(review_until, Duty::Review { emergency });
        Self::deposit_event(Event::GlassBroken {
            emergency,
            record: id,
            patient,
            subject,
            reason,
            until,
            review_until,
        });
        Ok(used)
    }

    /// What the policy granted, or what is over and not removed yet, must not keep
    /// anybody from breaking the glass.
    fn make_way(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
    ) -> DispatchResult {
        let Some(standing) = Grants::<T>::get(record, subject) else { return Ok(()) };
        let reason = if standing.until < frame_system::Pallet::<T>::block_number() {
            EndReason::Expired
        } else {
            EndReason::Replaced
        };
        ensure!(
            reason == EndReason::Expired || matches!(standing.basis, Basis::Policy { .. }),
            Error::<T>::AlreadyGranted
        );
        Self::end_grant(record, patient, subject, reason)?;
        Ok(())
    }

    /// Closes an emergency whose access ended before the key was handed over, where
    /// that was neither the subject's doing nor the review's. Otherwise whoever can
    /// end the access could have bonds burned for nothing.
    pub(crate) fn void_emergency(id: EmergencyId, reason: EndReason) -> DispatchResult {
        if matches!(reason, EndReason::GivenUp | EndReason::Rejected) {
            return Ok(());
        }
        let Some(emergency) = Emergencies::<T>::get(id) else { return Ok(()) };
        T::Currency::release(
            &HoldReason::Emergency.into(),
            &emergency.subject,
            emergency.bond,
            Precision::BestEffort,
        )?;
        Self::forget_emergency(id, &emergency);
        Self::deposit_event(Event::EmergencyVoided {
            emergency: id,
            record: emergency.record,
            patient: emergency.patient,
            subject: emergency.subject,
            bond: emergency.bond,
        });
        Ok(())
    }

    /// Emergency contacts and clinicians may; anybody else needs the policy's
    /// leave for [`Action::Emergency`].
    fn ensure_may_break_glass(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: RecordId,
    ) -> Result<Weight, DispatchError> {
        let relation = Relations::<T>::get(patient, subject);
        if relation.is_some_and(|relation| relation.emergency_contact)
            || Providers::<T>::contains_key(subject, Role::Clinician)
        {
            return Ok(Weight::zero());
        }
        Self::ensure_access(patient, subject, Some(record), Action::Emergency)
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
        ensure!(now <= emergency.review_until, Error::<T>::ReviewOver);
        if accepted {
            T::Currency::release(
                &HoldReason::Emergency.into(),
                &emergency.subject,
                emergency.bond,
                Precision::BestEffort,
            )?;
        } else {
            Self::burn_bond(&emergency)?;
            let Emergency { record, patient, subject, .. } = &emergency;
            Self::end_grant_of(id, *record, patient, subject)?;
            Self::raise_key_epoch(patient);
        }
        Self::forget_emergency(id, &emergency);
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

    /// The patient, or a guardian whom the patient named; never who broke the
    /// glass.
    fn may_review(emergency: &EmergencyOf<T>, reviewer: &AccountIdOf<T>) -> bool {
        let guardian = || {
            Relations::<T>::get(&emergency.patient, reviewer)
                .is_some_and(|relation| relation.kind == RelationKind::Guardian)
        };
        *reviewer != emergency.subject && (*reviewer == emergency.patient || guardian())
    }

    /// Closes an emergency that nobody reviewed in time. The bond is lost.
    pub(crate) fn do_lapse_emergency(id: EmergencyId) -> DispatchResult {
        let emergency = Emergencies::<T>::get(id).ok_or(Error::<T>::EmergencyNotFound)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(emergency.review_until < now, Error::<T>::ReviewNotOver);
        Self::burn_bond(&emergency)?;
        Self::raise_key_epoch(&emergency.patient);
        Self::forget_emergency(id, &emergency);
        Self::deposit_event(Event::EmergencyLapsed {
            emergency: id,
            record: emergency.record,
            patient: emergency.patient,
            subject: emergency.subject,
            bond: emergency.bond,
        });
        Ok(())
    }

    /// Who broke the glass holds the key, and nobody accepted that: what follows
    /// needs a fresh one.
    fn raise_key_epoch(patient: &AccountIdOf<T>) {
        Patients::<T>::mutate_extant(patient, |entry| {
            entry.key_epoch = entry.key_epoch.saturating_add(1);
        });
    }

    /// Nobody gains by it: who let a review lapse, or rejected, must not earn
    /// by that.
    fn burn_bond(emergency: &EmergencyOf<T>) -> DispatchResult {
        T::Currency::burn_held(
            &HoldReason::Emergency.into(),
            &emergency.subject,
            emergency.bond,
            Precision::BestEffort,
            Fortitude::Force,
        )?;
        Ok(())
    }

    fn forget_emergency(id: EmergencyId, emergency: &EmergencyOf<T>) {
        Emergencies::<T>::remove(id);
        Due::<T>::remove(emergency.review_until, Duty::Review { emergency: id });
        OpenEmergencies::<T>::mutate_exists(&emergency.subject, |open| {
            *open = open.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0);
        });
    }

    /// Lets nobody, or again somebody, break the glass over the own records.
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
}
