//! Custodians, grants and emergencies.

use std::collections::BTreeMap;

use codec::DecodeAll;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_primitives::{Action, Denied, DenyReason, EmergencyId, RecordId, Role};
use medchain_sharing::CustodianKey;
use subxt::utils::Static;

use super::{AccessQuestion, View, AT_ONCE};
use crate::{
    chain::{
        custody::{
            AccessGrant, Custodian, CustodianGroup, Custody, Emergency, EmergencyRefusal, Keepers,
        },
        fields::Fields,
        items::{Constant, StorageItem},
        ChainError,
    },
    AccountId32,
};

impl View {
    /// An account that registered as a custodian, even if it has retired.
    pub async fn custodian(&self, account: &AccountId32) -> Result<Option<Custodian>, ChainError> {
        let fields = self.fields(StorageItem::CUSTODIANS, (*account,)).await?;
        fields.map(|fields| custodian(*account, &fields)).transpose()
    }

    /// Every account that registered as a custodian, retired ones included.
    pub async fn custodians(&self) -> Result<Vec<Custodian>, ChainError> {
        let entries = self.entries::<(AccountId32,), _>(StorageItem::CUSTODIANS, ()).await?;
        let all = entries.into_iter().map(|((account,), value)| {
            custodian(account, &value.fields(StorageItem::CUSTODIANS, self)?)
        });
        all.collect()
    }

    /// Whether a custodian declined to serve a patient.
    pub async fn has_declined(
        &self,
        custodian: &AccountId32,
        patient: &AccountId32,
    ) -> Result<bool, ChainError> {
        let deposit: Option<u128> =
            self.value(StorageItem::DECLINED, (*custodian, *patient)).await?;
        Ok(deposit.is_some())
    }

    /// The custodians that a patient chose.
    pub async fn custodians_of(
        &self,
        patient: &AccountId32,
    ) -> Result<Option<CustodianGroup>, ChainError> {
        let fields = self.fields(StorageItem::CUSTODIAN_GROUPS, (*patient,)).await?;
        let group = fields.map(|fields| {
            Ok(CustodianGroup {
                members: fields.get("members")?,
                threshold: fields.get("threshold")?,
                deposit: fields.get("deposit")?,
            })
        });
        group.transpose()
    }

    /// The custody of a record's key: who keeps which share.
    pub async fn custody(&self, record: RecordId) -> Result<Option<Custody>, ChainError> {
        let Some(fields) = self.fields(StorageItem::CUSTODIES, (Static(record),)).await? else {
            return Ok(None);
        };
        Ok(Some(Custody {
            threshold: fields.get("threshold")?,
            custodians: self.with_keys(fields.get("custodians")?).await?,
            dealing: fields.get("dealing")?,
            dealer: fields.get("depositor")?,
            deposit: fields.get("deposit")?,
            grants: fields.get("grants")?,
        }))
    }

    /// Whether custodians keep the key of each of these records, in their order.
    pub async fn are_entrusted(&self, records: &[RecordId]) -> Result<Vec<bool>, ChainError> {
        let keys = records.iter().map(|record| (Static(*record),));
        let found = self.stored_each(StorageItem::CUSTODIES, keys).await?;
        Ok(found.iter().map(Option::is_some).collect())
    }

    /// Who keeps the key of each of these records, in their order.
    pub async fn keepers_of(
        &self,
        records: &[RecordId],
    ) -> Result<Vec<Option<Keepers>>, ChainError> {
        let item = StorageItem::CUSTODIES;
        let keys = records.iter().map(|record| (Static(*record),));
        let found = self.stored_each(item, keys).await?;
        let keepers = found.into_iter().map(|found| {
            let Some(found) = found else { return Ok(None) };
            let fields = found.fields(item, self)?;
            let (threshold, custodians) = (fields.get("threshold")?, fields.get("custodians")?);
            Ok(Some(Keepers { threshold, custodians }))
        });
        keepers.collect()
    }

    /// Custodians with their keys, in the same order. A key is there for ever.
    async fn with_keys(
        &self,
        accounts: Vec<AccountId32>,
    ) -> Result<Vec<(AccountId32, CustodianKey)>, ChainError> {
        let item = StorageItem::CUSTODIANS;
        let keys = accounts.iter().map(|account| (*account,));
        let found = self.stored_each(item, keys).await?;
        let with_keys = accounts.into_iter().zip(found).map(|(account, found)| {
            let found =
                found.ok_or_else(|| ChainError::decode(item, format!("{account} has no key")))?;
            Ok((account, custodian(account, &found.fields(item, self)?)?.key))
        });
        with_keys.collect()
    }

    /// The grant to an account on a record.
    pub async fn grant(
        &self,
        record: RecordId,
        subject: &AccountId32,
    ) -> Result<Option<AccessGrant>, ChainError> {
        let fields = self.fields(StorageItem::GRANTS, (Static(record), *subject)).await?;
        fields.map(|fields| grant(record, *subject, &fields)).transpose()
    }

    /// The grants to an account on each of these records, in their order.
    pub async fn grants_to(
        &self,
        subject: &AccountId32,
        records: &[RecordId],
    ) -> Result<Vec<Option<AccessGrant>>, ChainError> {
        let item = StorageItem::GRANTS;
        let keys = records.iter().map(|record| (Static(*record), *subject));
        let found = self.stored_each(item, keys).await?;
        let grants = records.iter().zip(found).map(|(record, found)| {
            found.map(|found| grant(*record, *subject, &found.fields(item, self)?)).transpose()
        });
        grants.collect()
    }

    /// Every grant, on every record.
    pub async fn grants(&self) -> Result<Vec<AccessGrant>, ChainError> {
        let entries =
            self.entries::<(Static<RecordId>, AccountId32), _>(StorageItem::GRANTS, ()).await?;
        let all = entries.into_iter().map(|((record, subject), value)| {
            grant(record.0, subject, &value.fields(StorageItem::GRANTS, self)?)
        });
        all.collect()
    }

    /// Every grant on a record.
    pub async fn grants_on(&self, record: RecordId) -> Result<Vec<AccessGrant>, ChainError> {
        let prefix = (Static(record),);
        let entries =
            self.entries::<(Static<RecordId>, AccountId32), _>(StorageItem::GRANTS, prefix).await?;
        let all = entries.into_iter().map(|((record, subject), value)| {
            grant(record.0, subject, &value.fields(StorageItem::GRANTS, self)?)
        });
        all.collect()
    }

    /// An emergency that is not closed.
    pub async fn emergency(&self, id: EmergencyId) -> Result<Option<Emergency>, ChainError> {
        let fields = self.fields(StorageItem::EMERGENCIES, (Static(id),)).await?;
        fields.map(|fields| emergency(id, &fields)).transpose()
    }

    /// Every emergency that is not closed, in the order of their numbers.
    pub async fn emergencies(&self) -> Result<Vec<Emergency>, ChainError> {
        let item = StorageItem::EMERGENCIES;
        let ids = self.listed::<1, (Static<EmergencyId>,), _>(item, ()).await?;
        self.listed_emergencies(ids.into_iter().map(|[id]| EmergencyId(id)).collect()).await
    }

    /// Every emergency over a patient that is not closed, in the order of their numbers.
    ///
    /// The chain counts them, and lists the newest of each account. One that is older than another
    /// of the same account is in no index: where there is such, every emergency is read.
    pub async fn emergencies_over(
        &self,
        patient: &AccountId32,
    ) -> Result<Vec<Emergency>, ChainError> {
        let count: Option<u32> = self.value(StorageItem::EMERGENCIES_OVER, (*patient,)).await?;
        let count = count.unwrap_or_default();
        if count == 0 {
            return Ok(Vec::new());
        }
        let item = StorageItem::RUNNING_EMERGENCIES;
        let newest = self.entries::<(AccountId32, AccountId32), _>(item, (*patient,)).await?;
        let newest = newest.into_iter().map(|(_, value)| {
            let id = EmergencyId::decode_all(&mut value.bytes.as_slice());
            id.map_err(|error| ChainError::decode(item, error))
        });
        let newest: Vec<EmergencyId> = newest.collect::<Result<_, ChainError>>()?;
        if u32::try_from(newest.len()) == Ok(count) {
            return self.listed_emergencies(newest).await;
        }
        let mut all = self.emergencies().await?;
        all.retain(|one| one.patient == *patient);
        Ok(all)
    }

    /// These emergencies, which the chain lists, in the order of their numbers.
    async fn listed_emergencies(
        &self,
        mut ids: Vec<EmergencyId>,
    ) -> Result<Vec<Emergency>, ChainError> {
        let item = StorageItem::EMERGENCIES;
        ids.sort_unstable();
        let found = self.stored_each(item, ids.iter().map(|id| (Static(*id),))).await?;
        let all = ids.into_iter().zip(found).map(|(id, found)| {
            let absent = || ChainError::decode(item, "the node lists what is not there");
            emergency(id, &found.ok_or_else(absent)?.fields(item, self)?)
        });
        all.collect()
    }

    /// The records that were requested in each of these emergencies, in the order of the
    /// emergencies; those of one in the order of their numbers.
    pub async fn requested_in(
        &self,
        emergencies: &[Emergency],
    ) -> Result<Vec<Vec<RecordId>>, ChainError> {
        let asked = emergencies.iter().filter(|one| one.requested > 0);
        let asked: Vec<EmergencyId> = asked.map(|one| one.id).collect();
        let mut records = match asked.len() {
            // A question or two for each, or one list of all.
            ..=AT_ONCE => {
                let read = asked.into_iter().map(|id| self.requested_in_one(id));
                let read = stream::iter(read).buffered(AT_ONCE);
                read.try_collect::<BTreeMap<EmergencyId, Vec<RecordId>>>().await?
            }
            _ => self.requested_in_all().await?,
        };
        Ok(emergencies.iter().map(|one| records.remove(&one.id).unwrap_or_default()).collect())
    }

    async fn requested_in_one(
        &self,
        id: EmergencyId,
    ) -> Result<(EmergencyId, Vec<RecordId>), ChainError> {
        let (item, prefix) = (StorageItem::EMERGENCY_GRANTS, (Static(id),));
        let records =
            self.listed::<1, (Static<EmergencyId>, Static<RecordId>), _>(item, prefix).await?;
        Ok((id, records.into_iter().map(|[record]| RecordId(record)).collect()))
    }

    async fn requested_in_all(&self) -> Result<BTreeMap<EmergencyId, Vec<RecordId>>, ChainError> {
        let item = StorageItem::EMERGENCY_GRANTS;
        let pairs = self.listed::<2, (Static<EmergencyId>, Static<RecordId>), _>(item, ()).await?;
        let mut all = BTreeMap::<EmergencyId, Vec<RecordId>>::new();
        for [id, record] in pairs {
            all.entry(EmergencyId(id)).or_default().push(RecordId(record));
        }
        Ok(all)
    }

    /// The emergency in which an account opens a patient's records.
    pub async fn running_emergency(
        &self,
        patient: &AccountId32,
        subject: &AccountId32,
    ) -> Result<Option<EmergencyId>, ChainError> {
        self.value(StorageItem::RUNNING_EMERGENCIES, (*patient, *subject)).await
    }

    /// How many emergencies of an account were rejected.
    pub async fn rejections(&self, subject: &AccountId32) -> Result<u32, ChainError> {
        let count = self.value(StorageItem::REJECTIONS, (*subject,)).await?;
        Ok(count.unwrap_or_default())
    }

    /// Whether an account may break no glass, because too many of its emergencies were
    /// rejected.
    pub async fn is_suspended(&self, subject: &AccountId32) -> Result<bool, ChainError> {
        Ok(self.rejections(subject).await? >= self.constant(Constant::MAX_REJECTIONS)?)
    }

    /// Why an account may not open a patient's records in an emergency now, as the chain asks
    /// when the glass is broken and at each delivery; `None` where it may.
    pub async fn emergency_refusal(
        &self,
        patient: &AccountId32,
        subject: &AccountId32,
        record: Option<RecordId>,
    ) -> Result<Option<EmergencyRefusal>, ChainError> {
        if !self.emergency_access(patient).await? {
            return Ok(Some(EmergencyRefusal::OptedOut));
        }
        let question = AccessQuestion { record, ..AccessQuestion::about(Action::Emergency) };
        let Err(denied) = self.check_access(patient, subject, question).await? else {
            return Ok(None);
        };
        // A patient's revocation is a veto.
        let is_final = match denied {
            Denied::Refused(reason) => reason == DenyReason::Revoked,
            Denied::PolicyReentered
            | Denied::PatientNotFound
            | Denied::RecordNotFound
            | Denied::RecordErased => true,
            Denied::NoPolicy
            | Denied::PolicyNotFound
            | Denied::PolicyTrapped
            | Denied::PolicyOutOfGas
            | Denied::PolicyAnswerInvalid => false,
        };
        let may = !is_final
            && (self.is_emergency_contact(patient, subject).await?
                || self.roles_of(subject).await?.contains(&Role::Clinician));
        Ok((!may).then_some(EmergencyRefusal::Denied(denied)))
    }

    async fn is_emergency_contact(
        &self,
        patient: &AccountId32,
        account: &AccountId32,
    ) -> Result<bool, ChainError> {
        let relation = self.relation(patient, account).await?;
        Ok(relation.is_some_and(|relation| relation.emergency_contact))
    }

    /// Whether a patient lets people break the glass.
    pub async fn emergency_access(&self, patient: &AccountId32) -> Result<bool, ChainError> {
        let opted_out = self.value::<_, ()>(StorageItem::EMERGENCY_OPT_OUTS, (*patient,)).await?;
        Ok(opted_out.is_none())
    }
}

fn custodian(account: AccountId32, fields: &Fields) -> Result<Custodian, ChainError> {
    Ok(Custodian { account, key: fields.get("key")?, bond: fields.get("bond")? })
}

fn grant(
    record: RecordId,
    subject: AccountId32,
    fields: &Fields,
) -> Result<AccessGrant, ChainError> {
    Ok(AccessGrant {
        record,
        subject,
        basis: fields.get("basis")?,
        reply: fields.get("reply")?,
        granted_at: fields.get("granted_at")?,
        until: fields.get("until")?,
        deliveries: fields.get("deliveries")?,
        deposit: fields.get("deposit")?,
        fees: fields.get("fees")?,
    })
}

fn emergency(id: EmergencyId, fields: &Fields) -> Result<Emergency, ChainError> {
    Ok(Emergency {
        id,
        patient: fields.get("patient")?,
        subject: fields.get("subject")?,
        reason: fields.get("reason")?,
        broken_at: fields.get("broken_at")?,
        until: fields.get("until")?,
        review_until: fields.get("review_until")?,
        bond: fields.get("bond")?,
        grants: fields.get("grants")?,
        requested: fields.get("requested")?,
        deliveries: fields.get("deliveries")?,
        status: fields.get("status")?,
    })
}
