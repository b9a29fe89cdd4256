//! The messages of the reference policy contract, `access-control`, and of
//! every contract that answers the chain's access question.

mod error;

pub use error::GrantError;
pub use medchain_primitives::{ActionSet, PurposeSet};

use codec::{Decode, DecodeAll, Encode};
use medchain_primitives::{Action, Decision, RecordId, Role, POLICY_CHECK_SELECTOR};

use crate::{
    chain::{ChainError, View},
    AccountId32,
};

const NEW: [u8; 4] = [0x4d, 0x43, 0x50, 0x00];
const GRANT: [u8; 4] = [0x4d, 0x43, 0x50, 0x10];
const REVOKE: [u8; 4] = [0x4d, 0x43, 0x50, 0x11];
const GRANT_OF: [u8; 4] = [0x4d, 0x43, 0x50, 0x12];
// The contract's first version has none of these.
const GRANT_FOR_PURPOSES: [u8; 4] = [0x4d, 0x43, 0x50, 0x13];
const GRANT_ROLE: [u8; 4] = [0x4d, 0x43, 0x50, 0x14];
const REVOKE_ROLE: [u8; 4] = [0x4d, 0x43, 0x50, 0x15];
const REMOVE_DELEGATE: [u8; 4] = [0x4d, 0x43, 0x50, 0x18];
const GRANT_AS: [u8; 4] = [0x4d, 0x43, 0x50, 0x19];
const REVOKE_AS: [u8; 4] = [0x4d, 0x43, 0x50, 0x1a];
// The contract's second version has another message, which names no actions.
const SET_DELEGATE: [u8; 4] = [0x4d, 0x43, 0x50, 0x1c];

/// What a patient granted to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub struct Grant {
    /// The actions that are allowed.
    pub actions: ActionSet,
    /// The last block in which the grant is valid; until it is revoked when `None`.
    pub until: Option<u32>,
    /// Whether the patient revoked the grant.
    pub revoked: bool,
    /// The purposes that it is limited to; any purpose when `None`.
    pub purposes: Option<PurposeSet>,
}

impl Decode for Grant {
    /// A grant of the contract's first version ends before the purposes.
    fn decode<I: codec::Input>(input: &mut I) -> Result<Self, codec::Error> {
        let (actions, until, revoked) = Decode::decode(input)?;
        let purposes = match input.remaining_len()? {
            Some(0) => None,
            _ => Decode::decode(input)?,
        };
        Ok(Self { actions, until, revoked, purposes })
    }
}

/// The data that instantiates the contract.
pub fn constructor() -> Vec<u8> {
    NEW.to_vec()
}

/// The data by which a patient grants `grantee` these actions, in place of
/// an earlier grant.
pub fn grant(grantee: &AccountId32, actions: ActionSet, until: Option<u32>) -> Vec<u8> {
    (GRANT, grantee, actions, until).encode()
}

/// The data by which a patient revokes the grant to `grantee`.
pub fn revoke(grantee: &AccountId32) -> Vec<u8> {
    (REVOKE, grantee).encode()
}

/// As [`grant`], for these purposes alone; for any when `None`.
pub fn grant_for_purposes(
    grantee: &AccountId32,
    actions: ActionSet,
    purposes: Option<PurposeSet>,
    until: Option<u32>,
) -> Vec<u8> {
    (GRANT_FOR_PURPOSES, grantee, actions, purposes, until).encode()
}

/// The data by which a patient grants every account with this role these actions,
/// in place of an earlier grant to the role.
pub fn grant_role(
    role: Role,
    actions: ActionSet,
    purposes: Option<PurposeSet>,
    until: Option<u32>,
) -> Vec<u8> {
    (GRANT_ROLE, role, actions, purposes, until).encode()
}

/// The data by which a patient revokes the grant to a role.
pub fn revoke_role(role: Role) -> Vec<u8> {
    (REVOKE_ROLE, role).encode()
}

/// The data by which a patient lets `delegate` grant and revoke these actions in the
/// patient's name, up to and including the block `until`.
pub fn set_delegate(delegate: &AccountId32, actions: ActionSet, until: Option<u32>) -> Vec<u8> {
    (SET_DELEGATE, delegate, actions, until).encode()
}

/// The data by which a patient removes a delegate.
pub fn remove_delegate(delegate: &AccountId32) -> Vec<u8> {
    (REMOVE_DELEGATE, delegate).encode()
}

/// As [`grant_for_purposes`], by a delegate in the name of `patient`.
pub fn grant_as(
    patient: &AccountId32,
    grantee: &AccountId32,
    actions: ActionSet,
    purposes: Option<PurposeSet>,
    until: Option<u32>,
) -> Vec<u8> {
    (GRANT_AS, patient, grantee, actions, purposes, until).encode()
}

/// As [`revoke`], by a delegate in the name of `patient`.
pub fn revoke_as(patient: &AccountId32, grantee: &AccountId32) -> Vec<u8> {
    (REVOKE_AS, patient, grantee).encode()
}

/// The grant of `patient` to `grantee`.
pub async fn grant_of(
    view: &View,
    contract: &AccountId32,
    patient: &AccountId32,
    grantee: &AccountId32,
) -> Result<Option<Grant>, ChainError> {
    let data = (GRANT_OF, patient, grantee).encode();
    ask(view, contract, patient, data).await
}

/// The decision of a policy contract, asked directly.
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

#[cfg(test)]
mod tests;
