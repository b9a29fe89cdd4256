//! Patients, records and access.

use futures::{stream, StreamExt, TryStreamExt};
use medchain_primitives::{Action, EncryptionKey, RecordId, RelationKind, Role, SealedKey};
use subxt::utils::Static;

use super::View;
use crate::{
    chain::{fields::Fields, ChainError, Denied, Patient, Record, Relation},
    AccountId32,
};

/// How many values of a list are asked for at once.
const AT_ONCE: usize = 16;

impl View {
    /// A patient's entry.
    pub async fn patient(&self, account: &AccountId32) -> Result<Option<Patient>, ChainError> {
        const WHAT: &str = "Emr.Patients";
        let Some(fields) = self.fields("Emr", "Patients", (*account,)).await? else {
            return Ok(None);
        };
        Ok(Some(Patient {
            account: *account,
            profile: fields.get(WHAT, "profile")?,
            key_epoch: fields.get(WHAT, "key_epoch")?,
            deposit: fields.get(WHAT, "deposit")?,
        }))
    }

    /// The key to which content keys are sealed for an account.
    pub async fn encryption_key(
        &self,
        account: &AccountId32,
    ) -> Result<Option<EncryptionKey>, ChainError> {
        self.value("Emr", "EncryptionKeys", (*account,)).await
    }

    /// What an account is registered as.
    pub async fn roles_of(&self, account: &AccountId32) -> Result<Vec<Role>, ChainError> {
        let entries =
            self.entries::<(AccountId32, Static<Role>), _>("Emr", "Providers", (*account,)).await?;
        let mut roles: Vec<Role> = entries.into_iter().map(|((_, role), _)| role.0).collect();
        roles.sort_unstable();
        Ok(roles)
    }

    /// Everybody who is registered as something.
    pub async fn providers(&self) -> Result<Vec<(AccountId32, Role)>, ChainError> {
        let entries =
            self.entries::<(AccountId32, Static<Role>), _>("Emr", "Providers", ()).await?;
        let providers = entries.into_iter().map(|((who, role), _)| (who, role.0));
        Ok(providers.collect())
    }

    /// The policy contract that a patient chose.
    pub async fn own_policy_of(
        &self,
        patient: &AccountId32,
    ) -> Result<Option<AccountId32>, ChainError> {
        self.value("Emr", "PatientPolicies", (*patient,)).await
    }

    /// The policy contract of patients who chose none.
    pub async fn default_policy(&self) -> Result<Option<AccountId32>, ChainError> {
        self.value("Emr", "DefaultPolicy", ()).await
    }

    /// The policy contract that is asked about a patient's records.
    pub async fn policy_of(
        &self,
        patient: &AccountId32,
    ) -> Result<Option<AccountId32>, ChainError> {
        match self.own_policy_of(patient).await? {
            Some(own) => Ok(Some(own)),
            None => self.default_policy().await,
        }
    }

    /// A record.
    pub async fn record(&self, id: RecordId) -> Result<Option<Record>, ChainError> {
        let fields = self.fields("Emr", "Records", (Static(id),)).await?;
        fields.map(|fields| record(id, &fields)).transpose()
    }

    /// A patient's records, every version of them, in the order of their numbers.
    pub async fn records_of(&self, patient: &AccountId32) -> Result<Vec<Record>, ChainError> {
        let keys = self
            .entries::<(AccountId32, Static<RecordId>), _>("Emr", "RecordsOf", (*patient,))
            .await?;
        let mut ids: Vec<RecordId> = keys.into_iter().map(|((_, id), _)| id.0).collect();
        ids.sort_unstable();
        let records: Vec<Option<Record>> = stream::iter(ids.into_iter().map(|id| self.record(id)))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(records.into_iter().flatten().collect())
    }

    /// The content key of a record, sealed to a reader.
    pub async fn envelope(
        &self,
        record: RecordId,
        reader: &AccountId32,
    ) -> Result<Option<SealedKey>, ChainError> {
        let keys = (Static(record), *reader);
        let fields = self.fields("Emr", "Envelopes", keys).await?;
        let sealed = fields.map(|fields| fields.get("Emr.Envelopes", "sealed"));
        sealed.transpose()
    }

    /// Everybody who has an envelope of a record.
    pub async fn envelopes(
        &self,
        record: RecordId,
    ) -> Result<Vec<(AccountId32, SealedKey)>, ChainError> {
        const WHAT: &str = "Emr.Envelopes";
        let entries = self
            .entries::<(Static<RecordId>, AccountId32), _>("Emr", "Envelopes", (Static(record),))
            .await?;
        let mut envelopes = Vec::new();
        for ((_, reader), value) in entries {
            let sealed = value.fields(WHAT, self)?.get(WHAT, "sealed")?;
            envelopes.push((reader, sealed));
        }
        Ok(envelopes)
    }

    /// Everybody who is related to a patient.
    pub async fn relations(&self, patient: &AccountId32) -> Result<Vec<Relation>, ChainError> {
        const WHAT: &str = "Emr.Relations";
        let entries =
            self.entries::<(AccountId32, AccountId32), _>("Emr", "Relations", (*patient,)).await?;
        let mut relations = Vec::new();
        for ((_, relative), value) in entries {
            let fields = value.fields(WHAT, self)?;
            relations.push(Relation {
                relative,
                kind: fields.get::<RelationKind>(WHAT, "kind")?,
                emergency_contact: fields.get(WHAT, "emergency_contact")?,
            });
        }
        Ok(relations)
    }

    /// Asks the chain whether `subject` may do this now, as a call of theirs
    /// would be asked.
    pub async fn check_access(
        &self,
        patient: &AccountId32,
        subject: &AccountId32,
        record: Option<RecordId>,
        action: Action,
    ) -> Result<Result<(), Denied>, ChainError> {
        let arguments = (patient, subject, record, action);
        self.runtime_api("EmrApi_check_access", &arguments).await
    }
}

fn record(id: RecordId, fields: &Fields) -> Result<Record, ChainError> {
    const WHAT: &str = "Emr.Records";
    Ok(Record {
        id,
        patient: fields.get(WHAT, "patient")?,
        author: fields.get(WHAT, "author")?,
        cid: fields.get(WHAT, "cid")?,
        digest: fields.get(WHAT, "digest")?,
        kind: fields.get(WHAT, "kind")?,
        previous: fields.get(WHAT, "previous")?,
        added_at: fields.get(WHAT, "added_at")?,
        status: fields.get(WHAT, "status")?,
        deposit: fields.get(WHAT, "deposit")?,
    })
}
