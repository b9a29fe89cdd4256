//! `medchain emergency allow` and `forbid`: whether the glass may be broken.

use std::fmt;

use anyhow::Result;
use medchain_client::{chain::Call, AccountId32};
use serde::Serialize;

use crate::{
    consent::ensure_patient,
    context::Context,
    output::{self, Outcome},
    signing::Included,
};

/// Whether the glass may be broken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AllowReport {
    /// The patient.
    pub patient: AccountId32,
    /// Whether it may.
    pub allowed: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for AllowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subjects = if self.allowed {
            "emergency contacts, clinicians and accounts that the policy allows may"
        } else {
            "nobody may"
        };
        write!(f, "{subjects} break the glass over records of {} ({})", self.patient, self.included)
    }
}

/// Runs `medchain emergency allow` or `forbid`.
pub async fn run(context: &Context, allowed: bool) -> Result<Outcome> {
    output::print(&allow(context, allowed).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Allows or forbids emergency access to the signer's records.
pub async fn allow(context: &Context, allowed: bool) -> Result<AllowReport> {
    let patient = context.account()?;
    ensure_patient(&context.view().await?, &patient).await?;
    let call = Call::SetEmergencyAccess { allowed };
    let purpose = if allowed { "allow emergency access" } else { "forbid emergency access" };
    let outcome = context.sign(&call, purpose).await?;
    Ok(AllowReport { patient, allowed, included: (&outcome).into() })
}
