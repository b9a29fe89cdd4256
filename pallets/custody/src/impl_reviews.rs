//! What becomes of an emergency: the patient, guardians and the ethics committee decide.

use alloc::vec::Vec;
use frame_support::{ensure, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{Basis, EmergencyId, EndReason, RelationKind};
use sp_runtime::{
    traits::{Saturating, Zero},
    DispatchError, DispatchResult,
};

use crate::{
    AccountIdOf, Config, Due, DueEntry, Emergencies, Emergency, EmergencyGrants, EmergencyOf,
    EmergencyStatus, Error, Event, Grants, HoldReason, OpenEmergencies, Pallet, Rejections,
    RunningEmergencies,
};

impl<T: Config> Pallet<T> {
    /// Says whether breaking the glass was right. Returns the number of grants that this ended.
    pub(crate) fn do_review_emergency(
        reviewer: AccountIdOf<T>,
        id: EmergencyId,
        accepted: bool,
    ) -> Result<u32, DispatchError> {
        let emergency = Emergencies::<T>::get(id).ok_or(Error::<T>::EmergencyNotFound)?;
        let is_patient = reviewer == emergency.patient;
        ensure!(
            reviewer != emergency.subject
                && (is_patient || Self::is_guardian(&emergency.patient, &reviewer)),
            Error::<T>::NotReviewer
        );
        match &emergency.status {
            EmergencyStatus::Open | EmergencyStatus::Endorsed { .. } => {}
            EmergencyStatus::Escalated => ensure!(is_patient, Error::<T>::ReviewExpired),
            EmergencyStatus::Accepted | EmergencyStatus::Rejected => {
                return Err(Error::<T>::EmergencyAlreadyReviewed.into());
            }
        }
        Self::ensure_in_time(&emergency)?;
        if accepted && !is_patient {
            Self::endorse(id, emergency, reviewer)?;
            return Ok(0);
        }
        let ended = Self::decide(id, &emergency, accepted)?;
        let Emergency { patient, subject, bond, .. } = emergency;
        Self::deposit_event(Event::EmergencyReviewed {
            emergency: id,
            patient,
            subject: subject.clone(),
            reviewer,
            accepted,
            bond,
        });
        if !accepted {
            Self::count_rejection(subject);
        }
        Ok(ended)
    }

    /// Says whether breaking the glass was right where nobody reviewed it. Returns the number of
    /// grants that this ended.
    pub(crate) fn do_judge_emergency(
        id: EmergencyId,
        accepted: bool,
    ) -> Result<u32, DispatchError> {
        let emergency = Emergencies::<T>::get(id).ok_or(Error::<T>::EmergencyNotFound)?;
        ensure!(emergency.status == EmergencyStatus::Escalated, Error::<T>::EmergencyNotEscalated);
        Self::ensure_in_time(&emergency)?;
        let ended = Self::decide(id, &emergency, accepted)?;
        let Emergency { patient, subject, bond, .. } = emergency;
        Self::deposit_event(Event::EmergencyJudged {
            emergency: id,
            patient,
            subject: subject.clone(),
            accepted,
            bond,
        });
        if !accepted {
            Self::count_rejection(subject);
        }
        Ok(ended)
    }

    /// Moves an emergency on whose last block has passed.
    ///
    /// Silence burns no bond: who saves a patient that never wakes up must not pay for it. Nobody
    /// gains by letting the time pass either.
    pub(crate) fn do_close_emergency(id: EmergencyId) -> DispatchResult {
        let emergency = Emergencies::<T>::get(id).ok_or(Error::<T>::EmergencyNotFound)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(emergency.review_until < now, Error::<T>::ReviewNotExpired);
        let unreviewed = emergency.status == EmergencyStatus::Open;
        if unreviewed && emergency.deliveries > 0 {
            let judge_until = now.saturating_add(T::EthicsPeriod::get());
            let Emergency { patient, subject, .. } = emergency.clone();
            Self::move_on(id, emergency, EmergencyStatus::Escalated, judge_until);
            Self::deposit_event(Event::EmergencyEscalated {
                emergency: id,
                patient,
                subject,
                judge_until,
            });
            return Ok(());
        }
        Self::release(HoldReason::Emergency, &emergency.subject, emergency.bond)?;
        Self::remove_emergency(id, &emergency);
        let Emergency { patient, subject, bond, .. } = emergency;
        Self::deposit_event(if unreviewed {
            Event::EmergencyVoided { emergency: id, patient, subject, bond }
        } else {
            Event::EmergencyClosed { emergency: id, patient, subject, bond }
        });
        Ok(())
    }

    /// Notes a guardian's yes.
    fn endorse(
        id: EmergencyId,
        mut emergency: EmergencyOf<T>,
        guardian: AccountIdOf<T>,
    ) -> DispatchResult {
        ensure!(emergency.status == EmergencyStatus::Open, Error::<T>::AlreadyEndorsed);
        emergency.status = EmergencyStatus::Endorsed { by: guardian.clone() };
        let (patient, subject) = (emergency.patient.clone(), emergency.subject.clone());
        Emergencies::<T>::insert(id, emergency);
        Self::deposit_event(Event::EmergencyEndorsed {
            emergency: id,
            patient,
            subject,
            by: guardian,
        });
        Ok(())
    }

    /// Accepts or rejects an emergency. Returns the number of grants that this ended.
    fn decide(
        id: EmergencyId,
        emergency: &EmergencyOf<T>,
        accepted: bool,
    ) -> Result<u32, DispatchError> {
        if accepted {
            Self::accept_emergency(id, emergency)?;
            Ok(0)
        } else {
            Self::reject_emergency(id, emergency)
        }
    }

    /// Releases the bond. The entry stays as long as it opens records.
    fn accept_emergency(id: EmergencyId, emergency: &EmergencyOf<T>) -> DispatchResult {
        Self::release(HoldReason::Emergency, &emergency.subject, emergency.bond)?;
        let until = emergency.until;
        if until < frame_system::Pallet::<T>::block_number() {
            Self::remove_emergency(id, emergency);
        } else {
            let decided = Emergency { bond: Zero::zero(), ..emergency.clone() };
            Self::move_on(id, decided, EmergencyStatus::Accepted, until);
        }
        Ok(())
    }

    /// Burns the bond and ends all access. The entry stays until the review would have ended: a
    /// rejection must not free its place early. Returns the number of grants.
    ///
    /// Burned and not paid out: nobody may profit from rejecting.
    fn reject_emergency(id: EmergencyId, emergency: &EmergencyOf<T>) -> Result<u32, DispatchError> {
        Self::burn(HoldReason::Emergency, &emergency.subject, emergency.bond)?;
        let ended = Self::end_emergency_grants(id, emergency)?;
        pallet_emr::Pallet::<T>::raise_key_epoch(&emergency.patient);
        Emergencies::<T>::mutate_extant(id, |entry| {
            entry.status = EmergencyStatus::Rejected;
            entry.bond = Zero::zero();
        });
        Ok(ended)
    }

    /// Ends the grants of an emergency, but no other grants to its subject.
    fn end_emergency_grants(
        id: EmergencyId,
        emergency: &EmergencyOf<T>,
    ) -> Result<u32, DispatchError> {
        let Emergency { patient, subject, .. } = emergency;
        let records: Vec<_> = EmergencyGrants::<T>::iter_key_prefix(id).collect();
        let mut ended = 0u32;
        for record in records {
            let basis = Grants::<T>::get(record, subject).map(|grant| grant.basis);
            if basis == Some(Basis::Emergency { emergency: id }) {
                Self::end_grant(record, patient, subject, EndReason::Rejected)?;
                ended = ended.saturating_add(1);
            }
        }
        Ok(ended)
    }

    /// Counts a rejected emergency. With too many, the account is suspended.
    fn count_rejection(account: AccountIdOf<T>) {
        let rejections = Rejections::<T>::get(&account).saturating_add(1);
        Rejections::<T>::insert(&account, rejections);
        if rejections == T::MaxRejections::get() {
            Self::deposit_event(Event::AccountSuspended { account, rejections });
        }
    }

    /// Gives an emergency another status, with another last block.
    fn move_on(
        id: EmergencyId,
        mut emergency: EmergencyOf<T>,
        status: EmergencyStatus<AccountIdOf<T>>,
        review_until: BlockNumberFor<T>,
    ) {
        let entry = DueEntry::Emergency { emergency: id };
        Due::<T>::remove(emergency.review_until, entry.clone());
        Self::schedule(review_until, entry);
        emergency.status = status;
        emergency.review_until = review_until;
        Emergencies::<T>::insert(id, emergency);
    }

    /// Removes an emergency. Grants under it that are over and still stored expire by themselves.
    fn remove_emergency(id: EmergencyId, emergency: &EmergencyOf<T>) {
        let Emergency { patient, subject, review_until, .. } = emergency;
        Emergencies::<T>::remove(id);
        Due::<T>::remove(review_until, DueEntry::Emergency { emergency: id });
        if RunningEmergencies::<T>::get(patient, subject) == Some(id) {
            RunningEmergencies::<T>::remove(patient, subject);
        }
        OpenEmergencies::<T>::mutate_exists(subject, |open| {
            *open = open.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0);
        });
    }

    fn is_guardian(patient: &AccountIdOf<T>, account: &AccountIdOf<T>) -> bool {
        pallet_emr::Relations::<T>::get(patient, account)
            .is_some_and(|relation| relation.kind == RelationKind::Guardian)
    }

    fn ensure_in_time(emergency: &EmergencyOf<T>) -> DispatchResult {
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(now <= emergency.review_until, Error::<T>::ReviewExpired);
        Ok(())
    }
}
