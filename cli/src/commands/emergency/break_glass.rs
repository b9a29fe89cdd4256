//! `medchain emergency break`: access at once, against a bond.

use std::{fmt, time::Duration};

use anyhow::Result;
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use medchain_primitives::{EmergencyId, EmergencyReason, RecordId};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    records::{self, DELIVERY_LIMIT},
    signing::{event, Included},
};

/// Arguments of `medchain emergency break`.
#[derive(Args, Clone, Debug)]
pub struct BreakArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
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
    /// The record.
    pub record_id: RecordId,
    /// Its patient.
    pub patient: AccountId32,
    /// The last block in which custodians hand over the key.
    pub until: u32,
    /// The last block in which it can be reviewed.
    pub review_until: u32,
    /// How many shares of the key have been handed over.
    pub shares: u32,
    /// How many are needed.
    pub threshold: u32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for BreakReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.record_id;
        writeln!(
            f,
            "emergency {}: the glass over record {record} of {} is broken ({})",
            self.emergency_id, self.patient, self.included
        )?;
        writeln!(
            f,
            "access lasts until block {}; without a review by the patient or a guardian until \
             block {}, the bond is lost",
            self.until, self.review_until
        )?;
        if self.shares >= self.threshold {
            write!(f, "you have the key: medchain fetch {record} --output FILE")
        } else {
            write!(
                f,
                "{} of {} custodians have handed over a share so far; \
                 try `medchain fetch {record} --output FILE` in a moment",
                self.shares, self.threshold
            )
        }
    }
}

/// Runs `medchain emergency break`.
pub async fn run(context: &Context, args: &BreakArgs) -> Result<Outcome> {
    output::print(&break_glass(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Breaks the glass and waits for the key.
pub async fn break_glass(context: &Context, args: &BreakArgs) -> Result<BreakReport> {
    let BreakArgs { record, reason, no_wait } = *args;
    let call = Call::BreakGlass { record, reason };
    let purpose = "break the glass";
    let outcome = context.sign(&call, purpose).await?;
    let (emergency_id, patient, until, review_until) =
        event(&outcome, purpose, |event| match event {
            ChainEvent::GlassBroken { emergency, patient, until, review_until, .. } => {
                Some((*emergency, *patient, *until, *review_until))
            }
            _ => None,
        })?;
    let limit = if no_wait { Duration::ZERO } else { DELIVERY_LIMIT };
    let delivered = records::wait(context, record, &context.account()?, limit).await?;
    Ok(BreakReport {
        emergency_id,
        record_id: record,
        patient,
        until,
        review_until,
        shares: delivered.shares,
        threshold: delivered.threshold,
        included: (&outcome).into(),
    })
}
