//! A grant in one word, as several commands take it: who, what, why and for how long.

use std::{fmt, str::FromStr};

use medchain_client::{
    policy::{self, ActionSet, PurposeSet},
    AccountId32,
};
use medchain_primitives::{Action, Purpose, Role};
use serde::Serialize;

use super::Grantee;
use crate::output::joined;

/// A day in blocks of six seconds.
pub const DAY: u32 = 14_400;

/// A grant that is not made yet: `WHO:ACTIONS[:PURPOSES][:DAYS]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantSpec {
    /// An account, or a role, as it was typed.
    pub who: String,
    /// What is allowed.
    pub actions: ActionSet,
    /// For which purposes; none: for all.
    pub purposes: Option<PurposeSet>,
    /// For how many days; none: until revoked.
    pub days: Option<u32>,
}

impl FromStr for GrantSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let (Some(who), Some(actions)) = (parts.next(), parts.next()) else {
            return Err(format!("`{text}` names no actions; give {FORM}"));
        };
        if who.is_empty() {
            return Err(format!("`{text}` names no account; give {FORM}"));
        }
        let actions = actions.parse::<ActionSet>().map_err(|error| error.to_string())?;
        let (mut purposes, mut days) = (None, None);
        for part in parts {
            if let Ok(number) = part.parse::<u32>() {
                if number == 0 || days.replace(number).is_some() {
                    return Err(format!("`{text}`: give one number of days, from 1 on"));
                }
            } else if days.is_some() || purposes.is_some() {
                return Err(format!("`{text}` has too many parts; give {FORM}"));
            } else if !part.is_empty() {
                purposes = Some(part.parse::<PurposeSet>().map_err(|error| error.to_string())?);
            }
        }
        Ok(Self { who: who.to_owned(), actions, purposes, days })
    }
}

/// What is typed.
const FORM: &str = "WHO:ACTIONS[:PURPOSES][:DAYS], such as 5F…:append,infer or \
                        clinician:view:treatment:30";

impl GrantSpec {
    /// The role that it names, if it is one.
    pub fn role(&self) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == self.who)
    }

    /// The last block in which it holds, of a grant made now.
    pub fn until(&self, now: u32) -> Option<u32> {
        self.days.map(|days| now.saturating_add(days.saturating_mul(DAY)))
    }

    /// What it allows, in words: `append, infer for 30 days`.
    pub fn words(&self) -> String {
        let mut words = self.actions.to_string();
        if let Some(purposes) = &self.purposes {
            words.push_str(&format!(" for {purposes}"));
        }
        if let Some(days) = self.days {
            words.push_str(&format!(" for {days} days"));
        }
        words
    }
}

/// The simplest message of the reference policy that makes a grant, in the name of
/// `as_delegate_of` where the signer is a delegate: older versions of the contract know only the
/// plain `grant`.
pub fn grant_message(
    grantee: &Grantee,
    as_delegate_of: Option<&AccountId32>,
    actions: ActionSet,
    purposes: Option<PurposeSet>,
    until: Option<u32>,
) -> Vec<u8> {
    match grantee {
        Grantee::Role(role) => policy::grant_role(*role, actions, purposes, until),
        Grantee::Account(account) => match as_delegate_of {
            Some(patient) => policy::grant_as(&patient.0, &account.0, actions, purposes, until),
            None if purposes.is_some() => {
                policy::grant_for_purposes(&account.0, actions, purposes, until)
            }
            None => policy::grant(&account.0, actions, until),
        },
    }
}

/// Warns of actions that a grant with purposes never allows, though the contract takes it.
pub fn warn_of_purposes(actions: ActionSet, purposes: Option<PurposeSet>) {
    let others: ActionSet = actions.iter().filter(|action| *action != Action::View).collect();
    if purposes.is_some() && !others.is_empty() {
        crate::output::tell!(
            "warning: the chain names a purpose for viewing only; a grant with purposes never \
             allows {others}"
        );
    }
}

/// A grant that was made together with something else.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Granted {
    /// The patient whose records it is about.
    pub patient: AccountId32,
    /// The policy contract.
    pub policy: AccountId32,
    /// The account granted access; none for a role.
    pub grantee: Option<AccountId32>,
    /// The role granted access.
    pub role: Option<&'static str>,
    /// The actions allowed.
    pub actions: Vec<&'static str>,
    /// The purposes allowed; none: all.
    pub purposes: Option<Vec<&'static str>>,
    /// The last block in which it holds.
    pub until: Option<u32>,
}

impl Granted {
    /// What a specification comes to in the block `now`.
    pub fn new(
        patient: AccountId32,
        policy: AccountId32,
        grantee: &Grantee,
        spec: &GrantSpec,
        now: u32,
    ) -> Self {
        Self {
            patient,
            policy,
            grantee: grantee.account(),
            role: grantee.role(),
            actions: spec.actions.iter().map(Action::as_str).collect(),
            purposes: spec.purposes.map(|set| set.iter().map(Purpose::as_str).collect()),
            until: spec.until(now),
        }
    }
}

impl fmt::Display for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.grantee, self.role) {
            (Some(grantee), _) => write!(f, "{grantee}")?,
            (None, role) => write!(f, "the role {}", role.unwrap_or("none"))?,
        }
        write!(f, " is allowed to {}", joined(&self.actions))?;
        if let Some(purposes) = &self.purposes {
            write!(f, " for {}", joined(purposes))?;
        }
        match self.until {
            Some(until) => write!(f, " until block {until}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_typed_in_one_word() {
        let read = |text: &str| text.parse::<GrantSpec>();
        let plain = read("//Bob//stash:append,infer").unwrap();
        assert_eq!((plain.who.as_str(), plain.purposes, plain.days), ("//Bob//stash", None, None));
        assert_eq!(plain.actions, ActionSet::of(&[Action::Append, Action::Infer]));
        assert_eq!((plain.role(), plain.until(100)), (None, None));
        let full = read("clinician:view:treatment,research:30").unwrap();
        assert_eq!(full.role(), Some(Role::Clinician));
        assert_eq!(full.until(100), Some(100 + 30 * DAY));
        assert_eq!(full.words(), "view for treatment,research for 30 days");
        // Days without purposes, with or without the empty part.
        for text in ["5F:view:30", "5F:view::30"] {
            let days = read(text).unwrap();
            assert_eq!((days.purposes, days.days), (None, Some(30)), "{text}");
        }
        assert_eq!(read("5F:view:1").unwrap().until(u32::MAX), Some(u32::MAX));
    }

    #[test]
    fn what_is_no_grant_says_what_to_give() {
        for (text, words) in [
            ("5F", "names no actions"),
            (":view", "names no account"),
            ("5F:fly", "fly"),
            ("5F:view:fun", "fun"),
            ("5F:view:treatment:0", "from 1 on"),
            ("5F:view:1:2", "one number of days"),
            ("5F:view:treatment:30:research", "too many parts"),
            ("5F:view:treatment:research", "too many parts"),
        ] {
            let error = text.parse::<GrantSpec>().unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    /// The message for a grant, of a patient or a delegate.
    fn data(spec: &str, until: Option<u32>, is_delegate: bool) -> Vec<u8> {
        let spec: GrantSpec = spec.parse().expect(spec);
        let patient = AccountId32([1; 32]);
        let grantee = match spec.role() {
            Some(role) => Grantee::Role(role),
            None => Grantee::Account(AccountId32([9; 32])),
        };
        let as_delegate_of = is_delegate.then_some(&patient);
        grant_message(&grantee, as_delegate_of, spec.actions, spec.purposes, until)
    }

    #[test]
    fn the_oldest_message_that_will_do_is_called() {
        let check = |spec: &str, until, is_delegate, selector: u8, arguments: &[&[u8]]| {
            let expected = [&[0x4d, 0x43, 0x50, selector], &arguments.concat()[..]].concat();
            assert_eq!(data(spec, until, is_delegate), expected, "{spec}");
        };
        let grantee: &[u8] = &[9; 32];
        let plain = "x:view,append";
        check(plain, Some(7), false, 0x10, &[grantee, &[3, 1, 7, 0, 0, 0]]);
        check(plain, Some(7), true, 0x19, &[&[1; 32], grantee, &[3, 0, 1, 7, 0, 0, 0]]);
        let purposes = "x:view:treatment,research";
        check(purposes, None, false, 0x13, &[grantee, &[1, 1, 5, 0]]);
        check(purposes, None, true, 0x19, &[&[1; 32], grantee, &[1, 1, 5, 0]]);
        check("clinician:view", None, false, 0x14, &[&[1, 1, 0, 0]]);
        let all = "lab-technician:append:other";
        check(all, Some(7), false, 0x14, &[&[0, 2, 1, 16, 1, 7, 0, 0, 0]]);
    }
}
