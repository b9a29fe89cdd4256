//! `medchain relation show`: what a patient's relation to an account allows.

use std::fmt;

use anyhow::Result;
use clap::Args;
use medchain_client::{
    chain::{AccessGrant, Emergency, EmergencyStatus, Keepers, RecordStatus, View},
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
    let relation = view.relation(&patient, &account).await?;
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
    let emergencies = if may_review { view.emergencies_over(&patient).await? } else { Vec::new() };
    let to_review = emergencies.into_iter().filter(|one| one.subject != account && awaits(one));
    let to_review: Vec<EmergencyId> = to_review.map(|one| one.id).collect();
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
    let records = records.filter(|record| record.status != RecordStatus::Erased);
    let records: Vec<RecordId> = records.map(|record| record.id).collect();
    let (keepers, grants, envelopes) = futures::try_join!(
        view.keepers_of(&records),
        view.grants_to(account, &records),
        view.have_envelopes(account, &records)
    )?;
    let (mut can_open, mut behind_glass) = (Vec::new(), Vec::new());
    let each = records.into_iter().zip(keepers).zip(grants).zip(envelopes);
    for (((record, keepers), grant), has_envelope) in each {
        match access(account, keepers.as_ref(), grant.as_ref(), has_envelope) {
            Access::Now => can_open.push(record),
            Access::BehindGlass => behind_glass.push(record),
            Access::Never => {}
        }
    }
    Ok((can_open, behind_glass))
}

/// How an account comes by a record's key.
#[derive(Debug, PartialEq, Eq)]
enum Access {
    /// It has it.
    Now,
    /// Custodians would hand it over in an emergency.
    BehindGlass,
    /// Not at all.
    Never,
}

fn access(
    account: &AccountId32,
    keepers: Option<&Keepers>,
    grant: Option<&AccessGrant>,
    has_envelope: bool,
) -> Access {
    let handed = grant.map_or(0, |grant| grant.deliveries.len());
    let enough = keepers.is_some_and(|kept| handed >= kept.threshold.into());
    if enough || has_envelope {
        Access::Now
    } else if keepers.is_some_and(|kept| !kept.custodians.contains(account)) {
        // Nobody breaks the glass over what they keep themselves.
        Access::BehindGlass
    } else {
        Access::Never
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_had_kept_by_others_or_out_of_reach() {
        let (me, other) = (AccountId32([1; 32]), AccountId32([2; 32]));
        let kept_by = |custodian| Keepers { threshold: 1, custodians: vec![custodian] };
        let of = |keepers: Option<&Keepers>, has_envelope| access(&me, keepers, None, has_envelope);
        assert_eq!(of(None, true), Access::Now);
        assert_eq!(of(Some(&kept_by(other)), true), Access::Now);
        assert_eq!(of(Some(&kept_by(other)), false), Access::BehindGlass);
        assert_eq!(of(Some(&kept_by(me)), false), Access::Never);
        assert_eq!(of(None, false), Access::Never);
    }
}
