//! Patients, institutions, providers and records.

use std::collections::BTreeSet;

use codec::Decode;
use medchain_primitives::{
    Cid, CidHash, EncryptionKey, FilmCommitments, InstitutionId, InstitutionName, RecordId,
    Relation, Role, SealedKey,
};
use subxt::utils::Static;

use super::{StoredValue, View};
use crate::{
    chain::{
        event::text,
        fields::Fields,
        items::{Constant, StorageItem},
        ChainError, Institution, LogArchive, Patient, Provider, Record, Relative,
    },
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

    /// How many blocks the term of a provider may last, at most.
    ///
    /// # Errors
    /// [`ChainError`] where the node has no such constant.
    pub fn max_term(&self) -> Result<u32, ChainError> {
        self.constant(Constant::MAX_TERM)
    }

    /// The roles that an account has now.
    pub async fn roles_of(&self, account: &AccountId32) -> Result<Vec<Role>, ChainError> {
        let mine = self.appointments_of(account).await?;
        Ok(mine.into_iter().filter(|one| one.in_force).map(|one| one.role).collect())
    }

    /// Whether each of these accounts has a role now, in their order.
    pub async fn have_role(
        &self,
        role: Role,
        accounts: &[AccountId32],
    ) -> Result<Vec<bool>, ChainError> {
        let keys = accounts.iter().map(|account| (*account, Static(role)));
        let found = self.stored_each(StorageItem::PROVIDERS, keys).await?;
        let entries = accounts.iter().zip(found);
        let entries =
            entries.filter_map(|(account, found)| Some(((*account, Static(role)), found?)));
        let holders = self.in_institutions(entries.collect()).await?.into_iter();
        let holders = holders.filter(|one| one.in_force).map(|one| one.account);
        let holders: BTreeSet<AccountId32> = holders.collect();
        Ok(accounts.iter().map(|account| holders.contains(account)).collect())
    }

    /// Every account that has a role now.
    pub async fn providers(&self) -> Result<Vec<(AccountId32, Role)>, ChainError> {
        let all = self.appointments().await?.into_iter().filter(|one| one.in_force);
        Ok(all.map(|one| (one.account, one.role)).collect())
    }

    /// The roles that an account was given, in force or not, in their order.
    pub async fn appointments_of(
        &self,
        account: &AccountId32,
    ) -> Result<Vec<Provider>, ChainError> {
        let entries = self.entries(StorageItem::PROVIDERS, (*account,)).await?;
        let mut found = self.in_institutions(entries).await?;
        found.sort_unstable_by_key(|one| one.role);
        Ok(found)
    }

    /// Every role that an account was given, in force or not.
    pub async fn appointments(&self) -> Result<Vec<Provider>, ChainError> {
        let entries = self.entries(StorageItem::PROVIDERS, ()).await?;
        self.in_institutions(entries).await
    }

    /// Reads entries of providers: a role is in force in the next block if the term is not over
    /// then, and the institution is still admitted.
    async fn in_institutions(
        &self,
        entries: Vec<((AccountId32, Static<Role>), StoredValue)>,
    ) -> Result<Vec<Provider>, ChainError> {
        let admitted = self.institutions().await?;
        let admitted: BTreeSet<_> = admitted.into_iter().map(|one| one.id).collect();
        let next = self.number().saturating_add(1);
        let provider = |((account, role), value): ((AccountId32, Static<Role>), StoredValue)| {
            let fields = value.fields(StorageItem::PROVIDERS, self)?;
            let institution: InstitutionId = fields.get("institution")?;
            let until: u32 = fields.get("until")?;
            let in_force = next <= until && admitted.contains(&institution);
            Ok(Provider { account, role: role.0, institution, until, in_force })
        };
        entries.into_iter().map(provider).collect()
    }

    /// The institutions, in the order of their numbers.
    pub async fn institutions(&self) -> Result<Vec<Institution>, ChainError> {
        let entries =
            self.entries::<(Static<InstitutionId>,), _>(StorageItem::INSTITUTIONS, ()).await?;
        let institution = |((id,), value): ((Static<InstitutionId>,), StoredValue)| {
            let fields = value.fields(StorageItem::INSTITUTIONS, self)?;
            let name: InstitutionName = fields.get("name")?;
            Ok(Institution { id: id.0, name: text(&name), registrar: fields.get("registrar")? })
        };
        let mut found: Vec<Institution> =
            entries.into_iter().map(institution).collect::<Result<_, ChainError>>()?;
        found.sort_unstable_by_key(|one| one.id);
        Ok(found)
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
        let (item, ids) = (StorageItem::RECORDS, self.record_ids_of(patient).await?);
        let found = self.stored_each(item, ids.iter().map(|id| (Static(*id),))).await?;
        let records = ids.into_iter().zip(found);
        let records = records.filter_map(|(id, found)| {
            let fields = found?.fields(item, self);
            Some(fields.and_then(|fields| record(id, &fields)))
        });
        records.collect()
    }

    /// The patients who have, or had, a record with this content, and the first such record of
    /// each.
    pub async fn records_with(
        &self,
        cid: &Cid,
    ) -> Result<Vec<(AccountId32, RecordId)>, ChainError> {
        let entries = self
            .entries::<(Static<CidHash>, AccountId32), _>(
                StorageItem::CONTENTS,
                (Static(cid.hashed()),),
            )
            .await?;
        let found = entries.into_iter().map(|((_, patient), value)| {
            let record = RecordId::decode(&mut &value.bytes[..]);
            let record = record.map_err(|e| ChainError::decode(StorageItem::CONTENTS, e))?;
            Ok((patient, record))
        });
        found.collect()
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

    /// Whether an account has an envelope of each of these records, in their order.
    pub async fn have_envelopes(
        &self,
        reader: &AccountId32,
        records: &[RecordId],
    ) -> Result<Vec<bool>, ChainError> {
        let keys = records.iter().map(|record| (Static(*record), *reader));
        let found = self.stored_each(StorageItem::ENVELOPES, keys).await?;
        Ok(found.iter().map(Option::is_some).collect())
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

    /// The readers of a record whose envelopes `payer` paid for, each with the deposit.
    pub async fn envelopes_paid_by(
        &self,
        record: RecordId,
        payer: &AccountId32,
    ) -> Result<Vec<(AccountId32, u128)>, ChainError> {
        let item = StorageItem::ENVELOPES;
        let entries =
            self.entries::<(Static<RecordId>, AccountId32), _>(item, (Static(record),)).await?;
        let mut paid = Vec::new();
        for ((_, reader), value) in entries {
            let fields = value.fields(item, self)?;
            if fields.get::<AccountId32>("depositor")? == *payer {
                paid.push((reader, fields.get("deposit")?));
            }
        }
        Ok(paid)
    }

    /// The relatives that a patient named.
    pub async fn relatives(&self, patient: &AccountId32) -> Result<Vec<Relative>, ChainError> {
        let entries = self
            .entries::<(AccountId32, AccountId32), _>(StorageItem::RELATIONS, (*patient,))
            .await?;
        let relatives = entries.into_iter().map(|((_, account), value)| {
            let relation = relation(&value.fields(StorageItem::RELATIONS, self)?)?;
            Ok(Relative { account, relation })
        });
        relatives.collect()
    }

    /// A patient's relation to an account; none to a stranger.
    pub async fn relation(
        &self,
        patient: &AccountId32,
        account: &AccountId32,
    ) -> Result<Option<Relation>, ChainError> {
        let fields = self.fields(StorageItem::RELATIONS, (*patient, *account)).await?;
        fields.map(|fields| relation(&fields)).transpose()
    }

    /// The archive of logs that an account runs.
    pub async fn log_archive(
        &self,
        account: &AccountId32,
    ) -> Result<Option<LogArchive>, ChainError> {
        let fields = self.fields(StorageItem::LOG_ARCHIVES, (*account,)).await?;
        fields.map(|fields| log_archive(*account, &fields)).transpose()
    }

    /// The archives of logs, by account.
    pub async fn log_archives(&self) -> Result<Vec<LogArchive>, ChainError> {
        let item = StorageItem::LOG_ARCHIVES;
        let entries = self.entries::<(AccountId32,), _>(item, ()).await?;
        let archive = |((account,), value): ((AccountId32,), StoredValue)| {
            log_archive(account, &value.fields(item, self)?)
        };
        let mut found: Vec<LogArchive> =
            entries.into_iter().map(archive).collect::<Result<_, ChainError>>()?;
        found.sort_unstable_by_key(|one| one.account);
        Ok(found)
    }
}

fn relation(fields: &Fields) -> Result<Relation, ChainError> {
    Ok(Relation { kind: fields.get("kind")?, emergency_contact: fields.get("emergency_contact")? })
}

fn log_archive(account: AccountId32, fields: &Fields) -> Result<LogArchive, ChainError> {
    Ok(LogArchive {
        account,
        cid: fields.get("cid")?,
        at: fields.get("at")?,
        deposit: fields.get("deposit")?,
    })
}

fn record(id: RecordId, fields: &Fields) -> Result<Record, ChainError> {
    Ok(Record {
        id,
        patient: fields.get("patient")?,
        author: fields.get("author")?,
        content: fields.get("content")?,
        kind: fields.get("kind")?,
        previous: fields.get("previous")?,
        added_at: fields.get("added_at")?,
        status: fields.get("status")?,
        deposit: fields.get("deposit")?,
    })
}
