//! `medchain emergency`: breaking the glass, and reviewing that.

pub mod allow;
pub mod break_glass;
pub mod list;
pub mod review;

use anyhow::Result;
use clap::Subcommand;

use crate::{context::Context, output::Outcome};

/// Subcommands of `medchain emergency`.
#[derive(Debug, Subcommand)]
pub enum EmergencyCommand {
    /// Get a record's key at once, against a bond and a review.
    ///
    /// The bond is returned once the patient or a guardian accepts the emergency.
    /// Everybody can see that the glass was broken.
    Break(break_glass::BreakArgs),
    /// List the emergencies that await a review.
    List(list::ListArgs),
    /// Accept or reject an emergency, as the patient or a guardian.
    Review(review::ReviewArgs),
    /// Allow emergency access to your records, which is the default.
    Allow,
    /// Forbid emergency access to your records.
    Forbid,
}

/// Runs `medchain emergency`.
pub async fn run(context: &Context, command: &EmergencyCommand) -> Result<Outcome> {
    match command {
        EmergencyCommand::Break(args) => break_glass::run(context, args).await,
        EmergencyCommand::List(args) => list::run(context, args).await,
        EmergencyCommand::Review(args) => review::run(context, args).await,
        EmergencyCommand::Allow => allow::run(context, true).await,
        EmergencyCommand::Forbid => allow::run(context, false).await,
    }
}
