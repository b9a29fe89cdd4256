//! `medchain patient deregister`: leaves, with everything ended before.

use std::fmt;

use anyhow::{bail, Result};
use medchain_client::{
    chain::{Call, ChainEvent, RecordStatus},
    AccountId32,
};
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    records::{self, Deletion},
    signing::{ensure_event, Included},
};

/// A patient who left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeregisterReport {
    /// The account, which is no patient any more.
    pub patient: AccountId32,
    /// The CID of the encrypted profile, if there was one.
    pub profile: Option<String>,
    /// What became of it.
    #[serde(flatten)]
    pub deletion: Deletion,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for DeregisterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no patient any more; the log stays ({})", self.patient, self.included)?;
        if let Some(profile) = &self.profile {
            write!(f, "\nencrypted profile {profile}")?;
        }
        for line in self.deletion.lines("the encrypted profile") {
            write!(f, "\n{line}")?;
        }
        Ok(())
    }
}

/// Runs `medchain patient deregister`.
pub async fn run(context: &Context) -> Result<Outcome> {
    output::print(&deregister(context).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn deregister(context: &Context) -> Result<DeregisterReport> {
    let account = context.account()?;
    let view = context.view().await?;
    let Some(patient) = view.patient(&account).await? else {
        bail!("{account} is not a patient");
    };
    let all = view.records_of(&account).await?;
    let kept: Vec<String> = all
        .iter()
        .filter(|record| record.status != RecordStatus::Erased)
        .map(|record| record.id.to_string())
        .collect();
    if !kept.is_empty() {
        bail!("erase your records first, with `medchain erase`: {} still exist", kept.join(", "));
    }
    // Before anything is signed: the profile is to be deleted.
    let is_own = match &patient.profile {
        Some(profile) => {
            context.store()?;
            records::is_own_profile(context, &account, profile).await
        }
        None => false,
    };
    let purpose = "deregister";
    let outcome = context.sign(&Call::DeregisterPatient, purpose).await?;
    ensure_event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::PatientDeregistered { .. })
    })?;
    let deletion = match &patient.profile {
        Some(profile) => records::delete_profile(context, &account, &profile.cid, is_own).await?,
        None => Deletion::default(),
    };
    Ok(DeregisterReport {
        patient: account,
        profile: patient.profile.map(|profile| profile.cid.to_string()),
        deletion,
        included: (&outcome).into(),
    })
}
