//! `medchain patient show`: what the chain knows about a patient.

use std::{fmt, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::{chain::Relative, AccountId32};
use medchain_primitives::RelationKind;
use serde::Serialize;

use crate::{
    context::Context,
    files,
    output::{self, hex, Outcome},
    records::{self, MAX_SEALED_PROFILE_BYTES},
};

/// Arguments of `medchain patient show`.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// The patient; defaults to you.
    pub account: Option<String>,
    /// Also decrypt your own profile to this file.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
}

/// What the chain knows about a patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShowReport {
    /// The patient.
    pub patient: AccountId32,
    /// The public key that content keys are sealed to.
    pub encryption_key: Option<String>,
    /// The CID of the encrypted profile.
    pub profile: Option<String>,
    /// How many envelopes were removed so far.
    pub key_epoch: u32,
    /// The policy in force.
    pub policy: Option<AccountId32>,
    /// Whether that is the chain's default, because the patient chose none.
    pub policy_is_default: bool,
    /// Whether the patient allows nobody, whatever the chain's default is.
    pub allows_nobody: bool,
    /// How many records there are.
    pub records: usize,
    /// The related accounts.
    pub relations: Vec<RelativeReport>,
}

/// A related account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RelativeReport {
    /// The account.
    pub account: AccountId32,
    /// Its relation to the patient.
    pub kind: RelationKind,
    /// Whether it is an emergency contact.
    pub emergency_contact: bool,
}

impl From<Relative> for RelativeReport {
    fn from(relative: Relative) -> Self {
        Self {
            account: relative.account,
            kind: relative.relation.kind,
            emergency_contact: relative.relation.emergency_contact,
        }
    }
}

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |text: Option<&str>| text.unwrap_or("none").to_owned();
        writeln!(f, "patient         {}", self.patient)?;
        writeln!(f, "encryption key  {}", or_none(self.encryption_key.as_deref()))?;
        writeln!(f, "profile         {}", or_none(self.profile.as_deref()))?;
        match (&self.policy, self.policy_is_default) {
            (None, _) if self.allows_nobody => writeln!(f, "policy          nobody")?,
            (None, _) => writeln!(f, "policy          none (only the patient may do anything)")?,
            (Some(it), true) => writeln!(f, "policy          {it} (the chain's default)")?,
            (Some(it), false) => writeln!(f, "policy          {it}")?,
        }
        writeln!(f, "records         {}", self.records)?;
        for relation in &self.relations {
            let contact = if relation.emergency_contact { ", emergency contact" } else { "" };
            writeln!(f, "relation        {} ({}{contact})", relation.account, relation.kind)?;
        }
        Ok(())
    }
}

/// Runs `medchain patient show`.
pub async fn run(context: &Context, args: &ShowArgs) -> Result<Outcome> {
    output::print(&show(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Reads what the chain knows, and the signer's profile where a file for it is named.
async fn show(context: &Context, args: &ShowArgs) -> Result<ShowReport> {
    let account = context.account_or_own(args.account.as_deref())?;
    let view = context.view().await?;
    let patient = view.patient(&account).await?.with_context(|| {
        format!(
            "{account} is not registered as a patient; \
                 its owner runs `medchain patient register`"
        )
    })?;
    if let Some(path) = &args.profile {
        let document = patient.profile.as_ref().with_context(|| {
            format!("{account} has no profile; its owner runs `medchain patient update-profile`")
        })?;
        let (cid, digest) = (&document.cid, Some(document.digest));
        let bytes = records::fetch_content(context, cid, digest, MAX_SEALED_PROFILE_BYTES).await?;
        let plain = records::open_profile(context, &account, &bytes).await?;
        files::write_atomically(path, &plain, false, true)?;
    }
    let own = view.own_policy_of(&account).await?;
    let policy = view.policy_of(&account).await?;
    let key = view.encryption_key(&account).await?;
    let relatives = view.relatives(&account).await?;
    Ok(ShowReport {
        patient: account,
        encryption_key: key.map(|key| hex(key.0)),
        profile: patient.profile.map(|document| document.cid.to_string()),
        key_epoch: patient.key_epoch,
        policy_is_default: own.is_none() && policy.is_some(),
        allows_nobody: own == Some(account),
        policy,
        records: view.records_of(&account).await?.len(),
        relations: relatives.into_iter().map(Into::into).collect(),
    })
}
