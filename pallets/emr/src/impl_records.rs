//! Records and their versions.

use alloc::collections::BTreeMap;
use frame_support::{
    ensure,
    traits::{Get, OriginTrait},
    weights::Weight,
};
use medchain_primitives::{
    Action, Cid, ContentDigest, FilmCommitments, InferenceOrder, RecordContent, RecordId,
    RecordKind, RecordStatus, Role,
};
use medchain_sharing::Entrustment;
use sp_runtime::{
    traits::{Saturating, Zero},
    DispatchError, DispatchResult,
};

use crate::{
    AccessQuestion, AccountIdOf, BalanceOf, Call, Commitments, Config, Contents, Envelopes,
    EnvelopesOf, Error, Event, HoldReason, InferenceOrders, KeyCustody, NextRecordId, Pallet,
    Patients, Record, Records, RecordsOf,
};

/// What the signer states about the content of a new record or version.
pub(crate) struct NewContent {
    pub(crate) cid: Cid,
    pub(crate) digest: ContentDigest,
    pub(crate) commitments: Option<FilmCommitments>,
    /// Whether a proxy signs that may not erase; see [`Pallet::is_caretaker`].
    pub(crate) caretaker: bool,
}

/// What the signer states about a new record or version.
pub(crate) struct NewRecord<AccountId> {
    pub(crate) patient: AccountId,
    pub(crate) content: NewContent,
    pub(crate) kind: RecordKind,
    pub(crate) previous: Option<RecordId>,
}

impl<T: Config> Pallet<T> {
    /// Adds a record to a patient's file. Returns the weight that the questions to
    /// the policy and the order of a model used.
    pub(crate) fn do_add_record(
        author: &AccountIdOf<T>,
        new: NewRecord<AccountIdOf<T>>,
        envelopes: EnvelopesOf<T>,
        inference: Option<InferenceOrder<AccountIdOf<T>>>,
        custody: Option<Entrustment>,
    ) -> Result<Weight, DispatchError> {
        ensure!(Patients::<T>::contains_key(&new.patient), Error::<T>::PatientNotFound);
        ensure!(
            *author == new.patient || Self::has_role(author, Role::LabTechnician),
            Error::<T>::NotLabTechnician
        );
        Self::ensure_new_content(&new.patient, &new.content.cid)?;
        Self::ensure_film(new.kind, new.content.commitments)?;
        let own = *author == new.patient && !new.content.caretaker;
        Self::ensure_readers(own, &new.patient, &envelopes)?;
        let mut used = Self::ensure_access(AccessQuestion {
            patient: &new.patient,
            subject: author,
            record: None,
            action: Action::Append,
            purpose: None,
            model: None,
        })?;

        let (patient, cid, kind) = (new.patient.clone(), new.content.cid.clone(), new.kind);
        let caretaker = new.content.caretaker;
        let record = Self::store_record(author, new, envelopes.len() as u32)?;
        let event = Event::<T>::RecordAdded {
            record,
            patient: patient.clone(),
            author: author.clone(),
            cid: cid.clone(),
            kind,
        };
        Self::deposit_logged(&patient, event);
        Self::note_caretaker(caretaker, author, &patient, record);
        Self::store_envelopes(record, &patient, author, envelopes)?;
        if let Some(entrustment) = custody {
            T::Custody::entrust(author, &patient, record, &cid, entrustment)?;
        }
        if let Some(order) = inference {
            let asked = T::InferenceOrders::order(author, &patient, record, &order)?;
            used = used.saturating_add(T::InferenceOrders::weight()).saturating_add(asked);
        }
        Ok(used)
    }

    /// Adds a new version of a record. Returns the weight that the question to the
    /// policy used.
    pub(crate) fn do_amend_record(
        author: &AccountIdOf<T>,
        previous: RecordId,
        content: NewContent,
        envelopes: EnvelopesOf<T>,
        custody: Option<Entrustment>,
    ) -> Result<Weight, DispatchError> {
        let mut old = Records::<T>::get(previous).ok_or(Error::<T>::RecordNotFound)?;
        match old.status {
            RecordStatus::Active => {}
            RecordStatus::Superseded { .. } => return Err(Error::<T>::RecordSuperseded.into()),
            RecordStatus::Erased => return Err(Error::<T>::RecordErased.into()),
        }
        Self::ensure_new_content(&old.patient, &content.cid)?;
        Self::ensure_film(old.kind, content.commitments)?;
        let own = *author == old.patient && !content.caretaker;
        Self::ensure_readers(own, &old.patient, &envelopes)?;
        let asked = Self::ensure_access(AccessQuestion {
            patient: &old.patient,
            subject: author,
            record: Some(previous),
            action: Action::Amend,
            purpose: None,
            model: None,
        })?;

        let (patient, new_cid) = (old.patient.clone(), content.cid.clone());
        let caretaker = content.caretaker;
        let new = NewRecord {
            patient: old.patient.clone(),
            content,
            kind: old.kind,
            previous: Some(previous),
        };
        let record = Self::store_record(author, new, envelopes.len() as u32)?;
        old.status = RecordStatus::Superseded { by: record };
        Records::<T>::insert(previous, old);
        let event = Event::<T>::RecordAmended {
            record,
            previous,
            patient: patient.clone(),
            author: author.clone(),
            cid: new_cid.clone(),
        };
        Self::deposit_logged(&patient, event);
        Self::note_caretaker(caretaker, author, &patient, record);
        Self::store_envelopes(record, &patient, author, envelopes)?;
        if let Some(entrustment) = custody {
            T::Custody::entrust(author, &patient, record, &new_cid, entrustment)?;
        }
        Ok(asked)
    }

    /// Makes a version of a record the newest again that the newest one replaced.
    pub(crate) fn do_restore_record(who: &AccountIdOf<T>, id: RecordId) -> DispatchResult {
        let mut record = Records::<T>::get(id).ok_or(Error::<T>::RecordNotFound)?;
        ensure!(*who == record.patient, Error::<T>::NotPatient);
        let replaced = match record.status {
            RecordStatus::Superseded { by } => by,
            RecordStatus::Active => return Err(Error::<T>::RecordNotSuperseded.into()),
            RecordStatus::Erased => return Err(Error::<T>::RecordErased.into()),
        };
        let mut newest = Records::<T>::get(replaced).ok_or(Error::<T>::RecordNotFound)?;
        match newest.status {
            RecordStatus::Active => {}
            RecordStatus::Superseded { .. } => return Err(Error::<T>::VersionNotLatest.into()),
            // An erased version does not tell whether there is a later one.
            RecordStatus::Erased => return Err(Error::<T>::NextVersionErased.into()),
        }
        // Workers give a version up for good that is not the newest: they must not owe an answer
        // about one that comes back.
        let awaited = [id, replaced].into_iter().any(T::InferenceOrders::is_awaited);
        ensure!(!awaited, Error::<T>::RequestOpen);
        newest.status = RecordStatus::Superseded { by: id };
        Records::<T>::insert(replaced, newest);
        record.status = RecordStatus::Active;
        Records::<T>::insert(id, record);
        let event = Event::<T>::RecordRestored { record: id, replaced, patient: who.clone() };
        Self::deposit_logged(who, event);
        Ok(())
    }

    /// Whether a proxy signs that may not erase records: a caretaker, who adds them in the
    /// patient's name.
    pub(crate) fn is_caretaker(origin: &T::RuntimeOrigin) -> bool {
        let erase = Call::<T>::erase_record { record: RecordId(0) };
        !origin.filter_call(&<T as frame_system::Config>::RuntimeCall::from(erase))
    }

    /// Logs that a caretaker signed for a record, if one did.
    fn note_caretaker(
        caretaker: bool,
        author: &AccountIdOf<T>,
        patient: &AccountIdOf<T>,
        record: RecordId,
    ) {
        // Where the author is another account, its name is on the record.
        if caretaker && author == patient {
            let event = Event::<T>::RecordByCaretaker { record, patient: patient.clone() };
            Self::deposit_logged(patient, event);
        }
    }

    /// Destroys the envelopes of a record, ends its custody, forgets where its content is, and marks
    /// it as erased.
    /// Returns the numbers of its envelopes and grants.
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
        for (depositor, amount) in deposits {
            Self::release(HoldReason::Envelope, &depositor, amount)?;
        }
        Self::release(HoldReason::Record, &record.author, record.deposit)?;

        let patient = record.patient.clone();
        let grants = T::Custody::end(id, &patient)?;
        Commitments::<T>::remove(id);
        record.status = RecordStatus::Erased;
        record.content = RecordContent::Erased(record.content.cid_hash());
        record.envelopes = 0;
        record.deposit = Zero::zero();
        Records::<T>::insert(id, record);
        Patients::<T>::mutate_extant(&patient, |entry| {
            entry.records = entry.records.saturating_sub(1);
        });
        let event = Event::<T>::RecordErased { record: id, patient: patient.clone() };
        Self::deposit_logged(&patient, event);
        Ok((removed, grants))
    }

    /// Checks that the CID is supported.
    pub(crate) fn ensure_cid(cid: &Cid) -> DispatchResult {
        cid.check().map_err(|_| Error::<T>::InvalidCid)?;
        Ok(())
    }

    /// Checks that the CID is supported, and that no record of the patient has or had this content.
    fn ensure_new_content(patient: &AccountIdOf<T>, cid: &Cid) -> DispatchResult {
        Self::ensure_cid(cid)?;
        ensure!(
            !Contents::<T>::contains_key(cid.hashed(), patient),
            Error::<T>::ContentAlreadyExists
        );
        Ok(())
    }

    /// Checks that only a film comes with commitments.
    fn ensure_film(kind: RecordKind, commitments: Option<FilmCommitments>) -> DispatchResult {
        let film = kind == RecordKind::ChestXray;
        ensure!(film || commitments.is_none(), Error::<T>::NotChestXray);
        Ok(())
    }

    /// Stores a checked record at the expense of `author`.
    fn store_record(
        author: &AccountIdOf<T>,
        new: NewRecord<AccountIdOf<T>>,
        envelopes: u32,
    ) -> Result<RecordId, DispatchError> {
        let id = NextRecordId::<T>::get();
        let next = id.0.checked_add(1).ok_or(Error::<T>::RecordIdsExhausted)?;
        let deposit = T::RecordDeposit::get();
        Self::hold(HoldReason::Record, author, deposit)?;
        NextRecordId::<T>::put(RecordId(next));
        RecordsOf::<T>::insert(&new.patient, id, ());
        let NewContent { cid, digest, commitments, caretaker: _ } = new.content;
        Contents::<T>::insert(cid.hashed(), &new.patient, id);
        if let Some(commitments) = commitments {
            Commitments::<T>::insert(id, commitments);
        }
        let record = Record {
            patient: new.patient,
            author: author.clone(),
            content: RecordContent::kept(cid, digest),
            kind: new.kind,
            previous: new.previous,
            added_at: frame_system::Pallet::<T>::block_number(),
            status: RecordStatus::Active,
            envelopes,
            deposit,
        };
        Patients::<T>::mutate_extant(&record.patient, |entry| {
            entry.records = entry.records.saturating_add(1);
        });
        Records::<T>::insert(id, record);
        Ok(id)
    }
}
