//! Custodians: who keeps the content keys for a patient who is asleep.

use alloc::collections::BTreeSet;
use frame_support::{
    ensure,
    traits::{fungible::MutateHold, tokens::Precision, Get},
};
use medchain_primitives::{RecordId, Role};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

use crate::{
    AccountIdOf, BalanceOf, Config, CustodianGroup, CustodianGroups, CustodiansOf, Custodies,
    Custody, EncryptionKeys, EndReason, Error, Event, HoldReason, Pallet, Patients, Providers,
    RecordStatus, Records, SharesOf,
};

impl<T: Config> Pallet<T> {
    /// Chooses who keeps the content keys of what is added from now on.
    pub(crate) fn do_set_custodians(
        patient: AccountIdOf<T>,
        members: CustodiansOf<T>,
        threshold: u32,
    ) -> DispatchResult {
        ensure!(Patients::<T>::contains_key(&patient), Error::<T>::PatientNotFound);
        let new = if members.is_empty() {
            ensure!(threshold == 0, Error::<T>::InvalidThreshold);
            None
        } else {
            Self::ensure_custodians(&patient, &members)?;
            let most = members.len() as u32;
            ensure!((1..=most).contains(&threshold), Error::<T>::InvalidThreshold);
            let deposit = Self::custody_deposit(most);
            Some(CustodianGroup { members, threshold, deposit })
        };
        let old = CustodianGroups::<T>::get(&patient);
        if let Some(old) = &old {
            Self::release_custody(&patient, old.deposit)?;
        }
        if let Some(new) = &new {
            T::Currency::hold(&HoldReason::Custody.into(), &patient, new.deposit)?;
        }
        CustodianGroups::<T>::set(&patient, new.clone());
        Self::deposit_event(Event::CustodiansSet {
            patient,
            old: old.map(|group| group.members),
            new: new.map(|group| group.members),
            threshold,
        });
        Ok(())
    }

    /// Hands the shares of a record's content key to the patient's custodians.
    pub(crate) fn do_entrust_record(
        who: &AccountIdOf<T>,
        id: RecordId,
        shares: SharesOf<T>,
    ) -> Result<u32, DispatchError> {
        let record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        ensure!(record.status != RecordStatus::Erased, Error::<T>::RecordErased);
        let is_patient = *who == record.patient;
        ensure!(is_patient || *who == record.author, Error::<T>::NotPatientOrAuthor);
        let mut ended = 0;
        if let Some(old) = Custodies::<T>::get(id) {
            // An author could otherwise replace good shares by garbage, for ever.
            ensure!(is_patient, Error::<T>::AlreadyEntrusted);
            // Shares of two splittings do not go together.
            ended = Self::end_grants(id, &record.patient, EndReason::Reentrusted)?;
            Self::release_custody(&old.depositor, old.deposit)?;
        }
        Self::store_custody(id, &record.patient, who, shares)?;
        Ok(ended)
    }

    /// Stores the shares of a new or newly entrusted record, at the expense of
    /// `depositor`. They must be for the patient's custodians as they are now,
    /// in their order: a share's place is its number.
    pub(crate) fn store_custody(
        id: RecordId,
        patient: &AccountIdOf<T>,
        depositor: &AccountIdOf<T>,
        shares: SharesOf<T>,
    ) -> DispatchResult {
        let group = CustodianGroups::<T>::get(patient).ok_or(Error::<T>::NoCustodians)?;
        let named = shares.iter().map(|(custodian, _)| custodian);
        ensure!(named.eq(group.members.iter()), Error::<T>::CustodiansMismatch);
        let deposit = Self::custody_deposit(shares.len() as u32);
        T::Currency::hold(&HoldReason::Custody.into(), depositor, deposit)?;
        let custody = Custody {
            threshold: group.threshold,
            shares,
            depositor: depositor.clone(),
            deposit,
            grants: 0,
        };
        Custodies::<T>::insert(id, custody);
        Self::deposit_event(Event::RecordEntrusted {
            record: id,
            patient: patient.clone(),
            custodians: group.members,
            threshold: group.threshold,
        });
        Ok(())
    }

    /// Destroys the shares of a record that is erased, and the grants that stand
    /// on them. Returns how many grants there were.
    pub(crate) fn destroy_custody(
        id: RecordId,
        patient: &AccountIdOf<T>,
    ) -> Result<u32, DispatchError> {
        let ended = Self::end_grants(id, patient, EndReason::Erased)?;
        if let Some(custody) = Custodies::<T>::take(id) {
            Self::release_custody(&custody.depositor, custody.deposit)?;
        }
        Ok(ended)
    }

    /// Each is a custodian by the registrar's word, can be sealed to, is named
    /// once, and is not the patient.
    fn ensure_custodians(patient: &AccountIdOf<T>, members: &CustodiansOf<T>) -> DispatchResult {
        let mut named = BTreeSet::new();
        for member in members {
            ensure!(named.insert(member), Error::<T>::DuplicateCustodian);
            ensure!(
                member != patient && Providers::<T>::contains_key(member, Role::Custodian),
                Error::<T>::NotCustodian
            );
            ensure!(EncryptionKeys::<T>::contains_key(member), Error::<T>::EncryptionKeyNotFound);
        }
        Ok(())
    }

    fn custody_deposit(custodians: u32) -> BalanceOf<T> {
        T::CustodyDeposit::get().saturating_mul(custodians.into())
    }

    /// If something else took part of the hold, what it was for must still go.
    fn release_custody(who: &AccountIdOf<T>, deposit: BalanceOf<T>) -> DispatchResult {
        let reason = HoldReason::Custody.into();
        T::Currency::release(&reason, who, deposit, Precision::BestEffort)?;
        Ok(())
    }
}
