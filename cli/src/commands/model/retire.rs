//! `medchain model retire`: ends requests for a model.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::chain::{Call, ChainEvent, ModelStatus};
use medchain_primitives::ModelId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    models,
    output::{self, Outcome},
    signing::{ensure_event, Governed, Included, Share},
};

/// Arguments of `medchain model retire`.
#[derive(Args, Clone, Debug)]
pub struct RetireArgs {
    /// The model's number.
    #[arg(value_parser = arguments::model())]
    pub model: ModelId,
    /// Allow requests for a retired model again.
    #[arg(long)]
    pub undo: bool,
}

/// A model that was retired, or takes requests again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RetireReport {
    /// The model.
    pub model_id: ModelId,
    /// Whether it takes requests now.
    pub active: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for RetireReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model_id, active, included } = self;
        match active {
            true => write!(f, "model {model_id} takes requests again ({included})"),
            false => write!(
                f,
                "model {model_id} is retired and takes no more requests; of open ones, those to which \
                 all workers have committed are still answered ({included})"
            ),
        }
    }
}

/// Runs `medchain model retire`.
pub async fn run(context: &Context, args: &RetireArgs) -> Result<Outcome> {
    let model = models::registered(&context.view().await?, args.model).await?;
    let (status, purpose) = match args.undo {
        true => (ModelStatus::Active, "let the model take requests again"),
        false => (ModelStatus::Retired, "retire the model"),
    };
    if model.status == status {
        bail!("model {} is {status} already", model.id);
    }
    let call = Call::SetModelStatus { model: model.id, status };
    match context.govern(call, Share::Majority, purpose).await? {
        Governed::Proposed(proposal) => output::print(&proposal, context.json)?,
        Governed::Done(outcome) => {
            ensure_event(&outcome, purpose, |event| {
                matches!(event, ChainEvent::ModelStatusSet { .. })
            })?;
            let (model_id, included) = (model.id, (&outcome).into());
            let report = RetireReport { model_id, active: args.undo, included };
            output::print(&report, context.json)?;
        }
    }
    Ok(Outcome::Done)
}
