//! `medchain emergency list`: the emergencies that await a review.

use std::fmt;

use anyhow::Result;
use clap::Args;
use medchain_client::{
    chain::{format_balance, Emergency},
    AccountId32,
};
use medchain_primitives::{EmergencyId, EmergencyReason, RecordId};
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
};

/// Arguments of `medchain emergency list`.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Only emergencies of this patient.
    #[arg(long, value_name = "ACCOUNT")]
    pub patient: Option<String>,
}

/// An emergency that awaits a review.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EmergencyRow {
    /// The emergency's number.
    pub emergency_id: EmergencyId,
    /// The record.
    pub record_id: RecordId,
    /// Its patient.
    pub patient: AccountId32,
    /// The account that broke the glass.
    pub subject: AccountId32,
    /// The reason it gave.
    pub reason: EmergencyReason,
    /// The block in which it broke the glass.
    pub broken_at: u32,
    /// The last block in which it can be reviewed.
    pub review_until: u32,
    /// The bond in MEDC.
    pub bond: String,
}

impl From<Emergency> for EmergencyRow {
    fn from(emergency: Emergency) -> Self {
        Self {
            emergency_id: emergency.id,
            record_id: emergency.record,
            patient: emergency.patient,
            subject: emergency.subject,
            reason: emergency.reason,
            broken_at: emergency.broken_at,
            review_until: emergency.review_until,
            bond: format_balance(emergency.bond),
        }
    }
}

/// The emergencies that await a review.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// By number.
    pub emergencies: Vec<EmergencyRow>,
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.emergencies.is_empty() {
            return f.write_str("no emergency awaits a review");
        }
        for row in &self.emergencies {
            writeln!(
                f,
                "emergency {}: {} broke the glass over record {} of {} in block {} ({}); \
                 review until block {}, bond {}",
                row.emergency_id,
                row.subject,
                row.record_id,
                row.patient,
                row.broken_at,
                row.reason,
                row.review_until,
                row.bond
            )?;
        }
        Ok(())
    }
}

/// Runs `medchain emergency list`.
pub async fn run(context: &Context, args: &ListArgs) -> Result<Outcome> {
    output::print(&list(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn list(context: &Context, args: &ListArgs) -> Result<ListReport> {
    let patient = context.parse_optional(args.patient.as_deref())?;
    let mut emergencies = context.view().await?.emergencies().await?;
    emergencies.retain(|one| patient.is_none_or(|patient| one.patient == patient));
    emergencies.sort_by_key(|one| one.id);
    Ok(ListReport { emergencies: emergencies.into_iter().map(Into::into).collect() })
}
