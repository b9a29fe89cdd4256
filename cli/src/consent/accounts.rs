//! The accounts that are related to a patient.

use std::collections::BTreeMap;

use anyhow::Result;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{RecordStatus, View},
    AccountId32,
};
use medchain_primitives::RecordId;

use super::AT_ONCE;

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
    let records = view.records_of(patient).await?.into_iter();
    let records = records.filter(|record| record.status != RecordStatus::Erased);
    let records: Vec<RecordId> = records.map(|record| record.id).collect();
    for (id, keepers) in records.iter().zip(view.keepers_of(&records).await?) {
        for custodian in keepers.map(|keepers| keepers.custodians).unwrap_or_default() {
            known.entry(custodian).or_default().shares.push(*id);
        }
    }
    let read = records.into_iter().map(|record| holders(view, record));
    let mut read = stream::iter(read).buffered(AT_ONCE);
    while let Some(holders) = read.try_next().await? {
        let id = holders.record;
        for reader in holders.readers {
            known.entry(reader).or_default().envelopes.push(id);
        }
        for subject in holders.granted {
            known.entry(subject).or_default().grants.push(id);
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

/// The accounts that have a record's key, or get it.
struct Holders {
    record: RecordId,
    readers: Vec<AccountId32>,
    granted: Vec<AccountId32>,
}

async fn holders(view: &View, record: RecordId) -> Result<Holders> {
    let (envelopes, grants) = futures::try_join!(view.envelopes(record), view.grants_on(record))?;
    Ok(Holders {
        record,
        readers: envelopes.into_iter().map(|(reader, _)| reader).collect(),
        granted: grants.into_iter().map(|grant| grant.subject).collect(),
    })
}
