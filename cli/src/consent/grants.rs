//! Grants of the reference policy contract, made and revoked.

use std::fmt;

use anyhow::Result;
use medchain_client::AccountId32;
use medchain_primitives::Role;
use serde::Serialize;

use crate::{context::Context, output::joined, signing::Included};

/// An account or a role that a grant is for.
pub enum Grantee {
    /// One account.
    Account(AccountId32),
    /// Every account with this role.
    Role(Role),
}

impl Grantee {
    /// The role, or else the account; the command line takes one of the two.
    pub fn parse(context: &Context, account: Option<&str>, role: Option<Role>) -> Result<Self> {
        match role {
            Some(role) => Ok(Self::Role(role)),
            None => Ok(Self::Account(context.account_or_own(account)?)),
        }
    }

    /// The account, if it is one.
    pub fn account(&self) -> Option<AccountId32> {
        match self {
            Self::Account(account) => Some(*account),
            Self::Role(_) => None,
        }
    }

    /// The role's name, if it is one.
    pub fn role(&self) -> Option<&'static str> {
        match self {
            Self::Account(_) => None,
            Self::Role(role) => Some(role.as_str()),
        }
    }
}

/// A grant, or its revocation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GrantReport {
    /// The policy contract.
    pub policy: AccountId32,
    /// The patient whose records it is about.
    pub patient: AccountId32,
    /// The account granted access; none for a role.
    pub grantee: Option<AccountId32>,
    /// The role granted access.
    pub role: Option<&'static str>,
    /// The actions allowed now; empty after a revocation.
    pub actions: Vec<&'static str>,
    /// The purposes allowed; none: all.
    pub purposes: Option<Vec<&'static str>>,
    /// The last block in which the grant holds.
    pub until: Option<u32>,
    /// How many envelopes a revocation removed.
    pub envelopes_removed: usize,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for GrantReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.grantee, self.role) {
            (Some(grantee), _) => write!(f, "{grantee}")?,
            (None, role) => write!(f, "the role {}", role.unwrap_or("none"))?,
        }
        if self.actions.is_empty() {
            write!(f, " is no longer allowed anything")?;
        } else {
            write!(f, " is allowed to {}", joined(&self.actions))?;
        }
        if let Some(purposes) = &self.purposes {
            write!(f, " for {}", joined(purposes))?;
        }
        if let Some(until) = self.until {
            write!(f, " until block {until}")?;
        }
        if self.envelopes_removed > 0 {
            write!(f, "; {} envelopes removed", self.envelopes_removed)?;
        }
        write!(f, " (policy {}, {})", self.policy, self.included)
    }
}
