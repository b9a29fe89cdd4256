//! `medchain emergency break-glass`: access at once, against a bond.

use std::fmt;

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use medchain_primitives::{EmergencyId, EmergencyReason, RecordId};
use serde::Serialize;

use super::opening::{of_one_patient, OpenedRecord, Opening};
use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    signing::{event, Included},
};

/// Arguments of `medchain emergency break-glass`.
#[derive(Args, Clone, Debug)]
pub struct BreakArgs {
    /// The records' numbers, all of one patient.
    #[arg(value_name = "RECORD", required = true, value_parser = arguments::record())]
    pub records: Vec<RecordId>,
    /// The reason, which everybody can read.
    #[arg(long, value_parser = arguments::emergency_reason())]
    pub reason: EmergencyReason,
    /// Do not wait for the custodians.
    #[arg(long)]
    pub no_wait: bool,
}

/// A break-glass access.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakReport {
    /// The emergency's number.
    pub emergency_id: EmergencyId,
    /// The patient.
    pub patient: AccountId32,
    /// The last block in which keys can be requested and are delivered.
    pub until: u32,
    /// The last block in which it can be reviewed.
    pub review_until: u32,
    /// The records.
    pub records: Vec<OpenedRecord>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl BreakReport {
    /// Whether the keys of all records are there.
    pub fn has_every_key(&self) -> bool {
        self.records.iter().all(OpenedRecord::has_key)
    }
}

impl fmt::Display for BreakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { emergency_id, patient, until, review_until, records, included } = self;
        writeln!(
            f,
            "emergency {emergency_id}: the glass over the records of {patient} is broken \
             ({included})"
        )?;
        writeln!(
            f,
            "it lasts until block {until}, also for further records: `medchain emergency request`"
        )?;
        write!(
            f,
            "the patient or a guardian reviews it until block {review_until}; who rejects it \
             burns the bond"
        )?;
        records.iter().try_for_each(|record| write!(f, "\n{record}"))
    }
}

/// Runs `medchain emergency break-glass`.
pub async fn run(context: &Context, args: &BreakArgs) -> Result<Outcome> {
    output::print(&break_glass(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Breaks the glass and waits for the keys.
pub async fn break_glass(context: &Context, args: &BreakArgs) -> Result<BreakReport> {
    context.ensure_can_ask()?;
    let wanted = of_one_patient(context, &args.records).await?;
    let opening = Opening::new(context, wanted, None).await?;
    let patient = opening.patient;
    let mut calls = vec![Call::BreakGlass { patient, reason: args.reason }];
    calls.extend(opening.calls.iter().cloned());
    let purpose = "break the glass";
    let outcome = opening.requests.sign(context, &Call::Batch(calls), purpose).await?;
    let (emergency_id, until, review_until) = event(&outcome, purpose, |event| match event {
        ChainEvent::GlassBroken { emergency, until, review_until, .. } => {
            Some((*emergency, *until, *review_until))
        }
        _ => None,
    })?;
    let broken = format!(
        "emergency {emergency_id}: the glass over the records of {patient} is broken until block \
         {until} (in block {})",
        outcome.block_number
    );
    context.stands(&broken);
    let records = opening.wait(context, args.no_wait).await.with_context(|| {
        format!("{broken}; do not break it again, but fetch with `medchain fetch RECORD`")
    })?;
    Ok(BreakReport {
        emergency_id,
        patient,
        until,
        review_until,
        records,
        included: (&outcome).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_runs_and_who_reviews() {
        let report = BreakReport {
            emergency_id: EmergencyId(4),
            patient: AccountId32([1; 32]),
            until: 90,
            review_until: 900,
            records: vec![OpenedRecord { record_id: RecordId(3), shares: 2, threshold: 2 }],
            included: Included {
                block_hash: "0x01".into(),
                block_number: 5,
                extrinsic_hash: "0x02".into(),
                fee: "1".into(),
                fee_shown: "1".into(),
            },
        };
        let text = report.to_string();
        for words in ["emergency 4", "until block 90", "until block 900", "medchain fetch 3"] {
            assert!(text.contains(words), "{text}");
        }
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!((&json["emergency_id"], &json["records"][0]["shares"]), (&4.into(), &2.into()));
    }
}
