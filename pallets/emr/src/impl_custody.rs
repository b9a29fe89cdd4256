//! Custodians, who keep content keys for patients who cannot act themselves.

use alloc::collections::BTreeSet;
use frame_support::{ensure, traits::Get, weights::Weight};
use medchain_primitives::{Cid, EndReason, RecordId, RecordStatus, Role};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

use crate::{
    AccountIdOf, BalanceOf, Config, CustodianGroup, CustodianGroups, CustodiansOf, Custodies,
    Custody, EncryptionKeys, EntrustedContents, Error, Event, HoldReason, Pallet, Patients,
    Records, SharesOf, WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// Sets the custodians of what the patient adds from now on.
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
            Self::release(HoldReason::Custody, &patient, old.deposit)?;
        }
        if let Some(new) = &new {
            Self::hold(HoldReason::Custody, &patient, new.deposit)?;
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

    /// Entrusts the shares of a record's content key to the patient's custodians,
    /// or withdraws the record from custody if there are none. Returns the number
    /// of grants that this ended.
    pub(crate) fn do_entrust_record(
        who: &AccountIdOf<T>,
        id: RecordId,
        shares: SharesOf<T>,
    ) -> Result<u32, DispatchError> {
        let record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        ensure!(*who == record.patient, Error::<T>::NotPatient);
        ensure!(record.status != RecordStatus::Erased, Error::<T>::RecordErased);
        let withdraws = shares.is_empty();
        ensure!(!withdraws || Custodies::<T>::contains_key(id), Error::<T>::RecordNotEntrusted);
        // Shares of two splittings do not combine.
        let ended = Self::end_custody(id, who, EndReason::Reentrusted)?;
        if withdraws {
            Self::deposit_event(Event::RecordEntrusted {
                record: id,
                patient: who.clone(),
                custodians: CustodiansOf::<T>::default(),
                threshold: 0,
            });
        } else {
            Self::store_custody(id, who, &record.cid, who, shares)?;
        }
        Ok(ended)
    }

    /// Stores the shares of a record at the expense of `depositor`.
    ///
    /// They must be for the patient's current custodians, in their order: the
    /// place of a share is its number.
    pub(crate) fn store_custody(
        id: RecordId,
        patient: &AccountIdOf<T>,
        cid: &Cid,
        depositor: &AccountIdOf<T>,
        shares: SharesOf<T>,
    ) -> DispatchResult {
        let keeper = EntrustedContents::<T>::get(patient, cid);
        ensure!(keeper.is_none_or(|keeper| keeper == id), Error::<T>::ContentAlreadyEntrusted);
        EntrustedContents::<T>::insert(patient, cid, id);
        let group = CustodianGroups::<T>::get(patient).ok_or(Error::<T>::CustodiansNotFound)?;
        let named = shares.iter().map(|(custodian, _)| custodian);
        ensure!(named.eq(group.members.iter()), Error::<T>::CustodiansMismatch);
        let deposit = Self::custody_deposit(shares.len() as u32);
        Self::hold(HoldReason::Custody, depositor, deposit)?;
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

    /// Removes the shares of a record and ends the grants on them. Returns the
    /// number of grants.
    pub(crate) fn end_custody(
        id: RecordId,
        patient: &AccountIdOf<T>,
        reason: EndReason,
    ) -> Result<u32, DispatchError> {
        let ended = Self::end_grants(id, patient, reason)?;
        if let Some(custody) = Custodies::<T>::take(id) {
            Self::release(HoldReason::Custody, &custody.depositor, custody.deposit)?;
        }
        Ok(ended)
    }

    /// The weight of shares that come with a record: the same as when they come later.
    pub(crate) fn custody_weight(shares: Option<&SharesOf<T>>) -> Weight {
        shares.map_or(Weight::zero(), |shares| {
            <T as Config>::WeightInfo::entrust_record(shares.len() as u32, 0)
        })
    }

    /// Checks that each is a custodian now with an encryption key, is
    /// named once, and is not the patient.
    fn ensure_custodians(patient: &AccountIdOf<T>, members: &CustodiansOf<T>) -> DispatchResult {
        let mut named = BTreeSet::new();
        for member in members {
            ensure!(named.insert(member), Error::<T>::DuplicateCustodian);
            ensure!(member != patient, Error::<T>::SelfCustodian);
            ensure!(Self::has_role(member, Role::Custodian), Error::<T>::NotCustodian);
            ensure!(EncryptionKeys::<T>::contains_key(member), Error::<T>::EncryptionKeyNotFound);
        }
        Ok(())
    }

    fn custody_deposit(custodians: u32) -> BalanceOf<T> {
        T::CustodyDeposit::get().saturating_mul(custodians.into())
    }
}
