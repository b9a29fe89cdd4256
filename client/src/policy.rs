//! The messages of the reference policy contract, `access-control`, and of
//! every contract that answers the chain's access question.

use std::str::FromStr;

use codec::{Decode, DecodeAll, Encode};
use medchain_primitives::{Action, Decision, RecordId, POLICY_CHECK_SELECTOR};
use serde::Deserialize;
use thiserror::Error;

use crate::{
    chain::{ChainError, View},
    AccountId32,
};

const NEW: [u8; 4] = [0x4d, 0x43, 0x50, 0x00];
const GRANT: [u8; 4] = [0x4d, 0x43, 0x50, 0x10];
const REVOKE: [u8; 4] = [0x4d, 0x43, 0x50, 0x11];
const GRANT_OF: [u8; 4] = [0x4d, 0x43, 0x50, 0x12];

/// A set of actions: bit `i` stands for the action with index `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct ActionSet(pub u8);

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

impl std::fmt::Display for ActionSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.iter().map(name).collect();
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
        let mut set = Self::default();
        for word in text.split(',').map(str::trim) {
            let action =
                Action::ALL.into_iter().find(|action| name(*action).eq_ignore_ascii_case(word));
            let action = action.ok_or_else(|| PolicyError::UnknownAction(word.to_owned()))?;
            set.0 |= bit(action);
        }
        Ok(set)
    }
}

/// What a patient granted to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Grant {
    /// The actions that are allowed.
    pub actions: ActionSet,
    /// The last block in which the grant holds; none: until it is revoked.
    pub until: Option<u32>,
    /// Whether the patient took the grant back.
    pub revoked: bool,
}

/// Why something is not what the policy contracts need.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Not the name of an action.
    #[error("`{0}` is not an action: give view, append, amend, share, infer, emergency or all")]
    UnknownAction(String),
    /// Not a contract bundle.
    #[error("this is not a .contract bundle: {0}")]
    NotABundle(String),
}

/// The data that instantiate the contract.
pub fn constructor() -> Vec<u8> {
    NEW.to_vec()
}

/// The data by which a patient grants `grantee` these actions, in place of
/// what they granted before.
pub fn grant(grantee: &AccountId32, actions: ActionSet, until: Option<u32>) -> Vec<u8> {
    (GRANT, grantee, actions, until).encode()
}

/// The data by which a patient takes back what they granted `grantee`.
pub fn revoke(grantee: &AccountId32) -> Vec<u8> {
    (REVOKE, grantee).encode()
}

/// What `patient` granted `grantee`.
pub async fn grant_of(
    view: &View,
    contract: &AccountId32,
    patient: &AccountId32,
    grantee: &AccountId32,
) -> Result<Option<Grant>, ChainError> {
    let data = (GRANT_OF, patient, grantee).encode();
    ask(view, contract, patient, data).await
}

/// What a policy contract says, asked directly.
pub async fn check(
    view: &View,
    contract: &AccountId32,
    patient: &AccountId32,
    subject: &AccountId32,
    record: Option<RecordId>,
    action: Action,
) -> Result<Decision, ChainError> {
    let data = (POLICY_CHECK_SELECTOR, patient, subject, record, action).encode();
    ask(view, contract, patient, data).await
}

async fn ask<T: DecodeAll>(
    view: &View,
    contract: &AccountId32,
    caller: &AccountId32,
    data: Vec<u8>,
) -> Result<T, ChainError> {
    let answer = view.contract_read(caller, contract, data).await?;
    T::decode_all(&mut answer.as_slice()).map_err(|error| ChainError::Decode {
        what: "the policy contract's answer".into(),
        reason: error.to_string(),
    })
}

/// The code in a `.contract` bundle.
pub fn code_of_bundle(json: &[u8]) -> Result<Vec<u8>, PolicyError> {
    #[derive(Deserialize)]
    struct Bundle {
        source: Source,
    }
    #[derive(Deserialize)]
    struct Source {
        wasm: String,
    }
    let not = |reason: String| PolicyError::NotABundle(reason);
    let bundle: Bundle = serde_json::from_slice(json).map_err(|error| not(error.to_string()))?;
    let digits = bundle.source.wasm;
    let digits = digits.strip_prefix("0x").unwrap_or(&digits);
    let code = hex::decode(digits).map_err(|error| not(error.to_string()))?;
    if !code.starts_with(b"\0asm") {
        return Err(not("its code is not WebAssembly".into()));
    }
    Ok(code)
}

#[cfg(test)]
mod tests;
