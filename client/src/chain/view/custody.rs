//! Custodians, grants and emergencies. A runtime of version 1 has none of them.

use medchain_primitives::{Action, EmergencyId, Purpose, RecordId};
use subxt::utils::Static;

use super::View;
use crate::{
    chain::{
        custody::{AccessGrant, CustodianGroup, Custody, Emergency},
        fields::Fields,
        ChainError, Denied,
    },
    AccountId32,
};

impl View {
    /// Whether this runtime knows custodians.
    pub fn knows_custodians(&self) -> bool {
        self.has("Emr", "Custodies")
    }

    /// The custodians that a patient chose.
    pub async fn custodians_of(
        &self,
        patient: &AccountId32,
    ) -> Result<Option<CustodianGroup>, ChainError> {
        const WHAT: &str = "Emr.CustodianGroups";
        if !self.knows_custodians() {
            return Ok(None);
        }
        let Some(fields) = self.fields("Emr", "CustodianGroups", (*patient,)).await? else {
            return Ok(None);
        };
        Ok(Some(CustodianGroup {
            members: fields.get(WHAT, "members")?,
            threshold: fields.get(WHAT, "threshold")?,
            deposit: fields.get(WHAT, "deposit")?,
        }))
    }

    /// Who keeps the key of a record.
    pub async fn custody(&self, record: RecordId) -> Result<Option<Custody>, ChainError> {
        const WHAT: &str = "Emr.Custodies";
        if !self.knows_custodians() {
            return Ok(None);
        }
        let Some(fields) = self.fields("Emr", "Custodies", (Static(record),)).await? else {
            return Ok(None);
        };
        Ok(Some(Custody {
            threshold: fields.get(WHAT, "threshold")?,
            shares: fields.get(WHAT, "shares")?,
            depositor: fields.get(WHAT, "depositor")?,
            deposit: fields.get(WHAT, "deposit")?,
        }))
    }

    /// What somebody was granted on a record.
    pub async fn grant(
        &self,
        record: RecordId,
        subject: &AccountId32,
    ) -> Result<Option<AccessGrant>, ChainError> {
        if !self.knows_custodians() {
            return Ok(None);
        }
        let fields = self.fields("Emr", "Grants", (Static(record), *subject)).await?;
        fields.map(|fields| grant(record, *subject, &fields)).transpose()
    }

    /// Everything that stands granted, on every record.
    pub async fn grants(&self) -> Result<Vec<AccessGrant>, ChainError> {
        if !self.knows_custodians() {
            return Ok(Vec::new());
        }
        let entries =
            self.entries::<(Static<RecordId>, AccountId32), _>("Emr", "Grants", ()).await?;
        let all = entries.into_iter().map(|((record, subject), value)| {
            grant(record.0, subject, &value.fields("Emr.Grants", self)?)
        });
        all.collect()
    }

    /// Everything that stands granted on a record.
    pub async fn grants_on(&self, record: RecordId) -> Result<Vec<AccessGrant>, ChainError> {
        if !self.knows_custodians() {
            return Ok(Vec::new());
        }
        let entries = self
            .entries::<(Static<RecordId>, AccountId32), _>("Emr", "Grants", (Static(record),))
            .await?;
        let all = entries.into_iter().map(|((record, subject), value)| {
            grant(record.0, subject, &value.fields("Emr.Grants", self)?)
        });
        all.collect()
    }

    /// An emergency that waits for its review.
    pub async fn emergency(&self, id: EmergencyId) -> Result<Option<Emergency>, ChainError> {
        if !self.knows_custodians() {
            return Ok(None);
        }
        let fields = self.fields("Emr", "Emergencies", (Static(id),)).await?;
        fields.map(|fields| emergency(id, &fields)).transpose()
    }

    /// Every emergency that waits for its review.
    pub async fn emergencies(&self) -> Result<Vec<Emergency>, ChainError> {
        if !self.knows_custodians() {
            return Ok(Vec::new());
        }
        let entries = self.entries::<(Static<EmergencyId>,), _>("Emr", "Emergencies", ()).await?;
        let all = entries
            .into_iter()
            .map(|((id,), value)| emergency(id.0, &value.fields("Emr.Emergencies", self)?));
        all.collect()
    }

    /// Whether a patient lets people break the glass.
    pub async fn emergency_access(&self, patient: &AccountId32) -> Result<bool, ChainError> {
        if !self.knows_custodians() {
            return Ok(false);
        }
        let opted_out = self.value::<_, ()>("Emr", "EmergencyOptOuts", (*patient,)).await?;
        Ok(opted_out.is_none())
    }

    /// [`View::check_access`] for a purpose.
    pub async fn check_access_for(
        &self,
        patient: &AccountId32,
        subject: &AccountId32,
        record: Option<RecordId>,
        action: Action,
        purpose: Purpose,
    ) -> Result<Result<(), Denied>, ChainError> {
        let arguments = (patient, subject, record, action, purpose);
        self.runtime_api("EmrApi_check_access_for", &arguments).await
    }

    /// What a policy would say if it were the patient's.
    pub async fn check_policy(
        &self,
        policy: &AccountId32,
        patient: &AccountId32,
        subject: &AccountId32,
        record: Option<RecordId>,
        action: Action,
        purpose: Option<Purpose>,
    ) -> Result<Result<(), Denied>, ChainError> {
        let arguments = (policy, patient, subject, record, action, purpose);
        self.runtime_api("EmrApi_check_policy", &arguments).await
    }
}

fn grant(
    record: RecordId,
    subject: AccountId32,
    fields: &Fields,
) -> Result<AccessGrant, ChainError> {
    const WHAT: &str = "Emr.Grants";
    Ok(AccessGrant {
        record,
        subject,
        basis: fields.get(WHAT, "basis")?,
        granted_at: fields.get(WHAT, "granted_at")?,
        until: fields.get(WHAT, "until")?,
        shares: fields.get(WHAT, "shares")?,
        deposit: fields.get(WHAT, "deposit")?,
    })
}

fn emergency(id: EmergencyId, fields: &Fields) -> Result<Emergency, ChainError> {
    const WHAT: &str = "Emr.Emergencies";
    Ok(Emergency {
        id,
        record: fields.get(WHAT, "record")?,
        patient: fields.get(WHAT, "patient")?,
        subject: fields.get(WHAT, "subject")?,
        reason: fields.get(WHAT, "reason")?,
        broken_at: fields.get(WHAT, "broken_at")?,
        review_until: fields.get(WHAT, "review_until")?,
        bond: fields.get(WHAT, "bond")?,
    })
}
