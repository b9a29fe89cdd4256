//! `medchain annul`: ends a dispute in the patient's name.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::chain::{Call, ChainEvent, RequestStatus};
use medchain_primitives::{ModelId, RecordId, RequestId};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    inference,
    output::{self, Outcome},
    signing::{ensure_event, Included},
};

/// Arguments of `medchain annul`.
#[derive(Args, Clone, Debug)]
pub struct AnnulArgs {
    /// The number of the disputed request; see `medchain disputes`.
    #[arg(value_parser = arguments::request())]
    pub request: RequestId,
}

/// A dispute that the patient ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnnulReport {
    /// The request.
    pub request_id: RequestId,
    /// The record.
    pub record_id: RecordId,
    /// The model.
    pub model_id: ModelId,
    /// Whether there was a verdict, which is withdrawn and does not count any more.
    pub verdict_withdrawn: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for AnnulReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request_id, record_id, model_id, .. } = self;
        writeln!(f, "the dispute about request {request_id} is over, and nobody lost a bond")?;
        if self.verdict_withdrawn {
            writeln!(f, "its verdict is withdrawn: it does not count any more")?;
        } else {
            writeln!(f, "it has no verdict; the workers that showed an answer are paid")?;
        }
        writeln!(f, "{}", self.included)?;
        write!(f, "Ask again with: medchain infer {record_id} --model {model_id}")
    }
}

/// Runs `medchain annul`.
pub async fn run(context: &Context, args: &AnnulArgs) -> Result<Outcome> {
    output::print(&annul(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Ends the dispute about a request.
pub async fn annul(context: &Context, args: &AnnulArgs) -> Result<AnnulReport> {
    context.ensure_can_ask()?;
    let view = context.view().await?;
    let id = args.request;
    let Some(request) = view.request(id).await? else { bail!("there is no request {id}") };
    if request.status != RequestStatus::Disputed {
        bail!("request {id} is not disputed: it is {}", inference::state(request.status));
    }
    let account = context.account()?;
    if account != request.patient {
        bail!(
            "only the patient {} may end the dispute about request {id}, and you sign as {account}",
            request.patient
        );
    }
    let has_verdict = view.verdict(id).await?.is_some();
    let purpose = if has_verdict {
        "end the dispute and withdraw the verdict"
    } else {
        "end the dispute without a verdict"
    };
    let outcome = context.sign(&Call::AnnulDispute { request: id }, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::DisputeAnnulled { .. }))?;
    Ok(AnnulReport {
        request_id: id,
        record_id: request.record,
        model_id: request.model,
        verdict_withdrawn: has_verdict,
        included: (&outcome).into(),
    })
}
