//! `medchain relation set`: names a relative.

use anyhow::Result;
use clap::Args;
use medchain_client::chain::Call;
use medchain_primitives::RelationKind;

use crate::{
    arguments,
    consent::{signer_and_relative, RelationReport},
    context::Context,
    output::{self, Outcome},
};

/// Arguments of `medchain relation set`.
#[derive(Args, Clone, Debug)]
pub struct SetArgs {
    /// The relative's account.
    pub account: String,
    /// The relative's relation to you.
    #[arg(long, value_parser = arguments::relation_kind())]
    pub kind: RelationKind,
    /// Also make the relative an emergency contact, who may break the glass.
    #[arg(long)]
    pub emergency_contact: bool,
}

/// Runs `medchain relation set`.
pub async fn run(context: &Context, args: &SetArgs) -> Result<Outcome> {
    output::print(&set(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Names a relative.
pub async fn set(context: &Context, args: &SetArgs) -> Result<RelationReport> {
    let (patient, relative) = signer_and_relative(context, &args.account).await?;
    let SetArgs { kind, emergency_contact, .. } = *args;
    let call = Call::SetRelation { relative, kind, emergency_contact };
    let outcome = context.sign(&call, "name the relative").await?;
    let (kind, included) = (Some(kind), (&outcome).into());
    Ok(RelationReport { patient, relative, kind, emergency_contact, included })
}
