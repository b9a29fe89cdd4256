//! `medchain request-access`: asks a patient's policy, and the answer stays on chain.

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use medchain_client::chain::{Call, ChainEvent, Purpose};
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    sign::{event, Included},
};

/// What access is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PurposeArg {
    /// Treating the patient.
    Treatment,
    /// A second opinion.
    SecondOpinion,
    /// Research.
    Research,
    /// Billing.
    Billing,
    /// Anything else.
    Other,
}

impl From<PurposeArg> for Purpose {
    fn from(purpose: PurposeArg) -> Self {
        match purpose {
            PurposeArg::Treatment => Purpose::Treatment,
            PurposeArg::SecondOpinion => Purpose::SecondOpinion,
            PurposeArg::Research => Purpose::Research,
            PurposeArg::Billing => Purpose::Billing,
            PurposeArg::Other => Purpose::Other,
        }
    }
}

/// Arguments of `medchain request-access`.
#[derive(Args, Clone, Debug)]
pub struct RequestAccessArgs {
    /// The number of the record.
    pub record: u64,
    /// What for.
    #[arg(long, value_enum, default_value = "treatment")]
    pub purpose: PurposeArg,
}

/// The policy's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccessReport {
    /// The record.
    pub record_id: u64,
    /// Its patient.
    pub patient: String,
    /// Who asked.
    pub subject: String,
    /// Whether the policy says yes.
    pub granted: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Whether the content key is sealed to who asked: a yes of the policy alone
    /// opens nothing.
    pub has_envelope: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for AccessReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let record = self.record_id;
        match &self.reason {
            None => write!(
                f,
                "granted: the policy of {} lets {} view record {record}",
                self.patient, self.subject
            )?,
            Some(reason) => write!(
                f,
                "denied: {} may not view record {record} of {}: {reason}",
                self.subject, self.patient
            )?,
        }
        write!(f, " ({})", self.included)?;
        if self.granted && !self.has_envelope {
            write!(
                f,
                "\nNow somebody who has the key must hand it over: \
                 medchain share {record} --to {}",
                self.subject
            )?;
        }
        Ok(())
    }
}

/// Runs `medchain request-access`; exit code 1 means no.
pub async fn run(context: &Context, args: &RequestAccessArgs) -> Result<Outcome> {
    let report = request(context, args).await?;
    output::print(&report, context.json)?;
    Ok(if report.granted { Outcome::Done } else { Outcome::No })
}

/// Asks for access to a record.
pub async fn request(context: &Context, args: &RequestAccessArgs) -> Result<AccessReport> {
    let subject = context.account()?;
    let record = RecordId(args.record);
    let view = context.view().await?;
    let found = view.record(record).await?;
    let patient = found.with_context(|| format!("there is no record {record}"))?.patient;
    let has_envelope = view.envelope(record, &subject).await?.is_some();
    let call = Call::RequestAccess { record, purpose: args.purpose.into() };
    let purpose = "ask for access";
    let outcome = context.sign(&call, purpose).await?;
    let reason = event(&outcome, purpose, |event| match event {
        ChainEvent::AccessGranted { .. } => Some(None),
        ChainEvent::AccessDenied { reason, .. } => Some(Some(reason.to_string())),
        _ => None,
    })?;
    Ok(AccessReport {
        record_id: args.record,
        patient: patient.to_string(),
        subject: subject.to_string(),
        granted: reason.is_none(),
        reason,
        has_envelope,
        included: (&outcome).into(),
    })
}
