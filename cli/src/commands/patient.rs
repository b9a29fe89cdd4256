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
    /// Remove your profile, and ask the stores to delete it if it opens as yours.
    RemoveProfile,
    /// Deregister as a patient, and get the deposit back. Erase your records first.
    ///
    /// Policy, custodians, relatives, profile and encryption key go with you. The log stays, and of
    /// erased records the number and the hash of the CID, with their sealed verdicts. Requests and
    /// emergencies must be closed, and caretakers removed, before. An account that registers again
    /// continues the same log.
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
