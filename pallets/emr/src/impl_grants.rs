//! Access grants, from the policy's yes or an emergency until they end.

use frame_support::{defensive, ensure, traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{
    Action, Basis, EndReason, Purpose, RecordId, Role, SealedKey, SealedShare,
};
use sp_runtime::{traits::Saturating, BoundedVec, DispatchError, DispatchResult};

use crate::{
    AccessGrant, AccessQuestion, AccountIdOf, Answer, Config, Custodies, Due, DueEntry,
    EncryptionKeys, Error, Event, GrantOf, Grants, HoldReason, Pallet, Records, WeightInfo,
    EMERGENCY_SHARE,
};

impl<T: Config> Pallet<T> {
    /// Asks the policy whether `subject` may see a record, and records the answer.
    ///
    /// A yes lets custodians deliver the key; a no ends an earlier grant by the
    /// policy. Returns the weight that the question used.
    pub(crate) fn do_request_access(
        subject: AccountIdOf<T>,
        record: RecordId,
        purpose: Purpose,
    ) -> Result<Weight, DispatchError> {
        let patient = Records::<T>::get(record).ok_or(Error::<T>::RecordNotFound)?.patient;
        let Answer { result, weight } =
            Self::check_access(viewing(&patient, &subject, record, purpose));
        if let Err(reason) = result {
            let grant = Grants::<T>::get(record, &subject);
            if grant.is_some_and(|grant| matches!(grant.basis, Basis::Policy { .. })) {
                Self::end_grant(record, &patient, subject.clone(), EndReason::Refused)?;
            }
            Self::deposit_event(Event::AccessDenied { record, patient, subject, purpose, reason });
            return Ok(weight);
        }
        let until = Self::grant_by_policy(record, &patient, &subject, purpose)?;
        Self::deposit_event(Event::AccessGranted { record, patient, subject, purpose, until });
        Ok(weight)
    }

    /// Stores what the policy granted. Returns the last block of the grant, or
    /// `None` if no custodian keeps the key.
    fn grant_by_policy(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        purpose: Purpose,
    ) -> Result<Option<BlockNumberFor<T>>, DispatchError> {
        if !Custodies::<T>::contains_key(record) {
            return Ok(None);
        }
        if let Some(mut grant) = Grants::<T>::get(record, subject) {
            let until = grant.until;
            if frame_system::Pallet::<T>::block_number() <= until {
                if let Basis::Policy { purpose: stated } = &mut grant.basis {
                    // At the next delivery, the policy is asked about the purpose
                    // that it has just allowed.
                    *stated = purpose;
                    Grants::<T>::insert(record, subject, grant);
                }
                return Ok(Some(until));
            }
            Self::end_grant(record, patient, subject.clone(), EndReason::Expired)?;
        }
        let period = T::AccessPeriod::get();
        Self::store_grant(record, subject, Basis::Policy { purpose }, period).map(Some)
    }

    /// Stores a grant that lasts for `period` blocks. Returns its last block.
    pub(crate) fn store_grant(
        record: RecordId,
        subject: &AccountIdOf<T>,
        basis: Basis,
        period: BlockNumberFor<T>,
    ) -> Result<BlockNumberFor<T>, DispatchError> {
        ensure!(EncryptionKeys::<T>::contains_key(subject), Error::<T>::EncryptionKeyNotFound);
        let mut custody = Custodies::<T>::get(record).ok_or(Error::<T>::RecordNotEntrusted)?;
        let most = T::MaxGrants::get();
        let places = match basis {
            Basis::Emergency { .. } => most,
            Basis::Policy { .. } => most.saturating_sub(most.saturating_div(EMERGENCY_SHARE)),
        };
        ensure!(custody.grants < places, Error::<T>::MaxGrantsExceeded);
        let deposit = T::GrantDeposit::get();
        Self::hold(HoldReason::Grant, subject, deposit)?;
        custody.grants = custody.grants.saturating_add(1);
        Custodies::<T>::insert(record, custody);
        let now = frame_system::Pallet::<T>::block_number();
        let until = now.saturating_add(period);
        let grant =
            AccessGrant { basis, granted_at: now, until, shares: BoundedVec::new(), deposit };
        Grants::<T>::insert(record, subject, grant);
        Self::schedule(until, DueEntry::Grant { record, subject: subject.clone() });
        Ok(until)
    }

    /// Adds a custodian's share, sealed to the account granted access.
    ///
    /// Where the policy granted access, it is asked again: if it refuses, the
    /// grant ends. Returns the weight used.
    pub(crate) fn do_deliver_share(
        custodian: AccountIdOf<T>,
        record: RecordId,
        subject: AccountIdOf<T>,
        sealed: SealedKey,
    ) -> Result<Weight, DispatchError> {
        let custody = Custodies::<T>::get(record).ok_or(Error::<T>::RecordNotEntrusted)?;
        let place = custody.shares.iter().position(|(keeper, _)| *keeper == custodian);
        let place = place.ok_or(Error::<T>::ShareNotFound)?;
        ensure!(Self::has_role(&custodian, Role::Custodian), Error::<T>::NotCustodian);
        let mut grant = Grants::<T>::get(record, &subject).ok_or(Error::<T>::AccessNotFound)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(now <= grant.until, Error::<T>::AccessExpired);
        let number = u8::try_from(place.saturating_add(1)).unwrap_or(u8::MAX);
        ensure!(
            !grant.shares.iter().any(|share| share.number == number),
            Error::<T>::ShareAlreadyDelivered
        );
        let patient = Records::<T>::get(record).ok_or(Error::<T>::RecordNotFound)?.patient;
        let mut used = <T as Config>::WeightInfo::deliver_share();
        if let Basis::Policy { purpose } = grant.basis {
            let Answer { result, weight } =
                Self::check_access(viewing(&patient, &subject, record, purpose));
            used = used.saturating_add(weight);
            if let Err(reason) = result {
                used = used.saturating_add(<T as Config>::WeightInfo::expire_grant());
                Self::end_grant(record, &patient, subject.clone(), EndReason::Refused)?;
                Self::deposit_event(Event::AccessDenied {
                    record,
                    patient,
                    subject,
                    purpose,
                    reason,
                });
                return Ok(used);
            }
        }
        let share = SealedShare { number, sealed };
        grant.shares.try_push(share).map_err(|_| Error::<T>::ShareAlreadyDelivered)?;
        let delivered = grant.shares.len() as u32;
        Grants::<T>::insert(record, &subject, grant);
        Self::deposit_event(Event::ShareDelivered {
            record,
            patient,
            subject,
            custodian,
            delivered,
            threshold: custody.threshold,
        });
        Ok(used)
    }

    /// Ends a grant that has expired.
    pub(crate) fn do_expire_grant(record: RecordId, subject: AccountIdOf<T>) -> DispatchResult {
        let grant = Grants::<T>::get(record, &subject).ok_or(Error::<T>::AccessNotFound)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(grant.until < now, Error::<T>::AccessNotExpired);
        let patient = Records::<T>::get(record).ok_or(Error::<T>::RecordNotFound)?.patient;
        Self::end_grant(record, &patient, subject, EndReason::Expired)?;
        Ok(())
    }

    /// Ends a grant, if there is one: removes its shares and releases its deposit.
    /// Returns whether there was one.
    pub(crate) fn end_grant(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: AccountIdOf<T>,
        reason: EndReason,
    ) -> Result<bool, DispatchError> {
        let Some(grant) = Grants::<T>::take(record, &subject) else {
            return Ok(false);
        };
        let threshold = Custodies::<T>::mutate_extant(record, |custody| {
            custody.grants = custody.grants.saturating_sub(1);
            custody.threshold
        });
        Self::close_grant(record, patient, subject, &grant, threshold, reason)?;
        Ok(true)
    }

    /// Ends every grant on a record. Returns their number.
    pub(crate) fn end_grants(
        record: RecordId,
        patient: &AccountIdOf<T>,
        reason: EndReason,
    ) -> Result<u32, DispatchError> {
        let threshold = Custodies::<T>::mutate_extant(record, |custody| {
            custody.grants = 0;
            custody.threshold
        });
        let mut ended = 0u32;
        for (subject, grant) in Grants::<T>::drain_prefix(record) {
            Self::close_grant(record, patient, subject, &grant, threshold, reason)?;
            ended = ended.saturating_add(1);
        }
        Ok(ended)
    }

    /// Settles a grant that was taken from storage.
    fn close_grant(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: AccountIdOf<T>,
        grant: &GrantOf<T>,
        threshold: u32,
        reason: EndReason,
    ) -> DispatchResult {
        if let Basis::Emergency { emergency } = grant.basis
            && (grant.shares.len() as u32) < threshold
        {
            Self::void_emergency(emergency, reason)?;
        }
        let entry = DueEntry::Grant { record, subject: subject.clone() };
        if !Due::<T>::contains_key(grant.until, &entry) {
            defensive!("a grant is not scheduled to expire");
        }
        Due::<T>::remove(grant.until, entry);
        Self::release(HoldReason::Grant, &subject, grant.deposit)?;
        Self::deposit_event(Event::AccessEnded {
            record,
            patient: patient.clone(),
            subject,
            reason,
        });
        Ok(())
    }
}

/// The question whether `subject` may view a record for `purpose`.
fn viewing<'a, AccountId>(
    patient: &'a AccountId,
    subject: &'a AccountId,
    record: RecordId,
    purpose: Purpose,
) -> AccessQuestion<'a, AccountId> {
    let (record, purpose) = (Some(record), Some(purpose));
    AccessQuestion { patient, subject, record, action: Action::View, purpose, model: None }
}
