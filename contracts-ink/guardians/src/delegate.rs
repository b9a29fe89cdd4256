//! What the guardians do as the patient's delegate.

use ink::primitives::AccountId;
use policy::{ActionSet, BlockNumber, PurposeSet};

/// A change of a patient's grants. The indices are part of the interface.
#[derive(Clone, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub enum Change {
    /// Grant an account some actions, in the place of what it was granted
    /// before.
    #[codec(index = 0)]
    Grant {
        /// Who may act.
        grantee: AccountId,
        /// What they may do.
        actions: ActionSet,
        /// What for; none: any purpose.
        purposes: Option<PurposeSet>,
        /// The last block in which the grant holds; none: until revoked.
        until: Option<BlockNumber>,
    },
    /// Take a grant back.
    #[codec(index = 1)]
    Revoke {
        /// Who may no longer act.
        grantee: AccountId,
    },
}

impl Change {
    /// Whose grant it is about.
    pub const fn grantee(&self) -> AccountId {
        match self {
            Change::Grant { grantee, .. } | Change::Revoke { grantee } => *grantee,
        }
    }
}

#[cfg(not(test))]
pub use call::carry_out;

// ink!'s environment for tests calls no contracts.
#[cfg(test)]
pub use crate::tests::carry_out;

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

    /// Has the contract `policy` change the grants of `patient`.
    pub fn carry_out(policy: AccountId, patient: AccountId, change: &Change) -> Result<(), Error> {
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
