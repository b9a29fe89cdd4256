//! `medchain request-access`: asks a patient's policy, and the answer stays on chain.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use medchain_client::chain::{Call, ChainEvent, Purpose};
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    context::Context,
    custody::{self, Delivered},
    output::{self, Outcome},
    sign::{event, Included},
};

/// How long the custodians are waited for: they serve what is final, which takes
/// half a minute with a relay chain.
pub const DELIVERY_LIMIT: Duration = Duration::from_secs(120);

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
    /// Do not wait for the custodians.
    #[arg(long)]
    pub no_wait: bool,
    /// First give up what stands granted and what is sealed to you: custodians then
    /// hand over anew, in another order.
    #[arg(long)]
    pub anew: bool,
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
    /// Whether the content key is sealed to who asked, apart from what custodians
    /// hand over: a yes of the policy alone opens nothing.
    pub has_envelope: bool,
    /// The last block in which custodians hand the key over; none where none
    /// keep it.
    pub until: Option<u32>,
    /// How many shares of the key they have handed over.
    pub shares: u32,
    /// How many are needed.
    pub threshold: u32,
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
        if !self.granted || self.has_envelope {
            return Ok(());
        }
        match self.until {
            None => write!(
                f,
                "\nNow somebody who has the key must hand it over: \
                 medchain share {record} --to {}",
                self.subject
            ),
            Some(until) if self.shares >= self.threshold => write!(
                f,
                "\nthe key is here, up to block {until}: medchain fetch {record} --output FILE"
            ),
            Some(until) => write!(
                f,
                "\n{} of {} custodians have handed over so far; they may up to block {until}: \
                 try `medchain fetch {record} --output FILE` in a moment",
                self.shares, self.threshold
            ),
        }
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
    let has_grant = view.grant(record, &subject).await?.is_some();
    let ask = Call::RequestAccess { record, purpose: args.purpose.into() };
    let call = if args.anew && (has_envelope || has_grant) {
        Call::Batch(vec![Call::RemoveEnvelope { record, reader: subject }, ask])
    } else {
        ask
    };
    let has_envelope = has_envelope && !args.anew;
    let purpose = "ask for access";
    let outcome = context.sign(&call, purpose).await?;
    let answer = event(&outcome, purpose, |event| match event {
        ChainEvent::AccessGranted { until, .. } => Some(Ok(*until)),
        ChainEvent::AccessDenied { reason, .. } => Some(Err(reason.to_string())),
        _ => None,
    })?;
    let (until, reason) = match answer {
        Ok(until) => (until, None),
        Err(reason) => (None, Some(reason)),
    };
    let delivered = match until {
        Some(_) => {
            let limit = if args.no_wait { Duration::ZERO } else { DELIVERY_LIMIT };
            custody::wait(context, record, &subject, limit).await?
        }
        None => Delivered { shares: 0, threshold: 0 },
    };
    Ok(AccessReport {
        record_id: args.record,
        patient: patient.to_string(),
        subject: subject.to_string(),
        granted: reason.is_none(),
        reason,
        has_envelope,
        until,
        shares: delivered.shares,
        threshold: delivered.threshold,
        included: (&outcome).into(),
    })
}
