//! `medchain emergency review`: accepts or rejects an emergency.

use std::fmt;

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use medchain_primitives::EmergencyId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    signing::{ensure_event, Included},
};

/// Arguments of `medchain emergency review`.
#[derive(Args, Clone, Debug)]
pub struct ReviewArgs {
    /// The emergency's number.
    #[arg(value_parser = arguments::emergency())]
    pub emergency: EmergencyId,
    /// It was an emergency: return the bond.
    #[arg(long, required_unless_present = "reject", conflicts_with = "reject")]
    pub accept: bool,
    /// It was no emergency: burn the bond and end the access.
    #[arg(long)]
    pub reject: bool,
}

/// A review.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewReport {
    /// The emergency's number.
    pub emergency_id: EmergencyId,
    /// Whether it was accepted.
    pub accepted: bool,
    /// The account that broke the glass.
    pub subject: AccountId32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for ReviewReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verdict, bond) = if self.accepted {
            ("accepted", "gets the bond back")
        } else {
            ("rejected", "loses the bond and the access")
        };
        write!(
            f,
            "emergency {} is {verdict}: {} {bond} ({})",
            self.emergency_id, self.subject, self.included
        )?;
        if !self.accepted {
            write!(
                f,
                "\nThis account may have kept the key: `medchain rotate` encrypts the record \
                 under a new one."
            )?;
        }
        Ok(())
    }
}

/// Runs `medchain emergency review`.
pub async fn run(context: &Context, args: &ReviewArgs) -> Result<Outcome> {
    output::print(&review(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Accepts or rejects an emergency.
pub async fn review(context: &Context, args: &ReviewArgs) -> Result<ReviewReport> {
    let ReviewArgs { emergency: id, accept, .. } = *args;
    let found = context.view().await?.emergency(id).await?;
    let emergency = found.with_context(|| {
        format!("no emergency {id} awaits a review; see `medchain emergency list`")
    })?;
    let call = Call::ReviewEmergency { emergency: id, accepted: accept };
    let purpose = "review the emergency";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::EmergencyReviewed { .. }))?;
    Ok(ReviewReport {
        emergency_id: id,
        accepted: accept,
        subject: emergency.subject,
        included: (&outcome).into(),
    })
}
