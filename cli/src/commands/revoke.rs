//! `medchain revoke`: revokes a grant to an account or a role.

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, TxOutcome},
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

/// How many envelopes one transaction removes. A block takes some 780 by their weight, and
/// others want to be in it as well.
const ENVELOPES_AT_ONCE: usize = 200;

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

/// Revokes a grant, and then removes envelopes where that is asked for: whatever becomes of
/// the rest, nothing new is allowed.
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
    let open = match grantee.account() {
        Some(reader) => readable_by(context, &parties.patient, &reader).await?,
        None => Vec::new(),
    };
    let removals = if args.remove_envelopes { open.clone() } else { Vec::new() };
    let revoked = match revocation {
        Ok(call) => {
            let purpose = "revoke the grant";
            let outcome = context.sign(&call, purpose).await?;
            parties.ensure_emitted(&outcome, purpose)?;
            Some(outcome)
        }
        // An account may have envelopes without ever having had a grant. After any other
        // refusal a grant may still hold.
        Err(error)
            if !removals.is_empty() && GrantError::of(&error) == Some(GrantError::NotGranted) =>
        {
            None
        }
        Err(error) => return Err(grant_refusal(error, &parties.contract)),
    };
    let removed = match grantee.account() {
        Some(reader) => remove(context, reader, &removals, revoked.as_ref()).await?,
        None => None,
    };
    let last = revoked.or(removed).context("there was nothing to revoke")?;
    Ok(GrantReport {
        policy: parties.contract,
        patient: parties.patient,
        grantee: grantee.account(),
        role: grantee.role(),
        actions: Vec::new(),
        purposes: None,
        until: None,
        envelopes_removed: removals.len(),
        still_opens: if args.remove_envelopes { Vec::new() } else { open },
        included: (&last).into(),
    })
}

/// Removes an account's envelopes, as many at once as fit into a block with others' calls.
/// Returns the last transaction.
async fn remove(
    context: &Context,
    reader: AccountId32,
    records: &[RecordId],
    revoked: Option<&TxOutcome>,
) -> Result<Option<TxOutcome>> {
    let mut last = None;
    let mut done = 0;
    for chunk in records.chunks(ENVELOPES_AT_ONCE) {
        let mut stands = String::new();
        if let Some(outcome) = revoked {
            stands.push_str(&format!("the grant is revoked (in block {})", outcome.block_number));
        }
        if done > 0 {
            let and = if stands.is_empty() { "" } else { ", and " };
            stands.push_str(&format!("{and}{done} of {} envelopes are removed", records.len()));
        }
        if !stands.is_empty() {
            context.stands(&stands);
        }
        let calls: Vec<Call> =
            chunk.iter().map(|record| Call::RemoveEnvelope { record: *record, reader }).collect();
        let signed = context.sign(&together(calls), "remove the envelopes").await;
        let outcome = match stands.is_empty() {
            true => signed?,
            false => signed.with_context(|| {
                format!(
                    "{stands}, but the rest failed; repeat it with `medchain revoke --from \
                     {reader} --remove-envelopes`"
                )
            })?,
        };
        done += chunk.len();
        last = Some(outcome);
    }
    Ok(last)
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
