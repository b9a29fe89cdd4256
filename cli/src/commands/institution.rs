//! `medchain institution`: the institutions, whose registrars appoint providers.

use std::fmt;

use anyhow::{bail, Result};
use clap::{Args, Subcommand};
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use medchain_primitives::{InstitutionId, MAX_INSTITUTION_NAME};
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    signing::{ensure_event, event, Governed, Included, Proposal, Share},
};

/// Subcommands of `medchain institution`.
#[derive(Debug, Subcommand)]
pub enum InstitutionCommand {
    /// Admit an institution (council only).
    Add(AddArgs),
    /// Remove an institution, which ends the roles that it gave (council only).
    Remove {
        /// The institution's number.
        #[arg(value_parser = arguments::institution())]
        institution: InstitutionId,
    },
    /// Hand an institution over to another registrar (its registrar only).
    SetRegistrar {
        /// The institution's number.
        #[arg(value_parser = arguments::institution())]
        institution: InstitutionId,
        /// The new registrar's account.
        registrar: String,
    },
    /// List the institutions and their registrars.
    List,
}

/// Arguments of `medchain institution add`.
#[derive(Args, Clone, Debug)]
pub struct AddArgs {
    /// The name, at most 64 bytes.
    pub name: String,
    /// The account that appoints and dismisses its providers.
    pub registrar: String,
}

/// What became of an institution.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ChangeReport {
    /// It changed.
    Done {
        /// The institution.
        institution: InstitutionId,
        /// What happened to it.
        change: &'static str,
        /// The transaction.
        #[serde(flatten)]
        included: Included,
    },
    /// The council has to vote on it.
    Proposed(Proposal),
}

impl fmt::Display for ChangeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { institution, change, included } => {
                write!(f, "institution {institution} {change} ({included})")
            }
            Self::Proposed(proposal) => proposal.fmt(f),
        }
    }
}

/// The institutions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// By number.
    pub institutions: Vec<Institution>,
}

/// An institution.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Institution {
    /// Its number.
    pub institution: InstitutionId,
    /// Its name.
    pub name: String,
    /// Its registrar.
    pub registrar: AccountId32,
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.institutions.is_empty() {
            return f.write_str("there are no institutions");
        }
        for Institution { institution, name, registrar } in &self.institutions {
            let name = output::one_line(name);
            writeln!(f, "{institution:>4}  {name}  registrar {registrar}")?;
        }
        Ok(())
    }
}

/// Runs `medchain institution`.
pub async fn run(context: &Context, command: &InstitutionCommand) -> Result<Outcome> {
    match command {
        InstitutionCommand::Add(args) => output::print(&add(context, args).await?, context.json)?,
        InstitutionCommand::Remove { institution } => {
            output::print(&remove(context, *institution).await?, context.json)?;
        }
        InstitutionCommand::SetRegistrar { institution, registrar } => {
            output::print(&hand_over(context, *institution, registrar).await?, context.json)?;
        }
        InstitutionCommand::List => output::print(&list(context).await?, context.json)?,
    }
    Ok(Outcome::Done)
}

async fn add(context: &Context, args: &AddArgs) -> Result<ChangeReport> {
    let name = args.name.clone();
    if name.is_empty() || name.len() > MAX_INSTITUTION_NAME as usize {
        bail!("the name has {} bytes; give 1 to {MAX_INSTITUTION_NAME}", name.len());
    }
    let registrar = context.parse_account(&args.registrar)?;
    let purpose = "admit the institution";
    let call = Call::AdmitInstitution { name, registrar };
    let outcome = match context.govern(call, Share::Majority, purpose).await? {
        Governed::Done(outcome) => outcome,
        Governed::Proposed(proposal) => return Ok(ChangeReport::Proposed(proposal)),
    };
    let institution = event(&outcome, purpose, |event| match event {
        ChainEvent::InstitutionAdmitted { institution, .. } => Some(*institution),
        _ => None,
    })?;
    Ok(ChangeReport::Done { institution, change: "was admitted", included: (&outcome).into() })
}

async fn remove(context: &Context, institution: InstitutionId) -> Result<ChangeReport> {
    let purpose = "remove the institution";
    let call = Call::RemoveInstitution { institution };
    match context.govern(call, Share::Majority, purpose).await? {
        Governed::Done(outcome) => {
            ensure_event(&outcome, purpose, |event| {
                matches!(event, ChainEvent::InstitutionRemoved { .. })
            })?;
            let included = (&outcome).into();
            Ok(ChangeReport::Done { institution, change: "was removed", included })
        }
        Governed::Proposed(proposal) => Ok(ChangeReport::Proposed(proposal)),
    }
}

async fn hand_over(
    context: &Context,
    institution: InstitutionId,
    registrar: &str,
) -> Result<ChangeReport> {
    let registrar = context.parse_account(registrar)?;
    let purpose = "set the registrar";
    let outcome = context.sign(&Call::SetRegistrar { institution, registrar }, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::RegistrarSet { .. }))?;
    let included = (&outcome).into();
    Ok(ChangeReport::Done { institution, change: "has another registrar", included })
}

async fn list(context: &Context) -> Result<ListReport> {
    let all = context.view().await?.institutions().await?.into_iter();
    let institutions = all.map(|one| Institution {
        institution: one.id,
        name: one.name,
        registrar: one.registrar,
    });
    Ok(ListReport { institutions: institutions.collect() })
}
