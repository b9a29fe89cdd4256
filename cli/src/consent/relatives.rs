//! A patient's relatives, named and removed.

use std::fmt;

use anyhow::{bail, Result};
use medchain_client::AccountId32;
use medchain_primitives::RelationKind;
use serde::Serialize;

use super::ensure_patient;
use crate::{context::Context, signing::Included};

/// A relation, or the end of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RelationReport {
    /// The patient.
    pub patient: AccountId32,
    /// The relative.
    pub relative: AccountId32,
    /// The relation; none once removed.
    pub kind: Option<RelationKind>,
    /// Whether the relative is an emergency contact.
    pub emergency_contact: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for RelationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relative = &self.relative;
        match self.kind {
            Some(kind) => write!(f, "{relative} is named as {kind}")?,
            None => write!(f, "{relative} is no longer a relative")?,
        }
        if self.emergency_contact {
            f.write_str(" and emergency contact")?;
        }
        write!(f, " ({})", self.included)
    }
}

/// The signer, who must be a patient, and the account of a relative.
pub async fn signer_and_relative(
    context: &Context,
    account: &str,
) -> Result<(AccountId32, AccountId32)> {
    let (patient, relative) = (context.account()?, context.parse_account(account)?);
    if patient == relative {
        bail!("{relative} is your own account; name a relative's");
    }
    ensure_patient(&context.view().await?, &patient).await?;
    Ok((patient, relative))
}
