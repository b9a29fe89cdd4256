//! `medchain relation show`: what a patient's relation to you allows.

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::chain::RecordStatus;
use medchain_primitives::{Action, RelationKind, Role};
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    policy_questions::{self, Question},
};

/// Arguments of `medchain relation show`.
#[derive(Args, Clone, Debug)]
pub struct ShowArgs {
    /// The patient.
    pub patient: String,
    /// Whose relation; without it, yours.
    #[arg(long, value_name = "ACCOUNT")]
    pub account: Option<String>,
}

/// What somebody may do by their relation, and beside it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RelationView {
    /// The patient.
    pub patient: String,
    /// Who it is about.
    pub account: String,
    /// How the patient named them; none for a stranger.
    pub kind: Option<RelationKind>,
    /// Whether the patient named them as emergency contact.
    pub emergency_contact: bool,
    /// Whether they can break the glass now.
    pub may_break_glass: bool,
    /// Whether they review emergencies in the patient's place.
    pub may_review: bool,
    /// The emergencies that wait for their review.
    pub to_review: Vec<u64>,
    /// What the patient's policy allows them.
    pub policy_allows: Vec<String>,
    /// The records that they can open now.
    pub can_open: Vec<u64>,
    /// The records that the glass would open, because custodians keep their key.
    pub behind_glass: Vec<u64>,
}

impl std::fmt::Display for RelationView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            Some(kind) => write!(f, "{} is named as {kind:?} by {}", self.account, self.patient)?,
            None => write!(f, "{} is not named by {}", self.account, self.patient)?,
        }
        if self.emergency_contact {
            f.write_str(", and as emergency contact")?;
        }
        let numbers = |ids: &[u64]| match ids {
            [] => "none".to_owned(),
            ids => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        let allowed = match self.policy_allows.as_slice() {
            [] => "nothing".to_owned(),
            names => names.join(", "),
        };
        write!(f, "\nthe policy allows {allowed}")?;
        write!(f, "\nrecords that open now: {}", numbers(&self.can_open))?;
        match self.may_break_glass {
            true => write!(f, "\nin an emergency: {}", numbers(&self.behind_glass))?,
            false => f.write_str("\nin an emergency: none, they may not break the glass")?,
        }
        if self.may_review {
            write!(f, "\nemergencies to review: {}", numbers(&self.to_review))?;
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
pub async fn show(context: &Context, args: &ShowArgs) -> Result<RelationView> {
    let patient = context.parse_account(&args.patient)?;
    let account = context.account_or_own(args.account.as_deref())?;
    let view = context.view().await?;
    if view.patient(&patient).await?.is_none() {
        bail!("{patient} is not registered as a patient; they run `medchain patient register`");
    }
    let relations = view.relations(&patient).await?;
    let relation = relations.into_iter().find(|relation| relation.relative == account);
    let mut yes = Vec::new();
    for question in Question::all(&view) {
        if question.ask(&view, &patient, &account).await?.is_ok() {
            yes.push(question);
        }
    }
    let emergency_contact = relation.as_ref().is_some_and(|relation| relation.emergency_contact);
    let named = emergency_contact
        || yes.iter().any(|one| one.action == Action::Emergency)
        || view.roles_of(&account).await?.contains(&Role::Clinician);
    let may_break_glass = named && account != patient && view.emergency_access(&patient).await?;
    let (mut can_open, mut behind_glass) = (Vec::new(), Vec::new());
    for record in view.records_of(&patient).await? {
        if record.status == RecordStatus::Erased {
            continue;
        }
        let custody = view.custody(record.id).await?;
        let handed = view.grant(record.id, &account).await?.map_or(0, |grant| grant.shares.len());
        let enough = custody.as_ref().is_some_and(|kept| handed >= kept.threshold as usize);
        if enough || view.envelope(record.id, &account).await?.is_some() {
            can_open.push(record.id.0);
        } else if custody.is_some() {
            behind_glass.push(record.id.0);
        }
    }
    let kind = relation.map(|relation| relation.kind);
    let may_review = kind == Some(RelationKind::Guardian) || account == patient;
    let mut to_review: Vec<u64> = view
        .emergencies()
        .await?
        .into_iter()
        .filter(|one| may_review && one.patient == patient && one.subject != account)
        .map(|one| one.id.0)
        .collect();
    to_review.sort_unstable();
    Ok(RelationView {
        patient: patient.to_string(),
        account: account.to_string(),
        kind,
        emergency_contact,
        may_break_glass,
        may_review,
        to_review,
        policy_allows: policy_questions::names(&yes),
        can_open,
        behind_glass,
    })
}
