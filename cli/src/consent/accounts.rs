//! The accounts that are related to a patient.

use std::collections::BTreeMap;

use anyhow::Result;
use medchain_client::{
    chain::{RecordStatus, View},
    AccountId32,
};
use medchain_primitives::RecordId;

/// How an account is related to a patient, and which keys it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownAccount {
    /// Its relations to the patient and its roles: custodian, clinician, parent …
    pub known_as: Vec<String>,
    /// The records whose key is sealed to it.
    pub envelopes: Vec<RecordId>,
    /// The records whose key custodians hand over to it, or have.
    pub grants: Vec<RecordId>,
    /// The records of whose key it keeps a share.
    pub shares: Vec<RecordId>,
}

/// Every account related to a patient: readers, relatives, providers and workers.
pub async fn known_accounts(
    view: &View,
    patient: &AccountId32,
) -> Result<BTreeMap<AccountId32, KnownAccount>> {
    let mut known = BTreeMap::<AccountId32, KnownAccount>::new();
    for record in view.records_of(patient).await? {
        if record.status != RecordStatus::Erased {
            add_record(view, record.id, &mut known).await?;
        }
    }
    for relative in view.relatives(patient).await? {
        let account = known.entry(relative.account).or_default();
        account.known_as.push(relative.relation.kind.to_string());
        if relative.relation.emergency_contact {
            account.known_as.push("emergency contact".into());
        }
    }
    for (account, role) in view.providers().await? {
        known.entry(account).or_default().known_as.push(role.to_string());
    }
    for worker in view.workers().await? {
        known.entry(worker.account).or_default().known_as.push("inference worker".into());
    }
    Ok(known)
}

async fn add_record(
    view: &View,
    id: RecordId,
    known: &mut BTreeMap<AccountId32, KnownAccount>,
) -> Result<()> {
    for (reader, _) in view.envelopes(id).await? {
        known.entry(reader).or_default().envelopes.push(id);
    }
    for grant in view.grants_on(id).await? {
        known.entry(grant.subject).or_default().grants.push(id);
    }
    let custody = view.custody(id).await?;
    for custodian in custody.into_iter().flat_map(|custody| custody.accounts()) {
        known.entry(custodian).or_default().shares.push(id);
    }
    Ok(())
}
