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
    AccountIdOf, Config, Due, DueEntry, Emergencies, EmergenciesOver, Emergency, EmergencyGrants,
    EmergencyOf, EmergencyStatus, Error, Event, Grants, HoldReason, OpenEmergencies, Pallet,
    RejectedPairs, Rejections, RunningEmergencies,
};

impl<T: Config> Pallet<T> {
    /// Says whether breaking the glass was right. Returns the number of records requested.
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
            // What a guardian rejected in the patient's name, the patient can accept.
            EmergencyStatus::Rejected { by } => {
                let overturns = accepted && is_patient && *by != reviewer;
                ensure!(overturns, Error::<T>::EmergencyAlreadyReviewed);
            }
            EmergencyStatus::Accepted => {
                return Err(Error::<T>::EmergencyAlreadyReviewed.into());
            }
        }
        Self::ensure_in_time(&emergency)?;
        if accepted && !is_patient {
            Self::endorse(id, emergency, reviewer)?;
            return Ok(0);
        }
        if accepted {
            Self::accept_emergency(id, &emergency)?;
        } else {
            Self::reject_emergency(id, &emergency, reviewer.clone())?;
        }
        let Emergency { patient, subject, bond, requested, .. } = emergency;
        let event = Event::EmergencyReviewed {
            emergency: id,
            patient: patient.clone(),
            subject: subject.clone(),
            reviewer,
            accepted,
            bond,
        };
        Self::deposit_logged(&patient, event);
        if !accepted {
            Self::count_rejection(subject);
        }
        Ok(requested)
    }

    /// Says whether breaking the glass was right where nobody reviewed it, or overturns a
    /// rejection. Returns the number of records requested.
    pub(crate) fn do_judge_emergency(
        id: EmergencyId,
        accepted: bool,
    ) -> Result<u32, DispatchError> {
        let emergency = Emergencies::<T>::get(id).ok_or(Error::<T>::EmergencyNotFound)?;
        match &emergency.status {
            EmergencyStatus::Escalated => {}
            EmergencyStatus::Rejected { .. } => {
                ensure!(accepted, Error::<T>::EmergencyAlreadyReviewed);
            }
            EmergencyStatus::Open
            | EmergencyStatus::Endorsed { .. }
            | EmergencyStatus::Accepted => {
                return Err(Error::<T>::EmergencyNotEscalated.into());
            }
        }
        Self::ensure_in_time(&emergency)?;
        if accepted {
            Self::accept_emergency(id, &emergency)?;
        } else {
            // The review is over: no place is freed early, and nobody is left to overturn it.
            Self::end_emergency_access(id, &emergency)?;
            Self::burn(HoldReason::Emergency, &emergency.subject, emergency.bond)?;
            Self::remove_emergency(id, &emergency);
        }
        let Emergency { patient, subject, bond, requested, .. } = emergency;
        let event = Event::EmergencyJudged {
            emergency: id,
            patient: patient.clone(),
            subject: subject.clone(),
            accepted,
            bond,
        };
        Self::deposit_logged(&patient, event);
        if !accepted {
            Self::count_rejection(subject);
        }
        Ok(requested)
    }

    /// Moves an emergency on whose last block has passed. Returns the number of records requested.
    ///
    /// Silence burns no bond: who saves a patient that never wakes up must not pay for it. Nobody
    /// gains by letting the time pass either.
    pub(crate) fn do_close_emergency(id: EmergencyId) -> Result<u32, DispatchError> {
        let emergency = Emergencies::<T>::get(id).ok_or(Error::<T>::EmergencyNotFound)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(emergency.review_until < now, Error::<T>::ReviewNotExpired);
        let requested = emergency.requested;
        let unreviewed = emergency.status == EmergencyStatus::Open;
        if unreviewed && requested > 0 {
            let judge_until = now.saturating_add(T::EthicsPeriod::get());
            let Emergency { patient, subject, .. } = emergency.clone();
            Self::move_on(id, emergency, EmergencyStatus::Escalated, judge_until);
            let event = Event::EmergencyEscalated {
                emergency: id,
                patient: patient.clone(),
                subject,
                judge_until,
            };
            Self::deposit_logged(&patient, event);
            return Ok(requested);
        }
        let burned = matches!(emergency.status, EmergencyStatus::Rejected { .. });
        if burned {
            // Burned and not paid out: nobody may profit from rejecting.
            Self::burn(HoldReason::Emergency, &emergency.subject, emergency.bond)?;
            Self::free_pair(&emergency);
        } else {
            Self::release(HoldReason::Emergency, &emergency.subject, emergency.bond)?;
        }
        Self::remove_emergency(id, &emergency);
        let Emergency { patient, subject, bond, .. } = emergency;
        let of = patient.clone();
        let event = if unreviewed {
            Event::EmergencyVoided { emergency: id, patient: of, subject, bond }
        } else {
            Event::EmergencyClosed { emergency: id, patient: of, subject, bond, burned }
        };
        Self::deposit_logged(&patient, event);
        Ok(requested)
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
        let event = Event::EmergencyEndorsed {
            emergency: id,
            patient: patient.clone(),
            subject,
            by: guardian,
        };
        Self::deposit_logged(&patient, event);
        Ok(())
    }

    /// Releases the bond. The entry stays as long as access can go on under it.
    ///
    /// A rejection is overturned: it counts no more, but the access that it ended stays ended.
    fn accept_emergency(id: EmergencyId, emergency: &EmergencyOf<T>) -> DispatchResult {
        if matches!(emergency.status, EmergencyStatus::Rejected { .. }) {
            Self::free_pair(emergency);
            // The ethics committee may have forgiven it already.
            Rejections::<T>::mutate_exists(&emergency.subject, |count| *count = one_less(*count));
        }
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

    /// Ends all access. The entry and the bond stay at least until the review would have ended: a
    /// rejection must not free its place early. They stay long enough for the ethics committee to
    /// overturn it, also where the no comes in the last block.
    fn reject_emergency(
        id: EmergencyId,
        emergency: &EmergencyOf<T>,
        by: AccountIdOf<T>,
    ) -> DispatchResult {
        Self::end_emergency_access(id, emergency)?;
        RejectedPairs::<T>::mutate(&emergency.patient, &emergency.subject, |count| {
            *count = count.saturating_add(1);
        });
        let now = frame_system::Pallet::<T>::block_number();
        let until = emergency.review_until.max(now.saturating_add(T::EthicsPeriod::get()));
        // Read again: its grants have ended.
        let entry = Emergencies::<T>::get(id).ok_or(Error::<T>::EmergencyNotFound)?;
        Self::move_on(id, entry, EmergencyStatus::Rejected { by }, until);
        Ok(())
    }

    /// Ends the grants of an emergency, but no other grants to its subject. The patient needs new
    /// content keys.
    fn end_emergency_access(id: EmergencyId, emergency: &EmergencyOf<T>) -> DispatchResult {
        let Emergency { patient, subject, .. } = emergency;
        // Collected first: what is walked over must not change.
        let records: Vec<_> = EmergencyGrants::<T>::iter_key_prefix(id).collect();
        for record in records {
            let basis = Grants::<T>::get(record, subject).map(|grant| grant.basis);
            if basis == Some(Basis::Emergency { emergency: id }) {
                Self::end_grant(record, patient, subject, EndReason::Rejected)?;
            }
        }
        pallet_emr::Pallet::<T>::raise_key_epoch(patient);
        Ok(())
    }

    /// One rejected emergency less keeps the account from the patient's records.
    fn free_pair(emergency: &EmergencyOf<T>) {
        let Emergency { patient, subject, .. } = emergency;
        RejectedPairs::<T>::mutate_exists(patient, subject, |count| *count = one_less(*count));
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
        let Emergency { patient, subject, review_until, requested, .. } = emergency;
        Emergencies::<T>::remove(id);
        // No more are listed than were requested.
        let _ = EmergencyGrants::<T>::clear_prefix(id, *requested, None);
        Due::<T>::remove(review_until, DueEntry::Emergency { emergency: id });
        if RunningEmergencies::<T>::get(patient, subject) == Some(id) {
            RunningEmergencies::<T>::remove(patient, subject);
        }
        OpenEmergencies::<T>::mutate_exists(subject, |count| *count = one_less(*count));
        EmergenciesOver::<T>::mutate_exists(patient, |count| *count = one_less(*count));
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

/// A count that was decreased, or nothing instead of zero.
fn one_less(count: Option<u32>) -> Option<u32> {
    count.and_then(|count| count.checked_sub(1)).filter(|count| *count > 0)
}
