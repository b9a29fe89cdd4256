//! `medchain access`: who can do what with a patient's records now.

use std::fmt;

use anyhow::Result;
use clap::Args;
use medchain_client::AccountId32;
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    consent::{self, allowed_to, ensure_patient, known_accounts, KnownAccount},
    context::Context,
    output::{self, joined, Outcome},
};

/// Arguments of `medchain access`.
#[derive(Args, Clone, Debug)]
pub struct AccessArgs {
    /// The patient; defaults to you.
    pub patient: Option<String>,
    /// Also ask about this account; repeat for more.
    ///
    /// Readers, relatives, providers and workers are always included.
    #[arg(long = "subject", value_name = "ACCOUNT")]
    pub subjects: Vec<String>,
}

/// What one account can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessRow {
    /// The account.
    pub account: AccountId32,
    /// Its relations to the patient and its roles: custodian, clinician, parent …
    pub known_as: Vec<String>,
    /// What the policy allows it.
    pub policy_allows: Vec<String>,
    /// The records whose key is sealed to it.
    pub envelopes: Vec<RecordId>,
    /// The records whose key custodians hand over to it, or have.
    pub grants: Vec<RecordId>,
    /// The records of whose key it keeps a share.
    pub shares: Vec<RecordId>,
}

impl AccessRow {
    fn new(account: AccountId32, known: KnownAccount, policy_allows: Vec<String>) -> Self {
        let KnownAccount { known_as, envelopes, grants, shares } = known;
        Self { account, known_as, policy_allows, envelopes, grants, shares }
    }

    fn can_anything(&self) -> bool {
        !(self.policy_allows.is_empty()
            && self.envelopes.is_empty()
            && self.grants.is_empty()
            && self.shares.is_empty())
    }
}

/// Who can do what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessReport {
    /// The patient.
    pub patient: AccountId32,
    /// The policy in force.
    pub policy: Option<AccountId32>,
    /// Whether the patient allows emergency access.
    pub emergency_access: bool,
    /// The block that was read.
    pub block_number: u32,
    /// Every account but the patient's that can do something.
    pub accounts: Vec<AccessRow>,
}

impl fmt::Display for AccessReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "records of {} at block {}", self.patient, self.block_number)?;
        match &self.policy {
            Some(policy) => writeln!(f, "policy {policy}")?,
            None => writeln!(f, "no policy: nobody but the patient is allowed anything")?,
        }
        let emergency = if self.emergency_access { "allowed" } else { "forbidden" };
        writeln!(f, "emergency access is {emergency}")?;
        if self.accounts.is_empty() {
            return write!(f, "nobody but the patient can do anything");
        }
        for row in &self.accounts {
            write!(f, "\n{}", row.account)?;
            if !row.known_as.is_empty() {
                write!(f, " ({})", joined(&row.known_as))?;
            }
            let mut part = |what: &str, ids: &[RecordId]| match ids {
                [] => Ok(()),
                ids => write!(f, "\n  {what} {}", joined(ids)),
            };
            part("has the key of records", &row.envelopes)?;
            part("gets the key from custodians for records", &row.grants)?;
            part("keeps a share of the key of records", &row.shares)?;
            if !row.policy_allows.is_empty() {
                write!(f, "\n  the policy allows {}", joined(&row.policy_allows))?;
            }
        }
        Ok(())
    }
}

/// Runs `medchain access`.
pub async fn run(context: &Context, args: &AccessArgs) -> Result<Outcome> {
    output::print(&list(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Finds every account that can do something with a patient's records.
pub async fn list(context: &Context, args: &AccessArgs) -> Result<AccessReport> {
    let patient = context.account_or_own(args.patient.as_deref())?;
    let view = &context.view().await?;
    ensure_patient(view, &patient).await?;
    let mut known = known_accounts(view, &patient).await?;
    for text in &args.subjects {
        known.entry(context.parse_account(text)?).or_default();
    }
    known.remove(&patient);
    let subjects: Vec<AccountId32> = known.keys().copied().collect();
    let allowed = allowed_to(view, &patient, &subjects).await?;
    let rows = known
        .into_iter()
        .zip(allowed)
        .map(|((account, known), yes)| AccessRow::new(account, known, consent::names(&yes)));
    Ok(AccessReport {
        patient,
        policy: view.policy_of(&patient).await?,
        emergency_access: view.emergency_access(&patient).await?,
        block_number: view.number(),
        accounts: rows.filter(AccessRow::can_anything).collect(),
    })
}
