//! Content keys and who holds them.

use alloc::collections::BTreeSet;
use frame_support::{
    ensure,
    traits::{fungible::MutateHold, tokens::Precision, Get},
    weights::Weight,
};
use medchain_primitives::{Action, RecordId, SealedKey};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

use crate::{
    AccountIdOf, Config, EncryptionKeys, EndReason, Envelope, EnvelopeOf, Envelopes, EnvelopesOf,
    Error, Event, HoldReason, Pallet, Patients, RecordOf, Records,
};

impl<T: Config> Pallet<T> {
    /// Hands a record's content key to `reader`. Returns what the question to the
    /// policy used.
    pub(crate) fn do_share_record(
        who: &AccountIdOf<T>,
        id: RecordId,
        reader: AccountIdOf<T>,
        sealed: SealedKey,
    ) -> Result<Weight, DispatchError> {
        let mut record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        let patient = record.patient.clone();
        ensure!(EncryptionKeys::<T>::contains_key(&reader), Error::<T>::EncryptionKeyNotFound);
        let asked = Self::ensure_access(&patient, who, Some(id), Action::Share)?;
        if let Some(envelope) = Envelopes::<T>::get(id, &reader) {
            // Whoever else may share could otherwise lock readers out, the
            // patient included, by replacing their keys with garbage.
            ensure!(*who == patient, Error::<T>::EnvelopeExists);
            Self::take_envelope(id, &mut record, reader.clone(), envelope)?;
        }
        ensure!(record.envelopes < T::MaxEnvelopes::get(), Error::<T>::TooManyEnvelopes);
        let deposit = T::EnvelopeDeposit::get();
        T::Currency::hold(&HoldReason::Envelope.into(), who, deposit)?;
        let envelope = Envelope { sealed, depositor: who.clone(), deposit };
        record.envelopes = record.envelopes.saturating_add(1);
        Records::<T>::insert(id, record);
        Self::store_envelope(id, reader, envelope);
        Ok(asked)
    }

    /// Removes the envelope of `reader`, and what custodians hand over to them.
    pub(crate) fn do_remove_envelope(
        who: &AccountIdOf<T>,
        id: RecordId,
        reader: AccountIdOf<T>,
    ) -> DispatchResult {
        let mut record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        ensure!(*who == record.patient || *who == reader, Error::<T>::NotPatientOrReader);
        let reason = if *who == reader { EndReason::GivenUp } else { EndReason::Revoked };
        let ended = Self::end_grant(id, &record.patient, &reader, reason)?;
        let envelope = Envelopes::<T>::get(id, &reader);
        ensure!(ended || envelope.is_some(), Error::<T>::EnvelopeNotFound);
        if *who != reader {
            Patients::<T>::mutate_extant(&record.patient, |patient| {
                patient.key_epoch = patient.key_epoch.saturating_add(1);
            });
        }
        if let Some(envelope) = envelope {
            Self::take_envelope(id, &mut record, reader, envelope)?;
            Records::<T>::insert(id, record);
        }
        Ok(())
    }

    /// Checks that each reader has a key and is named once.
    pub(crate) fn ensure_readers(envelopes: &EnvelopesOf<T>) -> DispatchResult {
        let mut readers = BTreeSet::new();
        for (reader, _) in envelopes {
            ensure!(readers.insert(reader), Error::<T>::DuplicateReader);
            ensure!(EncryptionKeys::<T>::contains_key(reader), Error::<T>::EncryptionKeyNotFound);
        }
        Ok(())
    }

    /// Stores the envelopes of a new record, whose readers were checked, at
    /// the expense of `depositor`.
    pub(crate) fn store_envelopes(
        id: RecordId,
        depositor: &AccountIdOf<T>,
        envelopes: EnvelopesOf<T>,
    ) -> DispatchResult {
        let deposit = T::EnvelopeDeposit::get();
        let total = deposit.saturating_mul((envelopes.len() as u32).into());
        T::Currency::hold(&HoldReason::Envelope.into(), depositor, total)?;
        for (reader, sealed) in envelopes {
            let envelope = Envelope { sealed, depositor: depositor.clone(), deposit };
            Self::store_envelope(id, reader, envelope);
        }
        Ok(())
    }

    fn store_envelope(id: RecordId, reader: AccountIdOf<T>, envelope: EnvelopeOf<T>) {
        Envelopes::<T>::insert(id, &reader, envelope);
        Self::deposit_event(Event::EnvelopeAdded { record: id, reader });
    }

    /// Removes an envelope from storage and from the count of `record`, which
    /// the caller stores.
    fn take_envelope(
        id: RecordId,
        record: &mut RecordOf<T>,
        reader: AccountIdOf<T>,
        envelope: EnvelopeOf<T>,
    ) -> DispatchResult {
        Envelopes::<T>::remove(id, &reader);
        record.envelopes = record.envelopes.saturating_sub(1);
        // If something else took part of the hold, the envelope must still go.
        T::Currency::release(
            &HoldReason::Envelope.into(),
            &envelope.depositor,
            envelope.deposit,
            Precision::BestEffort,
        )?;
        Self::deposit_event(Event::EnvelopeRemoved { record: id, reader });
        Ok(())
    }
}
