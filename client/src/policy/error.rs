//! The errors of the reference policy contract.

use codec::{Decode, DecodeAll, Encode};
use thiserror::Error;

use crate::chain::{ChainError, ContractFailure};

/// Why the reference contract refused to change a grant. A test compares the
/// variants with the contract's metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Error)]
pub enum GrantError {
    /// The set of actions is empty.
    #[error("no action is named")]
    #[codec(index = 0)]
    NoActions,
    /// The set of actions has a bit that stands for no action.
    #[error("the contract does not know one of the actions")]
    #[codec(index = 1)]
    UnknownAction,
    /// The last block is before the current one.
    #[error("the last block has already passed")]
    #[codec(index = 2)]
    AlreadyExpired,
    /// There is no grant to revoke.
    #[error("there is no grant to revoke")]
    #[codec(index = 3)]
    NotGranted,
    /// The set of purposes is empty.
    #[error("no purpose is named")]
    #[codec(index = 4)]
    NoPurposes,
    /// The set of purposes has a bit that stands for no purpose.
    #[error("the contract does not know one of the purposes")]
    #[codec(index = 5)]
    UnknownPurpose,
    /// The account is not a delegate of the patient, or no longer one.
    #[error("the account is not, or no longer, a delegate of the patient")]
    #[codec(index = 6)]
    NotDelegate,
    /// The patient revoked the grant, which a delegate cannot undo.
    #[error("the patient revoked this grant, and only the patient can grant to the account again")]
    #[codec(index = 7)]
    RevokedByPatient,
    /// The delegate may not grant or end these actions.
    #[error("the delegation does not cover these actions, or those of the grant in place")]
    #[codec(index = 8)]
    BeyondDelegation,
    /// The patient granted to this account, and only the patient changes that.
    #[error("the patient granted to this account, and only the patient changes that")]
    #[codec(index = 9)]
    GrantedByPatient,
}

impl GrantError {
    /// Every error, in the order of their indices.
    pub const ALL: [Self; 10] = [
        Self::NoActions,
        Self::UnknownAction,
        Self::AlreadyExpired,
        Self::NotGranted,
        Self::NoPurposes,
        Self::UnknownPurpose,
        Self::NotDelegate,
        Self::RevokedByPatient,
        Self::BeyondDelegation,
        Self::GrantedByPatient,
    ];

    /// Reads the error from what a reverted message returned, see
    /// [`ContractFailure::Reverted`]. `None` where it is not this contract's error.
    pub fn from_revert(data: &[u8]) -> Option<Self> {
        // ink!'s outer `Result`, whose error is never read, and the message's own.
        type Returned = Result<Result<(), GrantError>, ()>;
        Returned::decode_all(&mut &data[..]).ok()?.ok()?.err()
    }

    /// The error with which the contract reverted a call.
    pub fn of(error: &ChainError) -> Option<Self> {
        match error {
            ChainError::Contract(ContractFailure::Reverted { data }) => Self::from_revert(data),
            _ => None,
        }
    }
}
