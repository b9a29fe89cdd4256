//! Sets of actions and of purposes, in one byte each, as policies store them.

use std::{fmt, str::FromStr};

use codec::{Decode, Encode};
use medchain_primitives::{Action, Purpose};

use super::PolicyError;

/// A set of actions: bit `i` stands for the action with index `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ActionSet(pub u8);

/// A set of purposes: bit `i` stands for the purpose with index `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct PurposeSet(pub u8);

impl ActionSet {
    /// The set of these actions.
    pub fn of(actions: &[Action]) -> Self {
        Self(actions.iter().fold(0, |set, action| set | bit(*action)))
    }

    /// Whether `action` is in the set.
    pub fn contains(self, action: Action) -> bool {
        self.0 & bit(action) != 0
    }

    /// Whether nothing is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The actions, in the order of their indices.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| self.contains(*action))
    }
}

impl PurposeSet {
    /// The set of these purposes.
    pub fn of(purposes: &[Purpose]) -> Self {
        Self(purposes.iter().fold(0, |set, purpose| set | 1 << *purpose as u8))
    }

    /// The purposes, in the order of their indices.
    pub fn iter(self) -> impl Iterator<Item = Purpose> {
        Purpose::ALL.into_iter().filter(move |purpose| self.0 & (1 << *purpose as u8) != 0)
    }
}

fn bit(action: Action) -> u8 {
    1 << action as u8
}

/// The names that [`ActionSet`] is written with.
fn name(action: Action) -> &'static str {
    match action {
        Action::View => "view",
        Action::Append => "append",
        Action::Amend => "amend",
        Action::Share => "share",
        Action::Infer => "infer",
        Action::Emergency => "emergency",
    }
}

/// The name of a purpose as it is typed and shown.
pub fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Treatment => "treatment",
        Purpose::SecondOpinion => "second-opinion",
        Purpose::Research => "research",
        Purpose::Billing => "billing",
        Purpose::Other => "other",
    }
}

impl fmt::Display for ActionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(name).collect();
        f.write_str(&names.join(","))
    }
}

impl fmt::Display for PurposeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(purpose_name).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for ActionSet {
    type Err = PolicyError;

    /// Reads names with commas between them, such as `view,infer`, or `all`.
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::of(&Action::ALL));
        }
        let actions: Vec<Action> =
            read(text, &Action::ALL, name).map_err(PolicyError::UnknownAction)?;
        Ok(Self::of(&actions))
    }
}

impl FromStr for PurposeSet {
    type Err = PolicyError;

    /// Reads names with commas between them, such as `treatment,research`.
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let purposes: Vec<Purpose> =
            read(text, &Purpose::ALL, purpose_name).map_err(PolicyError::UnknownPurpose)?;
        Ok(Self::of(&purposes))
    }
}

/// What these words name; the first that names nothing is the error.
fn read<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<Vec<T>, String> {
    let named =
        |word: &str| all.iter().copied().find(|item| name(*item).eq_ignore_ascii_case(word));
    text.split(',').map(str::trim).map(|word| named(word).ok_or_else(|| word.to_owned())).collect()
}
