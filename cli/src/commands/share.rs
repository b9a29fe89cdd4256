//! `medchain share`: seals a record's key to another reader.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{
    chain::{Call, ChainEvent, Record},
    AccountId32,
};
use medchain_primitives::{RecordId, SealedKey};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    records::{self, EnvelopesOf, Reader},
    signing::{ensure_event, Included},
    trust,
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
    /// Replace the envelope that the account has; only the patient can
    ///
    /// An envelope for a key that the account no longer publishes is replaced without it, by
    /// anybody who may share the record.
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
    trust::ensure_record(context, &record).await?;
    let reader = Reader::find(context, &view, &reader).await?;
    if let Some(envelope) = view.envelope(record.id, &reader.account).await? {
        ensure_replaceable(context, args, &record, &reader, &envelope)?;
    }
    let key = records::key(context, &view, &record).await?;
    let cid = &records::document(&record)?.cid;
    let of = EnvelopesOf::record(context, &record.patient, cid).await?;
    let (reader, sealed_key) = reader.seal(&key, &of)?;
    let call = Call::ShareRecord { record: record.id, reader, sealed_key };
    let purpose = "share the record";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::EnvelopeAdded { .. }))?;
    Ok(ShareReport { record_id: record.id, reader, included: (&outcome).into() })
}

/// Checks by the chain's rules whether the signer may replace the reader's envelope.
fn ensure_replaceable(
    context: &Context,
    args: &ShareArgs,
    record: &Record,
    reader: &Reader,
    envelope: &SealedKey,
) -> Result<()> {
    let (id, account) = (record.id, reader.account);
    let is_patient = context.account()? == record.patient;
    if envelope.is_for(&reader.key) {
        if args.replace && !is_patient {
            bail!("{account} has an envelope for its key, which only the patient may replace");
        }
        if !args.replace {
            bail!(
                "{account} can already open record {id}; if the envelope is damaged, the patient \
                 replaces it with --replace"
            );
        }
    } else if account == record.patient && !is_patient {
        bail!(
            "the patient's envelope for record {id} is for a former key, and only the patient \
             may replace it"
        );
    }
    Ok(())
}
