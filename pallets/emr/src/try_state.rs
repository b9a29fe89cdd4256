//! What must hold of the storage between any two blocks.

use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{
    ensure,
    traits::{fungible::InspectHold, Get},
};
use medchain_primitives::RecordId;
use sp_runtime::{
    traits::{Saturating, Zero},
    TryRuntimeError,
};

use crate::{
    AccountIdOf, BalanceOf, Config, CustodianGroups, Custodies, Due, Duty, Emergencies,
    EmergencyOptOuts, EncryptionKeyDeposits, EncryptionKeys, EntrustedContents, Envelopes, Grants,
    HoldReason, NextDue, NextEmergencyId, NextRecordId, OpenEmergencies, Pallet, PatientPolicies,
    Patients, RecordOf, RecordStatus, Records, RecordsOf, Relations, MAX_RELATIONS,
};

/// What must be held from each account for one reason.
type Deposits<T> = BTreeMap<AccountIdOf<T>, BalanceOf<T>>;

impl<T: Config> Pallet<T> {
    /// Checks every invariant of this pallet's storage.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::try_state_patients()?;
        Self::try_state_keys()?;
        Self::try_state_records()?;
        Self::try_state_envelopes()?;
        Self::try_state_custody()?;
        Self::try_state_grants()?;
        Self::try_state_emergencies()
    }

    /// Patients have a key, as many relations as they are said to have, and
    /// only patients have relations and policies.
    fn try_state_patients() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        for (who, patient) in Patients::<T>::iter() {
            ensure!(EncryptionKeys::<T>::contains_key(&who), "a patient has no encryption key");
            if let Some(document) = &patient.profile {
                ensure!(document.cid.check().is_ok(), "a profile's CID is not one");
            }
            let relations = Relations::<T>::iter_key_prefix(&who).count();
            ensure!(
                u32::try_from(relations) == Ok(patient.relations),
                "a patient's relations are miscounted"
            );
            ensure!(patient.relations <= MAX_RELATIONS, "a patient has too many relations");
            deposits.insert(who, patient.deposit);
        }
        for (patient, relative) in Relations::<T>::iter_keys() {
            ensure!(Patients::<T>::contains_key(&patient), "a relation is of no patient");
            ensure!(patient != relative, "a patient is their own relative");
        }
        for patient in PatientPolicies::<T>::iter_keys() {
            ensure!(Patients::<T>::contains_key(&patient), "a policy is of no patient");
        }
        Self::ensure_held(HoldReason::Patient, deposits)
    }

    /// Keys can be sealed to, and deposits are for keys.
    fn try_state_keys() -> Result<(), TryRuntimeError> {
        for key in EncryptionKeys::<T>::iter_values() {
            ensure!(!key.is_of_small_order(), "nothing can be sealed to a key");
        }
        let deposits: Deposits<T> = EncryptionKeyDeposits::<T>::iter().collect();
        for who in deposits.keys() {
            ensure!(EncryptionKeys::<T>::contains_key(who), "a deposit is for no key");
            ensure!(!Patients::<T>::contains_key(who), "a patient paid for the key twice");
        }
        Self::ensure_held(HoldReason::EncryptionKey, deposits)
    }

    /// Records are listed under their patient, versions point at each other,
    /// and erased ones have nothing left to give.
    fn try_state_records() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        for (id, record) in Records::<T>::iter() {
            ensure!(id < NextRecordId::<T>::get(), "a record's number was not given out");
            ensure!(Patients::<T>::contains_key(&record.patient), "a record is of no patient");
            ensure!(
                RecordsOf::<T>::contains_key(&record.patient, id),
                "a record is not listed under its patient"
            );
            ensure!(record.cid.check().is_ok(), "a record's CID is not one");
            let envelopes = Envelopes::<T>::iter_key_prefix(id).count();
            ensure!(
                u32::try_from(envelopes) == Ok(record.envelopes),
                "a record's envelopes are miscounted"
            );
            ensure!(record.envelopes <= T::MaxEnvelopes::get(), "a record has too many envelopes");
            if record.status == RecordStatus::Erased {
                ensure!(record.envelopes == 0, "an erased record has envelopes");
                ensure!(record.deposit.is_zero(), "the deposit of an erased record is kept");
            }
            Self::ensure_versions(id, &record)?;
            deposits.entry(record.author).or_default().saturating_accrue(record.deposit);
        }
        for (patient, id) in RecordsOf::<T>::iter_keys() {
            ensure!(
                Records::<T>::get(id).is_some_and(|record| record.patient == patient),
                "a patient's list names a record that is not theirs"
            );
        }
        Self::ensure_held(HoldReason::Record, deposits)
    }

    /// Envelopes are of records. A reader may have taken its key back since.
    fn try_state_envelopes() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        for (id, _, envelope) in Envelopes::<T>::iter() {
            ensure!(Records::<T>::contains_key(id), "an envelope is of no record");
            deposits.entry(envelope.depositor).or_default().saturating_accrue(envelope.deposit);
        }
        Self::ensure_held(HoldReason::Envelope, deposits)
    }

    /// Groups and shares are as the calls leave them, and are paid for.
    fn try_state_custody() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        for (patient, group) in CustodianGroups::<T>::iter() {
            ensure!(Patients::<T>::contains_key(&patient), "custodians are of no patient");
            let most = group.members.len() as u32;
            ensure!((1..=most).contains(&group.threshold), "a group's threshold does not fit");
            ensure!(!group.members.contains(&patient), "a patient is their own custodian");
            deposits.entry(patient).or_default().saturating_accrue(group.deposit);
        }
        for (id, custody) in Custodies::<T>::iter() {
            let record = Records::<T>::get(id).ok_or("shares are of no record")?;
            ensure!(
                EntrustedContents::<T>::get(&record.patient, &record.cid) == Some(id),
                "shares are of a content that is kept under another record"
            );
            ensure!(record.status != RecordStatus::Erased, "an erased record has shares");
            let most = custody.shares.len() as u32;
            ensure!((1..=most).contains(&custody.threshold), "a record's threshold does not fit");
            let grants = Grants::<T>::iter_key_prefix(id).count();
            ensure!(
                u32::try_from(grants) == Ok(custody.grants),
                "the grants on a record are miscounted"
            );
            ensure!(custody.grants <= T::MaxGrants::get(), "a record has too many grants");
            deposits.entry(custody.depositor).or_default().saturating_accrue(custody.deposit);
        }
        Self::ensure_held(HoldReason::Custody, deposits)
    }

    /// Grants stand on shares, and end by themselves.
    fn try_state_grants() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        let mut duties = 0usize;
        for (record, subject, grant) in Grants::<T>::iter() {
            let custody = Custodies::<T>::get(record).ok_or("a grant stands on no shares")?;
            let mut numbers = BTreeSet::new();
            for share in &grant.shares {
                ensure!(
                    (1..=custody.shares.len()).contains(&usize::from(share.number)),
                    "a share that was handed over is nobody's"
                );
                ensure!(numbers.insert(share.number), "a share was handed over twice");
            }
            ensure!(grant.granted_at <= grant.until, "a grant ends before it begins");
            let duty = Duty::Grant { record, subject: subject.clone() };
            ensure!(Due::<T>::contains_key(grant.until, duty), "a grant does not end by itself");
            duties = duties.saturating_add(1);
            deposits.entry(subject).or_default().saturating_accrue(grant.deposit);
        }
        duties = duties.saturating_add(Emergencies::<T>::iter_keys().count());
        ensure!(Due::<T>::iter_keys().count() == duties, "something that is over is still due");
        let next = NextDue::<T>::get();
        for (block, _) in Due::<T>::iter_keys() {
            ensure!(next.is_some_and(|next| next <= block), "something due is passed over");
        }
        Self::ensure_held(HoldReason::Grant, deposits)
    }

    /// Emergencies wait for their review, and have their bond on hold.
    fn try_state_emergencies() -> Result<(), TryRuntimeError> {
        let mut bonds = Deposits::<T>::new();
        let mut open = BTreeMap::<AccountIdOf<T>, u32>::new();
        for (id, emergency) in Emergencies::<T>::iter() {
            ensure!(id < NextEmergencyId::<T>::get(), "an emergency's number was not given out");
            ensure!(emergency.subject != emergency.patient, "a patient broke the own glass");
            let record = Records::<T>::get(emergency.record);
            ensure!(
                record.is_some_and(|record| record.patient == emergency.patient),
                "an emergency is about another patient's record"
            );
            let duty = Duty::Review { emergency: id };
            ensure!(
                Due::<T>::contains_key(emergency.review_until, duty),
                "an emergency does not lapse by itself"
            );
            open.entry(emergency.subject.clone()).or_default().saturating_inc();
            bonds.entry(emergency.subject).or_default().saturating_accrue(emergency.bond);
        }
        let counted: BTreeMap<AccountIdOf<T>, u32> = OpenEmergencies::<T>::iter().collect();
        ensure!(open == counted, "open emergencies are miscounted");
        ensure!(
            open.values().all(|count| *count <= T::MaxOpenEmergencies::get()),
            "an account has too many emergencies"
        );
        for patient in EmergencyOptOuts::<T>::iter_keys() {
            ensure!(Patients::<T>::contains_key(&patient), "an opt-out is of no patient");
        }
        Self::ensure_held(HoldReason::Emergency, bonds)
    }

    fn ensure_versions(id: RecordId, record: &RecordOf<T>) -> Result<(), TryRuntimeError> {
        if let RecordStatus::Superseded { by } = record.status {
            let next = Records::<T>::get(by).ok_or("the next version does not exist")?;
            ensure!(next.previous == Some(id), "the next version follows another record");
        }
        if let Some(previous) = record.previous {
            let before = Records::<T>::get(previous).ok_or("the version before does not exist")?;
            ensure!(
                before.patient == record.patient && before.kind == record.kind,
                "the version before is another patient's or of another kind"
            );
            ensure!(
                matches!(before.status, RecordStatus::Erased)
                    || before.status == RecordStatus::Superseded { by: id },
                "the version before is not superseded by this one"
            );
        }
        Ok(())
    }

    fn ensure_held(reason: HoldReason, deposits: Deposits<T>) -> Result<(), TryRuntimeError> {
        let reason = reason.into();
        for (who, deposit) in deposits {
            ensure!(
                T::Currency::balance_on_hold(&reason, &who) >= deposit,
                "less is held than was deposited"
            );
        }
        Ok(())
    }
}
