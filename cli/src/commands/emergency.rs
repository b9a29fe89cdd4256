//! `medchain emergency`: breaking the glass, and reviewing it.

use std::time::Duration;

use anyhow::{bail, Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use medchain_client::chain::{format_balance, Call, ChainEvent, Emergency};
use medchain_primitives::{EmergencyId, EmergencyReason, RecordId};
use serde::Serialize;

use crate::{
    commands::access::DELIVERY_LIMIT,
    context::Context,
    custody,
    output::{self, Outcome},
    sign::{event, Included},
};

/// Subcommands of `medchain emergency`.
#[derive(Debug, Subcommand)]
pub enum EmergencyCommand {
    /// Get the key of a record at once. It costs a bond until the patient or a
    /// guardian accepts it; everybody sees it.
    Break(BreakArgs),
    /// List the emergencies that wait for a review.
    List {
        /// Those of this patient; without it, all.
        #[arg(long, value_name = "ACCOUNT")]
        patient: Option<String>,
    },
    /// Say whether it was an emergency (the patient, or a guardian).
    Review(ReviewArgs),
    /// Let people break the glass over your records. They may unless you forbid it.
    Allow,
    /// Let nobody break the glass over your records.
    Forbid,
}

/// Why the glass is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReasonArg {
    /// The patient cannot be asked.
    CannotConsent,
    /// Waiting would endanger the patient's life.
    LifeThreatening,
    /// Many are hurt at once.
    MassCasualty,
    /// Another emergency, to be explained at the review.
    Other,
}

impl From<ReasonArg> for EmergencyReason {
    fn from(reason: ReasonArg) -> Self {
        match reason {
            ReasonArg::CannotConsent => Self::CannotConsent,
            ReasonArg::LifeThreatening => Self::LifeThreatening,
            ReasonArg::MassCasualty => Self::MassCasualty,
            ReasonArg::Other => Self::Other,
        }
    }
}

/// Arguments of `medchain emergency break`.
#[derive(Args, Clone, Debug)]
pub struct BreakArgs {
    /// The number of the record.
    pub record: u64,
    /// Why.
    #[arg(long, value_enum)]
    pub reason: ReasonArg,
    /// Do not wait for the custodians.
    #[arg(long)]
    pub no_wait: bool,
}

/// Arguments of `medchain emergency review`.
#[derive(Args, Clone, Debug)]
#[group(id = "verdict", required = true, multiple = false, args = ["accept", "reject"])]
pub struct ReviewArgs {
    /// The number of the emergency.
    pub emergency: u64,
    /// It was one: the bond goes back.
    #[arg(long)]
    pub accept: bool,
    /// It was none: the bond is burned, and the access ends.
    #[arg(long)]
    pub reject: bool,
}

/// A glass that was broken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakReport {
    /// The number of the emergency.
    pub emergency_id: u64,
    /// The record.
    pub record_id: u64,
    /// Its patient.
    pub patient: String,
    /// The last block in which custodians hand the key over.
    pub until: u32,
    /// The last block in which it can be reviewed.
    pub review_until: u32,
    /// How many shares of the key were handed over.
    pub shares: u32,
    /// How many are needed.
    pub threshold: u32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for BreakReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "emergency {}: the glass over record {} of {} is broken ({})",
            self.emergency_id, self.record_id, self.patient, self.included
        )?;
        writeln!(
            f,
            "until block {}; the patient or a guardian reviews it by block {}, \
             or the bond is lost",
            self.until, self.review_until
        )?;
        if self.shares >= self.threshold {
            write!(f, "the key is here: medchain fetch {} --output FILE", self.record_id)
        } else {
            write!(
                f,
                "{} of {} custodians have handed over so far; \
                 try `medchain fetch {} --output FILE` in a moment",
                self.shares, self.threshold, self.record_id
            )
        }
    }
}

/// An emergency that waits for its review.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EmergencyRow {
    /// Its number.
    pub emergency_id: u64,
    /// The record.
    pub record_id: u64,
    /// Its patient.
    pub patient: String,
    /// Who broke the glass.
    pub subject: String,
    /// Why, by their word.
    pub reason: EmergencyReason,
    /// The block in which they did.
    pub broken_at: u32,
    /// The last block in which it can be reviewed.
    pub review_until: u32,
    /// The bond, for people.
    pub bond: String,
}

impl From<Emergency> for EmergencyRow {
    fn from(emergency: Emergency) -> Self {
        Self {
            emergency_id: emergency.id.0,
            record_id: emergency.record.0,
            patient: emergency.patient.to_string(),
            subject: emergency.subject.to_string(),
            reason: emergency.reason,
            broken_at: emergency.broken_at,
            review_until: emergency.review_until,
            bond: format_balance(emergency.bond),
        }
    }
}

/// The emergencies that wait for a review.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// In the order of their numbers.
    pub emergencies: Vec<EmergencyRow>,
}

impl std::fmt::Display for ListReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.emergencies.is_empty() {
            return f.write_str("no emergency waits for a review");
        }
        for row in &self.emergencies {
            writeln!(
                f,
                "emergency {}: {} broke the glass over record {} of {} in block {} ({:?}); \
                 to be reviewed by block {}, bond {}",
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

/// A review.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReviewReport {
    /// The number of the emergency.
    pub emergency_id: u64,
    /// Whether it was one.
    pub accepted: bool,
    /// Who had broken the glass.
    pub subject: String,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for ReviewReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
                "\nThey may have kept the key: `medchain rotate` gives the record a new one."
            )?;
        }
        Ok(())
    }
}

/// Whether the glass may be broken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AllowReport {
    /// The patient.
    pub patient: String,
    /// Whether it may.
    pub allowed: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for AllowReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let who = match self.allowed {
            true => "emergency contacts, clinicians and whom the policy allows it may",
            false => "nobody may",
        };
        write!(f, "{who} break the glass over records of {} ({})", self.patient, self.included)
    }
}

/// Runs `medchain emergency`.
pub async fn run(context: &Context, command: EmergencyCommand) -> Result<Outcome> {
    match command {
        EmergencyCommand::Break(args) => {
            output::print(&break_glass(context, &args).await?, context.json)?
        }
        EmergencyCommand::List { patient } => {
            output::print(&list(context, patient.as_deref()).await?, context.json)?
        }
        EmergencyCommand::Review(args) => {
            output::print(&review(context, &args).await?, context.json)?
        }
        EmergencyCommand::Allow => output::print(&allow(context, true).await?, context.json)?,
        EmergencyCommand::Forbid => output::print(&allow(context, false).await?, context.json)?,
    }
    Ok(Outcome::Done)
}

/// Breaks the glass and waits for the key.
pub async fn break_glass(context: &Context, args: &BreakArgs) -> Result<BreakReport> {
    let record = RecordId(args.record);
    let call = Call::BreakGlass { record, reason: args.reason.into() };
    let purpose = "break the glass";
    let outcome = context.sign(&call, purpose).await?;
    let (emergency, patient, until, review_until) =
        event(&outcome, purpose, |event| match event {
            ChainEvent::GlassBroken { emergency, patient, until, review_until, .. } => {
                Some((*emergency, *patient, *until, *review_until))
            }
            _ => None,
        })?;
    let limit = if args.no_wait { Duration::ZERO } else { DELIVERY_LIMIT };
    let delivered = custody::wait(context, record, &context.account()?, limit).await?;
    Ok(BreakReport {
        emergency_id: emergency.0,
        record_id: args.record,
        patient: patient.to_string(),
        until,
        review_until,
        shares: delivered.shares,
        threshold: delivered.threshold,
        included: (&outcome).into(),
    })
}

async fn list(context: &Context, patient: Option<&str>) -> Result<ListReport> {
    let patient = patient.map(|text| context.parse_account(text)).transpose()?;
    let mut emergencies = context.view().await?.emergencies().await?;
    emergencies.retain(|one| patient.as_ref().is_none_or(|patient| one.patient == *patient));
    emergencies.sort_by_key(|one| one.id);
    Ok(ListReport { emergencies: emergencies.into_iter().map(Into::into).collect() })
}

/// Accepts or rejects an emergency.
pub async fn review(context: &Context, args: &ReviewArgs) -> Result<ReviewReport> {
    let id = EmergencyId(args.emergency);
    let found = context.view().await?.emergency(id).await?;
    let emergency = found.with_context(|| {
        format!("no emergency {id} waits for a review; see `medchain emergency list`")
    })?;
    let call = Call::ReviewEmergency { emergency: id, accepted: args.accept };
    let purpose = "review the emergency";
    let outcome = context.sign(&call, purpose).await?;
    event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::EmergencyReviewed { .. }).then_some(())
    })?;
    Ok(ReviewReport {
        emergency_id: args.emergency,
        accepted: args.accept,
        subject: emergency.subject.to_string(),
        included: (&outcome).into(),
    })
}

/// Lets people break the glass, or nobody.
pub async fn allow(context: &Context, allowed: bool) -> Result<AllowReport> {
    let account = context.account()?;
    if context.view().await?.patient(&account).await?.is_none() {
        bail!("{account} is not registered as a patient; see `medchain patient register`");
    }
    let call = Call::SetEmergencyAccess { allowed };
    let outcome = context.sign(&call, "say who may break the glass").await?;
    Ok(AllowReport { patient: account.to_string(), allowed, included: (&outcome).into() })
}
