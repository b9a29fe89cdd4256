//! `medchain share`: seals the key of a record to one more reader.

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::chain::{Call, ChainEvent};
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    commands::fetch,
    context::Context,
    envelopes::{self, Reader},
    output::{self, Outcome},
    sign::{event, Included},
};

/// Arguments of `medchain share`.
#[derive(Args, Clone, Debug)]
pub struct ShareArgs {
    /// The number of the record.
    pub record: u64,
    /// Who may open it from now on.
    #[arg(long, value_name = "ACCOUNT")]
    pub to: String,
}

/// A new envelope.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShareReport {
    /// The record.
    pub record_id: u64,
    /// Who can open it now.
    pub reader: String,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for ShareReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} can open record {} ({})", self.reader, self.record_id, self.included)
    }
}

/// Runs `medchain share`.
pub async fn run(context: &Context, args: &ShareArgs) -> Result<Outcome> {
    output::print(&share(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Seals the key of a record to one more reader.
pub async fn share(context: &Context, args: &ShareArgs) -> Result<ShareReport> {
    let reader = context.parse_account(&args.to)?;
    let view = context.view().await?;
    let record = envelopes::record(&view, args.record).await?;
    if view.envelope(record.id, &reader).await?.is_some() {
        bail!("{reader} can open record {} already", record.id);
    }
    let key = fetch::key(context, &view, &record).await?;
    let (reader, sealed_key) = Reader::find(&view, &reader).await?.seal(&key)?;
    let call =
        Call::ShareRecord { record: RecordId(args.record), reader: reader.clone(), sealed_key };
    let purpose = "share the record";
    let outcome = context.sign(&call, purpose).await?;
    event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::EnvelopeAdded { .. }).then_some(())
    })?;
    Ok(ShareReport {
        record_id: args.record,
        reader: reader.to_string(),
        included: (&outcome).into(),
    })
}
