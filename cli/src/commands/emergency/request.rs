//! `medchain emergency request`: further records in an emergency that runs.

use std::fmt;

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::AccountId32;
use medchain_primitives::{EmergencyId, RecordId};
use serde::Serialize;

use super::opening::{of_one_patient, OpenedRecord, Opening};
use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    signing::{together, Included},
};

/// Arguments of `medchain emergency request`.
#[derive(Args, Clone, Debug)]
pub struct RequestArgs {
    /// The records' numbers, all of the patient over whose records you broke the glass.
    #[arg(value_name = "RECORD", required = true, value_parser = arguments::record())]
    pub records: Vec<RecordId>,
    /// Do not wait for the custodians.
    #[arg(long)]
    pub no_wait: bool,
}

/// Further records of an emergency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequestReport {
    /// The emergency's number.
    pub emergency_id: EmergencyId,
    /// The patient.
    pub patient: AccountId32,
    /// The last block in which custodians deliver.
    pub until: u32,
    /// The records.
    pub records: Vec<OpenedRecord>,
    /// The transaction; none where all of them were requested before.
    #[serde(flatten)]
    pub included: Option<Included>,
}

impl fmt::Display for RequestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { emergency_id, patient, until, records, included } = self;
        write!(f, "requested in emergency {emergency_id} over the records of {patient}, ")?;
        match included {
            Some(included) => write!(f, "until block {until} ({included})")?,
            None => write!(f, "until block {until}, and not again: it was requested before")?,
        }
        records.iter().try_for_each(|record| write!(f, "\n{record}"))
    }
}

/// Runs `medchain emergency request`.
pub async fn run(context: &Context, args: &RequestArgs) -> Result<Outcome> {
    output::print(&request(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Requests keys in the signer's running emergency, and waits for them.
pub async fn request(context: &Context, args: &RequestArgs) -> Result<RequestReport> {
    context.ensure_can_ask()?;
    let (patient, records) = of_one_patient(context, &args.records).await?;
    let view = context.view().await?;
    let running = match view.running_emergency(&patient, &context.account()?).await? {
        Some(id) => view.emergency(id).await?,
        None => None,
    };
    let running = running.with_context(|| {
        format!(
            "you have no emergency over the records of {patient}; break the glass with \
             `medchain emergency break-glass`"
        )
    })?;
    let opening = Opening::new(context, (patient, records), Some(running.id)).await?;
    let included = if opening.calls.is_empty() {
        None
    } else {
        let call = together(opening.calls.clone());
        let outcome = opening.requests.sign(context, &call, "request the keys").await?;
        context.stands(&format!(
            "the keys are requested in emergency {} (in block {})",
            running.id, outcome.block_number
        ));
        Some(Included::from(&outcome))
    };
    let records = opening.wait(context, args.no_wait).await.with_context(|| {
        format!(
            "the keys are requested in emergency {}; fetch with `medchain fetch RECORD`",
            running.id
        )
    })?;
    Ok(RequestReport { emergency_id: running.id, patient, until: running.until, records, included })
}
