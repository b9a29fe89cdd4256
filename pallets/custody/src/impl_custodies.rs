//! The keys of records, shared among custodians.

use alloc::vec::Vec;
use frame_support::{ensure, traits::Get, weights::Weight};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{Cid, EndReason, RecordId, RecordStatus};
use medchain_sharing::{Custodians as Among, DealingContext, DealingId, Entrustment};
use pallet_emr::{KeyCustody, RecordOf};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

use crate::{
    AccountIdOf, Config, CustodianGroups, CustodiansOf, Custodies, Custody, CustodyOf, Due,
    DueEntry, EndedCustodies, EndedCustody, EndedGrants, Error, Event, Grants, HoldReason, Pallet,
    WeightInfo, LATE_DELIVERY_PERIOD, SHARES_PERIOD,
};

/// How many later versions of a record are looked at for the newest.
pub(crate) const VERSIONS_READ: u32 = 4;

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
        let document = record.content.document().ok_or(pallet_emr::Error::<T>::RecordErased)?;
        let withdraws = entrustment.is_none();
        ensure!(!withdraws || Custodies::<T>::contains_key(id), Error::<T>::RecordNotEntrusted);
        // Shares of two dealings do not combine.
        let ended = Self::end_custody(id, who, EndReason::Reentrusted)?;
        match entrustment {
            Some(entrustment) => {
                Self::store_custody(id, who, &document.cid, who, &entrustment)?;
            }
            None => Self::log_withdrawal(id, who),
        }
        Ok(ended)
    }

    /// Ends the custody of a version that was replaced, for the account that paid for its shares.
    pub(crate) fn do_withdraw_shares(who: &AccountIdOf<T>, id: RecordId) -> DispatchResult {
        let custody = Custodies::<T>::get(id).ok_or(Error::<T>::RecordNotEntrusted)?;
        ensure!(custody.depositor == *who, Error::<T>::NotDepositor);
        let record = pallet_emr::Records::<T>::get(id);
        let record = record.ok_or(pallet_emr::Error::<T>::RecordNotFound)?;
        ensure!(custody.grants == 0 && Self::is_outlived(&record), Error::<T>::SharesNeeded);
        Self::end_custody(id, &record.patient, EndReason::Reentrusted)?;
        Self::log_withdrawal(id, &record.patient);
        Ok(())
    }

    /// Whether custodians keep the newest version of a record, which is not this one, and the
    /// patient had time to restore another.
    fn is_outlived(record: &RecordOf<T>) -> bool {
        let RecordStatus::Superseded { by: mut newest } = record.status else { return false };
        for _ in 0..VERSIONS_READ {
            let Some(version) = pallet_emr::Records::<T>::get(newest) else { return false };
            match version.status {
                RecordStatus::Superseded { by } => newest = by,
                // It does not tell whether there is a later one.
                RecordStatus::Erased => return false,
                RecordStatus::Active => {
                    // A version that was restored is older than the one that it replaced.
                    let since = version.added_at.max(record.added_at);
                    let last = since.saturating_add(SHARES_PERIOD.into());
                    let now = frame_system::Pallet::<T>::block_number();
                    return now > last && Custodies::<T>::contains_key(newest);
                }
            }
        }
        false
    }

    /// Logs that no custodian keeps the key of a record any more.
    fn log_withdrawal(record: RecordId, patient: &AccountIdOf<T>) {
        let event = Event::RecordEntrusted {
            record,
            patient: patient.clone(),
            custodians: CustodiansOf::<T>::default(),
            threshold: 0,
        };
        Self::deposit_logged(patient, event);
    }

    /// Verifies the dealing of a record's key and stores it at the expense of `dealer`.
    ///
    /// It must be for the patient's current custodians, in their order: the place of a share is
    /// its number. It is bound to the dealer, so that nobody can submit a copy, and to the content:
    /// as no two records of a patient have one (`Emr::Contents`), no dealing comes back under another record.
    fn store_custody(
        id: RecordId,
        patient: &AccountIdOf<T>,
        cid: &Cid,
        dealer: &AccountIdOf<T>,
        entrustment: &Entrustment,
    ) -> DispatchResult {
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
        Custodies::<T>::insert(id, custody);
        let event = Event::RecordEntrusted {
            record: id,
            patient: patient.clone(),
            custodians,
            threshold: *threshold,
        };
        Self::deposit_logged(patient, event);
        Ok(())
    }

    /// Removes the shares of a record and ends the grants on them. Returns the number of grants.
    fn end_custody(
        id: RecordId,
        patient: &AccountIdOf<T>,
        reason: EndReason,
    ) -> Result<u32, DispatchError> {
        let Some(custody) = Custodies::<T>::take(id) else { return Ok(0) };
        let ended = Self::end_grants(id, patient, custody.dealing.id, reason)?;
        Self::release(HoldReason::Custody, &custody.depositor, custody.deposit)?;
        Self::remember_custody(id, custody);
        Ok(ended)
    }

    /// Remembers a custody that ends until none of its shares can be under way any more.
    fn remember_custody(record: RecordId, custody: CustodyOf<T>) {
        if EndedGrants::<T>::iter_key_prefix(record).next().is_none() {
            return;
        }
        let Custody { threshold, custodians, dealing, .. } = custody;
        let entry = DueEntry::EndedCustody { record, dealing: dealing.id };
        // The same dealing may have been entrusted and withdrawn twice.
        if let Some(old) = EndedCustodies::<T>::get(record, dealing.id) {
            Due::<T>::remove(old.until, entry.clone());
        }
        let until = Self::late_until();
        let (ephemeral, shares) = (dealing.ephemeral, dealing.shares);
        let ended = EndedCustody { threshold, custodians, ephemeral, shares, until };
        EndedCustodies::<T>::insert(record, dealing.id, ended);
        Self::schedule(until, entry);
    }

    /// Forgets a custody that ended long enough ago.
    pub(crate) fn forget_custody(record: RecordId, dealing: DealingId) -> DispatchResult {
        if let Some(ended) = EndedCustodies::<T>::take(record, dealing) {
            Due::<T>::remove(ended.until, DueEntry::EndedCustody { record, dealing });
        }
        Ok(())
    }

    /// The last block in which shares of what ends now are logged.
    pub(crate) fn late_until() -> BlockNumberFor<T> {
        frame_system::Pallet::<T>::block_number().saturating_add(LATE_DELIVERY_PERIOD.into())
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
        if Self::end_grant(record, patient, subject, reason)? {
            return Ok(true);
        }
        // Who gives the access up just before the patient takes it away could request it again.
        let bars = reason == EndReason::Revoked && Self::bar_record(record, patient, subject);
        if bars {
            let (patient_of, subject) = (patient.clone(), subject.clone());
            let event = Event::RecordBarred { record, patient: patient_of, subject };
            Self::deposit_logged(patient, event);
        }
        Ok(bars)
    }

    fn entrust_weight(custodians: u32) -> Weight {
        <T as Config>::WeightInfo::entrust_record(custodians, 0)
    }

    fn end_weight(grants: u32) -> Weight {
        <T as Config>::WeightInfo::end_custody(grants)
    }

    fn is_delivered(record: RecordId, subject: &AccountIdOf<T>) -> bool {
        let now = frame_system::Pallet::<T>::block_number();
        let grant = Grants::<T>::get(record, subject).filter(|grant| now <= grant.until);
        grant.zip(Custodies::<T>::get(record)).is_some_and(|(grant, custody)| {
            grant.deliveries.len() >= usize::from(custody.threshold)
        })
    }

    fn max_grants() -> u32 {
        T::MaxGrants::get()
    }

    fn end_access_weight() -> Weight {
        <T as Config>::WeightInfo::expire_grant().saturating_add(Self::give_up_weight())
    }
}
