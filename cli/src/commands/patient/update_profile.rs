//! `medchain patient update-profile`: replaces the signer's profile.

use std::{fmt, path::PathBuf};

use anyhow::Result;
use clap::Args;
use medchain_client::{chain::Call, AccountId32};
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    records::{read_profile, sign_with_profile},
    signing::Included,
};

/// Arguments of `medchain patient update-profile`.
#[derive(Args, Clone, Debug)]
pub struct UpdateProfileArgs {
    /// The new profile.
    #[arg(value_name = "FILE")]
    pub profile: PathBuf,
}

/// A new profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UpdateProfileReport {
    /// The patient.
    pub patient: AccountId32,
    /// The CID of the encrypted profile.
    pub profile: String,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for UpdateProfileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "patient {} has a new profile {}", self.patient, self.included)?;
        write!(f, "\nencrypted profile {}", self.profile)
    }
}

/// Runs `medchain patient update-profile`.
pub async fn run(context: &Context, args: &UpdateProfileArgs) -> Result<Outcome> {
    output::print(&update(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn update(context: &Context, args: &UpdateProfileArgs) -> Result<UpdateProfileReport> {
    let sealed = read_profile(context, &args.profile).await?;
    let call = Call::UpdateProfile { profile: (&sealed).into() };
    let included = sign_with_profile(context, Some(&sealed), &call, "update the profile").await?;
    Ok(UpdateProfileReport {
        patient: context.account()?,
        profile: sealed.cid.to_string(),
        included,
    })
}
