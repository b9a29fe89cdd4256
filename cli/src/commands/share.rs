//! `medchain share`: seals a record's key to another reader.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    records::{self, Reader},
    signing::{ensure_event, Included},
};

/// Arguments of `medchain share`.
#[derive(Args, Clone, Debug)]
pub struct ShareArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
    /// The account that may open it from now on.
    #[arg(long, value_name = "ACCOUNT")]
    pub to: String,
    /// Seal the key anew to an account that has an envelope already (patient only).
    ///
    /// It helps where the account has changed its encryption key since.
    #[arg(long)]
    pub replace: bool,
}

/// A new envelope.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShareReport {
    /// The record.
    pub record_id: RecordId,
    /// The account that can open it now.
    pub reader: AccountId32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for ShareReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} can open record {} ({})", self.reader, self.record_id, self.included)
    }
}

/// Runs `medchain share`.
pub async fn run(context: &Context, args: &ShareArgs) -> Result<Outcome> {
    output::print(&share(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Seals a record's key to another reader.
pub async fn share(context: &Context, args: &ShareArgs) -> Result<ShareReport> {
    let reader = context.parse_account(&args.to)?;
    let view = context.view().await?;
    let record = records::find(&view, args.record).await?;
    if view.envelope(record.id, &reader).await?.is_some() {
        let is_patient = context.account()? == record.patient;
        match (args.replace, is_patient) {
            (true, true) => {}
            (true, false) => bail!(
                "only the patient {} may replace an envelope; the patient runs this",
                record.patient
            ),
            (false, _) => bail!(
                "{reader} has an envelope for record {} already; if it was sealed before the \
                 account changed its encryption key, the patient runs `medchain share {} --to \
                 {reader} --replace`",
                record.id,
                record.id
            ),
        }
    }
    let key = records::key(context, &view, &record).await?;
    let (reader, sealed_key) = Reader::find(&view, &reader).await?.seal(&key)?;
    let call = Call::ShareRecord { record: record.id, reader, sealed_key };
    let purpose = "share the record";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::EnvelopeAdded { .. }))?;
    Ok(ShareReport { record_id: record.id, reader, included: (&outcome).into() })
}
