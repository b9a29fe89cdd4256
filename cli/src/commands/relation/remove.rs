//! `medchain relation remove`: removes a relative.

use anyhow::Result;
use clap::Args;
use medchain_client::chain::Call;

use crate::{
    consent::{signer_and_relative, RelationReport},
    context::Context,
    output::{self, Outcome},
};

/// Arguments of `medchain relation remove`.
#[derive(Args, Clone, Debug)]
pub struct RemoveArgs {
    /// The relative's account.
    pub account: String,
}

/// Runs `medchain relation remove`.
pub async fn run(context: &Context, args: &RemoveArgs) -> Result<Outcome> {
    output::print(&remove(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

async fn remove(context: &Context, args: &RemoveArgs) -> Result<RelationReport> {
    let (patient, relative) = signer_and_relative(context, &args.account).await?;
    let outcome = context.sign(&Call::RemoveRelation { relative }, "remove the relative").await?;
    Ok(RelationReport {
        patient,
        relative,
        kind: None,
        emergency_contact: false,
        included: (&outcome).into(),
    })
}
