//! `medchain relation show`: what a patient's relation to an account allows.

use std::fmt;

use anyhow::Result;
use clap::Args;
use futures::{stream, StreamExt, TryStreamExt};
use medchain_client::{
    chain::{Emergency, EmergencyStatus, RecordStatus, View},
    AccountId32,
};
use medchain_primitives::{EmergencyId, RecordId, RelationKind};
use serde::Serialize;

use crate::{
    consent::{self, allowed, ensure_patient},
    context::Context,
    output::{self, joined, Outcome},
};

/// Arguments of `medchain relation show`.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// The patient.
    pub patient: String,
    /// The account; defaults to yours.
    #[arg(long, value_name = "ACCOUNT")]
    pub account: Option<String>,
}

/// What an account may do because of its relation, and otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShowReport {
    /// The patient.
    pub patient: AccountId32,
    /// The account.
    pub account: AccountId32,
    /// Its relation to the patient; none for a stranger.
    pub kind: Option<RelationKind>,
    /// Whether it is an emergency contact.
    pub emergency_contact: bool,
    /// Whether it can break the glass now.
    pub may_break_glass: bool,
    /// Whether it reviews emergencies in the patient's place.
    pub may_review: bool,
    /// The emergencies that await its review.
    pub to_review: Vec<EmergencyId>,
    /// What the patient's policy allows it.
    pub policy_allows: Vec<String>,
    /// The records that it can open now.
    pub can_open: Vec<RecordId>,
    /// The records that it could open by breaking the glass: custodians keep their keys.
    pub behind_glass: Vec<RecordId>,
}

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Some(kind) => write!(f, "{} is named as {kind} by {}", self.account, self.patient)?,
            None => write!(f, "{} is not a relative of {}", self.account, self.patient)?,
        }
        if self.emergency_contact {
            f.write_str(", and as emergency contact")?;
        }
        let or = |none: &str, text: String| if text.is_empty() { none.to_owned() } else { text };
        write!(f, "\nthe policy allows {}", or("nothing", joined(&self.policy_allows)))?;
        write!(f, "\nrecords it can open now: {}", or("none", joined(&self.can_open)))?;
        let in_emergency = if self.may_break_glass {
            or("none", joined(&self.behind_glass))
        } else {
            "none, because this account may not break the glass".to_owned()
        };
        write!(f, "\nin an emergency: {in_emergency}")?;
        if self.may_review {
            write!(f, "\nemergencies to review: {}", or("none", joined(&self.to_review)))?;
        }
        Ok(())
    }
}

/// Runs `medchain relation show`.
pub async fn run(context: &Context, args: &ShowArgs) -> Result<Outcome> {
    output::print(&show(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Looks up what a relation allows.
pub async fn show(context: &Context, args: &ShowArgs) -> Result<ShowReport> {
    let patient = context.parse_account(&args.patient)?;
    let account = context.account_or_own(args.account.as_deref())?;
    let view = context.view().await?;
    ensure_patient(&view, &patient).await?;
    let relatives = view.relatives(&patient).await?;
    let relation = relatives.into_iter().find(|one| one.account == account).map(|one| one.relation);
    let yes = allowed(&view, &patient, &account).await?;
    let emergency_contact = relation.is_some_and(|relation| relation.emergency_contact);
    let may_break_glass = may_break_glass(&view, &patient, &account).await?;
    let kind = relation.map(|relation| relation.kind);
    let may_review = kind == Some(RelationKind::Guardian) || account == patient;
    let awaits = |one: &Emergency| match one.status {
        EmergencyStatus::Open | EmergencyStatus::Endorsed { .. } => true,
        EmergencyStatus::Escalated => account == patient,
        EmergencyStatus::Rejected { .. } | EmergencyStatus::Accepted => false,
    };
    // The chain has one list of all emergencies; most relatives need not read it.
    let emergencies = if may_review { view.emergencies().await? } else { Vec::new() };
    let mut to_review: Vec<EmergencyId> = emergencies
        .into_iter()
        .filter(|one| one.patient == patient && one.subject != account && awaits(one))
        .map(|one| one.id)
        .collect();
    to_review.sort_unstable();
    let (can_open, behind_glass) = keys(&view, &patient, &account).await?;
    Ok(ShowReport {
        patient,
        account,
        kind,
        emergency_contact,
        may_break_glass,
        may_review,
        to_review,
        policy_allows: consent::names(&yes),
        can_open,
        behind_glass,
    })
}

/// Whether an account can break the glass now, as the chain decides it.
async fn may_break_glass(
    view: &View,
    patient: &AccountId32,
    account: &AccountId32,
) -> Result<bool> {
    if account == patient || view.emergency_refusal(patient, account, None).await?.is_some() {
        return Ok(false);
    }
    let group = view.custodians_of(patient).await?;
    let is_custodian = group.is_some_and(|group| group.accounts().contains(account));
    Ok(!is_custodian && !view.is_suspended(account).await?)
}

/// The records that an account can open now, and those whose keys custodians keep.
async fn keys(
    view: &View,
    patient: &AccountId32,
    account: &AccountId32,
) -> Result<(Vec<RecordId>, Vec<RecordId>)> {
    let records = view.records_of(patient).await?.into_iter();
    let read =
        records.filter(|record| record.status != RecordStatus::Erased).map(|record| async move {
            anyhow::Ok((record.id, access_to(view, record.id, account).await?))
        });
    let mut read = stream::iter(read).buffered(consent::AT_ONCE);
    let (mut can_open, mut behind_glass) = (Vec::new(), Vec::new());
    while let Some((record, access)) = read.try_next().await? {
        match access {
            Access::Now => can_open.push(record),
            Access::BehindGlass => behind_glass.push(record),
            Access::Never => {}
        }
    }
    Ok((can_open, behind_glass))
}

/// How an account comes by a record's key.
enum Access {
    /// It has it.
    Now,
    /// Custodians would hand it over in an emergency.
    BehindGlass,
    /// Not at all.
    Never,
}

async fn access_to(view: &View, record: RecordId, account: &AccountId32) -> Result<Access> {
    let (custody, grant, envelope) = futures::try_join!(
        view.custody(record),
        view.grant(record, account),
        view.envelope(record, account)
    )?;
    let handed = grant.map_or(0, |grant| grant.deliveries.len());
    let enough = custody.as_ref().is_some_and(|kept| handed >= kept.threshold.into());
    Ok(if enough || envelope.is_some() {
        Access::Now
    } else if custody.is_some_and(|kept| !kept.accounts().contains(account)) {
        // Nobody breaks the glass over what they keep themselves.
        Access::BehindGlass
    } else {
        Access::Never
    })
}
