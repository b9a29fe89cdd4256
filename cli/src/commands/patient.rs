//! `medchain patient`: registering, choosing a policy, looking up a patient.

pub mod deregister;
pub mod register;
pub mod remove_profile;
pub mod set_policy;
pub mod show;
pub mod update_profile;

use anyhow::Result;
use clap::Subcommand;

use crate::{context::Context, output::Outcome};

/// Subcommands of `medchain patient`.
#[derive(Debug, Subcommand)]
pub enum PatientCommand {
    /// Register as a patient and publish your encryption key.
    Register(register::RegisterArgs),
    /// Replace your profile.
    UpdateProfile(update_profile::UpdateProfileArgs),
    /// Remove your profile, and ask the stores to delete it.
    RemoveProfile,
    /// Leave: nothing of you stays but the log. Erase your records first.
    ///
    /// The deposit comes back. Requests and emergencies must be closed, and caretakers removed,
    /// before; policy, custodians, relatives, profile and encryption key go with you. An account
    /// that registers again continues the same log.
    Deregister,
    /// Choose the contract that decides who may act on your records.
    SetPolicy(set_policy::SetPolicyArgs),
    /// Show what the chain knows about a patient.
    Show(show::ShowArgs),
}

/// Runs `medchain patient`.
pub async fn run(context: &Context, command: &PatientCommand) -> Result<Outcome> {
    match command {
        PatientCommand::Register(args) => register::run(context, args).await,
        PatientCommand::UpdateProfile(args) => update_profile::run(context, args).await,
        PatientCommand::RemoveProfile => remove_profile::run(context).await,
        PatientCommand::Deregister => deregister::run(context).await,
        PatientCommand::SetPolicy(args) => set_policy::run(context, args).await,
        PatientCommand::Show(args) => show::run(context, args).await,
    }
}
