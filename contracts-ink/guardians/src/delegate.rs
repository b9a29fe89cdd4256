//! The changes that the guardians make as the patient's delegate.

use ink::primitives::AccountId;
use policy::{ActionSet, BlockNumber, PurposeSet};

/// A change of a patient's grants.
///
/// The indices are part of the interface.
#[derive(Clone, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum Change {
    /// Grant an account actions, replacing its previous grant.
    #[codec(index = 0)]
    Grant {
        /// The account that may act.
        grantee: AccountId,
        /// The allowed actions.
        actions: ActionSet,
        /// The allowed purposes; none: any purpose.
        purposes: Option<PurposeSet>,
        /// The last block in which the grant is valid; none: until revoked.
        until: Option<BlockNumber>,
    },
    /// Revoke a grant.
    #[codec(index = 1)]
    Revoke {
        /// The account that may no longer act.
        grantee: AccountId,
    },
}

policy::stored_whole!(Change);

impl Change {
    /// Returns the account whose grant this changes.
    pub const fn grantee(&self) -> AccountId {
        match self {
            Change::Grant { grantee, .. } | Change::Revoke { grantee } => *grantee,
        }
    }
}

#[cfg(not(test))]
pub use call::execute;

// ink!'s off-chain environment does not call contracts.
#[cfg(test)]
pub use crate::tests::execute;

#[cfg(not(test))]
mod call {
    use super::Change;
    use crate::Error;
    use ink::{
        env::call::{build_call, ExecutionInput, Selector},
        primitives::AccountId,
        scale::Encode,
    };
    use policy::{GrantError, MedChainEnvironment};

    /// The message `grant_as` of the reference policy.
    const GRANT_AS: [u8; 4] = [0x4d, 0x43, 0x50, 0x19];
    /// The message `revoke_as` of the reference policy.
    const REVOKE_AS: [u8; 4] = [0x4d, 0x43, 0x50, 0x1a];

    /// Calls the contract `policy` to change the grants of `patient`.
    pub fn execute(policy: AccountId, patient: AccountId, change: &Change) -> Result<(), Error> {
        match change {
            Change::Grant { grantee, actions, purposes, until } => {
                call(policy, GRANT_AS, &(patient, grantee, actions, purposes, until))
            }
            Change::Revoke { grantee } => call(policy, REVOKE_AS, &(patient, grantee)),
        }
    }

    fn call(policy: AccountId, selector: [u8; 4], arguments: &impl Encode) -> Result<(), Error> {
        let answer = build_call::<MedChainEnvironment>()
            .call(policy)
            .exec_input(ExecutionInput::new(Selector::new(selector)).push_arg(arguments))
            .returns::<Result<(), GrantError>>()
            .try_invoke();
        match answer {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(error))) => Err(Error::Refused(error)),
            Ok(Err(_)) | Err(_) => Err(Error::PolicyFailed),
        }
    }
}
