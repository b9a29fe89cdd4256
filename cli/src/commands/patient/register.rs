//! `medchain patient register`: registers the signer as a patient, in one transaction with a
//! policy and its first grants.

mod plan;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use serde::Serialize;

use crate::{
    arguments,
    consent::{GrantSpec, Granted},
    context::Context,
    output::{self, Outcome},
    records::{read_profile, send_with_profile},
    signing::{ensure_event, together, Included, Step},
    trust::Published,
};

use plan::{Choice, Plan};

/// What the transaction is for, in messages.
const PURPOSE: &str = "register as a patient";

/// Arguments of `medchain patient register`.
#[derive(Args, Clone, Debug, Default)]
pub struct RegisterArgs {
    /// A file about yourself, in any format, at most 1 MiB.
    ///
    /// It is encrypted so that only you can read it; the chain holds its CID.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// The policy: a .contract bundle to deploy, a contract, default, pin-default or nobody.
    ///
    /// A bundle is deployed by its constructor without arguments, for you alone. `pin-default`
    /// keeps today's default policy, even if the chain's default changes; `nobody` allows nobody.
    /// For a bundle whose file has one of these names, write ./default. Without the option, the
    /// chain's default decides.
    #[arg(long, value_name = "POLICY")]
    pub policy: Option<String>,
    /// Allow an account or a role: WHO:ACTIONS[:PURPOSES][:DAYS]; repeat for more.
    ///
    /// Such as 5F…:append,infer, 5F…:view:treatment:30 or clinician:view. As with `medchain
    /// grant`, by the policy that is named here, which must be access-control.
    #[arg(long = "grant", value_name = "GRANT", value_parser = arguments::grant())]
    pub grants: Vec<GrantSpec>,
}

/// A registered patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegisterReport {
    /// The patient.
    pub patient: AccountId32,
    /// The CID of the encrypted profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The policy that was chosen: a contract, `the chain's default`, or `nobody`.
    pub policy: String,
    /// Whether the contract was deployed with the registration.
    pub policy_deployed: bool,
    /// What was granted.
    pub grants: Vec<Granted>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for RegisterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "patient {} registered {}", self.patient, self.included)?;
        let deployed = if self.policy_deployed { ", deployed with it" } else { "" };
        write!(f, "\npolicy {}{deployed}", self.policy)?;
        for grant in &self.grants {
            write!(f, "\n{grant}")?;
        }
        match &self.profile {
            Some(profile) => write!(f, "\nencrypted profile {profile}"),
            None => Ok(()),
        }
    }
}

/// Runs `medchain patient register`.
pub async fn run(context: &Context, args: &RegisterArgs) -> Result<Outcome> {
    output::print(&register_with(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Registers the signer as a patient.
pub async fn register(context: &Context, profile: Option<&Path>) -> Result<RegisterReport> {
    let args = RegisterArgs { profile: profile.map(Path::to_owned), ..RegisterArgs::default() };
    register_with(context, &args).await
}

/// Registers the signer as a patient, chooses the policy and grants: all of it, or nothing.
pub async fn register_with(context: &Context, args: &RegisterArgs) -> Result<RegisterReport> {
    let choice = Choice::parse(context, args.policy.as_deref())?;
    choice.ensure_takes_grants(&args.grants)?;
    let sealed = match &args.profile {
        Some(path) => Some(read_profile(context, path).await?),
        None => None,
    };
    context.ensure_can_ask()?;
    let identity = context.identity()?;
    let patient = identity.account();
    let view = context.view().await?;
    if view.patient(&patient).await?.is_some() {
        bail!("{patient} is already registered; see `medchain patient show`");
    }
    Published::find(&view, identity).await?.ensure_not_other(identity)?;
    let register = Call::RegisterPatient {
        profile: sealed.as_ref().map(Into::into),
        encryption_key: identity.encryption_key(),
    };
    let mut steps = vec![Step::new("register as a patient, with your encryption key", register)];
    let plan = Plan::of(context, &view, &choice, &args.grants).await?;
    steps.extend(plan.steps);
    context.confirm_steps(&steps, PURPOSE).await?;
    let call = together(steps.into_iter().map(|step| step.call).collect());
    // Nothing is stored before the fee is known, affordable and confirmed.
    let outcome = send_with_profile(context, sealed.as_ref(), &call, PURPOSE).await?;
    ensure_event(&outcome, PURPOSE, |event| matches!(event, ChainEvent::PatientRegistered { .. }))?;
    Ok(RegisterReport {
        patient,
        profile: sealed.map(|content| content.cid.to_string()),
        policy: plan.policy,
        policy_deployed: plan.deploys,
        grants: plan.grants,
        included: (&outcome).into(),
    })
}
