//! Records and their versions.

use alloc::collections::BTreeMap;
use frame_support::{
    ensure,
    traits::{fungible::MutateHold, tokens::Precision, Get},
    weights::Weight,
};
use medchain_primitives::{Action, Cid, ContentDigest, ModelId, RecordId, RecordKind, Role};
use sp_runtime::{
    traits::{Saturating, Zero},
    DispatchError, DispatchResult,
};

use crate::{
    AccountIdOf, BalanceOf, Config, Envelopes, EnvelopesOf, Error, Event, HoldReason,
    InferenceOrders, NextRecordId, Pallet, Patients, Providers, Record, RecordStatus, Records,
    RecordsOf, SharesOf,
};

/// What the signer says of a new record or version.
struct Content {
    cid: Cid,
    digest: ContentDigest,
    kind: RecordKind,
    previous: Option<RecordId>,
}

impl<T: Config> Pallet<T> {
    /// Adds a record to a patient's file. Returns what ordering a model and the
    /// questions to the policy used.
    pub(crate) fn do_add_record(
        author: AccountIdOf<T>,
        patient: AccountIdOf<T>,
        cid: Cid,
        digest: ContentDigest,
        kind: RecordKind,
        envelopes: EnvelopesOf<T>,
        inference: Option<ModelId>,
        custody: Option<SharesOf<T>>,
    ) -> Result<Weight, DispatchError> {
        ensure!(Patients::<T>::contains_key(&patient), Error::<T>::PatientNotFound);
        ensure!(
            author == patient || Providers::<T>::contains_key(&author, Role::LabTechnician),
            Error::<T>::NotLabTechnician
        );
        Self::ensure_cid(&cid)?;
        Self::ensure_readers(&envelopes)?;
        let mut used = Self::ensure_access(&patient, &author, None, Action::Append)?;

        let content = Content { cid: cid.clone(), digest, kind, previous: None };
        let record = Self::store_record(&patient, &author, content, envelopes.len() as u32)?;
        Self::deposit_event(Event::RecordAdded {
            record,
            patient: patient.clone(),
            author: author.clone(),
            cid: cid.clone(),
            kind,
        });
        Self::store_envelopes(record, &author, envelopes)?;
        if let Some(shares) = custody {
            Self::store_custody(record, &patient, &cid, &author, shares)?;
        }
        if let Some(model) = inference {
            let asked = T::InferenceOrders::order(&author, &patient, record, model)?;
            used = used.saturating_add(T::InferenceOrders::weight()).saturating_add(asked);
        }
        Ok(used)
    }

    /// Adds a new version of a record. Returns what the question to the policy used.
    pub(crate) fn do_amend_record(
        author: &AccountIdOf<T>,
        previous: RecordId,
        cid: Cid,
        digest: ContentDigest,
        envelopes: EnvelopesOf<T>,
        custody: Option<SharesOf<T>>,
    ) -> Result<Weight, DispatchError> {
        let mut old = Records::<T>::get(previous).ok_or(Error::<T>::RecordNotFound)?;
        match old.status {
            RecordStatus::Active => {}
            RecordStatus::Superseded { .. } => return Err(Error::<T>::RecordSuperseded.into()),
            RecordStatus::Erased => return Err(Error::<T>::RecordErased.into()),
        }
        Self::ensure_cid(&cid)?;
        Self::ensure_readers(&envelopes)?;
        let asked = Self::ensure_access(&old.patient, author, Some(previous), Action::Amend)?;

        let patient = old.patient.clone();
        let content =
            Content { cid: cid.clone(), digest, kind: old.kind, previous: Some(previous) };
        let record = Self::store_record(&patient, author, content, envelopes.len() as u32)?;
        old.status = RecordStatus::Superseded { by: record };
        Records::<T>::insert(previous, old);
        Self::deposit_event(Event::RecordAmended {
            record,
            previous,
            patient: patient.clone(),
            author: author.clone(),
            cid: cid.clone(),
        });
        Self::store_envelopes(record, author, envelopes)?;
        if let Some(shares) = custody {
            Self::store_custody(record, &patient, &cid, author, shares)?;
        }
        Ok(asked)
    }

    /// Destroys the envelopes and shares of a record and marks it as erased.
    /// Returns how many envelopes and how many grants there were.
    pub(crate) fn do_erase_record(
        who: &AccountIdOf<T>,
        id: RecordId,
    ) -> Result<(u32, u32), DispatchError> {
        let mut record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        ensure!(*who == record.patient, Error::<T>::NotPatient);
        ensure!(record.status != RecordStatus::Erased, Error::<T>::RecordErased);

        let mut removed = 0u32;
        let mut deposits = BTreeMap::<AccountIdOf<T>, BalanceOf<T>>::new();
        for (_, envelope) in Envelopes::<T>::drain_prefix(id) {
            removed = removed.saturating_add(1);
            deposits.entry(envelope.depositor).or_default().saturating_accrue(envelope.deposit);
        }
        // If something else took part of a hold, the record must still go.
        for (depositor, amount) in deposits {
            let reason = HoldReason::Envelope.into();
            T::Currency::release(&reason, &depositor, amount, Precision::BestEffort)?;
        }
        let reason = HoldReason::Record.into();
        T::Currency::release(&reason, &record.author, record.deposit, Precision::BestEffort)?;

        let patient = record.patient.clone();
        let grants = Self::destroy_custody(id, &patient)?;
        record.status = RecordStatus::Erased;
        record.envelopes = 0;
        record.deposit = Zero::zero();
        Records::<T>::insert(id, record);
        Self::deposit_event(Event::RecordErased { record: id, patient });
        Ok((removed, grants))
    }

    /// Checks that this is a CID that is taken here.
    pub(crate) fn ensure_cid(cid: &Cid) -> DispatchResult {
        cid.check().map_err(|_| Error::<T>::InvalidCid)?;
        Ok(())
    }

    /// Stores a record that was checked, at the expense of `author`.
    fn store_record(
        patient: &AccountIdOf<T>,
        author: &AccountIdOf<T>,
        content: Content,
        envelopes: u32,
    ) -> Result<RecordId, DispatchError> {
        let id = NextRecordId::<T>::get();
        let next = id.0.checked_add(1).ok_or(Error::<T>::RecordIdsExhausted)?;
        let deposit = T::RecordDeposit::get();
        T::Currency::hold(&HoldReason::Record.into(), author, deposit)?;
        NextRecordId::<T>::put(RecordId(next));
        RecordsOf::<T>::insert(patient, id, ());
        let record = Record {
            patient: patient.clone(),
            author: author.clone(),
            cid: content.cid,
            digest: content.digest,
            kind: content.kind,
            previous: content.previous,
            added_at: frame_system::Pallet::<T>::block_number(),
            status: RecordStatus::Active,
            envelopes,
            deposit,
        };
        Records::<T>::insert(id, record);
        Ok(id)
    }
}
