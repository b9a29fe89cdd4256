//! `medchain patient`: registering, choosing a policy, looking a patient up.

use std::path::{Path, PathBuf};

use anyhow::{bail, Context as _, Result};
use clap::Subcommand;
use medchain_client::chain::{Call, Document};
use serde::Serialize;

use crate::{
    commands::policy::ensure_contract,
    content::{self, Content, MAX_PROFILE_BYTES},
    context::Context,
    files,
    output::{self, Outcome},
    sign::Included,
};

/// Subcommands of `medchain patient`.
#[derive(Debug, Subcommand)]
pub enum PatientCommand {
    /// Register yourself as a patient and publish your encryption key.
    Register {
        /// A file about yourself (any format, at most 1 MiB). It is encrypted
        /// so that you alone can read it; the chain holds its CID.
        #[arg(long, value_name = "FILE")]
        profile: Option<PathBuf>,
    },
    /// Replace your profile.
    UpdateProfile {
        /// The new profile.
        #[arg(value_name = "FILE")]
        profile: PathBuf,
    },
    /// Choose the contract that decides who may act on your records.
    SetPolicy {
        /// The contract's address.
        #[arg(required_unless_present = "default")]
        contract: Option<String>,
        /// Go back to the chain's default policy.
        #[arg(long, conflicts_with = "contract")]
        default: bool,
    },
    /// Show what the chain knows about a patient.
    Show {
        /// The patient; without it, you.
        account: Option<String>,
        /// Also decrypt your own profile into this file.
        #[arg(long, value_name = "FILE")]
        profile: Option<PathBuf>,
    },
}

/// A transaction of a patient's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PatientReport {
    /// The patient.
    pub patient: String,
    /// The CID of the encrypted profile, where this transaction set one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The policy, where this transaction set one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    #[serde(skip)]
    done: &'static str,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for PatientReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "patient {} {} {}", self.patient, self.done, self.included)?;
        if let Some(profile) = &self.profile {
            write!(f, "\nencrypted profile {profile}")?;
        }
        if let Some(policy) = &self.policy {
            write!(f, "\npolicy {policy}")?;
        }
        Ok(())
    }
}

/// What the chain knows about a patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShowReport {
    /// The patient.
    pub patient: String,
    /// The public key that content keys are sealed to.
    pub encryption_key: Option<String>,
    /// The CID of the encrypted profile.
    pub profile: Option<String>,
    /// How often keys were renewed.
    pub key_epoch: u32,
    /// The contract in force.
    pub policy: Option<String>,
    /// Whether it is the chain's default, because the patient chose none.
    pub policy_is_default: bool,
    /// How many records there are.
    pub records: usize,
    /// Accounts that are related, and how.
    pub relations: Vec<RelationReport>,
}

/// A related account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RelationReport {
    /// The account.
    pub account: String,
    /// How it is related.
    pub kind: medchain_primitives::RelationKind,
    /// Whether to call it in an emergency.
    pub emergency_contact: bool,
}

impl std::fmt::Display for ShowReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".into());
        writeln!(f, "patient         {}", self.patient)?;
        writeln!(f, "encryption key  {}", or_none(&self.encryption_key))?;
        writeln!(f, "profile         {}", or_none(&self.profile))?;
        write!(f, "policy          {}", or_none(&self.policy))?;
        let chosen = match (&self.policy, self.policy_is_default) {
            (None, _) => " (nobody but the patient may do anything)",
            (Some(_), true) => " (the chain's default)",
            (Some(_), false) => "",
        };
        writeln!(f, "{chosen}")?;
        writeln!(f, "records         {}", self.records)?;
        for relation in &self.relations {
            let contact = if relation.emergency_contact { ", emergency contact" } else { "" };
            writeln!(f, "relation        {} ({:?}{contact})", relation.account, relation.kind)?;
        }
        Ok(())
    }
}

/// Runs `medchain patient`.
pub async fn run(context: &Context, command: PatientCommand) -> Result<Outcome> {
    match command {
        PatientCommand::Register { profile } => {
            let report = register(context, profile.as_deref()).await?;
            output::print(&report, context.json)?
        }
        PatientCommand::UpdateProfile { profile } => {
            output::print(&update_profile(context, &profile).await?, context.json)?
        }
        PatientCommand::SetPolicy { contract, .. } => {
            let report = set_policy(context, contract.as_deref()).await?;
            output::print(&report, context.json)?
        }
        PatientCommand::Show { account, profile } => {
            let report = show(context, account.as_deref(), profile.as_deref()).await?;
            output::print(&report, context.json)?
        }
    }
    Ok(Outcome::Done)
}

/// Registers the signer as a patient.
pub async fn register(context: &Context, profile: Option<&Path>) -> Result<PatientReport> {
    let sealed = profile.map(|path| read_profile(context, path)).transpose()?;
    let identity = context.identity()?;
    let account = identity.account();
    if context.view().await?.patient(&account).await?.is_some() {
        bail!("{account} is registered already; see `medchain patient show`");
    }
    let call = Call::RegisterPatient {
        profile: sealed.as_ref().map(document),
        encryption_key: identity.encryption_key(),
    };
    let included = store_and_sign(context, sealed.as_ref(), &call, "register the patient").await?;
    Ok(PatientReport {
        patient: account.to_string(),
        profile: sealed.map(|content| content.cid.to_string()),
        policy: None,
        done: "registered",
        included,
    })
}

async fn update_profile(context: &Context, profile: &Path) -> Result<PatientReport> {
    let sealed = read_profile(context, profile)?;
    let call = Call::UpdateProfile { profile: document(&sealed) };
    let included = store_and_sign(context, Some(&sealed), &call, "update the profile").await?;
    Ok(PatientReport {
        patient: context.account()?.to_string(),
        profile: Some(sealed.cid.to_string()),
        policy: None,
        done: "has a new profile",
        included,
    })
}

/// Chooses a contract, or the chain's default.
pub async fn set_policy(context: &Context, contract: Option<&str>) -> Result<PatientReport> {
    let policy = contract.map(|text| context.parse_account(text)).transpose()?;
    if let Some(policy) = &policy {
        ensure_contract(context, policy).await?;
    }
    let call = Call::SetPolicy { policy: policy.clone() };
    let outcome = context.sign(&call, "set the policy").await?;
    Ok(PatientReport {
        patient: context.account()?.to_string(),
        profile: None,
        policy: Some(policy.map_or("the chain's default".into(), |policy| policy.to_string())),
        done: "has a new policy",
        included: (&outcome).into(),
    })
}

/// Reads what the chain knows, and the own profile where a file is named for it.
async fn show(
    context: &Context,
    account: Option<&str>,
    profile: Option<&Path>,
) -> Result<ShowReport> {
    let account = context.account_or_own(account)?;
    let view = context.view().await?;
    let patient = view
        .patient(&account)
        .await?
        .with_context(|| format!("{account} is not registered as a patient"))?;
    if let Some(path) = profile {
        let document =
            patient.profile.as_ref().with_context(|| format!("{account} has no profile"))?;
        let limit = MAX_PROFILE_BYTES + 1024;
        let bytes = content::get(context, &document.cid, Some(document.digest), limit).await?;
        let plain = content::open_profile(context, &account, &bytes)?;
        files::write_atomically(path, &plain, false, true)?;
    }
    let own = view.own_policy_of(&account).await?;
    let policy = view.policy_of(&account).await?;
    let key = view.encryption_key(&account).await?;
    let relations = view.relations(&account).await?.into_iter();
    Ok(ShowReport {
        patient: account.to_string(),
        encryption_key: key.map(|key| format!("0x{}", hex::encode(key.0))),
        profile: patient.profile.map(|document| document.cid.to_string()),
        key_epoch: patient.key_epoch,
        policy_is_default: own.is_none() && policy.is_some(),
        policy: policy.map(|policy| policy.to_string()),
        records: view.records_of(&account).await?.len(),
        relations: relations
            .map(|relation| RelationReport {
                account: relation.relative.to_string(),
                kind: relation.kind,
                emergency_contact: relation.emergency_contact,
            })
            .collect(),
    })
}

fn read_profile(context: &Context, path: &Path) -> Result<Content> {
    let plain = zeroize::Zeroizing::new(files::read(path, "the profile", MAX_PROFILE_BYTES)?);
    content::seal_profile(context, &context.account()?, &plain)
}

fn document(content: &Content) -> Document {
    Document { cid: content.cid.clone(), digest: content.digest }
}

/// Nothing is stored before the fee is known, paid for and agreed to.
async fn store_and_sign(
    context: &Context,
    content: Option<&Content>,
    call: &Call,
    purpose: &str,
) -> Result<Included> {
    context.ensure_can_ask()?;
    context.confirm(call, purpose).await?;
    if let Some(content) = content {
        content.put(context).await?;
    }
    Ok((&context.send(call, purpose).await?).into())
}
