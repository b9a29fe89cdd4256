//! `medchain grant`: allows an account or a role to act on a patient's records.

use anyhow::Result;
use clap::Args;
use medchain_client::policy::{ActionSet, PurposeSet};
use medchain_primitives::{Action, Purpose, Role};

use crate::{
    arguments,
    consent::{grant_message, warn_of_purposes, GrantReport, Grantee},
    context::Context,
    contracts::{ensure_ahead, Parties},
    output::{self, Outcome},
};

/// Arguments of `medchain grant`.
#[derive(Args, Clone, Debug)]
pub struct GrantArgs {
    /// The account to allow.
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "role")]
    pub to: Option<String>,
    /// Allow every account with this role.
    #[arg(
        long,
        value_parser = arguments::role(),
        conflicts_with_all = ["to", "patient"]
    )]
    pub role: Option<Role>,
    /// The actions: view, append, amend, share, infer, emergency, or all; comma-separated.
    ///
    /// A new grant replaces an earlier one to the same account or role.
    #[arg(long, value_name = "ACTIONS")]
    pub actions: ActionSet,
    /// The purposes: treatment, second-opinion, research, billing, other; comma-separated.
    ///
    /// Defaults to all. The chain names a purpose for viewing only, so a grant with
    /// --purposes never allows another action.
    #[arg(long, value_name = "PURPOSES")]
    pub purposes: Option<PurposeSet>,
    /// The last block in which the grant holds; without it, until revoked.
    #[arg(long, value_name = "BLOCK", value_parser = arguments::block())]
    pub until: Option<u32>,
    /// The patient, if you are their delegate; see `medchain delegate`.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: Option<String>,
    /// The policy contract; defaults to the one in force for the patient.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

impl GrantArgs {
    /// A grant of `actions` to an account, for all purposes and until revoked.
    pub fn to(account: &str, actions: &[Action]) -> Self {
        Self {
            to: Some(account.to_owned()),
            role: None,
            actions: ActionSet::of(actions),
            purposes: None,
            until: None,
            patient: None,
            policy: None,
        }
    }
}

/// Runs `medchain grant`.
pub async fn run(context: &Context, args: &GrantArgs) -> Result<Outcome> {
    output::print(&grant(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Allows an account or a role to act on a patient's records.
pub async fn grant(context: &Context, args: &GrantArgs) -> Result<GrantReport> {
    let grantee = Grantee::parse(context, args.to.as_deref(), args.role)?;
    let parties = Parties::find(context, args.policy.as_deref(), args.patient.as_deref()).await?;
    ensure_ahead(context, args.until).await?;
    let GrantArgs { actions, purposes, until, .. } = *args;
    warn_of_purposes(actions, purposes);
    let as_delegate_of = parties.is_delegate().then_some(&parties.patient);
    let message = grant_message(&grantee, as_delegate_of, actions, purposes, until);
    let call = parties.call(context, message).await?;
    let purpose = "grant access";
    let outcome = context.sign(&call, purpose).await?;
    parties.ensure_emitted(&outcome, purpose)?;
    Ok(GrantReport {
        policy: parties.contract,
        patient: parties.patient,
        grantee: grantee.account(),
        role: grantee.role(),
        actions: args.actions.iter().map(Action::as_str).collect(),
        purposes: args.purposes.map(|set| set.iter().map(Purpose::as_str).collect()),
        until: args.until,
        envelopes_removed: 0,
        still_opens: Vec::new(),
        included: (&outcome).into(),
    })
}
