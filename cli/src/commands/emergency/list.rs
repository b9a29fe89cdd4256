//! `medchain emergency list`: the emergencies that are not closed.

use std::fmt;

use anyhow::Result;
use clap::Args;
use medchain_client::{
    chain::{format_balance, Emergency, EmergencyStatus},
    AccountId32,
};
use medchain_primitives::{EmergencyId, EmergencyReason, RecordId};
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, joined, Outcome},
};

/// Arguments of `medchain emergency list`.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Only emergencies of this patient.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: Option<String>,
}

/// An emergency that is not closed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EmergencyRow {
    /// The emergency's number.
    pub emergency_id: EmergencyId,
    /// The patient.
    pub patient: AccountId32,
    /// The account that broke the glass.
    pub subject: AccountId32,
    /// The reason it gave.
    pub reason: EmergencyReason,
    /// The block in which it broke the glass.
    pub broken_at: u32,
    /// The last block in which it opens records.
    pub until: u32,
    /// The last block of its present status.
    pub review_until: u32,
    /// The bond in MEDC.
    pub bond: String,
    /// How far its review is.
    pub status: &'static str,
    /// The guardian that accepted it.
    pub endorsed_by: Option<AccountId32>,
    /// The patient or the guardian that rejected it.
    pub rejected_by: Option<AccountId32>,
    /// The records that were requested in it.
    pub records: Vec<RecordId>,
    /// How many shares of their keys were delivered in it.
    pub deliveries: u32,
}

impl EmergencyRow {
    fn new(emergency: &Emergency, records: Vec<RecordId>) -> Self {
        let (status, endorsed_by, rejected_by) = match emergency.status {
            EmergencyStatus::Open => ("open", None, None),
            EmergencyStatus::Endorsed { by } => ("endorsed", Some(by), None),
            EmergencyStatus::Rejected { by } => ("rejected", None, Some(by)),
            EmergencyStatus::Escalated => ("escalated", None, None),
            EmergencyStatus::Accepted => ("accepted", None, None),
        };
        Self {
            emergency_id: emergency.id,
            patient: emergency.patient,
            subject: emergency.subject,
            reason: emergency.reason,
            broken_at: emergency.broken_at,
            until: emergency.until,
            review_until: emergency.review_until,
            bond: format_balance(emergency.bond),
            status,
            endorsed_by,
            rejected_by,
            records,
            deliveries: emergency.deliveries,
        }
    }

    /// What its status means, and until when.
    fn review(&self) -> String {
        let (id, until) = (self.emergency_id, self.review_until);
        match (self.status, self.endorsed_by, self.rejected_by) {
            ("open", ..) => format!("awaits a review until block {until}, bond {}", self.bond),
            (_, Some(guardian), _) => format!(
                "accepted by the guardian {guardian}; the patient can reject it until block \
                 {until}, bond {}",
                self.bond
            ),
            (_, _, Some(by)) => {
                let others = match by == self.patient {
                    true => "the ethics committee",
                    false => "the patient or the ethics committee",
                };
                format!(
                    "rejected by {by}; unless {others} accepts it until block {until}, the bond {} \
                     is burned",
                    self.bond
                )
            }
            ("escalated", ..) => format!(
                "reviewed by nobody: the ethics committee judges it until block {until}, with \
                 `medchain emergency judge {id}`, bond {}",
                self.bond
            ),
            (decided, ..) => format!("{decided}, and listed until block {until}"),
        }
    }
}

impl fmt::Display for EmergencyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { emergency_id, patient, subject, reason, broken_at, until, .. } = self;
        write!(
            f,
            "emergency {emergency_id}: {subject} broke the glass over the records of {patient} in \
             block {broken_at} ({reason}), until block {until}"
        )?;
        if !self.records.is_empty() {
            write!(f, "; records: {}", joined(&self.records))?;
        }
        write!(f, "; {}; {}", output::counted(self.deliveries, "share"), self.review())
    }
}

/// The emergencies that are not closed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// By number.
    pub emergencies: Vec<EmergencyRow>,
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.emergencies.is_empty() {
            return f.write_str("no emergency is open");
        }
        self.emergencies.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

/// Runs `medchain emergency list`.
pub async fn run(context: &Context, args: &ListArgs) -> Result<Outcome> {
    output::print(&list(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn list(context: &Context, args: &ListArgs) -> Result<ListReport> {
    let patient = context.parse_optional(args.patient.as_deref())?;
    let view = context.view().await?;
    let all = match patient {
        Some(patient) => view.emergencies_over(&patient).await?,
        None => view.emergencies().await?,
    };
    let records = view.requested_in(&all).await?;
    let rows = all.iter().zip(records);
    let rows = rows.map(|(emergency, records)| EmergencyRow::new(emergency, records));
    Ok(ListReport { emergencies: rows.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_who_decides_and_until_when() {
        let shown = |status| {
            let emergency = Emergency {
                id: EmergencyId(4),
                patient: AccountId32([1; 32]),
                subject: AccountId32([2; 32]),
                reason: EmergencyReason::CannotConsent,
                broken_at: 5,
                until: 90,
                review_until: 900,
                bond: 0,
                grants: 1,
                requested: 2,
                deliveries: 2,
                status,
            };
            EmergencyRow::new(&emergency, vec![RecordId(3), RecordId(7)]).to_string()
        };
        let guardian = AccountId32([9; 32]);
        for (status, words) in [
            (EmergencyStatus::Open, "awaits a review until block 900".to_owned()),
            (EmergencyStatus::Endorsed { by: guardian }, format!("by the guardian {guardian}")),
            (EmergencyStatus::Escalated, "medchain emergency judge 4".to_owned()),
            (
                EmergencyStatus::Rejected { by: guardian },
                "unless the patient or the ethics committee accepts it until block 900".to_owned(),
            ),
            (EmergencyStatus::Accepted, "accepted, and listed".to_owned()),
        ] {
            let text = shown(status);
            assert!(text.contains(&words), "{text}");
            assert!(text.contains("records: 3, 7; 2 shares; "), "{text}");
        }
        let none = ListReport { emergencies: Vec::new() };
        assert_eq!(none.to_string(), "no emergency is open");
    }
}
