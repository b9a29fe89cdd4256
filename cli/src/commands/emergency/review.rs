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
    signing::{event, Included},
};

/// Arguments of `medchain emergency review`.
#[derive(Args, Clone, Debug)]
pub struct ReviewArgs {
    /// The emergency's number.
    #[arg(value_parser = arguments::emergency())]
    pub emergency: EmergencyId,
    /// It was an emergency: return the bond, if you are the patient.
    ///
    /// The patient can also say so after a guardian rejected it.
    #[arg(long, required_unless_present = "reject", conflicts_with = "reject")]
    pub accept: bool,
    /// It was no emergency: end the access at once, and burn the bond at the end.
    ///
    /// Until then the patient can accept what a guardian rejected, and the ethics committee what
    /// anybody rejected.
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
    /// Whether a guardian accepted it, so that the patient can still reject it.
    pub endorsed: bool,
    /// The account that broke the glass.
    pub subject: AccountId32,
    /// If it was rejected, the last block in which that can be overturned; then the bond is
    /// burned.
    pub overturnable_until: Option<u32>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for ReviewReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verdict, bond) = match (self.accepted, self.endorsed) {
            (true, true) => ("accepted", "gets the bond back unless the patient rejects it"),
            (true, false) => ("accepted", "gets the bond back"),
            (false, _) => ("rejected", "loses the access now, and the bond when it is closed"),
        };
        write!(
            f,
            "emergency {} is {verdict}: {} {bond} ({})",
            self.emergency_id, self.subject, self.included
        )?;
        if let Some(until) = self.overturnable_until {
            write!(
                f,
                "\nUntil block {until} the ethics committee can accept it all the same, and so can \
                 the patient where a guardian rejected it."
            )?;
            write!(
                f,
                "\nThis account may have kept keys: `medchain rotate` encrypts a record under a new \
                 one."
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
        format!("there is no open emergency {id}; see `medchain emergency list`")
    })?;
    let call = Call::ReviewEmergency { emergency: id, accepted: accept };
    let purpose = "review the emergency";
    let outcome = context.sign(&call, purpose).await?;
    let endorsed = event(&outcome, purpose, |event| match event {
        ChainEvent::EmergencyReviewed { .. } => Some(false),
        ChainEvent::EmergencyEndorsed { .. } => Some(true),
        _ => None,
    })?;
    // A rejection moves the last block on.
    let rejected = if accept { None } else { context.view().await?.emergency(id).await? };
    Ok(ReviewReport {
        emergency_id: id,
        accepted: accept,
        endorsed,
        subject: emergency.subject,
        overturnable_until: rejected.map(|emergency| emergency.review_until),
        included: (&outcome).into(),
    })
}
