//! The invariants of the storage between any two blocks.

use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{
    ensure,
    traits::{fungible::InspectHold, Get},
};
use medchain_primitives::{Basis, EmergencyId, RecordId, RecordStatus};
use sp_runtime::{
    traits::{Saturating, Zero},
    TryRuntimeError,
};

use crate::{
    AccountIdOf, BalanceOf, Config, CustodianGroups, Custodians, Custodies, CustodyOf, Declined,
    Due, DueEntry, Emergencies, EmergenciesOver, Emergency, EmergencyGrants, EmergencyOf,
    EmergencyOptOuts, EmergencyStatus, EndedCustodies, EndedGrants, GrantOf, Grants, HoldReason,
    NextDue, NextEmergencyId, OpenEmergencies, Pallet, RejectedPairs, Rejections,
    RunningEmergencies,
};

/// The amount that must be held from each account for one reason.
type Deposits<T> = BTreeMap<AccountIdOf<T>, BalanceOf<T>>;

impl<T: Config> Pallet<T> {
    /// Checks every invariant of this pallet's storage.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::try_state_custodians()?;
        Self::try_state_custodies()?;
        Self::try_state_grants()?;
        Self::try_state_ended()?;
        Self::try_state_emergencies()?;
        Self::try_state_counts()?;
        Self::try_state_due()
    }

    /// Custodians' bonds, and the deposits for whom they decline, are held.
    fn try_state_custodians() -> Result<(), TryRuntimeError> {
        let mut bonds = Deposits::<T>::new();
        for (custodian, entry) in Custodians::<T>::iter() {
            bonds.insert(custodian, entry.bond.unwrap_or_default());
        }
        Self::ensure_held(HoldReason::Custodian, bonds)?;
        let mut deposits = Deposits::<T>::new();
        for (custodian, patient, deposit) in Declined::<T>::iter() {
            ensure!(Custodians::<T>::contains_key(&custodian), "an account declined a patient");
            // Of patients and of those who have left, and of nobody else.
            ensure!(
                pallet_emr::Logs::<T>::contains_key(&patient),
                "a custodian declined nobody's keys"
            );
            deposits.entry(custodian).or_default().saturating_accrue(deposit);
        }
        Self::ensure_held(HoldReason::Decline, deposits)
    }

    /// Groups and dealings match their thresholds and records, and are paid for.
    fn try_state_custodies() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        for (patient, group) in CustodianGroups::<T>::iter() {
            ensure!(
                pallet_emr::Patients::<T>::contains_key(&patient),
                "custodians belong to no patient"
            );
            ensure!(
                (1..=group.members.len()).contains(&usize::from(group.threshold)),
                "a group's threshold is out of range"
            );
            let mut keys = BTreeSet::new();
            for (custodian, key) in &group.members {
                ensure!(*custodian != patient, "a patient is their own custodian");
                ensure!(keys.insert(key.0), "two custodians have one key");
                let known = Custodians::<T>::get(custodian).map(|entry| entry.key);
                ensure!(known == Some(*key), "a custodian has another key");
            }
            deposits.entry(patient).or_default().saturating_accrue(group.deposit);
        }
        for (id, custody) in Custodies::<T>::iter() {
            Self::ensure_custody(id, &custody)?;
            deposits.entry(custody.depositor).or_default().saturating_accrue(custody.deposit);
        }
        Self::ensure_held(HoldReason::Custody, deposits)
    }

    fn ensure_custody(id: RecordId, custody: &CustodyOf<T>) -> Result<(), TryRuntimeError> {
        let record = pallet_emr::Records::<T>::get(id).ok_or("shares belong to no record")?;
        ensure!(record.status != RecordStatus::Erased, "an erased record has shares");
        let count = custody.custodians.len();
        ensure!(custody.dealing.shares.len() == count, "there is not one share for each custodian");
        ensure!(
            (1..=count).contains(&usize::from(custody.threshold)),
            "a record's threshold is out of range"
        );
        ensure!(
            custody.custodians.iter().all(Custodians::<T>::contains_key),
            "a custodian has no key"
        );
        let grants = Grants::<T>::iter_key_prefix(id).count();
        ensure!(
            u32::try_from(grants) == Ok(custody.grants),
            "the grants on a record are miscounted"
        );
        ensure!(custody.grants <= T::MaxGrants::get(), "a record has too many grants");
        Ok(())
    }

    /// Grants have shares behind them, and their deposits and unpaid fees are held.
    fn try_state_grants() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        for (_, (subject, _), ended) in EndedGrants::<T>::iter() {
            let held = ended.deposit.saturating_add(ended.fees);
            deposits.entry(subject).or_default().saturating_accrue(held);
        }
        for (record, subject, grant) in Grants::<T>::iter() {
            let custody = Custodies::<T>::get(record).ok_or("a grant has no shares behind it")?;
            Self::ensure_grant(&subject, &custody, &grant)?;
            ensure!(
                !EndedGrants::<T>::contains_key(record, (&subject, grant.reply)),
                "a grant has the reply key of one that ended"
            );
            if let Basis::Emergency { emergency } = grant.basis {
                ensure!(
                    !Emergencies::<T>::contains_key(emergency)
                        || EmergencyGrants::<T>::get(emergency, record) == Some(false),
                    "a grant is not listed under its emergency"
                );
            }
            let held = grant.deposit.saturating_add(grant.fees);
            deposits.entry(subject).or_default().saturating_accrue(held);
        }
        Self::ensure_held(HoldReason::Grant, deposits)
    }

    fn ensure_grant(
        subject: &AccountIdOf<T>,
        custody: &CustodyOf<T>,
        grant: &GrantOf<T>,
    ) -> Result<(), TryRuntimeError> {
        ensure!(grant.reply.check().is_ok(), "a reply key is not a point");
        ensure!(grant.granted_at <= grant.until, "a grant ends before it begins");
        let mut numbers = BTreeSet::new();
        for delivery in &grant.deliveries {
            let place = usize::from(delivery.number).checked_sub(1);
            let custodian = place.and_then(|place| custody.custodians.get(place));
            let custodian = custodian.ok_or("a delivered share belongs to no custodian")?;
            ensure!(custodian != subject, "a custodian's own share was delivered to it");
            ensure!(numbers.insert(delivery.number), "a share was delivered twice");
        }
        ensure!(
            grant.deliveries.len() < usize::from(custody.threshold) || grant.fees.is_zero(),
            "more shares than needed are paid for"
        );
        Ok(())
    }

    /// What is remembered of grants and custodies belongs to records, and is scheduled to be
    /// forgotten.
    fn try_state_ended() -> Result<(), TryRuntimeError> {
        let now = frame_system::Pallet::<T>::block_number();
        for (record, (subject, reply), ended) in EndedGrants::<T>::iter() {
            ensure!(
                pallet_emr::Records::<T>::contains_key(record),
                "a grant that ended was on no record"
            );
            let numbers: BTreeSet<_> = ended.numbers.iter().collect();
            ensure!(numbers.len() == ended.numbers.len(), "a share was exposed twice");
            let present = Custodies::<T>::get(record).map(|custody| custody.dealing.id);
            ensure!(
                ended.until < now
                    || present == Some(ended.dealing)
                    || EndedCustodies::<T>::contains_key(record, ended.dealing),
                "no share of a grant that ended can be verified"
            );
            let entry = DueEntry::Ended { record, subject, reply };
            ensure!(
                Due::<T>::contains_key(ended.until, entry),
                "a grant that ended is not scheduled to be forgotten"
            );
        }
        for (record, dealing, ended) in EndedCustodies::<T>::iter() {
            ensure!(
                pallet_emr::Records::<T>::contains_key(record),
                "a custody that ended was of no record"
            );
            ensure!(
                ended.shares.len() == ended.custodians.len(),
                "there was not one share for each custodian"
            );
            let entry = DueEntry::EndedCustody { record, dealing };
            ensure!(
                Due::<T>::contains_key(ended.until, entry),
                "a custody that ended is not scheduled to be forgotten"
            );
        }
        Ok(())
    }

    /// Emergencies are scheduled, their grants listed, and their bonds held.
    fn try_state_emergencies() -> Result<(), TryRuntimeError> {
        let mut bonds = Deposits::<T>::new();
        for (id, emergency) in Emergencies::<T>::iter() {
            Self::ensure_emergency(id, &emergency)?;
            bonds.entry(emergency.subject).or_default().saturating_accrue(emergency.bond);
        }
        for (id, record, barred) in EmergencyGrants::<T>::iter() {
            ensure!(Emergencies::<T>::contains_key(id), "a record is listed under no emergency");
            let granted = Grants::<T>::iter_prefix(record)
                .any(|(_, grant)| grant.basis == Basis::Emergency { emergency: id });
            ensure!(!(barred && granted), "a record that is barred is granted");
        }
        Self::ensure_held(HoldReason::Emergency, bonds)
    }

    fn ensure_emergency(
        id: EmergencyId,
        emergency: &EmergencyOf<T>,
    ) -> Result<(), TryRuntimeError> {
        let Emergency { patient, subject, .. } = emergency;
        ensure!(id < NextEmergencyId::<T>::get(), "an emergency's number was not assigned");
        ensure!(subject != patient, "a patient broke the glass over their own records");
        let entry = DueEntry::Emergency { emergency: id };
        ensure!(
            Due::<T>::contains_key(emergency.review_until, entry),
            "an emergency is not scheduled to move on"
        );
        let now = frame_system::Pallet::<T>::block_number();
        let accepted = emergency.status == EmergencyStatus::Accepted;
        ensure!(
            emergency.until < now
                || accepted
                || RunningEmergencies::<T>::get(patient, subject) == Some(id),
            "an emergency that opens records is not the running one"
        );
        ensure!(!accepted || emergency.bond.is_zero(), "an accepted emergency has a bond");
        let basis = Basis::Emergency { emergency: id };
        let grants = Grants::<T>::iter_values().filter(|grant| grant.basis == basis).count();
        ensure!(
            u32::try_from(grants) == Ok(emergency.grants),
            "the grants of an emergency are miscounted"
        );
        let requested = EmergencyGrants::<T>::iter_key_prefix(id).count();
        ensure!(
            u32::try_from(requested) == Ok(emergency.requested),
            "the records of an emergency are miscounted"
        );
        ensure!(
            emergency.requested <= T::MaxEmergencyRecords::get(),
            "an emergency opens too many records"
        );
        let rejected = matches!(emergency.status, EmergencyStatus::Rejected { .. });
        ensure!(!rejected || emergency.grants == 0, "a rejected emergency has grants");
        ensure!(
            !matches!(&emergency.status, EmergencyStatus::Rejected { by } if by == subject),
            "an account rejected its own emergency"
        );
        Ok(())
    }

    /// What is stored about accounts belongs to their emergencies.
    fn try_state_counts() -> Result<(), TryRuntimeError> {
        for (patient, subject, id) in RunningEmergencies::<T>::iter() {
            let named = Emergencies::<T>::get(id)
                .is_some_and(|entry| entry.patient == patient && entry.subject == subject);
            ensure!(named, "a running emergency is closed, or another's");
        }
        let (mut open, mut over) = (BTreeMap::<AccountIdOf<T>, u32>::new(), BTreeMap::new());
        let mut rejected = BTreeMap::<(AccountIdOf<T>, AccountIdOf<T>), u32>::new();
        for emergency in Emergencies::<T>::iter_values() {
            if matches!(emergency.status, EmergencyStatus::Rejected { .. }) {
                let pair = (emergency.patient.clone(), emergency.subject.clone());
                rejected.entry(pair).or_default().saturating_inc();
            }
            open.entry(emergency.subject).or_default().saturating_inc();
            over.entry(emergency.patient).or_insert(0u32).saturating_inc();
        }
        ensure!(
            over.keys().all(pallet_emr::Patients::<T>::contains_key),
            "an emergency is over no patient"
        );
        let counted: BTreeMap<AccountIdOf<T>, u32> = EmergenciesOver::<T>::iter().collect();
        ensure!(over == counted, "the emergencies over a patient are miscounted");
        let counted: BTreeMap<AccountIdOf<T>, u32> = OpenEmergencies::<T>::iter().collect();
        ensure!(open == counted, "open emergencies are miscounted");
        let pairs = RejectedPairs::<T>::iter().map(|(patient, who, count)| ((patient, who), count));
        let pairs: BTreeMap<_, u32> = pairs.collect();
        ensure!(rejected == pairs, "rejected emergencies are miscounted");
        ensure!(
            open.values().all(|count| *count <= T::MaxOpenEmergencies::get()),
            "an account has too many emergencies"
        );
        ensure!(
            Rejections::<T>::iter_values().all(|count| count > 0),
            "an account without a rejection is counted"
        );
        for patient in EmergencyOptOuts::<T>::iter_keys() {
            ensure!(
                pallet_emr::Patients::<T>::contains_key(&patient),
                "an opt-out belongs to no patient"
            );
        }
        Ok(())
    }

    /// What is due is stored, and what is stored is due.
    fn try_state_due() -> Result<(), TryRuntimeError> {
        for (record, subject, grant) in Grants::<T>::iter() {
            let entry = DueEntry::Grant { record, subject };
            ensure!(
                Due::<T>::contains_key(grant.until, entry),
                "a grant is not scheduled to expire"
            );
        }
        let entries = Grants::<T>::iter_keys()
            .count()
            .saturating_add(Emergencies::<T>::iter_keys().count())
            .saturating_add(EndedGrants::<T>::iter_keys().count())
            .saturating_add(EndedCustodies::<T>::iter_keys().count());
        ensure!(Due::<T>::iter_keys().count() == entries, "an entry of nothing stored is due");
        let next = NextDue::<T>::get();
        for (block, _) in Due::<T>::iter_keys() {
            ensure!(
                next.is_some_and(|next| next <= block),
                "an entry is due before the next block to process"
            );
        }
        Ok(())
    }

    /// What is held from accounts for a reason is what storage says.
    fn ensure_held(reason: HoldReason, expected: Deposits<T>) -> Result<(), TryRuntimeError> {
        for (who, amount) in expected {
            let held = <T as Config>::Currency::balance_on_hold(&reason.into(), &who);
            ensure!(held == amount, "the amount held does not match the deposits");
        }
        Ok(())
    }
}
