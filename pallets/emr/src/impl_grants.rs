//! Grants: what the policy, or an emergency, gave somebody, until the
//! custodians have handed the key over and the time is up.

use frame_support::{
    defensive, ensure,
    traits::{fungible::MutateHold, tokens::Precision, Get},
    weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{Action, EmergencyId, Purpose, RecordId, Role, SealedKey};
use sp_runtime::{traits::Saturating, BoundedVec, DispatchError, DispatchResult};

use crate::{
    AccessGrant, AccountIdOf, Answer, Basis, Config, Custodies, Due, Duty, EncryptionKeys,
    EndReason, Error, Event, GrantOf, Grants, HoldReason, Pallet, Providers, Records, SealedShare,
    WeightInfo, EMERGENCY_SHARE,
};

impl<T: Config> Pallet<T> {
    /// Asks for `subject` whether they may see a record, logs the answer and,
    /// where custodians keep the key, lets them hand it over. Returns what the
    /// question used.
    pub(crate) fn do_request_access(
        subject: AccountIdOf<T>,
        record: RecordId,
        purpose: Purpose,
    ) -> Result<Weight, DispatchError> {
        let patient = Records::<T>::get(record).ok_or(Error::<T>::RecordNotFound)?.patient;
        let Answer { result, weight } =
            Self::ask_for(&patient, &subject, Some(record), Action::View, Some(purpose));
        if let Err(reason) = result {
            // What was granted before and not been handed over yet is off.
            let standing = Grants::<T>::get(record, &subject);
            if standing.is_some_and(|grant| matches!(grant.basis, Basis::Policy { .. })) {
                Self::end_grant(record, &patient, &subject, EndReason::Refused)?;
            }
            Self::deposit_event(Event::AccessDenied { record, patient, subject, purpose, reason });
            return Ok(weight);
        }
        let until = Self::grant_by_policy(record, &patient, &subject, purpose)?;
        Self::deposit_event(Event::AccessGranted { record, patient, subject, purpose, until });
        Ok(weight)
    }

    /// Stores what the policy granted, and returns its last block; nothing where
    /// no custodian keeps the key.
    fn grant_by_policy(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        purpose: Purpose,
    ) -> Result<Option<BlockNumberFor<T>>, DispatchError> {
        if !Custodies::<T>::contains_key(record) {
            return Ok(None);
        }
        if let Some(mut standing) = Grants::<T>::get(record, subject) {
            let until = standing.until;
            if frame_system::Pallet::<T>::block_number() <= until {
                if let Basis::Policy { purpose: stated } = &mut standing.basis {
                    // What the policy is asked about at the next delivery is what it
                    // has just been asked about.
                    *stated = purpose;
                    Grants::<T>::insert(record, subject, standing);
                }
                return Ok(Some(until));
            }
            Self::end_grant(record, patient, subject, EndReason::Expired)?;
        }
        let period = T::AccessPeriod::get();
        Self::open_grant(record, subject, Basis::Policy { purpose }, period).map(Some)
    }

    /// Lets the custodians hand the key of a record over to `subject` for as
    /// long as `period` says.
    pub(crate) fn open_grant(
        record: RecordId,
        subject: &AccountIdOf<T>,
        basis: Basis,
        period: BlockNumberFor<T>,
    ) -> Result<BlockNumberFor<T>, DispatchError> {
        ensure!(EncryptionKeys::<T>::contains_key(subject), Error::<T>::EncryptionKeyNotFound);
        let mut custody = Custodies::<T>::get(record).ok_or(Error::<T>::NotEntrusted)?;
        let places = match basis {
            Basis::Emergency { .. } => T::MaxGrants::get(),
            Basis::Policy { .. } => {
                let reserved = T::MaxGrants::get() / EMERGENCY_SHARE;
                T::MaxGrants::get().saturating_sub(reserved)
            }
        };
        ensure!(custody.grants < places, Error::<T>::TooManyGrants);
        let deposit = T::GrantDeposit::get();
        T::Currency::hold(&HoldReason::Grant.into(), subject, deposit)?;
        custody.grants = custody.grants.saturating_add(1);
        Custodies::<T>::insert(record, custody);
        let now = frame_system::Pallet::<T>::block_number();
        let until = now.saturating_add(period);
        let grant =
            AccessGrant { basis, granted_at: now, until, shares: BoundedVec::new(), deposit };
        Grants::<T>::insert(record, subject, grant);
        Self::schedule(until, Duty::Grant { record, subject: subject.clone() });
        Ok(until)
    }

    /// Takes a custodian's share, sealed to the subject of a grant. The policy is
    /// asked again: a yes that has become a no since ends the grant. Returns what
    /// the question used.
    pub(crate) fn do_deliver_share(
        custodian: AccountIdOf<T>,
        record: RecordId,
        subject: AccountIdOf<T>,
        sealed: SealedKey,
    ) -> Result<Weight, DispatchError> {
        let custody = Custodies::<T>::get(record).ok_or(Error::<T>::NotEntrusted)?;
        let place = custody.shares.iter().position(|(who, _)| *who == custodian);
        let place = place.ok_or(Error::<T>::NotCustodian)?;
        ensure!(
            Providers::<T>::contains_key(&custodian, Role::Custodian),
            Error::<T>::NotCustodian
        );
        let mut grant = Grants::<T>::get(record, &subject).ok_or(Error::<T>::AccessNotGranted)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(now <= grant.until, Error::<T>::AccessExpired);
        let number = u8::try_from(place.saturating_add(1)).unwrap_or(u8::MAX);
        ensure!(
            !grant.shares.iter().any(|share| share.number == number),
            Error::<T>::AlreadyDelivered
        );
        let patient = Records::<T>::get(record).ok_or(Error::<T>::RecordNotFound)?.patient;
        let mut used = <T as Config>::WeightInfo::deliver_share();
        if let Basis::Policy { purpose } = grant.basis {
            let Answer { result, weight } =
                Self::ask_for(&patient, &subject, Some(record), Action::View, Some(purpose));
            used = used.saturating_add(weight);
            if let Err(reason) = result {
                used = used.saturating_add(<T as Config>::WeightInfo::expire_grant());
                Self::end_grant(record, &patient, &subject, EndReason::Refused)?;
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
        grant.shares.try_push(share).map_err(|_| Error::<T>::AlreadyDelivered)?;
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

    /// Removes a grant whose time is over.
    pub(crate) fn do_expire_grant(record: RecordId, subject: &AccountIdOf<T>) -> DispatchResult {
        let grant = Grants::<T>::get(record, subject).ok_or(Error::<T>::AccessNotGranted)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(grant.until < now, Error::<T>::AccessNotExpired);
        let patient = Records::<T>::get(record).ok_or(Error::<T>::RecordNotFound)?.patient;
        Self::end_grant(record, &patient, subject, EndReason::Expired)?;
        Ok(())
    }

    /// Ends a grant, if there is one: its shares go, and its deposit goes back.
    /// Whether there was one.
    pub(crate) fn end_grant(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        reason: EndReason,
    ) -> Result<bool, DispatchError> {
        let Some(grant) = Grants::<T>::take(record, subject) else {
            return Ok(false);
        };
        let threshold = Custodies::<T>::mutate_extant(record, |custody| {
            custody.grants = custody.grants.saturating_sub(1);
            custody.threshold
        });
        Self::close_grant(record, patient, subject.clone(), grant, threshold, reason)?;
        Ok(true)
    }

    /// Ends the grant that an emergency gave, and no other.
    pub(crate) fn end_grant_of(
        emergency: EmergencyId,
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
    ) -> DispatchResult {
        let basis = Grants::<T>::get(record, subject).map(|grant| grant.basis);
        if basis == Some(Basis::Emergency { emergency }) {
            Self::end_grant(record, patient, subject, EndReason::Rejected)?;
        }
        Ok(())
    }

    /// Ends every grant of a record. Returns how many there were.
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
            Self::close_grant(record, patient, subject, grant, threshold, reason)?;
            ended = ended.saturating_add(1);
        }
        Ok(ended)
    }

    /// What a grant leaves behind when it is taken from storage.
    fn close_grant(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: AccountIdOf<T>,
        grant: GrantOf<T>,
        threshold: u32,
        reason: EndReason,
    ) -> DispatchResult {
        if let Basis::Emergency { emergency } = grant.basis {
            if (grant.shares.len() as u32) < threshold {
                Self::void_emergency(emergency, reason)?;
            }
        }
        let duty = Duty::Grant { record, subject: subject.clone() };
        if !Due::<T>::contains_key(grant.until, &duty) {
            defensive!("a grant is not in the list of what ends");
        }
        Due::<T>::remove(grant.until, duty);
        // If something else took part of the hold, the grant must still go.
        T::Currency::release(
            &HoldReason::Grant.into(),
            &subject,
            grant.deposit,
            Precision::BestEffort,
        )?;
        Self::deposit_event(Event::AccessEnded {
            record,
            patient: patient.clone(),
            subject,
            reason,
        });
        Ok(())
    }
}
