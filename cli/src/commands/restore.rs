//! `medchain restore`: makes the version before the newest one the newest again.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::chain::{Call, ChainEvent};
use medchain_primitives::{RecordId, RecordStatus};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    records,
    signing::{ensure_event, Included},
};

/// Arguments of `medchain restore`.
#[derive(Args, Clone, Debug)]
pub struct RestoreArgs {
    /// The number of the version that the newest one replaced; see `medchain show`.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
}

/// A version that is the newest again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RestoreReport {
    /// The version.
    pub record_id: RecordId,
    /// The version that was the newest.
    pub replaced: RecordId,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for RestoreReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record_id, replaced, included } = self;
        writeln!(f, "record {record_id} is the newest version again ({included})")?;
        write!(
            f,
            "record {replaced} stays readable to its readers; erase it with: medchain erase \
             {replaced}"
        )
    }
}

/// Runs `medchain restore`.
pub async fn run(context: &Context, args: &RestoreArgs) -> Result<Outcome> {
    output::print(&restore(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Makes a version the newest again.
pub async fn restore(context: &Context, args: &RestoreArgs) -> Result<RestoreReport> {
    context.ensure_can_ask()?;
    let view = context.view().await?;
    let record = records::find(&view, args.record).await?;
    let id = record.id;
    let replaced = match record.status {
        RecordStatus::Superseded { by } => by,
        RecordStatus::Active => bail!("record {id} is the newest version already"),
        RecordStatus::Erased => bail!("record {id} was erased: nobody can open it any longer"),
    };
    let account = context.account()?;
    if account != record.patient {
        bail!(
            "only the patient {} may restore record {id}, and you sign as {account}",
            record.patient
        );
    }
    match records::find(&view, replaced).await?.status {
        RecordStatus::Active => {}
        RecordStatus::Superseded { .. } => {
            bail!(
                "record {replaced}, which replaced it, was replaced in turn; restore that one \
                 first"
            )
        }
        RecordStatus::Erased => {
            bail!("record {replaced}, which replaced it, was erased: record {id} stays superseded")
        }
    }
    let purpose = "make the previous version the newest again";
    let outcome = context.sign(&Call::RestoreRecord { record: id }, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::RecordRestored { .. }))?;
    Ok(RestoreReport { record_id: id, replaced, included: (&outcome).into() })
}
