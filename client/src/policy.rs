//! The messages of the reference policy contract, `access-control`, and of
//! every contract that answers the chain's access question.

mod error;

pub use error::GrantError;
pub use medchain_primitives::{
    policy::{
        constructor, grant, grant_as, grant_for_purposes, grant_role, remove_delegate, revoke,
        revoke_as, revoke_role, set_delegate, Grant,
    },
    ActionSet, PurposeSet,
};

use codec::{DecodeAll, Encode};
use medchain_primitives::{policy, Action, Decision, RecordId, POLICY_CHECK_SELECTOR};

use crate::{
    chain::{ChainError, View},
    AccountId32,
};

/// The grant of `patient` to `grantee`.
pub async fn grant_of(
    view: &View,
    contract: &AccountId32,
    patient: &AccountId32,
    grantee: &AccountId32,
) -> Result<Option<Grant>, ChainError> {
    ask(view, contract, patient, policy::grant_of(&patient.0, &grantee.0)).await
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
