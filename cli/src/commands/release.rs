//! `medchain release`: removes an access grant that has expired.

use std::fmt;

use anyhow::{bail, Context as _, Result};
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
    signing::{ensure_event, Included},
};

/// Arguments of `medchain release`.
#[derive(Args, Clone, Debug)]
pub struct ReleaseArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
    /// The account that was granted access; defaults to yours.
    #[arg(long = "of", value_name = "ACCOUNT")]
    pub subject: Option<String>,
}

/// A grant that was removed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReleaseReport {
    /// The record.
    pub record_id: RecordId,
    /// The account that was granted access.
    pub subject: AccountId32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for ReleaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the grant of {} to the key of record {} is removed ({}); what is held for it is \
             released as soon as no share can be under way",
            self.subject, self.record_id, self.included
        )
    }
}

/// Runs `medchain release`.
pub async fn run(context: &Context, args: &ReleaseArgs) -> Result<Outcome> {
    let record = args.record;
    let subject = context.account_or_own(args.subject.as_deref())?;
    let view = context.view().await?;
    let grant = view.grant(record, &subject).await?;
    let grant = grant.with_context(|| {
        format!("custodians have no grant to hand the key of record {record} to {subject}")
    })?;
    if view.number() <= grant.until {
        bail!(
            "the grant lasts until block {}, and the newest block is {}; the patient ends it with \
             `medchain revoke --from {subject} --remove-envelopes`",
            grant.until,
            view.number()
        );
    }
    let purpose = "remove the expired grant";
    let outcome = context.sign(&Call::ExpireGrant { record, subject }, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::AccessEnded { .. }))?;
    let report = ReleaseReport { record_id: record, subject, included: (&outcome).into() };
    output::print(&report, context.json)?;
    Ok(Outcome::Done)
}
