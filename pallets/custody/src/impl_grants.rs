//! Access grants, from the policy's yes or an emergency until they end.

use frame_support::{defensive, ensure, traits::Get, weights::Weight, BoundedVec};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{Action, Basis, EndReason, Purpose, RecordId};
use medchain_sharing::{DealingId, ReplyKey};
use pallet_emr::{AccessQuestion, Answer};
use sp_runtime::{
    traits::{Saturating, Zero},
    DispatchError, DispatchResult,
};

use crate::{
    impl_deliveries::emergency_of, AccessGrant, AccountIdOf, BalanceOf, Config, Custodies, Due,
    DueEntry, Emergencies, EmergencyGrants, EndedGrant, EndedGrantOf, EndedGrants, Error, Event,
    GrantOf, Grants, HoldReason, Pallet, EMERGENCY_SHARE,
};

impl<T: Config> Pallet<T> {
    /// Asks the policy whether `subject` may see a record, and records the answer.
    ///
    /// A yes lets custodians deliver the key; a no ends an earlier grant by the policy. Returns
    /// the weight that the question used.
    pub(crate) fn do_request_access(
        subject: AccountIdOf<T>,
        record: RecordId,
        purpose: Purpose,
        reply: ReplyKey,
    ) -> Result<Weight, DispatchError> {
        reply.check().map_err(|_| Error::<T>::InvalidReplyKey)?;
        let patient = Self::patient_of(record)?;
        let Answer { result, weight } = Self::ask_policy(&patient, &subject, record, purpose);
        if let Err(reason) = result {
            let grant = Grants::<T>::get(record, &subject);
            // Only for the purpose of the grant: otherwise a reader could end it by asking for
            // another, and keep shares that are under way unpaid.
            if grant.is_some_and(|grant| grant.basis == Basis::Policy { purpose }) {
                Self::end_grant(record, &patient, &subject, EndReason::Refused)?;
            }
            let of = patient.clone();
            let event = Event::AccessDenied { record, patient: of, subject, purpose, reason };
            Self::deposit_logged(&patient, event);
            return Ok(weight);
        }
        let until = Self::grant_by_policy(record, &patient, &subject, purpose, reply)?;
        let of = patient.clone();
        let event = Event::AccessGranted { record, patient: of, subject, purpose, until };
        Self::deposit_logged(&patient, event);
        Ok(weight)
    }

    /// Asks the policy whether `subject` may view a record for `purpose`.
    pub(crate) fn ask_policy(
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        record: RecordId,
        purpose: Purpose,
    ) -> Answer {
        pallet_emr::Pallet::<T>::check_access(AccessQuestion {
            patient,
            subject,
            record: Some(record),
            action: Action::View,
            purpose: Some(purpose),
            model: None,
        })
    }

    /// Stores what the policy granted. Returns the last block of the grant, or `None` if no
    /// custodian keeps the key.
    fn grant_by_policy(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        purpose: Purpose,
        reply: ReplyKey,
    ) -> Result<Option<BlockNumberFor<T>>, DispatchError> {
        if !Custodies::<T>::contains_key(record) {
            return Ok(None);
        }
        let now = frame_system::Pallet::<T>::block_number();
        if let Some(mut grant) = Grants::<T>::get(record, subject) {
            let until = grant.until;
            let runs = now <= until;
            match grant.basis {
                Basis::Policy { .. } if runs && grant.reply == reply => {
                    // At the next delivery, the policy is asked about the purpose that it has
                    // just allowed.
                    grant.basis = Basis::Policy { purpose };
                    Grants::<T>::insert(record, subject, grant);
                    return Ok(Some(until));
                }
                Basis::Emergency { .. } if runs => {
                    ensure!(grant.reply == reply, Error::<T>::EmergencyAccessRuns);
                    return Ok(Some(until));
                }
                // Also a grant as a drawn worker, which needs another reply key than this one.
                Basis::Policy { .. } | Basis::Emergency { .. } | Basis::Draw { .. } => {
                    Self::end_replaced(record, patient, subject, &grant)?;
                }
            }
        }
        let until = now.saturating_add(T::AccessPeriod::get());
        Self::store_grant(record, subject, Basis::Policy { purpose }, reply, until)?;
        Ok(Some(until))
    }

    /// Ends a grant that another one takes the place of.
    pub(crate) fn end_replaced(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        grant: &GrantOf<T>,
    ) -> DispatchResult {
        let over = grant.until < frame_system::Pallet::<T>::block_number();
        let reason = if over { EndReason::Expired } else { EndReason::Replaced };
        Self::end_grant(record, patient, subject, reason)?;
        Ok(())
    }

    /// Stores a grant at the expense of the subject, which has no other on this record.
    pub(crate) fn store_grant(
        record: RecordId,
        subject: &AccountIdOf<T>,
        basis: Basis,
        reply: ReplyKey,
        until: BlockNumberFor<T>,
    ) -> DispatchResult {
        // Shares to this key may be under way, and belong to what is remembered.
        let used = EndedGrants::<T>::contains_key(record, (subject, reply));
        ensure!(!used, Error::<T>::ReplyKeyUsed);
        let mut custody = Custodies::<T>::get(record).ok_or(Error::<T>::RecordNotEntrusted)?;
        let most = T::MaxGrants::get();
        let places = match basis {
            Basis::Emergency { .. } => most,
            Basis::Policy { .. } | Basis::Draw { .. } => {
                most.saturating_sub(most.saturating_div(EMERGENCY_SHARE))
            }
        };
        ensure!(custody.grants < places, Error::<T>::MaxGrantsExceeded);
        let deposit = T::GrantDeposit::get();
        let shares: BalanceOf<T> = u32::from(custody.threshold).into();
        let fees = T::DeliveryFee::get().saturating_mul(shares);
        Self::hold(HoldReason::Grant, subject, deposit.saturating_add(fees))?;
        custody.grants = custody.grants.saturating_add(1);
        Custodies::<T>::insert(record, custody);
        let granted_at = frame_system::Pallet::<T>::block_number();
        let deliveries = BoundedVec::new();
        let grant = AccessGrant { basis, reply, granted_at, until, deliveries, deposit, fees };
        Grants::<T>::insert(record, subject, grant);
        Self::schedule(until, DueEntry::Grant { record, subject: subject.clone() });
        Ok(())
    }

    /// Ends a grant that has expired, or that of a worker whose place has ended.
    pub(crate) fn do_expire_grant(record: RecordId, subject: &AccountIdOf<T>) -> DispatchResult {
        let grant = Grants::<T>::get(record, subject).ok_or(Error::<T>::AccessNotFound)?;
        let reason = if grant.until < frame_system::Pallet::<T>::block_number() {
            EndReason::Expired
        } else {
            let ended = Self::has_lost_place(&grant, subject, record);
            ensure!(ended, Error::<T>::AccessNotExpired);
            EndReason::PlaceEnded
        };
        let patient = Self::patient_of(record)?;
        Self::end_over(record, &patient, subject, grant.basis, reason)
    }

    /// Ends a grant, if there is one, and remembers it for shares that are under way. Returns
    /// whether there was one.
    pub(crate) fn end_grant(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        reason: EndReason,
    ) -> Result<bool, DispatchError> {
        let Some(grant) = Grants::<T>::take(record, subject) else {
            return Ok(false);
        };
        let dealing = Custodies::<T>::mutate(record, |custody| {
            custody.as_mut().map(|custody| {
                custody.grants = custody.grants.saturating_sub(1);
                custody.dealing.id
            })
        });
        let dealing = dealing.unwrap_or_else(|| {
            defensive!("a grant has no shares behind it");
            DealingId([0; 32])
        });
        Self::close_grant(record, patient, subject, grant, dealing, reason)?;
        Ok(true)
    }

    /// Ends every grant on a record whose custody ends. Returns their number.
    pub(crate) fn end_grants(
        record: RecordId,
        patient: &AccountIdOf<T>,
        dealing: DealingId,
        reason: EndReason,
    ) -> Result<u32, DispatchError> {
        let mut ended = 0u32;
        for (subject, grant) in Grants::<T>::drain_prefix(record) {
            Self::close_grant(record, patient, &subject, grant, dealing, reason)?;
            ended = ended.saturating_add(1);
        }
        Ok(ended)
    }

    /// Settles a grant that was taken from storage, and remembers it until no share can be under
    /// way any more.
    fn close_grant(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        mut grant: GrantOf<T>,
        dealing: DealingId,
        reason: EndReason,
    ) -> DispatchResult {
        if let Basis::Emergency { emergency } = grant.basis {
            let goes_on = Emergencies::<T>::mutate_extant(emergency, |entry| {
                entry.grants = entry.grants.saturating_sub(1);
                true
            });
            if goes_on && reason == EndReason::Revoked {
                // Otherwise the account could request it again in the next block.
                EmergencyGrants::<T>::insert(emergency, record, true);
            }
        }
        let entry = DueEntry::Grant { record, subject: subject.clone() };
        if !Due::<T>::contains_key(grant.until, &entry) {
            defensive!("a grant is not scheduled to expire");
        }
        Due::<T>::remove(grant.until, entry);
        Self::note_given_up(record, subject, grant.basis, reason);
        if subject != patient && !late_shares_are_paid(reason) {
            let fees = core::mem::replace(&mut grant.fees, Zero::zero());
            Self::release(HoldReason::Grant, subject, fees)?;
        }
        Self::remember_grant(record, subject, &grant, dealing)?;
        let event = Event::AccessEnded {
            record,
            patient: patient.clone(),
            subject: subject.clone(),
            reason,
        };
        Self::deposit_logged(patient, event);
        Ok(())
    }

    /// Remembers a grant that ends, with what is held for it.
    ///
    /// The deposit pays for the entry: accounts that make and end grants would fill the state.
    fn remember_grant(
        record: RecordId,
        subject: &AccountIdOf<T>,
        grant: &GrantOf<T>,
        dealing: DealingId,
    ) -> DispatchResult {
        let AccessGrant { reply, deposit, fees, .. } = *grant;
        let name = (subject.clone(), reply);
        if let Some(old) = EndedGrants::<T>::get(record, &name) {
            defensive!("a reply key was used twice");
            Self::remove_ended(record, &name, &old)?;
        }
        let ended = EndedGrant {
            dealing,
            emergency: emergency_of(grant.basis),
            numbers: Self::numbers_of(grant),
            deposit,
            fees,
            until: Self::late_until(),
        };
        let until = ended.until;
        EndedGrants::<T>::insert(record, &name, ended);
        Self::schedule(until, DueEntry::Ended { record, subject: name.0, reply });
        Ok(())
    }

    /// Forgets a grant that ended long enough ago.
    pub(crate) fn do_forget_grant(
        record: RecordId,
        subject: AccountIdOf<T>,
        reply: ReplyKey,
    ) -> DispatchResult {
        let name = (subject, reply);
        let ended = EndedGrants::<T>::get(record, &name).ok_or(Error::<T>::AccessNotFound)?;
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(ended.until < now, Error::<T>::AccessNotExpired);
        Self::remove_ended(record, &name, &ended)
    }

    /// Removes what is remembered of a grant, and releases its deposit and the fees that nobody
    /// earned.
    fn remove_ended(
        record: RecordId,
        name: &(AccountIdOf<T>, ReplyKey),
        ended: &EndedGrantOf<T>,
    ) -> DispatchResult {
        EndedGrants::<T>::remove(record, name);
        let (subject, reply) = name.clone();
        Self::release(HoldReason::Grant, &subject, ended.deposit.saturating_add(ended.fees))?;
        Due::<T>::remove(ended.until, DueEntry::Ended { record, subject, reply });
        Ok(())
    }

    /// The patient whose record it is.
    pub(crate) fn patient_of(record: RecordId) -> Result<AccountIdOf<T>, DispatchError> {
        let record = pallet_emr::Records::<T>::get(record);
        Ok(record.ok_or(pallet_emr::Error::<T>::RecordNotFound)?.patient)
    }
}

/// Whether shares that arrive after the end of a grant are paid.
///
/// Not where the patient's side ended another account's: that one has no use for them.
fn late_shares_are_paid(reason: EndReason) -> bool {
    match reason {
        // A worker can end its place itself. Where others did, no fees are left.
        EndReason::Expired | EndReason::GivenUp | EndReason::Replaced | EndReason::PlaceEnded => {
            true
        }
        EndReason::Revoked
        | EndReason::Refused
        | EndReason::Erased
        | EndReason::Reentrusted
        | EndReason::Rejected => false,
    }
}
