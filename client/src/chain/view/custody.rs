//! Custodians, grants and emergencies.

use medchain_primitives::{EmergencyId, RecordId};
use subxt::utils::Static;

use super::View;
use crate::{
    chain::{
        custody::{AccessGrant, CustodianGroup, Custody, Emergency},
        fields::Fields,
        items::StorageItem,
        ChainError,
    },
    AccountId32,
};

impl View {
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
        let fields = self.fields(StorageItem::CUSTODIES, (Static(record),)).await?;
        let custody = fields.map(|fields| {
            Ok(Custody {
                threshold: fields.get("threshold")?,
                shares: fields.get("shares")?,
                depositor: fields.get("depositor")?,
                deposit: fields.get("deposit")?,
            })
        });
        custody.transpose()
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

    /// An emergency that awaits its review.
    pub async fn emergency(&self, id: EmergencyId) -> Result<Option<Emergency>, ChainError> {
        let fields = self.fields(StorageItem::EMERGENCIES, (Static(id),)).await?;
        fields.map(|fields| emergency(id, &fields)).transpose()
    }

    /// Every emergency that awaits its review.
    pub async fn emergencies(&self) -> Result<Vec<Emergency>, ChainError> {
        let entries =
            self.entries::<(Static<EmergencyId>,), _>(StorageItem::EMERGENCIES, ()).await?;
        let all = entries
            .into_iter()
            .map(|((id,), value)| emergency(id.0, &value.fields(StorageItem::EMERGENCIES, self)?));
        all.collect()
    }

    /// Whether a patient lets people break the glass.
    pub async fn emergency_access(&self, patient: &AccountId32) -> Result<bool, ChainError> {
        let opted_out = self.value::<_, ()>(StorageItem::EMERGENCY_OPT_OUTS, (*patient,)).await?;
        Ok(opted_out.is_none())
    }
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
        granted_at: fields.get("granted_at")?,
        until: fields.get("until")?,
        shares: fields.get("shares")?,
        deposit: fields.get("deposit")?,
    })
}

fn emergency(id: EmergencyId, fields: &Fields) -> Result<Emergency, ChainError> {
    Ok(Emergency {
        id,
        record: fields.get("record")?,
        patient: fields.get("patient")?,
        subject: fields.get("subject")?,
        reason: fields.get("reason")?,
        broken_at: fields.get("broken_at")?,
        review_until: fields.get("review_until")?,
        bond: fields.get("bond")?,
    })
}
