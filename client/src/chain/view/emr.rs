//! Patients, providers and records.

use futures::{stream, StreamExt, TryStreamExt};
use medchain_primitives::{EncryptionKey, FilmCommitments, RecordId, Relation, Role, SealedKey};
use subxt::utils::Static;

use super::{View, AT_ONCE};
use crate::{
    chain::{fields::Fields, items::StorageItem, ChainError, Patient, Record, Relative},
    AccountId32,
};

impl View {
    /// A patient's entry.
    pub async fn patient(&self, account: &AccountId32) -> Result<Option<Patient>, ChainError> {
        let fields = self.fields(StorageItem::PATIENTS, (*account,)).await?;
        let patient = fields.map(|fields| {
            Ok(Patient {
                account: *account,
                profile: fields.get("profile")?,
                key_epoch: fields.get("key_epoch")?,
                deposit: fields.get("deposit")?,
            })
        });
        patient.transpose()
    }

    /// The key to which content keys are sealed for an account.
    pub async fn encryption_key(
        &self,
        account: &AccountId32,
    ) -> Result<Option<EncryptionKey>, ChainError> {
        self.value(StorageItem::ENCRYPTION_KEYS, (*account,)).await
    }

    /// The roles of an account.
    pub async fn roles_of(&self, account: &AccountId32) -> Result<Vec<Role>, ChainError> {
        let entries = self
            .entries::<(AccountId32, Static<Role>), _>(StorageItem::PROVIDERS, (*account,))
            .await?;
        let mut roles: Vec<Role> = entries.into_iter().map(|((_, role), _)| role.0).collect();
        roles.sort_unstable();
        Ok(roles)
    }

    /// Every account that has a role.
    pub async fn providers(&self) -> Result<Vec<(AccountId32, Role)>, ChainError> {
        let entries =
            self.entries::<(AccountId32, Static<Role>), _>(StorageItem::PROVIDERS, ()).await?;
        let providers = entries.into_iter().map(|((account, role), _)| (account, role.0));
        Ok(providers.collect())
    }

    /// A record.
    pub async fn record(&self, id: RecordId) -> Result<Option<Record>, ChainError> {
        let fields = self.fields(StorageItem::RECORDS, (Static(id),)).await?;
        fields.map(|fields| record(id, &fields)).transpose()
    }

    /// The numbers of a patient's records, every version of them, in order.
    pub async fn record_ids_of(&self, patient: &AccountId32) -> Result<Vec<RecordId>, ChainError> {
        let keys = self
            .entries::<(AccountId32, Static<RecordId>), _>(StorageItem::RECORDS_OF, (*patient,))
            .await?;
        let mut ids: Vec<RecordId> = keys.into_iter().map(|((_, id), _)| id.0).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// A patient's records, every version of them, in the order of their numbers.
    pub async fn records_of(&self, patient: &AccountId32) -> Result<Vec<Record>, ChainError> {
        let ids = self.record_ids_of(patient).await?;
        let records: Vec<Option<Record>> = stream::iter(ids.into_iter().map(|id| self.record(id)))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(records.into_iter().flatten().collect())
    }

    /// What the uploader of a chest X-ray committed to.
    pub async fn commitments(&self, id: RecordId) -> Result<Option<FilmCommitments>, ChainError> {
        let fields = self.fields(StorageItem::COMMITMENTS, (Static(id),)).await?;
        let commitments = fields.map(|fields| {
            Ok(FilmCommitments {
                input_root: fields.get("input_root")?,
                verdicts: fields.get("verdicts")?,
            })
        });
        commitments.transpose()
    }

    /// The content key of a record, sealed to a reader.
    pub async fn envelope(
        &self,
        record: RecordId,
        reader: &AccountId32,
    ) -> Result<Option<SealedKey>, ChainError> {
        let fields = self.fields(StorageItem::ENVELOPES, (Static(record), *reader)).await?;
        fields.map(|fields| fields.get("sealed")).transpose()
    }

    /// Every account that has an envelope of a record, with the envelope.
    pub async fn envelopes(
        &self,
        record: RecordId,
    ) -> Result<Vec<(AccountId32, SealedKey)>, ChainError> {
        let prefix = (Static(record),);
        let entries = self
            .entries::<(Static<RecordId>, AccountId32), _>(StorageItem::ENVELOPES, prefix)
            .await?;
        let envelopes = entries.into_iter().map(|((_, reader), value)| {
            Ok((reader, value.fields(StorageItem::ENVELOPES, self)?.get("sealed")?))
        });
        envelopes.collect()
    }

    /// The relatives that a patient named.
    pub async fn relatives(&self, patient: &AccountId32) -> Result<Vec<Relative>, ChainError> {
        let entries = self
            .entries::<(AccountId32, AccountId32), _>(StorageItem::RELATIONS, (*patient,))
            .await?;
        let relatives = entries.into_iter().map(|((_, account), value)| {
            let fields = value.fields(StorageItem::RELATIONS, self)?;
            let relation = Relation {
                kind: fields.get("kind")?,
                emergency_contact: fields.get("emergency_contact")?,
            };
            Ok(Relative { account, relation })
        });
        relatives.collect()
    }
}

fn record(id: RecordId, fields: &Fields) -> Result<Record, ChainError> {
    Ok(Record {
        id,
        patient: fields.get("patient")?,
        author: fields.get("author")?,
        cid: fields.get("cid")?,
        digest: fields.get("digest")?,
        kind: fields.get("kind")?,
        previous: fields.get("previous")?,
        added_at: fields.get("added_at")?,
        status: fields.get("status")?,
        deposit: fields.get("deposit")?,
    })
}
