//! `medchain patient register`: registers the signer as a patient.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{chain::Call, AccountId32};
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    records::{read_profile, sign_with_profile},
    signing::Included,
    trust::Published,
};

/// Arguments of `medchain patient register`.
#[derive(Args, Clone, Debug)]
pub struct RegisterArgs {
    /// A file about yourself, in any format, at most 1 MiB.
    ///
    /// It is encrypted so that only you can read it; the chain holds its CID.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
}

/// A registered patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegisterReport {
    /// The patient.
    pub patient: AccountId32,
    /// The CID of the encrypted profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for RegisterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "patient {} registered {}", self.patient, self.included)?;
        match &self.profile {
            Some(profile) => write!(f, "\nencrypted profile {profile}"),
            None => Ok(()),
        }
    }
}

/// Runs `medchain patient register`.
pub async fn run(context: &Context, args: &RegisterArgs) -> Result<Outcome> {
    output::print(&register(context, args.profile.as_deref()).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Registers the signer as a patient.
pub async fn register(context: &Context, profile: Option<&Path>) -> Result<RegisterReport> {
    let sealed = match profile {
        Some(path) => Some(read_profile(context, path).await?),
        None => None,
    };
    let identity = context.identity()?;
    let patient = identity.account();
    if context.view().await?.patient(&patient).await?.is_some() {
        bail!("{patient} is already registered; see `medchain patient show`");
    }
    Published::find(&context.view().await?, identity).await?.ensure_not_other(identity)?;
    let call = Call::RegisterPatient {
        profile: sealed.as_ref().map(Into::into),
        encryption_key: identity.encryption_key(),
    };
    let purpose = "register as a patient";
    let included = sign_with_profile(context, sealed.as_ref(), &call, purpose).await?;
    Ok(RegisterReport { patient, profile: sealed.map(|content| content.cid.to_string()), included })
}
