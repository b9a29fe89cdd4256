//! `medchain relation`: a patient's relatives, guardians and emergency contacts.

pub mod remove;
pub mod set;
pub mod show;

use anyhow::Result;
use clap::Subcommand;

use crate::{context::Context, output::Outcome};

/// Subcommands of `medchain relation`. `medchain patient show` lists relations.
#[derive(Debug, Subcommand)]
pub enum RelationCommand {
    /// Name a relative, or update an existing relation.
    Set(set::SetArgs),
    /// Show what a patient's relation to an account allows.
    Show(show::ShowArgs),
    /// Remove a relative.
    Remove(remove::RemoveArgs),
}

/// Runs `medchain relation`.
pub async fn run(context: &Context, command: &RelationCommand) -> Result<Outcome> {
    match command {
        RelationCommand::Set(args) => set::run(context, args).await,
        RelationCommand::Show(args) => show::run(context, args).await,
        RelationCommand::Remove(args) => remove::run(context, args).await,
    }
}
