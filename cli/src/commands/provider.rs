//! `medchain provider`: who may act as what. The registrar keeps this list.

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use medchain_client::chain::{Call, ChainEvent};
use medchain_primitives::Role;
use serde::Serialize;

use crate::{
    context::Context,
    output::{self, Outcome},
    sign::{as_root, event, Included},
};

/// What a provider is registered as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// Takes X-rays and may add records, where the policy allows it.
    LabTechnician,
    /// Treats patients.
    Clinician,
    /// An institution.
    Hospital,
    /// Keeps content keys for patients.
    Custodian,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::LabTechnician => Role::LabTechnician,
            RoleArg::Clinician => Role::Clinician,
            RoleArg::Hospital => Role::Hospital,
            RoleArg::Custodian => Role::Custodian,
        }
    }
}

/// The name of a role as it is typed.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::LabTechnician => "lab-technician",
        Role::Clinician => "clinician",
        Role::Hospital => "hospital",
        Role::Custodian => "custodian",
    }
}

/// Subcommands of `medchain provider`.
#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// Register an account in a role.
    Add(RoleOf),
    /// Take a role from an account.
    Remove(RoleOf),
    /// List the registered providers.
    List {
        /// Only the roles of this account.
        account: Option<String>,
    },
}

/// An account and a role.
#[derive(clap::Args, Clone, Debug)]
pub struct RoleOf {
    /// The provider's account.
    pub account: String,
    /// The role.
    #[arg(value_enum)]
    pub role: RoleArg,
    /// Sign as the chain's sudo key, which is the registrar on a test network.
    #[arg(long)]
    pub sudo: bool,
}

/// A change of the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeReport {
    /// The provider.
    pub account: String,
    /// The role.
    pub role: &'static str,
    /// Whether the account has the role now.
    pub registered: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for ChangeReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let now = if self.registered { "is now" } else { "is no longer" };
        write!(f, "{} {now} {} ({})", self.account, self.role, self.included)
    }
}

/// The list of providers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// Account and role of each.
    pub providers: Vec<Provider>,
}

/// An account in a role.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Provider {
    /// The provider.
    pub account: String,
    /// The role.
    pub role: &'static str,
}

impl std::fmt::Display for ListReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.providers.is_empty() {
            return f.write_str("no providers are registered");
        }
        for provider in &self.providers {
            writeln!(f, "{}  {}", provider.account, provider.role)?;
        }
        Ok(())
    }
}

/// Runs `medchain provider`.
pub async fn run(context: &Context, command: ProviderCommand) -> Result<Outcome> {
    match command {
        ProviderCommand::Add(args) => output::print(&add(context, &args).await?, context.json)?,
        ProviderCommand::Remove(args) => {
            output::print(&remove(context, &args).await?, context.json)?
        }
        ProviderCommand::List { account } => {
            output::print(&list(context, account.as_deref()).await?, context.json)?
        }
    }
    Ok(Outcome::Done)
}

/// Registers an account in a role.
pub async fn add(context: &Context, args: &RoleOf) -> Result<ChangeReport> {
    let account = context.parse_account(&args.account)?;
    let role = Role::from(args.role);
    let call = Call::AddProvider { account: account.clone(), role };
    let purpose = "register the provider";
    let outcome = context.sign(&as_root(call, args.sudo), purpose).await?;
    event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::ProviderAdded { .. }).then_some(())
    })?;
    Ok(ChangeReport {
        account: account.to_string(),
        role: role_name(role),
        registered: true,
        included: (&outcome).into(),
    })
}

async fn remove(context: &Context, args: &RoleOf) -> Result<ChangeReport> {
    let account = context.parse_account(&args.account)?;
    let role = Role::from(args.role);
    let call = Call::RemoveProvider { account: account.clone(), role };
    let purpose = "remove the provider";
    let outcome = context.sign(&as_root(call, args.sudo), purpose).await?;
    event(&outcome, purpose, |event| {
        matches!(event, ChainEvent::ProviderRemoved { .. }).then_some(())
    })?;
    Ok(ChangeReport {
        account: account.to_string(),
        role: role_name(role),
        registered: false,
        included: (&outcome).into(),
    })
}

async fn list(context: &Context, account: Option<&str>) -> Result<ListReport> {
    let view = context.view().await?;
    let all = match account {
        Some(text) => {
            let account = context.parse_account(text)?;
            let roles = view.roles_of(&account).await?;
            roles.into_iter().map(|role| (account.clone(), role)).collect()
        }
        None => view.providers().await?,
    };
    let providers = all
        .into_iter()
        .map(|(account, role)| Provider { account: account.to_string(), role: role_name(role) })
        .collect();
    Ok(ListReport { providers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_typed_as_it_is_shown() {
        for role in RoleArg::value_variants() {
            let typed = role.to_possible_value().unwrap();
            assert_eq!(typed.get_name(), role_name((*role).into()));
        }
    }
}
