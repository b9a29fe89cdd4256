//! The invariants of the storage between any two blocks.

use alloc::collections::BTreeMap;
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
    AccountIdOf, BalanceOf, Commitments, Config, Contents, EncryptionKeyDeposits, EncryptionKeys,
    Envelopes, HoldReason, Institutions, LogArchives, Logs, NextInstitutionId, NextRecordId,
    Pallet, PatientPolicies, Patients, Providers, RecordOf, Records, RecordsOf, Relations,
    MAX_RELATIONS,
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
        Self::try_state_logs()?;
        Self::try_state_log_archives()
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
            let records = RecordsOf::<T>::iter_key_prefix(&who).filter(|id| Self::is_kept(*id));
            ensure!(
                u32::try_from(records.count()) == Ok(patient.records),
                "a patient's records are miscounted"
            );
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
    /// erased records have neither a CID, envelopes, commitments nor a deposit.
    fn try_state_records() -> Result<(), TryRuntimeError> {
        let mut deposits = Deposits::<T>::new();
        for (id, record) in Records::<T>::iter() {
            ensure!(id < NextRecordId::<T>::get(), "a record's number was not assigned");
            // A patient who has left has nothing but erased records.
            ensure!(
                record.status == RecordStatus::Erased
                    || Patients::<T>::contains_key(&record.patient),
                "a record belongs to no patient"
            );
            ensure!(
                RecordsOf::<T>::contains_key(&record.patient, id),
                "a record is not listed under its patient"
            );
            let is_erased = record.status == RecordStatus::Erased;
            match record.content.document() {
                Some(document) => {
                    ensure!(!is_erased, "an erased record has a CID");
                    ensure!(document.cid.check().is_ok(), "a record's CID is not supported");
                }
                None => ensure!(is_erased, "a record that is not erased has no CID"),
            }
            ensure!(
                Contents::<T>::get(record.content.cid_hash(), &record.patient) == Some(id),
                "a record's content is not listed"
            );
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
        for (hash, patient, id) in Contents::<T>::iter() {
            ensure!(
                Records::<T>::get(id).is_some_and(|record| {
                    record.content.cid_hash() == hash && record.patient == patient
                }),
                "a content is listed under a record that has another"
            );
        }
        ensure!(
            Commitments::<T>::iter_keys().all(Records::<T>::contains_key),
            "commitments belong to no record"
        );
        Self::ensure_held(HoldReason::Record, deposits)
    }

    /// Whether a record exists that is not erased.
    fn is_kept(id: RecordId) -> bool {
        Records::<T>::get(id).is_some_and(|record| record.status != RecordStatus::Erased)
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

    /// A log that is stored has entries, the last of them in a block that there is.
    fn try_state_logs() -> Result<(), TryRuntimeError> {
        let now = frame_system::Pallet::<T>::block_number();
        for log in Logs::<T>::iter_values() {
            ensure!(log.length > 0, "a log without entries is stored");
            ensure!(!log.at.is_zero() && log.at <= now, "a log ends in a block that is not there");
        }
        Ok(())
    }

    /// Archives have a CID that is supported, named in a block that there is, and a deposit.
    fn try_state_log_archives() -> Result<(), TryRuntimeError> {
        let now = frame_system::Pallet::<T>::block_number();
        let mut deposits = Deposits::<T>::new();
        for (who, archive) in LogArchives::<T>::iter() {
            ensure!(archive.cid.check().is_ok(), "an archive's CID is not supported");
            ensure!(archive.at <= now, "an archive was named in a block that is not there");
            deposits.insert(who, archive.deposit);
        }
        Self::ensure_held(HoldReason::LogArchive, deposits)
    }

    fn ensure_versions(id: RecordId, record: &RecordOf<T>) -> Result<(), TryRuntimeError> {
        if let RecordStatus::Superseded { by } = record.status {
            let next = Records::<T>::get(by).ok_or("the next version does not exist")?;
            // A version that the patient undid is superseded by the one before.
            ensure!(
                next.previous == Some(id) || record.previous == Some(by),
                "the next version follows another record"
            );
        }
        if let Some(previous) = record.previous {
            let before =
                Records::<T>::get(previous).ok_or("the previous version does not exist")?;
            ensure!(
                before.patient == record.patient && before.kind == record.kind,
                "the previous version is of another patient or kind"
            );
            let undone = record.status == RecordStatus::Erased
                || record.status == RecordStatus::Superseded { by: previous };
            ensure!(
                undone
                    || before.status == RecordStatus::Erased
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
