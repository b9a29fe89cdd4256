//! Custodians: who keeps the content keys for a patient who is asleep.

use alloc::collections::BTreeSet;
use frame_support::{
    ensure,
    traits::{fungible::MutateHold, tokens::Precision, Get},
};
use medchain_primitives::{Cid, RecordId, Role};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

use crate::{
    AccountIdOf, BalanceOf, Config, CustodianGroup, CustodianGroups, CustodiansOf, Custodies,
    Custody, EncryptionKeys, EndReason, EntrustedContents, Error, Event, HoldReason, Pallet,
    Patients, Providers, RecordStatus, Records, SharesOf,
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
        ensure!(*who == record.patient, Error::<T>::NotPatient);
        ensure!(record.status != RecordStatus::Erased, Error::<T>::RecordErased);
        let takes_back = shares.is_empty();
        ensure!(!takes_back || Custodies::<T>::contains_key(id), Error::<T>::NotEntrusted);
        // Shares of two splittings do not go together.
        let ended = Self::end_custody(id, who, EndReason::Reentrusted)?;
        if takes_back {
            Self::deposit_event(Event::RecordEntrusted {
                record: id,
                patient: who.clone(),
                custodians: Default::default(),
                threshold: 0,
            });
        } else {
            Self::store_custody(id, who, &record.cid, who, shares)?;
        }
        Ok(ended)
    }

    /// Stores the shares of a new or newly entrusted record, at the expense of
    /// `depositor`. They must be for the patient's custodians as they are now,
    /// in their order: a share's place is its number.
    pub(crate) fn store_custody(
        id: RecordId,
        patient: &AccountIdOf<T>,
        cid: &Cid,
        depositor: &AccountIdOf<T>,
        shares: SharesOf<T>,
    ) -> DispatchResult {
        let under = EntrustedContents::<T>::get(patient, cid);
        ensure!(under.is_none_or(|under| under == id), Error::<T>::ContentEntrusted);
        EntrustedContents::<T>::insert(patient, cid, id);
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
        Self::end_custody(id, patient, EndReason::Erased)
    }

    fn end_custody(
        id: RecordId,
        patient: &AccountIdOf<T>,
        reason: EndReason,
    ) -> Result<u32, DispatchError> {
        let ended = Self::end_grants(id, patient, reason)?;
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
