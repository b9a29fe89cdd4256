//! `medchain patient remove-profile`: removes the signer's profile.

use std::fmt;

use anyhow::{Context as _, Result};
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    records::{self, Deletion},
    signing::{ensure_event, Included},
};

/// A profile that was removed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RemoveProfileReport {
    /// The patient.
    pub patient: AccountId32,
    /// The CID of the encrypted profile.
    pub profile: String,
    /// What became of it.
    #[serde(flatten)]
    pub deletion: Deletion,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for RemoveProfileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "patient {} has no profile any more {}", self.patient, self.included)?;
        write!(f, "\nencrypted profile {}", self.profile)?;
        for line in self.deletion.lines("the encrypted profile") {
            write!(f, "\n{line}")?;
        }
        Ok(())
    }
}

/// Runs `medchain patient remove-profile`.
pub async fn run(context: &Context) -> Result<Outcome> {
    output::print(&remove(context).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn remove(context: &Context) -> Result<RemoveProfileReport> {
    let account = context.account()?;
    let view = context.view().await?;
    let patient = view.patient(&account).await?;
    let patient = patient.with_context(|| format!("{account} is not a patient"))?;
    let profile = patient.profile.with_context(|| format!("{account} has no profile"))?;
    // A store that is named wrongly is an error before anything is signed.
    context.store()?;
    let is_own = records::is_own_profile(context, &account, &profile).await;
    let purpose = "remove the profile";
    let outcome = context.sign(&Call::RemoveProfile, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::ProfileRemoved { .. }))?;
    let deletion = records::delete_profile(context, &account, &profile.cid, is_own).await?;
    Ok(RemoveProfileReport {
        patient: account,
        profile: profile.cid.to_string(),
        deletion,
        included: (&outcome).into(),
    })
}
