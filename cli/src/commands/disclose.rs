//! `medchain disclose`: makes a verdict public, for ever.

use std::fmt;

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::chain::{Call, ChainEvent};
use medchain_primitives::{ModelId, RecordId, RequestId};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    inference::{name_of, Validity},
    models::Probabilities,
    output::{self, Outcome},
    records,
    signing::{event, Included},
};

/// Arguments of `medchain disclose`.
#[derive(Args, Clone, Debug)]
pub struct DiscloseArgs {
    /// The number of the request that the verdict answers; see `medchain show`.
    #[arg(value_parser = arguments::request())]
    pub request: RequestId,
}

/// A verdict that everybody can read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiscloseReport {
    /// The request that it answers.
    pub request_id: RequestId,
    /// The record.
    pub record_id: RecordId,
    /// The model.
    pub model_id: ModelId,
    /// The most probable class.
    pub label: String,
    /// The probability of every class.
    pub probabilities: Probabilities,
    /// Whether the label's probability is below the model's threshold.
    pub uncertain: bool,
    /// Whether the verdict counts, and until when that can change.
    #[serde(flatten)]
    pub validity: Validity,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for DiscloseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "the verdict on record {} is public for ever: {} [{}]",
            self.record_id,
            output::label(&self.label, self.uncertain),
            self.probabilities
        )?;
        let so_far = self.validity.to_string();
        if !so_far.is_empty() {
            writeln!(f, "The verdict: {so_far}.")?;
        }
        writeln!(
            f,
            "So is whatever else was or will be said about this version of the record: its \
             verdict root opens all of its verdicts."
        )?;
        write!(f, "{}", self.included)
    }
}

/// Runs `medchain disclose`.
pub async fn run(context: &Context, args: &DiscloseArgs) -> Result<Outcome> {
    output::print(&disclose(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Publishes the verdict root of a record, with which the chain opens a verdict.
pub async fn disclose(context: &Context, args: &DiscloseArgs) -> Result<DiscloseReport> {
    context.ensure_can_ask()?;
    let view = context.view().await?;
    let id = args.request;
    let verdict = view
        .verdict(id)
        .await?
        .with_context(|| format!("request {id} has no verdict; `medchain show` lists requests"))?;
    let validity = Validity::new(&verdict, view.number());
    if !validity.counts() {
        bail!("the verdict of request {id} cannot be disclosed: {validity}");
    }
    let record = records::find(&view, verdict.record).await?;
    let account = context.account()?;
    if account != record.patient {
        bail!(
            "only the patient {} may disclose a verdict on record {}, and you sign as {account}",
            record.patient,
            record.id
        );
    }
    let name = name_of(context.chain().await?.genesis_hash(), &verdict);
    let keys = records::keys(context, &view, &record).await?;
    let key = keys
        .iter()
        .find(|key| key.verdict_key(&name).open(&verdict.sealed).is_ok())
        .context("your key does not open this verdict, so it cannot be disclosed")?;
    let call = Call::DiscloseVerdict { request: id, root: key.verdict_root() };
    let purpose = "disclose the verdict";
    let doubt = validity.warning().map(|warning| format!(" ({warning})")).unwrap_or_default();
    let question = format!(
        "make the verdict on record {0}{doubt} public for ever, together with every other verdict on \
         this version of it, later ones included, because its verdict root opens all of them \
         (to show it to one person, run `medchain share {0}` instead)",
        record.id
    );
    context.confirm(&call, &question).await?;
    let outcome = context.send(&call, purpose).await?;
    let (label, certain, probabilities) = event(&outcome, purpose, |event| match event {
        ChainEvent::VerdictDisclosed { label, certain, probabilities, .. } => {
            Some((label.clone(), *certain, probabilities.clone()))
        }
        _ => None,
    })?;
    Ok(DiscloseReport {
        request_id: id,
        record_id: record.id,
        model_id: verdict.model,
        label,
        probabilities: Probabilities(probabilities),
        uncertain: !certain,
        validity,
        included: (&outcome).into(),
    })
}
