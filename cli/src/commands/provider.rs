//! `medchain provider`: the roles that institutions give to accounts, for a term.

mod add;

use std::fmt;

use anyhow::{bail, Result};
use clap::{Args, Subcommand};
use medchain_client::{
    chain::{self, Call, ChainEvent},
    AccountId32,
};
use medchain_primitives::{InstitutionId, Role};
use serde::Serialize;

use crate::{
    arguments,
    consent::{Granted, DAY},
    context::Context,
    output::{self, Outcome},
    signing::{ensure_event, Included},
};

pub use add::{add, AddArgs};

/// How many days a term has unless somebody says otherwise.
const TERM: u32 = 365;

/// Subcommands of `medchain provider`.
#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// Give an account a role for a term (registrar of an institution only).
    Add(AddArgs),
    /// Change the term of a provider, before its end or after.
    Renew(RenewArgs),
    /// Take a role from an account, or give your own back.
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
}

/// A term.
#[derive(Args, Clone, Copy, Debug)]
#[group(multiple = false)]
pub struct Term {
    /// How many days the role lasts, counted in blocks of six seconds.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    pub days: Option<u32>,
    /// The last block of the term.
    #[arg(long, value_name = "BLOCK", value_parser = arguments::block())]
    pub until: Option<u32>,
}

/// Arguments of `medchain provider renew`.
#[derive(Args, Clone, Debug)]
pub struct RenewArgs {
    /// The provider and the role.
    #[command(flatten)]
    pub role_of: RoleOf,
    /// The term.
    #[command(flatten)]
    pub term: Term,
}

/// A role, given or taken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeReport {
    /// The account.
    pub account: AccountId32,
    /// The role.
    #[serde(serialize_with = "output::displayed")]
    pub role: Role,
    /// Whether the account has the role now.
    pub registered: bool,
    /// The last block of the term.
    pub until: Option<u32>,
    /// What patients granted it in the same transaction.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Granted>,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for ChangeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = if self.registered { "is now" } else { "is no longer" };
        write!(f, "{} {now} {}", self.account, self.role)?;
        if let Some(until) = self.until {
            write!(f, " until block {until}")?;
        }
        write!(f, " ({})", self.included)?;
        for grant in &self.grants {
            write!(f, "\nfor {}: {grant}", grant.patient)?;
        }
        if self.registered && self.role == Role::Custodian {
            f.write_str(
                "\nPatients can choose it once its owner runs `medchain custodian register`.",
            )?;
        }
        Ok(())
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
    /// The institution that gave it.
    pub institution: InstitutionId,
    /// The last block of the term.
    pub until: u32,
    /// Whether the account has the role now.
    pub in_force: bool,
}

impl From<chain::Provider> for Provider {
    fn from(provider: chain::Provider) -> Self {
        let chain::Provider { account, role, institution, until, in_force } = provider;
        Self { account, role: role.as_str(), institution, until, in_force }
    }
}

impl fmt::Display for ListReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.providers.is_empty() {
            return f.write_str("no providers are registered");
        }
        for Provider { account, role, institution, until, in_force } in &self.providers {
            let over = if *in_force { "" } else { "  (over)" };
            writeln!(f, "{account}  {role}  institution {institution}  until block {until}{over}")?;
        }
        Ok(())
    }
}

/// Runs `medchain provider`.
pub async fn run(context: &Context, command: &ProviderCommand) -> Result<Outcome> {
    match command {
        ProviderCommand::Add(args) => output::print(&add(context, args).await?, context.json)?,
        ProviderCommand::Renew(args) => {
            output::print(&renew(context, args).await?, context.json)?;
        }
        ProviderCommand::Remove(args) => {
            output::print(&remove(context, args).await?, context.json)?;
        }
        ProviderCommand::List { account } => {
            output::print(&list(context, account.as_deref()).await?, context.json)?;
        }
    }
    Ok(Outcome::Done)
}

async fn renew(context: &Context, args: &RenewArgs) -> Result<ChangeReport> {
    let account = context.parse_account(&args.role_of.account)?;
    let role = args.role_of.role;
    let until = last_block(context, args.term).await?;
    let call = Call::RenewProvider { account, role, until };
    let purpose = "renew the provider's term";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::ProviderRenewed { .. }))?;
    let included = (&outcome).into();
    Ok(ChangeReport {
        account,
        role,
        registered: true,
        until: Some(until),
        grants: Vec::new(),
        included,
    })
}

async fn remove(context: &Context, args: &RoleOf) -> Result<ChangeReport> {
    let account = context.parse_account(&args.account)?;
    let role = args.role;
    let call = Call::RemoveProvider { account, role };
    let purpose = "remove the provider";
    let outcome = context.sign(&call, purpose).await?;
    ensure_event(&outcome, purpose, |event| matches!(event, ChainEvent::ProviderRemoved { .. }))?;
    let included = (&outcome).into();
    Ok(ChangeReport { account, role, registered: false, until: None, grants: Vec::new(), included })
}

async fn list(context: &Context, account: Option<&str>) -> Result<ListReport> {
    let view = context.view().await?;
    let all = match context.parse_optional(account)? {
        Some(account) => view.appointments_of(&account).await?,
        None => view.appointments().await?,
    };
    Ok(ListReport { providers: all.into_iter().map(Into::into).collect() })
}

/// The last block of a term that begins now.
async fn last_block(context: &Context, term: Term) -> Result<u32> {
    let view = context.view().await?;
    term.end(view.number(), view.max_term()?)
}

impl Term {
    /// The last block of a term that begins in the block `now`, and may last `most` blocks.
    fn end(self, now: u32, most: u32) -> Result<u32> {
        // The chain would say no more than that the term is invalid, and after the fee was paid.
        let days = most / DAY;
        let way_out = format!(
            "a term lasts at most {days} days; give --days {days} or fewer, and renew it later with \
             `medchain provider renew`"
        );
        if let Some(until) = self.until {
            if until <= now {
                bail!(
                    "block {until} is over, the newest one is {now}: name a later one with \
                     --until, or give --days; nothing was sent"
                );
            }
            if until - now > most {
                bail!(
                    "until block {until}, it would be {} days: {way_out}; nothing was sent",
                    (until - now).div_ceil(DAY)
                );
            }
            return Ok(until);
        }
        let wanted = self.days.unwrap_or(TERM);
        let blocks = wanted.saturating_mul(DAY);
        if blocks > most {
            bail!("{wanted} days are too many: {way_out}; nothing was sent");
        }
        Ok(now.saturating_add(blocks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: u32 = 730 * DAY;

    fn end(days: Option<u32>, until: Option<u32>) -> Result<u32, String> {
        Term { days, until }.end(100, MOST).map_err(|error| error.to_string())
    }

    #[test]
    fn a_term_within_the_bound_ends_where_somebody_says() {
        assert_eq!(end(None, None), Ok(100 + 365 * DAY));
        assert_eq!(end(Some(1), None), Ok(100 + DAY));
        assert_eq!(end(Some(730), None), Ok(100 + MOST));
        assert_eq!(end(None, Some(101)), Ok(101));
        assert_eq!(end(None, Some(100 + MOST)), Ok(100 + MOST));
    }

    #[test]
    fn a_term_beyond_the_bound_says_the_bound_and_the_way_out() {
        for (days, until) in [
            (Some(731), None),
            (Some(u32::MAX), None),
            (None, Some(101 + MOST)),
            (None, Some(u32::MAX)),
        ] {
            let said = end(days, until).unwrap_err();
            for words in ["at most 730 days", "--days 730", "provider renew", "nothing was sent"] {
                assert!(said.contains(words), "{days:?} {until:?}: {said}");
            }
        }
        for over in [0, 99, 100] {
            let said = end(None, Some(over)).unwrap_err();
            assert!(said.contains("is over") && said.contains("newest one is 100"), "{said}");
        }
    }
}
