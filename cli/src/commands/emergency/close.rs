//! `medchain emergency close`: what the chain does by itself once a review is over.

use std::fmt;

use anyhow::{bail, Context as _, Result};
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

/// Arguments of `medchain emergency close`.
#[derive(Args, Clone, Debug)]
pub struct CloseArgs {
    /// The emergency's number.
    #[arg(value_parser = arguments::emergency())]
    pub emergency: EmergencyId,
}

/// What became of an emergency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// No record was requested in it: the bond is back.
    Voided,
    /// The ethics committee judges it.
    Escalated,
    /// It is over.
    Closed,
    /// It is over, and was rejected: the bond is burned.
    Burned,
}

impl Ending {
    fn of(event: &ChainEvent) -> Option<Self> {
        match event {
            ChainEvent::EmergencyVoided { .. } => Some(Self::Voided),
            ChainEvent::EmergencyEscalated { .. } => Some(Self::Escalated),
            ChainEvent::EmergencyClosed { burned: true, .. } => Some(Self::Burned),
            ChainEvent::EmergencyClosed { .. } => Some(Self::Closed),
            _ => None,
        }
    }
}

/// A closed emergency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CloseReport {
    /// The emergency's number.
    pub emergency_id: EmergencyId,
    /// The account that broke the glass.
    pub subject: AccountId32,
    /// What became of it.
    pub ending: Ending,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for CloseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { emergency_id, subject, ending, included } = self;
        write!(f, "emergency {emergency_id} of {subject} ")?;
        match ending {
            Ending::Voided => f.write_str("is void: nothing was requested; the bond is back")?,
            Ending::Escalated => write!(
                f,
                "was reviewed by nobody: the ethics committee judges it with `medchain emergency \
                 judge {emergency_id}`"
            )?,
            Ending::Closed => f.write_str("is closed")?,
            Ending::Burned => f.write_str("is closed: it was rejected, and the bond is burned")?,
        }
        write!(f, " ({included})")
    }
}

/// Runs `medchain emergency close`.
pub async fn run(context: &Context, args: &CloseArgs) -> Result<Outcome> {
    output::print(&close(context, args.emergency).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn close(context: &Context, id: EmergencyId) -> Result<CloseReport> {
    let view = context.view().await?;
    let emergency = view.emergency(id).await?.with_context(|| {
        format!("there is no open emergency {id}; see `medchain emergency list`")
    })?;
    if view.number() <= emergency.review_until {
        bail!(
            "emergency {id} can be closed after block {}, and this is block {}",
            emergency.review_until,
            view.number()
        );
    }
    let purpose = "close the emergency";
    let outcome = context.sign(&Call::CloseEmergency { emergency: id }, purpose).await?;
    let ending = event(&outcome, purpose, Ending::of)?;
    Ok(CloseReport {
        emergency_id: id,
        subject: emergency.subject,
        ending,
        included: (&outcome).into(),
    })
}
