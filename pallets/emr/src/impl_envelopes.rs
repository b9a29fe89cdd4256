//! Content keys and their readers.

use alloc::collections::BTreeSet;
use frame_support::{ensure, traits::Get, weights::Weight};
use medchain_primitives::{
    Action, EncryptionKey, EndReason, RecordId, RecordStatus, SealedKey, ENVELOPE_VERSION,
};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

use crate::{
    AccessQuestion, AccountIdOf, Config, EncryptionKeys, Envelope, EnvelopeOf, Envelopes,
    EnvelopesOf, Error, Event, HoldReason, InferenceOrders, KeyCustody, Pallet, RecordOf, Records,
};

impl<T: Config> Pallet<T> {
    /// Adds an envelope for `reader` to a record. Returns the weight that the
    /// question to the policy used.
    pub(crate) fn do_share_record(
        who: &AccountIdOf<T>,
        id: RecordId,
        reader: AccountIdOf<T>,
        sealed: SealedKey,
    ) -> Result<Weight, DispatchError> {
        let mut record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        let patient = record.patient.clone();
        let key = Self::ensure_sealed_to(&reader, &sealed)?;
        let asked = Self::ensure_access(AccessQuestion {
            patient: &patient,
            subject: who,
            record: Some(id),
            action: Action::Share,
            purpose: None,
            model: None,
        })?;
        if let Some(envelope) = Envelopes::<T>::get(id, &reader) {
            let may = *who == patient || Self::may_renew(who, &record, &reader, &envelope, &key);
            ensure!(may, Error::<T>::EnvelopeAlreadyExists);
            Self::take_envelope(id, &mut record, reader.clone(), &envelope)?;
        }
        Self::add_envelope(who, id, &mut record, reader, sealed)?;
        Ok(asked)
    }

    /// Checks that an envelope is of a known version and names the key that its reader has
    /// published, and returns that key.
    ///
    /// Whether it opens, the chain cannot see.
    fn ensure_sealed_to(
        reader: &AccountIdOf<T>,
        sealed: &SealedKey,
    ) -> Result<EncryptionKey, DispatchError> {
        let key = EncryptionKeys::<T>::get(reader).ok_or(Error::<T>::EncryptionKeyNotFound)?;
        ensure!(sealed.version == ENVELOPE_VERSION, Error::<T>::UnknownEnvelopeVersion);
        ensure!(sealed.is_for(&key), Error::<T>::EnvelopeForAnotherKey);
        Ok(key)
    }

    /// Whether `who`, who may seal to `reader`, may replace the envelope that the reader has.
    ///
    /// Only one for a key that is no longer the reader's. Otherwise, anybody who may share could
    /// lock readers out by replacing their keys with garbage. Nor the patient's: the old secret
    /// may still open it, and the patient must not depend on what others seal.
    fn may_renew(
        who: &AccountIdOf<T>,
        record: &RecordOf<T>,
        reader: &AccountIdOf<T>,
        envelope: &EnvelopeOf<T>,
        key: &EncryptionKey,
    ) -> bool {
        let is_patients = *reader == record.patient && *who != record.patient;
        !is_patients && !envelope.sealed.is_for(key)
    }

    /// Whether an account has an envelope of a record for the key that it has published.
    pub fn has_current_envelope(id: RecordId, reader: &AccountIdOf<T>) -> bool {
        Envelopes::<T>::get(id, reader)
            .zip(EncryptionKeys::<T>::get(reader))
            .is_some_and(|(envelope, key)| envelope.sealed.is_for(&key))
    }

    /// Stores one more envelope and the record that counts it.
    fn add_envelope(
        depositor: &AccountIdOf<T>,
        id: RecordId,
        record: &mut RecordOf<T>,
        reader: AccountIdOf<T>,
        sealed: SealedKey,
    ) -> DispatchResult {
        // Others leave a place for the patient, who must always be able to open the record.
        let others = *depositor != record.patient
            && reader != record.patient
            && !Envelopes::<T>::contains_key(id, &record.patient);
        let most = T::MaxEnvelopes::get().saturating_sub(others.into());
        ensure!(record.envelopes < most, Error::<T>::MaxEnvelopesExceeded);
        let deposit = T::EnvelopeDeposit::get();
        Self::hold(HoldReason::Envelope, depositor, deposit)?;
        record.envelopes = record.envelopes.saturating_add(1);
        Records::<T>::insert(id, &*record);
        let envelope = Envelope { sealed, depositor: depositor.clone(), deposit };
        Self::store_envelope(id, &record.patient, reader, envelope);
        Ok(())
    }

    /// Adds an envelope for `reader` to a record, at the expense of `depositor`. It replaces one
    /// for a key that is no longer the reader's, but the patient's own only if the patient
    /// deposits.
    ///
    /// The caller has checked that the policy allows the reader to open the record, and the
    /// depositor to seal to it.
    ///
    /// # Errors
    /// - `RecordNotFound`, `RecordErased`: there is no such record, or it was erased.
    /// - `EncryptionKeyNotFound`: the reader has not published a key.
    /// - `UnknownEnvelopeVersion`, `EnvelopeForAnotherKey`: the envelope is of another version,
    ///   or for another key than the published one.
    /// - `EnvelopeAlreadyExists`: the reader has an envelope that must not be replaced.
    /// - `MaxEnvelopesExceeded`: the record has too many envelopes. One place is the patient's,
    ///   unless the patient is the depositor.
    /// - An error of the currency: the deposit cannot be held.
    pub fn admit_reader(
        depositor: &AccountIdOf<T>,
        id: RecordId,
        reader: AccountIdOf<T>,
        sealed: SealedKey,
    ) -> DispatchResult {
        let mut record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        ensure!(record.status != RecordStatus::Erased, Error::<T>::RecordErased);
        let key = Self::ensure_sealed_to(&reader, &sealed)?;
        if let Some(envelope) = Envelopes::<T>::get(id, &reader) {
            let may = Self::may_renew(depositor, &record, &reader, &envelope, &key);
            ensure!(may, Error::<T>::EnvelopeAlreadyExists);
            Self::take_envelope(id, &mut record, reader.clone(), &envelope)?;
        }
        Self::add_envelope(depositor, id, &mut record, reader, sealed)
    }

    /// Removes the envelope of `reader` and ends the access granted to them.
    pub(crate) fn do_remove_envelope(
        who: &AccountIdOf<T>,
        id: RecordId,
        reader: AccountIdOf<T>,
    ) -> DispatchResult {
        let mut record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        ensure!(*who == record.patient || *who == reader, Error::<T>::NotPatientOrReader);
        let reason = if *who == reader { EndReason::GivenUp } else { EndReason::Revoked };
        let ended = T::Custody::end_access(id, &record.patient, &reader, reason)?;
        let envelope = Envelopes::<T>::get(id, &reader);
        ensure!(ended || envelope.is_some(), Error::<T>::EnvelopeNotFound);
        if *who != reader {
            Self::raise_key_epoch(&record.patient);
        }
        if let Some(envelope) = envelope {
            Self::take_envelope(id, &mut record, reader, &envelope)?;
            Records::<T>::insert(id, record);
        }
        Ok(())
    }

    /// Removes an envelope for the account that paid for it.
    pub(crate) fn do_withdraw_envelope(
        who: &AccountIdOf<T>,
        id: RecordId,
        reader: AccountIdOf<T>,
    ) -> DispatchResult {
        let mut record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        let envelope = Envelopes::<T>::get(id, &reader).ok_or(Error::<T>::EnvelopeNotFound)?;
        ensure!(envelope.depositor == *who, Error::<T>::NotDepositor);
        ensure!(reader != record.patient, Error::<T>::PatientEnvelopeRequired);
        // A worker without an envelope cannot answer, and would have worked for nothing; and none
        // could challenge a verdict.
        ensure!(!T::InferenceOrders::is_awaited(id), Error::<T>::RequestOpen);
        ensure!(!T::InferenceOrders::is_challengeable(id), Error::<T>::VerdictChallengeable);
        Self::remove_stored(id, &mut record, &reader, &envelope)?;
        let depositor = who.clone();
        let event = Event::<T>::EnvelopeWithdrawn { record: id, reader, depositor };
        Self::deposit_logged(&record.patient, event);
        Records::<T>::insert(id, record);
        Ok(())
    }

    /// Checks that each reader is named once, with an envelope for the key that it has published,
    /// and that the patient is among them unless the patient signs (`own`).
    pub(crate) fn ensure_readers(
        own: bool,
        patient: &AccountIdOf<T>,
        envelopes: &EnvelopesOf<T>,
    ) -> DispatchResult {
        let mut readers = BTreeSet::new();
        for (reader, sealed) in envelopes {
            ensure!(readers.insert(reader), Error::<T>::DuplicateReader);
            Self::ensure_sealed_to(reader, sealed)?;
        }
        ensure!(own || readers.contains(patient), Error::<T>::PatientEnvelopeMissing);
        Ok(())
    }

    /// Stores the checked envelopes of a patient's new record at the expense of `depositor`.
    pub(crate) fn store_envelopes(
        id: RecordId,
        patient: &AccountIdOf<T>,
        depositor: &AccountIdOf<T>,
        envelopes: EnvelopesOf<T>,
    ) -> DispatchResult {
        let deposit = T::EnvelopeDeposit::get();
        let total = deposit.saturating_mul((envelopes.len() as u32).into());
        Self::hold(HoldReason::Envelope, depositor, total)?;
        for (reader, sealed) in envelopes {
            let envelope = Envelope { sealed, depositor: depositor.clone(), deposit };
            Self::store_envelope(id, patient, reader, envelope);
        }
        Ok(())
    }

    fn store_envelope(
        id: RecordId,
        patient: &AccountIdOf<T>,
        reader: AccountIdOf<T>,
        envelope: EnvelopeOf<T>,
    ) {
        Envelopes::<T>::insert(id, &reader, envelope);
        Self::deposit_logged(patient, Event::<T>::EnvelopeAdded { record: id, reader });
    }

    /// Removes an envelope from storage and from the count of `record`, which
    /// the caller stores.
    fn take_envelope(
        id: RecordId,
        record: &mut RecordOf<T>,
        reader: AccountIdOf<T>,
        envelope: &EnvelopeOf<T>,
    ) -> DispatchResult {
        Self::remove_stored(id, record, &reader, envelope)?;
        Self::deposit_logged(&record.patient, Event::<T>::EnvelopeRemoved { record: id, reader });
        Ok(())
    }

    fn remove_stored(
        id: RecordId,
        record: &mut RecordOf<T>,
        reader: &AccountIdOf<T>,
        envelope: &EnvelopeOf<T>,
    ) -> DispatchResult {
        Envelopes::<T>::remove(id, reader);
        record.envelopes = record.envelopes.saturating_sub(1);
        Self::release(HoldReason::Envelope, &envelope.depositor, envelope.deposit)
    }
}
