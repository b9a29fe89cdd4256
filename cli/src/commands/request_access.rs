//! `medchain request-access`: asks a patient's policy; the answer is stored on chain.

use std::{fmt, time::Duration};

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent, Finality},
    AccountId32,
};
use medchain_primitives::{Denied, Purpose, RecordId};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    records::{self, Delivered, Requests, DELIVERY_LIMIT},
    signing::{event, Included},
};

/// Arguments of `medchain request-access`.
#[derive(Args, Clone, Debug)]
pub struct RequestAccessArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
    /// The purpose.
    #[arg(long, value_parser = arguments::purpose(), default_value = "treatment")]
    pub purpose: Purpose,
    /// Do not wait for the custodians.
    #[arg(long)]
    pub no_wait: bool,
    /// Make a new request although one runs: custodians then deliver the key again.
    ///
    /// This ends the running one. It helps where its secret is lost, or on another computer.
    #[arg(long, alias = "anew")]
    pub renew: bool,
}

/// The policy's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestAccessReport {
    /// The record.
    pub record_id: RecordId,
    /// Its patient.
    pub patient: AccountId32,
    /// The account that asked.
    pub subject: AccountId32,
    /// Whether the policy says yes.
    pub granted: bool,
    /// Why not.
    #[serde(serialize_with = "output::as_text")]
    pub reason: Option<Denied>,
    /// Whether the account has an envelope, apart from custodians' shares: a yes of the
    /// policy alone opens nothing.
    pub has_envelope: bool,
    /// The last block in which custodians hand over the key; none if none keep it.
    pub until: Option<u32>,
    /// How many shares of the key have been handed over.
    pub shares: u32,
    /// How many are needed.
    pub threshold: u32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl RequestAccessReport {
    /// The policy's answer in words: `granted`, or why not.
    pub fn answer(&self) -> String {
        self.reason.map_or_else(|| "granted".to_owned(), |reason| reason.to_string())
    }
}

impl fmt::Display for RequestAccessReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.record_id;
        match &self.reason {
            None => write!(
                f,
                "granted: the policy of {} allows {} to view record {record}",
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
                "\nA reader who can open the record must now share it: \
                 medchain share {record} --to {}",
                self.subject
            ),
            Some(until) if self.shares >= self.threshold => write!(
                f,
                "\nyou have the key until block {until}: medchain fetch {record} --output FILE"
            ),
            Some(until) => write!(
                f,
                "\n{} of {} custodians have handed over a share so far, and can until block \
                 {until}: try `medchain fetch {record} --output FILE` in a moment",
                self.shares, self.threshold
            ),
        }
    }
}

/// Runs `medchain request-access`.
pub async fn run(context: &Context, args: &RequestAccessArgs) -> Result<Outcome> {
    let report = request(context, args).await?;
    output::print(&report, context.json)?;
    Ok(if report.granted { Outcome::Done } else { Outcome::No })
}

/// Requests access to a record and waits for its key.
pub async fn request(context: &Context, args: &RequestAccessArgs) -> Result<RequestAccessReport> {
    let RequestAccessArgs { record, purpose, no_wait, renew } = *args;
    let subject = context.account()?;
    let view = context.view().await?;
    let patient = records::find(&view, record).await?.patient;
    // One for a former key opens nothing any more.
    let own_key = context.identity()?.encryption_key();
    let envelope = view.envelope(record, &subject).await?;
    let has_envelope = envelope.is_some_and(|envelope| envelope.is_for(&own_key));
    let running = view.grant(record, &subject).await?;
    let running = running.filter(|grant| !renew && view.number() < grant.until);
    let mut requests = Requests::of(context).await?;
    let reply = requests.reply(record, running.as_ref().map(|grant| &grant.reply))?;
    let call = Call::RequestAccess { record, purpose, reply };
    let purpose = "request access";
    let outcome = requests.sign(context, &call, purpose).await?;
    let answer = event(&outcome, purpose, |event| match event {
        ChainEvent::AccessGranted { until, .. } => Some(Ok(*until)),
        ChainEvent::AccessDenied { reason, .. } => Some(Err(*reason)),
        _ => None,
    })?;
    let (until, reason) = match answer {
        Ok(until) => (until, None),
        Err(reason) => (None, Some(reason)),
    };
    // A refusal ends a running grant for the same purpose, but not one of an emergency.
    let after = context.chain().await?.at(outcome.block_hash).await?;
    let running = after.grant(record, &subject).await?;
    let running = running.as_ref().map(|grant| &grant.reply);
    match context.finality {
        Finality::Finalised => requests.settle(record, running),
        // A fork may replace the block, and then the grant before it runs still.
        Finality::Best => requests.tidy(record, running),
    }
    let delivered = match until {
        Some(until) => {
            let granted = format!(
                "access to record {record} is granted until block {until} (in block {})",
                outcome.block_number
            );
            context.stands(&granted);
            let limit = if no_wait { Duration::ZERO } else { DELIVERY_LIMIT };
            let delivered = records::wait(context, &[record], limit).await.with_context(|| {
                format!("{granted}; fetch it with `medchain fetch {record} --output FILE`")
            })?;
            delivered.first().copied().unwrap_or(Delivered::NOTHING)
        }
        None => Delivered::NOTHING,
    };
    Ok(RequestAccessReport {
        record_id: record,
        patient,
        subject,
        granted: reason.is_none(),
        reason,
        has_envelope,
        until,
        shares: delivered.shares,
        threshold: delivered.threshold,
        included: (&outcome).into(),
    })
}
