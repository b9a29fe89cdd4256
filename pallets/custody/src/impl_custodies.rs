//! The keys of records, shared among custodians.

use alloc::vec::Vec;
use frame_support::{ensure, traits::Get, weights::Weight};
use medchain_primitives::{Cid, EndReason, RecordId, RecordStatus};
use medchain_sharing::{Custodians as Among, DealingContext, Entrustment};
use pallet_emr::KeyCustody;
use sp_runtime::{DispatchError, DispatchResult};

use crate::{
    AccountIdOf, Config, CustodianGroups, CustodiansOf, Custodies, Custody, EntrustedContents,
    Error, Event, HoldReason, Pallet, WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// Entrusts a record's content key to the patient's custodians, or withdraws the record from
    /// custody. Returns the number of grants that this ended.
    pub(crate) fn do_entrust_record(
        who: &AccountIdOf<T>,
        id: RecordId,
        entrustment: Option<Entrustment>,
    ) -> Result<u32, DispatchError> {
        let record = pallet_emr::Records::<T>::get(id);
        let record = record.ok_or(pallet_emr::Error::<T>::RecordNotFound)?;
        ensure!(*who == record.patient, pallet_emr::Error::<T>::NotPatient);
        ensure!(record.status != RecordStatus::Erased, pallet_emr::Error::<T>::RecordErased);
        let withdraws = entrustment.is_none();
        ensure!(!withdraws || Custodies::<T>::contains_key(id), Error::<T>::RecordNotEntrusted);
        // Shares of two dealings do not combine.
        let ended = Self::end_custody(id, who, EndReason::Reentrusted)?;
        match entrustment {
            Some(entrustment) => Self::store_custody(id, who, &record.cid, who, &entrustment)?,
            None => Self::deposit_event(Event::RecordEntrusted {
                record: id,
                patient: who.clone(),
                custodians: CustodiansOf::<T>::default(),
                threshold: 0,
            }),
        }
        Ok(ended)
    }

    /// Verifies the dealing of a record's key and stores it at the expense of `dealer`.
    ///
    /// It must be for the patient's current custodians, in their order: the place of a share is
    /// its number. It is bound to the dealer, so that nobody can submit a copy.
    fn store_custody(
        id: RecordId,
        patient: &AccountIdOf<T>,
        cid: &Cid,
        dealer: &AccountIdOf<T>,
        entrustment: &Entrustment,
    ) -> DispatchResult {
        let keeper = EntrustedContents::<T>::get(patient, cid);
        ensure!(keeper.is_none_or(|keeper| keeper == id), Error::<T>::ContentAlreadyEntrusted);
        let group = CustodianGroups::<T>::get(patient).ok_or(Error::<T>::CustodiansNotFound)?;
        let Entrustment { threshold, dealing } = entrustment;
        // Before the members are looked up: the call was charged for as many as it has shares.
        ensure!(
            *threshold == group.threshold && dealing.shares.len() == group.members.len(),
            Error::<T>::ThresholdMismatch
        );
        for (custodian, _) in &group.members {
            Self::ensure_keeps_for(custodian, patient)?;
        }
        let keys: Vec<_> = group.members.iter().map(|(_, key)| *key).collect();
        let context = DealingContext {
            genesis: pallet_emr::Pallet::<T>::genesis(),
            patient: patient.clone(),
            dealer: dealer.clone(),
            cid: cid.clone(),
        };
        let dealing = dealing
            .verify(&Among { threshold: *threshold, keys: &keys }, &context)
            .map_err(|_| Error::<T>::InvalidDealing)?;

        let deposit = Self::custody_deposit(keys.len() as u32);
        Self::hold(HoldReason::Custody, dealer, deposit)?;
        let custodians = Self::accounts_of(&group);
        let custody = Custody {
            threshold: *threshold,
            custodians: custodians.clone(),
            dealing,
            depositor: dealer.clone(),
            deposit,
            grants: 0,
        };
        EntrustedContents::<T>::insert(patient, cid, id);
        Custodies::<T>::insert(id, custody);
        Self::deposit_event(Event::RecordEntrusted {
            record: id,
            patient: patient.clone(),
            custodians,
            threshold: *threshold,
        });
        Ok(())
    }

    /// Removes the shares of a record and ends the grants on them. Returns the number of grants.
    fn end_custody(
        id: RecordId,
        patient: &AccountIdOf<T>,
        reason: EndReason,
    ) -> Result<u32, DispatchError> {
        let Some(custody) = Custodies::<T>::take(id) else { return Ok(0) };
        let ended = Self::end_grants(id, patient, reason)?;
        Self::release(HoldReason::Custody, &custody.depositor, custody.deposit)?;
        Ok(ended)
    }

    /// The number of shares that a call carries.
    pub(crate) fn shares_of(entrustment: Option<&Entrustment>) -> u32 {
        entrustment.map_or(0, |entrustment| entrustment.dealing.shares.len() as u32)
    }
}

impl<T: Config> KeyCustody<AccountIdOf<T>> for Pallet<T> {
    fn entrust(
        depositor: &AccountIdOf<T>,
        patient: &AccountIdOf<T>,
        record: RecordId,
        cid: &Cid,
        entrustment: Entrustment,
    ) -> DispatchResult {
        Self::store_custody(record, patient, cid, depositor, &entrustment)
    }

    fn end(record: RecordId, patient: &AccountIdOf<T>) -> Result<u32, DispatchError> {
        Self::end_custody(record, patient, EndReason::Erased)
    }

    fn end_access(
        record: RecordId,
        patient: &AccountIdOf<T>,
        subject: &AccountIdOf<T>,
        reason: EndReason,
    ) -> Result<bool, DispatchError> {
        Self::end_grant(record, patient, subject, reason)
    }

    fn entrust_weight(custodians: u32) -> Weight {
        <T as Config>::WeightInfo::entrust_record(custodians, 0)
    }

    fn end_weight(grants: u32) -> Weight {
        <T as Config>::WeightInfo::end_custody(grants)
    }

    fn max_grants() -> u32 {
        T::MaxGrants::get()
    }

    fn end_access_weight() -> Weight {
        <T as Config>::WeightInfo::expire_grant()
    }
}
