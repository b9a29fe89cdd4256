//! `medchain access`: who can do what with a patient's records now.

use std::collections::BTreeMap;

use anyhow::{bail, Result};
use clap::Args;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{RecordStatus, View},
    AccountId32,
};
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    policy_questions::{self, Question},
};

/// About how many accounts the chain is asked at once.
const AT_ONCE: usize = 16;

/// Arguments of `medchain access`.
#[derive(Args, Clone, Debug)]
pub struct AccessArgs {
    /// The patient; without it, you.
    pub patient: Option<String>,
    /// Ask about this account as well; repeat it for more. Those who hold an
    /// envelope or a grant, relatives, providers and workers are asked about anyhow.
    #[arg(long = "subject", value_name = "ACCOUNT")]
    pub subjects: Vec<String>,
}

/// What one account can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccessRow {
    /// The account.
    pub account: String,
    /// What it is to the patient or the chain: custodian, clinician, parent …
    pub known_as: Vec<String>,
    /// What the policy lets it do.
    pub policy_allows: Vec<String>,
    /// The records whose key is sealed to it.
    pub envelopes: Vec<u64>,
    /// The records that custodians hand over to it, or have.
    pub grants: Vec<u64>,
    /// The records of whose key it keeps a share.
    pub shares: Vec<u64>,
}

impl AccessRow {
    fn can_anything(&self) -> bool {
        !(self.policy_allows.is_empty()
            && self.envelopes.is_empty()
            && self.grants.is_empty()
            && self.shares.is_empty())
    }
}

/// Who can do what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessListReport {
    /// The patient.
    pub patient: String,
    /// The contract in force.
    pub policy: Option<String>,
    /// Whether the glass may be broken over the records.
    pub emergency_access: bool,
    /// The block that this is true of.
    pub block_number: u32,
    /// Everybody who can do something, the patient left out.
    pub accounts: Vec<AccessRow>,
}

impl std::fmt::Display for AccessListReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let policy = self.policy.as_deref().unwrap_or("none: nobody is let in");
        writeln!(f, "records of {} at block {}", self.patient, self.block_number)?;
        writeln!(f, "policy {policy}")?;
        writeln!(
            f,
            "emergency access is {}",
            if self.emergency_access { "allowed" } else { "forbidden" }
        )?;
        if self.accounts.is_empty() {
            return write!(f, "nobody but the patient can do anything");
        }
        for row in &self.accounts {
            write!(f, "\n{}", row.account)?;
            if !row.known_as.is_empty() {
                write!(f, " ({})", row.known_as.join(", "))?;
            }
            let mut part = |what: &str, ids: &[u64]| match ids {
                [] => Ok(()),
                ids => {
                    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                    write!(f, "\n  {what} {}", ids.join(", "))
                }
            };
            part("holds the key of records", &row.envelopes)?;
            part("is handed the key of records", &row.grants)?;
            part("keeps a share of records", &row.shares)?;
            if !row.policy_allows.is_empty() {
                write!(f, "\n  the policy allows {}", row.policy_allows.join(", "))?;
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

/// Finds everybody who can do something with a patient's records.
pub async fn list(context: &Context, args: &AccessArgs) -> Result<AccessListReport> {
    let patient = context.account_or_own(args.patient.as_deref())?;
    let view = context.view().await?;
    if view.patient(&patient).await?.is_none() {
        bail!("{patient} is not registered as a patient; they run `medchain patient register`");
    }
    let mut rows = known(&view, &patient).await?;
    for text in &args.subjects {
        rows.entry(context.parse_account(text)?).or_default();
    }
    rows.remove(&patient);
    let subjects: Vec<AccountId32> = rows.keys().copied().collect();
    for (subject, yes) in allowed(&view, &patient, subjects).await? {
        rows.entry(subject).or_default().policy_allows = policy_questions::names(&yes);
    }
    let policy = view.policy_of(&patient).await?;
    Ok(AccessListReport {
        patient: patient.to_string(),
        policy: policy.map(|policy| policy.to_string()),
        emergency_access: view.emergency_access(&patient).await?,
        block_number: view.number(),
        accounts: rows
            .into_iter()
            .map(|(account, row)| AccessRow { account: account.to_string(), ..row })
            .filter(AccessRow::can_anything)
            .collect(),
    })
}

/// Every account that has to do with a patient, and with what.
pub async fn known(view: &View, patient: &AccountId32) -> Result<BTreeMap<AccountId32, AccessRow>> {
    let mut rows = BTreeMap::<AccountId32, AccessRow>::new();
    for record in view.records_of(patient).await? {
        if record.status == RecordStatus::Erased {
            continue;
        }
        add_record(view, record.id, &mut rows).await?;
    }
    for relation in view.relations(patient).await? {
        let row = rows.entry(relation.relative).or_default();
        row.known_as.push(format!("{:?}", relation.kind).to_lowercase());
        if relation.emergency_contact {
            row.known_as.push("emergency contact".into());
        }
    }
    for (account, role) in view.providers().await? {
        rows.entry(account).or_default().known_as.push(role_name(role).into());
    }
    for worker in view.workers().await? {
        rows.entry(worker.account).or_default().known_as.push("inference worker".into());
    }
    Ok(rows)
}

async fn add_record(
    view: &View,
    id: RecordId,
    rows: &mut BTreeMap<AccountId32, AccessRow>,
) -> Result<()> {
    for (reader, _) in view.envelopes(id).await? {
        rows.entry(reader).or_default().envelopes.push(id.0);
    }
    for grant in view.grants_on(id).await? {
        rows.entry(grant.subject).or_default().grants.push(id.0);
    }
    for (custodian, _) in view.custody(id).await?.into_iter().flat_map(|custody| custody.shares) {
        rows.entry(custodian).or_default().shares.push(id.0);
    }
    Ok(())
}

/// To what the policy in force says yes about each of these accounts.
async fn allowed(
    view: &View,
    patient: &AccountId32,
    subjects: Vec<AccountId32>,
) -> Result<Vec<(AccountId32, Vec<Question>)>> {
    stream::iter(subjects.into_iter().map(|subject| async move {
        let mut yes = Vec::new();
        for question in Question::all(view) {
            if question.ask(view, patient, &subject).await?.is_ok() {
                yes.push(question);
            }
        }
        Ok((subject, yes))
    }))
    .buffered(AT_ONCE)
    .try_collect()
    .await
}

fn role_name(role: medchain_primitives::Role) -> &'static str {
    use medchain_primitives::Role;
    match role {
        Role::LabTechnician => "lab technician",
        Role::Clinician => "clinician",
        Role::Hospital => "hospital",
        Role::Custodian => "custodian",
    }
}
