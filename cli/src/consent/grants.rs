//! Grants of the reference policy contract, made and revoked.

use std::fmt;

use anyhow::Result;
use medchain_client::AccountId32;
use medchain_primitives::{RecordId, Role};
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
    /// The records that the account can still open after a revocation, with keys that it has.
    pub still_opens: Vec<RecordId>,
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
            write!(f, " is no longer allowed anything by the policy")?;
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
        write!(f, " (policy {}, {})", self.policy, self.included)?;
        self.show_what_still_opens(f)
    }
}

impl GrantReport {
    /// What a revocation does not take away: a key that somebody has.
    fn show_what_still_opens(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(account) = self.grantee else { return Ok(()) };
        if !self.still_opens.is_empty() {
            let opens: Vec<String> =
                self.still_opens.iter().take(SHOWN).map(ToString::to_string).collect();
            let more = self.still_opens.len().saturating_sub(opens.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            write!(
                f,
                "\nit can still open record {}{more}, with keys that it was given: take them with \
                 `medchain revoke --from {account} --remove-envelopes`",
                joined(&opens)
            )?;
        }
        if !self.still_opens.is_empty() || self.envelopes_removed > 0 {
            write!(
                f,
                "\nit may have kept what it opened before: `medchain rotate RECORD --without \
                 {account}` gives a record a new key"
            )?;
        }
        Ok(())
    }
}

/// How many records are named.
const SHOWN: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn revoked(still_opens: Vec<RecordId>, envelopes_removed: usize) -> String {
        let included = Included {
            block_hash: "0x01".into(),
            block_number: 5,
            extrinsic_hash: "0x02".into(),
            fee: "1".into(),
            fee_shown: "1".into(),
        };
        let report = GrantReport {
            policy: AccountId32([1; 32]),
            patient: AccountId32([2; 32]),
            grantee: Some(AccountId32([3; 32])),
            role: None,
            actions: Vec::new(),
            purposes: None,
            until: None,
            envelopes_removed,
            still_opens,
            included,
        };
        report.to_string()
    }

    #[test]
    fn a_revocation_says_what_the_account_can_still_open() {
        let text = revoked(vec![RecordId(3), RecordId(5)], 0);
        for words in ["by the policy", "still open record 3, 5", "--remove-envelopes", "rotate"] {
            assert!(text.contains(words), "no '{words}' in {text}");
        }
        let text = revoked((0..25).map(RecordId).collect(), 0);
        assert!(text.contains("and 5 more"), "{text}");
        let text = revoked(Vec::new(), 4);
        assert!(text.contains("4 envelopes removed") && text.contains("rotate"), "{text}");
        assert!(!text.contains("still open"), "{text}");
        assert!(!revoked(Vec::new(), 0).contains("rotate"));
    }
}
