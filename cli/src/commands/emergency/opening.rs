//! The records that are opened in an emergency.

use std::{collections::BTreeSet, fmt, time::Duration};

use anyhow::{bail, Context as _, Result};
use medchain_client::{
    chain::{Basis, Call, RecordStatus, View},
    AccountId32,
};
use medchain_primitives::{EmergencyId, RecordId};
use serde::Serialize;

use crate::{
    context::Context,
    records::{self, Requests, DELIVERY_LIMIT},
};

/// A record, and how much of its key is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenedRecord {
    /// The record.
    pub record_id: RecordId,
    /// How many shares of its key were delivered.
    pub shares: u32,
    /// How many are needed.
    pub threshold: u32,
}

impl OpenedRecord {
    /// Whether the key is there.
    pub fn has_key(&self) -> bool {
        self.threshold > 0 && self.shares >= self.threshold
    }
}

impl fmt::Display for OpenedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record_id, shares, threshold } = self;
        let fetch = format!("medchain fetch {record_id} --output FILE");
        if self.has_key() {
            return write!(f, "you have the key of record {record_id}: {fetch}");
        }
        write!(
            f,
            "record {record_id}: {shares} of {threshold} custodians have delivered a share so \
             far; try `{fetch}` in a moment"
        )
    }
}

/// Calls that request the keys of records in an emergency.
pub struct Opening {
    /// The patient.
    pub patient: AccountId32,
    /// The calls.
    pub calls: Vec<Call>,
    /// The secrets of the requests.
    pub requests: Requests,
    records: Vec<RecordId>,
}

impl Opening {
    /// Checks what the chain would refuse, before a bond is held.
    ///
    /// What is requested already in the signer's `running` emergency needs no call.
    pub async fn new(
        context: &Context,
        (patient, records): (AccountId32, Vec<RecordId>),
        running: Option<EmergencyId>,
    ) -> Result<Self> {
        let (view, account) = (context.view().await?, context.account()?);
        let mut requests = Requests::of(context).await?;
        let mut calls = Vec::new();
        for record in &records {
            let grant = view.grant(*record, &account).await?.filter(|grant| {
                matches!(grant.basis, Basis::Emergency { emergency } if running == Some(emergency))
            });
            if let Some(grant) = grant
                && requests.secret(*record, &grant.reply)?.is_some()
            {
                continue;
            }
            let reply = requests.reply(*record, None)?;
            calls.push(Call::RequestInEmergency { record: *record, reply });
        }
        Ok(Self { patient, calls, requests, records })
    }

    /// Waits for the keys, after the calls are in a block.
    pub async fn wait(&self, context: &Context, no_wait: bool) -> Result<Vec<OpenedRecord>> {
        let (view, account) = (context.view().await?, context.account()?);
        for record in &self.records {
            if let Some(grant) = view.grant(*record, &account).await? {
                self.requests.settle(*record, Some(&grant.reply));
            }
        }
        let limit = if no_wait { Duration::ZERO } else { DELIVERY_LIMIT };
        let delivered = records::wait(context, &self.records, limit).await?;
        let opened = self.records.iter().zip(delivered).map(|(record, delivered)| OpenedRecord {
            record_id: *record,
            shares: delivered.shares,
            threshold: delivered.threshold,
        });
        Ok(opened.collect())
    }
}

/// The patient of these records, and each record once.
///
/// They must be of one patient, and custodians other than the signer must keep their keys.
pub async fn of_one_patient(
    context: &Context,
    all: &[RecordId],
) -> Result<(AccountId32, Vec<RecordId>)> {
    let (view, account) = (context.view().await?, context.account()?);
    let records: BTreeSet<RecordId> = all.iter().copied().collect();
    let mut patient = None;
    for record in &records {
        let of = patient_of(&view, *record, &account).await?;
        let first = *patient.get_or_insert(of);
        if of != first {
            bail!(
                "record {record} is not of {first}, as the ones before it: an emergency is about \
                 one patient; break the glass once for each"
            );
        }
    }
    let patient = patient.context("name the records that you need")?;
    Ok((patient, records.into_iter().collect()))
}

/// The patient of a record whose key the signer can request in an emergency.
async fn patient_of(view: &View, id: RecordId, account: &AccountId32) -> Result<AccountId32> {
    let record = records::find(view, id).await?;
    if record.status == RecordStatus::Erased {
        bail!("record {id} was erased by its patient: nobody can open it; leave it out");
    }
    let Some(custody) = view.custody(id).await? else {
        bail!(
            "no custodian keeps the key of record {id}, so that an emergency does not open it; \
             leave it out, or ask a reader who can open it for `medchain share {id} --to {account}`"
        );
    };
    if custody.accounts().contains(account) {
        bail!(
            "{account} keeps a share of the key of record {id}, and custodians break no glass \
             over what they keep; leave it out"
        );
    }
    Ok(record.patient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_whether_its_key_is_there() {
        let record = |shares| OpenedRecord { record_id: RecordId(3), shares, threshold: 2 };
        assert!(record(2).has_key() && !record(1).has_key());
        assert!(record(2).to_string().starts_with("you have the key of record 3"));
        assert!(record(1).to_string().contains("1 of 2 custodians"));
        assert!(!OpenedRecord { record_id: RecordId(3), shares: 0, threshold: 0 }.has_key());
    }
}
