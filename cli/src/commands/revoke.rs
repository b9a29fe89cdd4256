//! `medchain revoke`: revokes a grant to an account or a role.

use anyhow::Result;
use clap::Args;
use medchain_client::{
    chain::Call,
    policy::{self, GrantError},
    AccountId32,
};
use medchain_primitives::{RecordId, Role};

use crate::{
    arguments,
    consent::{GrantReport, Grantee},
    context::Context,
    contracts::{grant_refusal, Parties},
    output::{self, Outcome},
    signing::together,
};

/// Arguments of `medchain revoke`.
#[derive(Args, Clone, Debug)]
pub struct RevokeArgs {
    /// The account whose grant to revoke.
    #[arg(long, value_name = "ACCOUNT", required_unless_present = "role")]
    pub from: Option<String>,
    /// Revoke the grant to a role; grants to accounts stay.
    #[arg(
        long,
        value_parser = arguments::role(),
        conflicts_with_all = ["from", "patient", "remove_envelopes"]
    )]
    pub role: Option<Role>,
    /// Also remove the account's envelopes and shares for all your records.
    ///
    /// The account may have kept what it opened before: see `medchain rotate`.
    #[arg(long, conflicts_with = "patient")]
    pub remove_envelopes: bool,
    /// The patient, if you are their delegate; see `medchain delegate`.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: Option<String>,
    /// The policy contract; defaults to the one in force for the patient.
    #[arg(long, value_name = "CONTRACT")]
    pub policy: Option<String>,
}

impl RevokeArgs {
    /// The revocation of the signer's grant to an account.
    pub fn from(account: &str, remove_envelopes: bool) -> Self {
        Self {
            from: Some(account.to_owned()),
            role: None,
            remove_envelopes,
            patient: None,
            policy: None,
        }
    }
}

/// Runs `medchain revoke`.
pub async fn run(context: &Context, args: &RevokeArgs) -> Result<Outcome> {
    output::print(&revoke(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Revokes a grant.
pub async fn revoke(context: &Context, args: &RevokeArgs) -> Result<GrantReport> {
    let grantee = Grantee::parse(context, args.from.as_deref(), args.role)?;
    let parties = Parties::find(context, args.policy.as_deref(), args.patient.as_deref()).await?;
    let data = match &grantee {
        Grantee::Role(role) => policy::revoke_role(*role),
        Grantee::Account(account) if parties.is_delegate() => {
            policy::revoke_as(&parties.patient, account)
        }
        Grantee::Account(account) => policy::revoke(account),
    };
    let revocation = parties.try_call(context, data).await?;
    let removals: Vec<Call> = match grantee.account() {
        Some(reader) if args.remove_envelopes => {
            let open = readable_by(context, &parties.patient, &reader).await?;
            open.into_iter().map(|record| Call::RemoveEnvelope { record, reader }).collect()
        }
        _ => Vec::new(),
    };
    let mut calls = Vec::new();
    match revocation {
        Ok(call) => calls.push(call),
        // An account may have envelopes without ever having had a grant. After any other
        // refusal a grant may still hold.
        Err(error)
            if !removals.is_empty() && GrantError::of(&error) == Some(GrantError::NotGranted) => {}
        Err(error) => return Err(grant_refusal(error, &parties.contract)),
    }
    let (revoked, envelopes_removed) = (!calls.is_empty(), removals.len());
    calls.extend(removals);
    let purpose = "revoke the grant";
    let outcome = context.sign(&together(calls), purpose).await?;
    if revoked {
        parties.ensure_emitted(&outcome, purpose)?;
    }
    Ok(GrantReport {
        policy: parties.contract,
        patient: parties.patient,
        grantee: grantee.account(),
        role: grantee.role(),
        actions: Vec::new(),
        purposes: None,
        until: None,
        envelopes_removed,
        included: (&outcome).into(),
    })
}

/// The patient's records for which an account has an envelope or gets shares.
async fn readable_by(
    context: &Context,
    patient: &AccountId32,
    reader: &AccountId32,
) -> Result<Vec<RecordId>> {
    let view = context.view().await?;
    let mut open = Vec::new();
    for record in view.records_of(patient).await? {
        if view.envelope(record.id, reader).await?.is_some()
            || view.grant(record.id, reader).await?.is_some()
        {
            open.push(record.id);
        }
    }
    Ok(open)
}
