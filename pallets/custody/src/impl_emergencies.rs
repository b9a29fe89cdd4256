//! Breaking the glass: access at once, against a bond, under review.

use frame_support::{ensure, traits::Get, weights::Weight};
use medchain_primitives::{
    Action, Basis, Denied, DenyReason, EmergencyId, EmergencyReason, RecordId, RecordStatus, Role,
};
use medchain_sharing::ReplyKey;
use pallet_emr::{AccessQuestion, Answer};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

use crate::{
    AccountIdOf, Config, CustodianGroups, Custodies, DueEntry, Emergencies, EmergenciesOver,
    Emergency, EmergencyGrants, EmergencyOf, EmergencyOptOuts, EmergencyStatus, Error, Event,
    Grants, HoldReason, NextEmergencyId, OpenEmergencies, Pallet, RejectedPairs, Rejections,
    RunningEmergencies,
};

impl<T: Config> Pallet<T> {
    /// Begins an emergency of `subject` over a patient. Returns the weight that the question to
    /// the policy used.
    pub(crate) fn do_break_glass(
        subject: AccountIdOf<T>,
        patient: &AccountIdOf<T>,
        reason: EmergencyReason,
    ) -> Result<Weight, DispatchError> {
        ensure!(subject != *patient, Error::<T>::OwnRecord);
        ensure!(
            pallet_emr::Patients::<T>::contains_key(patient),
            pallet_emr::Error::<T>::PatientNotFound
        );
        Self::ensure_not_suspended(&subject)?;
        // One share fewer than the patient meant would open the records.
        let group = CustodianGroups::<T>::get(patient);
        let keeps = group.is_some_and(|group| group.members.iter().any(|(who, _)| *who == subject));
        ensure!(!keeps, Error::<T>::CustodianOfPatient);
        let asked = Self::ensure_may_break_glass(patient, &subject, None)?;
        let now = frame_system::Pallet::<T>::block_number();
        Self::ensure_not_rejected(patient, &subject)?;
        let running = RunningEmergencies::<T>::get(patient, &subject);
        let running = running.and_then(Emergencies::<T>::get);
        let takes = running.is_some_and(|entry| Self::takes_requests(&entry));
        ensure!(!takes, Error::<T>::GlassAlreadyBroken);
        let open = OpenEmergencies::<T>::get(&subject);
        ensure!(open < T::MaxOpenEmergencies::get(), Error::<T>::MaxEmergenciesExceeded);

        let id = NextEmergencyId::<T>::get();
        let next = id.0.checked_add(1).ok_or(Error::<T>::EmergencyIdsExhausted)?;
        let bond = T::EmergencyBond::get();
        Self::hold(HoldReason::Emergency, &subject, bond)?;
        let until = now.saturating_add(T::EmergencyPeriod::get());
        let review_until = now.saturating_add(T::ReviewPeriod::get());
        NextEmergencyId::<T>::put(EmergencyId(next));
        OpenEmergencies::<T>::insert(&subject, open.saturating_add(1));
        EmergenciesOver::<T>::mutate(patient, |count| *count = count.saturating_add(1));
        RunningEmergencies::<T>::insert(patient, &subject, id);
        let entry = Emergency {
            patient: patient.clone(),
            subject: subject.clone(),
            reason,
            broken_at: now,
            until,
            review_until,
            bond,
            grants: 0,
            requested: 0,
            deliveries: 0,
            status: EmergencyStatus::Open,
        };
        Emergencies::<T>::insert(id, entry);
        Self::schedule(review_until, DueEntry::Emergency { emergency: id });
        let event = Event::GlassBroken {
            emergency: id,
            patient: patient.clone(),
            subject,
            reason,
            until,
            review_until,
        };
        Self::deposit_logged(patient, event);
        Ok(asked)
    }

    /// Grants `subject` access to a record in its emergency. Returns the weight that the question
    /// to the policy used.
    pub(crate) fn do_request_in_emergency(
        subject: AccountIdOf<T>,
        id: RecordId,
        reply: ReplyKey,
    ) -> Result<Weight, DispatchError> {
        reply.check().map_err(|_| Error::<T>::InvalidReplyKey)?;
        let record = pallet_emr::Records::<T>::get(id);
        let record = record.ok_or(pallet_emr::Error::<T>::RecordNotFound)?;
        let patient = record.patient;
        let emergency = RunningEmergencies::<T>::get(&patient, &subject);
        let emergency = emergency.ok_or(Error::<T>::EmergencyNotFound)?;
        let entry = Emergencies::<T>::get(emergency).ok_or(Error::<T>::EmergencyNotFound)?;
        Self::ensure_not_rejected(&patient, &subject)?;
        ensure!(Self::takes_requests(&entry), Error::<T>::EmergencyOver);
        Self::ensure_not_suspended(&subject)?;
        let asked = Self::ensure_may_break_glass(&patient, &subject, Some(id))?;
        // Checked last: an account that may not break the glass learns nothing about the record.
        ensure!(record.status != RecordStatus::Erased, pallet_emr::Error::<T>::RecordErased);
        let custody = Custodies::<T>::get(id).ok_or(Error::<T>::RecordNotEntrusted)?;
        ensure!(!custody.custodians.contains(&subject), Error::<T>::OwnShare);
        if let Some(grant) = Grants::<T>::get(id, &subject) {
            let runs = frame_system::Pallet::<T>::block_number() <= grant.until;
            let same = matches!(grant.basis, Basis::Emergency { .. }) && grant.reply == reply;
            ensure!(!(runs && same), Error::<T>::AccessAlreadyGranted);
            Self::end_replaced(id, &patient, &subject, &grant)?;
        }
        Self::list_record(emergency, id)?;
        let until = entry.until;
        Self::store_grant(id, &subject, Basis::Emergency { emergency }, reply, until)?;
        let event = Event::EmergencyAccess {
            emergency,
            record: id,
            patient: patient.clone(),
            subject,
            until,
        };
        Self::deposit_logged(&patient, event);
        Ok(asked)
    }

    /// Lists a record under an emergency, for which it is about to be granted.
    ///
    /// A guardian endorsed what was requested until then: the endorsement ends.
    fn list_record(emergency: EmergencyId, record: RecordId) -> DispatchResult {
        Emergencies::<T>::try_mutate_exists(emergency, |entry| {
            let entry = entry.as_mut().ok_or(Error::<T>::EmergencyNotFound)?;
            match EmergencyGrants::<T>::get(emergency, record) {
                Some(barred) => ensure!(!barred, Error::<T>::RecordBarred),
                None => {
                    ensure!(
                        entry.requested < T::MaxEmergencyRecords::get(),
                        Error::<T>::MaxEmergencyRecordsExceeded
                    );
                    entry.requested = entry.requested.saturating_add(1);
                    EmergencyGrants::<T>::insert(emergency, record, false);
                }
            }
            entry.grants = entry.grants.saturating_add(1);
            entry.status = EmergencyStatus::Open;
            Ok(())
        })
    }

    /// Keeps a record that was requested in the pair's newest emergency from being requested
    /// again. Returns whether there was anything to do.
    pub(crate) fn bar_record(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
    ) -> bool {
        let Some(emergency) = RunningEmergencies::<T>::get(patient, subject) else { return false };
        let is_open = EmergencyGrants::<T>::get(emergency, record) == Some(false);
        if is_open {
            EmergencyGrants::<T>::insert(emergency, record, true);
        }
        is_open
    }

    /// Answers whether a grant by an emergency still holds when a share is delivered.
    pub(crate) fn is_still_allowed(
        emergency: EmergencyId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: RecordId,
    ) -> Answer {
        let entry = Emergencies::<T>::get(emergency);
        let runs = entry.is_some_and(|entry| {
            // Who rejects one emergency does not want the next one either, unless they said so.
            let is_rejected = RejectedPairs::<T>::get(patient, subject) > 0;
            Self::is_running(&entry) && (entry.status == EmergencyStatus::Accepted || !is_rejected)
        });
        if !runs || EmergencyOptOuts::<T>::contains_key(patient) {
            return Answer::free(Err(Denied::Refused(DenyReason::Revoked)));
        }
        Self::may_break_glass(patient, subject, Some(record))
    }

    /// Answers whether `subject` may break the glass.
    ///
    /// The policy is always asked, and its veto (`Revoked`) holds whatever the account is. Where
    /// it says no for another reason, an emergency contact and a clinician may all the same.
    fn may_break_glass(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: Option<RecordId>,
    ) -> Answer {
        let answer = pallet_emr::Pallet::<T>::check_access(AccessQuestion {
            patient,
            subject,
            record,
            action: Action::Emergency,
            purpose: None,
            model: None,
        });
        match answer.result {
            Err(denied) if is_no_veto(denied) && Self::may_override(patient, subject) => {
                Answer { result: Ok(()), ..answer }
            }
            _ => answer,
        }
    }

    fn ensure_may_break_glass(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: Option<RecordId>,
    ) -> Result<Weight, DispatchError> {
        let Answer { result, weight } = Self::may_break_glass(patient, subject, record);
        result.map_err(pallet_emr::Error::<T>::from)?;
        ensure!(!EmergencyOptOuts::<T>::contains_key(patient), Error::<T>::EmergencyOptedOut);
        Ok(weight)
    }

    /// Whether the account is an emergency contact of the patient, or a clinician now.
    fn may_override(patient: &AccountIdOf<T>, subject: &AccountIdOf<T>) -> bool {
        let relation = pallet_emr::Relations::<T>::get(patient, subject);
        relation.is_some_and(|relation| relation.emergency_contact)
            || pallet_emr::Pallet::<T>::has_role(subject, Role::Clinician)
    }

    /// Whether custodians deliver under an emergency now.
    fn is_running(entry: &EmergencyOf<T>) -> bool {
        entry.status == EmergencyStatus::Accepted && Self::is_in_time(entry)
            || Self::takes_requests(entry)
    }

    /// Whether records can be requested under an emergency now.
    ///
    /// Not once it is accepted: nobody would review what is requested then.
    fn takes_requests(entry: &EmergencyOf<T>) -> bool {
        let open = match entry.status {
            EmergencyStatus::Open | EmergencyStatus::Endorsed { .. } => true,
            EmergencyStatus::Rejected { .. }
            | EmergencyStatus::Escalated
            | EmergencyStatus::Accepted => false,
        };
        open && Self::is_in_time(entry)
    }

    fn is_in_time(entry: &EmergencyOf<T>) -> bool {
        frame_system::Pallet::<T>::block_number() <= entry.until
    }

    /// Checks that not too many emergencies of the account were rejected.
    fn ensure_not_suspended(account: &AccountIdOf<T>) -> DispatchResult {
        let rejections = Rejections::<T>::get(account);
        ensure!(rejections < T::MaxRejections::get(), Error::<T>::Suspended);
        Ok(())
    }

    /// Checks that no emergency of the account over the patient was rejected and is not closed.
    fn ensure_not_rejected(patient: &AccountIdOf<T>, subject: &AccountIdOf<T>) -> DispatchResult {
        ensure!(RejectedPairs::<T>::get(patient, subject) == 0, Error::<T>::EmergencyRejected);
        Ok(())
    }

    /// Allows or forbids breaking the glass over the patient's records.
    pub(crate) fn do_set_emergency_access(
        patient: &AccountIdOf<T>,
        allowed: bool,
    ) -> DispatchResult {
        ensure!(
            pallet_emr::Patients::<T>::contains_key(patient),
            pallet_emr::Error::<T>::PatientNotFound
        );
        if allowed {
            EmergencyOptOuts::<T>::remove(patient);
        } else {
            EmergencyOptOuts::<T>::insert(patient, ());
        }
        let event = Event::EmergencyAccessSet { patient: patient.clone(), allowed };
        Self::deposit_logged(patient, event);
        Ok(())
    }

    /// Forgives an account its rejected emergencies.
    pub(crate) fn do_lift_suspension(account: AccountIdOf<T>) -> DispatchResult {
        let rejections = Rejections::<T>::take(&account);
        ensure!(rejections > 0, Error::<T>::NotSuspended);
        Self::deposit_event(Event::SuspensionLifted { account, rejections });
        Ok(())
    }
}

/// Whether a role or relation counts more than this denial.
///
/// Not more than a veto; nor where the policy could not be asked because the call comes from a
/// contract, for then an account could avoid a veto by calling from one; nor where there is
/// nothing to have access to.
fn is_no_veto(denied: Denied) -> bool {
    match denied {
        Denied::NoPolicy
        | Denied::PolicyNotFound
        | Denied::PolicyTrapped
        | Denied::PolicyOutOfGas
        | Denied::PolicyAnswerInvalid
        | Denied::Refused(
            DenyReason::NoGrant
            | DenyReason::ActionNotGranted
            | DenyReason::Expired
            | DenyReason::Other(_),
        ) => true,
        Denied::PolicyReentered
        | Denied::Refused(DenyReason::Revoked)
        | Denied::PatientNotFound
        | Denied::RecordNotFound
        | Denied::RecordErased => false,
    }
}
