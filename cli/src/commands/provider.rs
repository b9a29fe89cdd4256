//! `medchain provider`: the roles that the registrar gives to accounts.

use std::fmt;

use anyhow::Result;
use clap::{Args, Subcommand};
use medchain_client::{
    chain::{Call, ChainEvent},
    AccountId32,
};
use medchain_primitives::Role;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    output::{self, Outcome},
    signing::{as_root, ensure_event, Included},
};

/// Subcommands of `medchain provider`.
#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// Give an account a role.
    Add(RoleOf),
    /// Take a role from an account.
    Remove(RoleOf),
    /// List accounts and their roles.
    List {
        /// List only the roles of this account.
        account: Option<String>,
    },
}

/// An account and a role.
#[derive(Args, Clone, Debug)]
pub struct RoleOf {
    /// The provider's account.
    pub account: String,
    /// The role.
    #[arg(value_parser = arguments::role())]
    pub role: Role,
    /// Sign with the chain's sudo key, which is the registrar on a test network.
    #[arg(long)]
    pub sudo: bool,
}

/// A role, given or taken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeReport {
    /// The account.
    pub account: AccountId32,
    /// The role.
    pub role: &'static str,
    /// Whether the account has the role now.
    pub registered: bool,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for ChangeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = if self.registered { "is now" } else { "is no longer" };
        write!(f, "{} {now} {} ({})", self.account, self.role, self.included)
    }
}

/// The list of providers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// Every account in every role.
    pub providers: Vec<Provider>,
}

/// An account in a role.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Provider {
    /// The account.
    pub account: AccountId32,
    /// The role.
    pub role: &'static str,
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
pub async fn run(context: &Context, command: &ProviderCommand) -> Result<Outcome> {
    match command {
        ProviderCommand::Add(args) => output::print(&add(context, args).await?, context.json)?,
        ProviderCommand::Remove(args) => {
            output::print(&remove(context, args).await?, context.json)?;
        }
        ProviderCommand::List { account } => {
            output::print(&list(context, account.as_deref()).await?, context.json)?;
        }
    }
    Ok(Outcome::Done)
}

/// Gives an account a role.
pub async fn add(context: &Context, args: &RoleOf) -> Result<ChangeReport> {
    let account = context.parse_account(&args.account)?;
    let role = args.role;
    let call = as_root(Call::AddProvider { account, role }, args.sudo);
    let purpose = "register the provider";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::ProviderAdded { .. }))?;
    let (role, included) = (role.as_str(), (&outcome).into());
    Ok(ChangeReport { account, role, registered: true, included })
}

async fn remove(context: &Context, args: &RoleOf) -> Result<ChangeReport> {
    let account = context.parse_account(&args.account)?;
    let role = args.role;
    let call = as_root(Call::RemoveProvider { account, role }, args.sudo);
    let purpose = "remove the provider";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::ProviderRemoved { .. }))?;
    let (role, included) = (role.as_str(), (&outcome).into());
    Ok(ChangeReport { account, role, registered: false, included })
}

async fn list(context: &Context, account: Option<&str>) -> Result<ListReport> {
    let view = context.view().await?;
    let all = match context.parse_optional(account)? {
        Some(account) => {
            let roles = view.roles_of(&account).await?;
            roles.into_iter().map(|role| (account, role)).collect()
        }
        None => view.providers().await?,
    };
    let providers = all.into_iter();
    let providers = providers.map(|(account, role)| Provider { account, role: role.as_str() });
    Ok(ListReport { providers: providers.collect() })
}
