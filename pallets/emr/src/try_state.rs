//! The invariants of the storage between any two blocks.

use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{
    ensure,
    traits::{fungible::InspectHold, Get},
};
use medchain_primitives::{RecordId, RecordKind, RecordStatus};
use sp_runtime::{
    traits::{Saturating, Zero},
    TryRuntimeError,
};

use crate::{
    AccountIdOf, BalanceOf, Commitments, Config, CustodianGroups, Custodies, Due, DueEntry,
    Emergencies, EmergencyOptOuts, EncryptionKeyDeposits, EncryptionKeys, EntrustedContents,
    Envelopes, Grants, HoldReason, Institutions, NextDue, NextEmergencyId, NextInstitutionId,
    NextRecordId, OpenEmergencies, Pallet, PatientPolicies, Patients, Providers, RecordOf, Records,
    RecordsOf, Relations, MAX_RELATIONS,
};

/// The amount that must be held from each account for one reason.
type Deposits<T> = BTreeMap<AccountIdOf<T>, BalanceOf<T>>;

impl<T: Config> Pallet<T> {
    /// Checks every invariant of this pallet's storage.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::try_state_patients()?;
        Self::try_state_institutions()?;
        Self::try_state_keys()?;
        Self::try_state_records()?;
        Self::try_state_envelopes()?;
        Self::try_state_custody()?;
        Self::try_state_grants()?;
        Self::try_state_emergencies()
    }

    /// Patients have a key and the recorded number of relations, and only patients
    /// have relations and policies.
    fn try_state_patients() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        for (who, patient) in Patients::<T>::iter() {
            ensure!(EncryptionKeys::<T>::contains_key(&who), "a patient has no encryption key");
            if let Some(document) = &patient.profile {
                ensure!(document.cid.check().is_ok(), "a profile's CID is not supported");
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
            ensure!(Patients::<T>::contains_key(&patient), "a relation belongs to no patient");
            ensure!(patient != relative, "a patient is their own relative");
        }
        for patient in PatientPolicies::<T>::iter_keys() {
            ensure!(Patients::<T>::contains_key(&patient), "a policy belongs to no patient");
        }
        Self::ensure_held(HoldReason::Patient, deposits)
    }

    /// Institutions and providers were given their numbers and terms by calls.
    ///
    /// A provider may outlive its institution: it then counts as none.
    fn try_state_institutions() -> Result<(), TryRuntimeError> {
        let next = NextInstitutionId::<T>::get();
        for (id, institution) in Institutions::<T>::iter() {
            ensure!(id < next, "an institution's number was not assigned");
            ensure!(
                !institution.name.is_empty() && core::str::from_utf8(&institution.name).is_ok(),
                "an institution's name is not a text"
            );
        }
        let now = frame_system::Pallet::<T>::block_number();
        let most = now.saturating_add(T::MaxTerm::get());
        for appointment in Providers::<T>::iter_values() {
            ensure!(appointment.institution < next, "a provider's institution never existed");
            ensure!(appointment.until <= most, "a provider's term is too long");
        }
        Ok(())
    }

    /// Keys are safe to seal to, and deposits are for keys.
    fn try_state_keys() -> Result<(), TryRuntimeError> {
        for key in EncryptionKeys::<T>::iter_values() {
            ensure!(!key.is_of_small_order(), "a key is of small order");
        }
        let deposits: Deposits<T> = EncryptionKeyDeposits::<T>::iter().collect();
        for who in deposits.keys() {
            ensure!(EncryptionKeys::<T>::contains_key(who), "a deposit is for no key");
            ensure!(!Patients::<T>::contains_key(who), "a patient paid for a key twice");
        }
        Self::ensure_held(HoldReason::EncryptionKey, deposits)
    }

    /// Records are listed under their patient, versions point at each other, and
    /// erased records have neither envelopes, commitments nor a deposit.
    fn try_state_records() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        for (id, record) in Records::<T>::iter() {
            ensure!(id < NextRecordId::<T>::get(), "a record's number was not assigned");
            ensure!(Patients::<T>::contains_key(&record.patient), "a record belongs to no patient");
            ensure!(
                RecordsOf::<T>::contains_key(&record.patient, id),
                "a record is not listed under its patient"
            );
            ensure!(record.cid.check().is_ok(), "a record's CID is not supported");
            let may_commit =
                record.kind == RecordKind::ChestXray && record.status != RecordStatus::Erased;
            ensure!(
                may_commit || !Commitments::<T>::contains_key(id),
                "a record that is erased, or no chest X-ray, has commitments"
            );
            let envelopes = Envelopes::<T>::iter_key_prefix(id).count();
            ensure!(
                u32::try_from(envelopes) == Ok(record.envelopes),
                "a record's envelopes are miscounted"
            );
            ensure!(record.envelopes <= T::MaxEnvelopes::get(), "a record has too many envelopes");
            if record.status == RecordStatus::Erased {
                ensure!(record.envelopes == 0, "an erased record has envelopes");
                ensure!(record.deposit.is_zero(), "an erased record has a deposit");
            }
            Self::ensure_versions(id, &record)?;
            deposits.entry(record.author).or_default().saturating_accrue(record.deposit);
        }
        for (patient, id) in RecordsOf::<T>::iter_keys() {
            ensure!(
                Records::<T>::get(id).is_some_and(|record| record.patient == patient),
                "a patient's list contains a record that is not theirs"
            );
        }
        ensure!(
            Commitments::<T>::iter_keys().all(Records::<T>::contains_key),
            "commitments belong to no record"
        );
        Self::ensure_held(HoldReason::Record, deposits)
    }

    /// Envelopes belong to records. Their readers may have removed their keys since.
    fn try_state_envelopes() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        for (id, _, envelope) in Envelopes::<T>::iter() {
            ensure!(Records::<T>::contains_key(id), "an envelope belongs to no record");
            deposits.entry(envelope.depositor).or_default().saturating_accrue(envelope.deposit);
        }
        Self::ensure_held(HoldReason::Envelope, deposits)
    }

    /// Groups and shares match their thresholds and records, and are paid for.
    fn try_state_custody() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        for (patient, group) in CustodianGroups::<T>::iter() {
            ensure!(Patients::<T>::contains_key(&patient), "custodians belong to no patient");
            let most = group.members.len() as u32;
            ensure!((1..=most).contains(&group.threshold), "a group's threshold is out of range");
            ensure!(!group.members.contains(&patient), "a patient is their own custodian");
            deposits.entry(patient).or_default().saturating_accrue(group.deposit);
        }
        for (id, custody) in Custodies::<T>::iter() {
            let record = Records::<T>::get(id).ok_or("shares belong to no record")?;
            ensure!(
                EntrustedContents::<T>::get(&record.patient, &record.cid) == Some(id),
                "shares are of a content entrusted under another record"
            );
            ensure!(record.status != RecordStatus::Erased, "an erased record has shares");
            let most = custody.shares.len() as u32;
            ensure!(
                (1..=most).contains(&custody.threshold),
                "a record's threshold is out of range"
            );
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

    /// Grants have shares behind them, and are scheduled to expire.
    fn try_state_grants() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        let mut entries = 0usize;
        for (record, subject, grant) in Grants::<T>::iter() {
            let custody = Custodies::<T>::get(record).ok_or("a grant has no shares behind it")?;
            let mut numbers = BTreeSet::new();
            for share in &grant.shares {
                ensure!(
                    (1..=custody.shares.len()).contains(&usize::from(share.number)),
                    "a delivered share belongs to no custodian"
                );
                ensure!(numbers.insert(share.number), "a share was delivered twice");
            }
            ensure!(grant.granted_at <= grant.until, "a grant ends before it begins");
            let entry = DueEntry::Grant { record, subject: subject.clone() };
            ensure!(
                Due::<T>::contains_key(grant.until, entry),
                "a grant is not scheduled to expire"
            );
            entries = entries.saturating_add(1);
            deposits.entry(subject).or_default().saturating_accrue(grant.deposit);
        }
        entries = entries.saturating_add(Emergencies::<T>::iter_keys().count());
        ensure!(
            Due::<T>::iter_keys().count() == entries,
            "an entry without a grant or an emergency is due"
        );
        let next = NextDue::<T>::get();
        for (block, _) in Due::<T>::iter_keys() {
            ensure!(
                next.is_some_and(|next| next <= block),
                "an entry is due before the next block to process"
            );
        }
        Self::ensure_held(HoldReason::Grant, deposits)
    }

    /// Emergencies are scheduled to lapse, and their bonds are held.
    fn try_state_emergencies() -> Result<(), TryRuntimeError> {
        let mut bonds = Deposits::<T>::new();
        let mut open = BTreeMap::<AccountIdOf<T>, u32>::new();
        for (id, emergency) in Emergencies::<T>::iter() {
            ensure!(id < NextEmergencyId::<T>::get(), "an emergency's number was not assigned");
            ensure!(
                emergency.subject != emergency.patient,
                "a patient broke the glass over their own record"
            );
            let record = Records::<T>::get(emergency.record);
            ensure!(
                record.is_some_and(|record| record.patient == emergency.patient),
                "an emergency is about another patient's record"
            );
            let entry = DueEntry::Review { emergency: id };
            ensure!(
                Due::<T>::contains_key(emergency.review_until, entry),
                "an emergency is not scheduled to lapse"
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
            ensure!(Patients::<T>::contains_key(&patient), "an opt-out belongs to no patient");
        }
        Self::ensure_held(HoldReason::Emergency, bonds)
    }

    fn ensure_versions(id: RecordId, record: &RecordOf<T>) -> Result<(), TryRuntimeError> {
        if let RecordStatus::Superseded { by } = record.status {
            let next = Records::<T>::get(by).ok_or("the next version does not exist")?;
            ensure!(next.previous == Some(id), "the next version follows another record");
        }
        if let Some(previous) = record.previous {
            let before =
                Records::<T>::get(previous).ok_or("the previous version does not exist")?;
            ensure!(
                before.patient == record.patient && before.kind == record.kind,
                "the previous version is of another patient or kind"
            );
            ensure!(
                matches!(before.status, RecordStatus::Erased)
                    || before.status == RecordStatus::Superseded { by: id },
                "the previous version is not superseded by this one"
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
