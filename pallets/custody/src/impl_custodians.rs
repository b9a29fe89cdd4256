//! Custodians, and the groups that patients choose.

use alloc::collections::BTreeSet;
use frame_support::{ensure, traits::Get};
use medchain_primitives::Role;
use medchain_sharing::{CustodianKey, KeyContext, KeyProof};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

use crate::{
    AccountIdOf, BalanceOf, Config, Custodian, CustodianGroup, CustodianGroupOf, CustodianGroups,
    Custodians, CustodiansOf, Declined, Error, Event, HoldReason, MembersOf, Pallet,
};

impl<T: Config> Pallet<T> {
    /// Registers a custodian's key, for ever.
    pub(crate) fn do_register_custodian(
        custodian: AccountIdOf<T>,
        key: CustodianKey,
        proof: &KeyProof,
    ) -> DispatchResult {
        ensure!(
            pallet_emr::Pallet::<T>::has_role(&custodian, Role::Custodian),
            Error::<T>::NotCustodian
        );
        if let Some(entry) = Custodians::<T>::get(&custodian) {
            ensure!(entry.bond.is_none(), Error::<T>::CustodianAlreadyExists);
            ensure!(entry.key == key, Error::<T>::CustodianKeyMismatch);
        }
        let genesis = pallet_emr::Pallet::<T>::genesis();
        let context = KeyContext { genesis, custodian: custodian.clone() };
        key.verify(proof, &context).map_err(|_| Error::<T>::InvalidCustodianKey)?;
        let bond = T::CustodianBond::get();
        Self::hold(HoldReason::Custodian, &custodian, bond)?;
        Custodians::<T>::insert(&custodian, Custodian { key, bond: Some(bond) });
        Self::deposit_event(Event::CustodianRegistered { custodian, key, bond });
        Ok(())
    }

    /// Releases a custodian's bond. Its key stays, for the shares that it keeps.
    pub(crate) fn do_retire_custodian(custodian: AccountIdOf<T>) -> DispatchResult {
        let mut entry = Custodians::<T>::get(&custodian).ok_or(Error::<T>::CustodianNotFound)?;
        let bond = entry.bond.take().ok_or(Error::<T>::CustodianNotFound)?;
        Custodians::<T>::insert(&custodian, entry);
        Self::release(HoldReason::Custodian, &custodian, bond)?;
        Self::deposit_event(Event::CustodianRetired { custodian, bond });
        Ok(())
    }

    /// Stores whether a custodian declines a patient.
    ///
    /// One that has retired can still take back what it said, and its deposit.
    pub(crate) fn do_set_declined(
        custodian: AccountIdOf<T>,
        patient: &AccountIdOf<T>,
        declined: bool,
    ) -> DispatchResult {
        if declined {
            Self::ensure_registered(&custodian)?;
            ensure!(
                pallet_emr::Patients::<T>::contains_key(patient),
                pallet_emr::Error::<T>::PatientNotFound
            );
            let unchanged = Declined::<T>::contains_key(&custodian, patient);
            ensure!(!unchanged, Error::<T>::DeclineUnchanged);
            let deposit = T::CustodyDeposit::get();
            Self::hold(HoldReason::Decline, &custodian, deposit)?;
            Declined::<T>::insert(&custodian, patient, deposit);
        } else {
            let deposit = Declined::<T>::take(&custodian, patient);
            let deposit = deposit.ok_or(Error::<T>::DeclineUnchanged)?;
            Self::release(HoldReason::Decline, &custodian, deposit)?;
        }
        let event = Event::DeclinedSet { custodian, patient: patient.clone(), declined };
        Self::deposit_logged(patient, event);
        Ok(())
    }

    /// Sets the custodians of what the patient adds from now on.
    pub(crate) fn do_set_custodians(
        patient: &AccountIdOf<T>,
        members: &CustodiansOf<T>,
        threshold: u8,
    ) -> DispatchResult {
        ensure!(
            pallet_emr::Patients::<T>::contains_key(patient),
            pallet_emr::Error::<T>::PatientNotFound
        );
        let new = if members.is_empty() {
            ensure!(threshold == 0, Error::<T>::InvalidThreshold);
            None
        } else {
            let count = members.len();
            ensure!((1..=count).contains(&usize::from(threshold)), Error::<T>::InvalidThreshold);
            let members = Self::keys_of(patient, members)?;
            let deposit = Self::custody_deposit(count as u32);
            Some(CustodianGroup { members, threshold, deposit })
        };
        let old = CustodianGroups::<T>::get(patient);
        if let Some(old) = &old {
            Self::release(HoldReason::Custody, patient, old.deposit)?;
        }
        if let Some(new) = &new {
            Self::hold(HoldReason::Custody, patient, new.deposit)?;
        }
        CustodianGroups::<T>::set(patient, new.clone());
        let event = Event::CustodiansSet {
            patient: patient.clone(),
            old: old.as_ref().map(Self::accounts_of),
            new: new.as_ref().map(Self::accounts_of),
            threshold,
        };
        Self::deposit_logged(patient, event);
        Ok(())
    }

    /// Checks that each can keep keys for the patient, and is named once. Returns their keys.
    fn keys_of(
        patient: &AccountIdOf<T>,
        custodians: &CustodiansOf<T>,
    ) -> Result<MembersOf<T>, DispatchError> {
        let (mut accounts, mut keys) = (BTreeSet::new(), BTreeSet::new());
        let mut members = MembersOf::<T>::new();
        for custodian in custodians {
            ensure!(accounts.insert(custodian), Error::<T>::DuplicateCustodian);
            ensure!(custodian != patient, Error::<T>::SelfCustodian);
            let key = Self::ensure_keeps_for(custodian, patient)?;
            // One owner with two places would need fewer others than the threshold says.
            ensure!(keys.insert(key.0), Error::<T>::DuplicateCustodian);
            // It fits: both lists have the same bound.
            let _ = members.try_push((custodian.clone(), key));
        }
        Ok(members)
    }

    /// Checks that a custodian keeps new keys for the patient. Returns its key.
    pub(crate) fn ensure_keeps_for(
        custodian: &AccountIdOf<T>,
        patient: &AccountIdOf<T>,
    ) -> Result<CustodianKey, DispatchError> {
        let key = Self::ensure_registered(custodian)?;
        ensure!(
            pallet_emr::Pallet::<T>::has_role(custodian, Role::Custodian),
            Error::<T>::NotCustodian
        );
        ensure!(!Declined::<T>::contains_key(custodian, patient), Error::<T>::CustodianDeclined);
        Ok(key)
    }

    /// Checks that a custodian has registered and not retired. Returns its key.
    fn ensure_registered(custodian: &AccountIdOf<T>) -> Result<CustodianKey, Error<T>> {
        Custodians::<T>::get(custodian)
            .filter(|entry| entry.bond.is_some())
            .map(|entry| entry.key)
            .ok_or(Error::<T>::CustodianNotFound)
    }

    /// The accounts of a group, in order.
    pub(crate) fn accounts_of(group: &CustodianGroupOf<T>) -> CustodiansOf<T> {
        let accounts = group.members.iter().map(|(account, _)| account.clone());
        CustodiansOf::<T>::truncate_from(accounts.collect())
    }

    /// The deposit for this number of custodians.
    pub(crate) fn custody_deposit(custodians: u32) -> BalanceOf<T> {
        T::CustodyDeposit::get().saturating_mul(custodians.into())
    }
}
