//! Grants and how they decide. Nothing here touches a contract's environment,
//! so tests can try every block and every action.

use crate::{
    reasons::PURPOSE_NOT_GRANTED, Action, ActionSet, Decision, DenyReason, Purpose, PurposeSet,
    SetError,
};

/// A block number, the clock of grants. Blocks are 6 seconds apart.
pub type BlockNumber = u32;

/// A patient's grant to an account or to a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Grant {
    /// The allowed actions.
    pub actions: ActionSet,
    /// The last block in which the grant is valid; none: until revoked.
    pub until: Option<BlockNumber>,
    /// Whether the grant was revoked. A revoked grant stays stored, so that the
    /// grantee learns why access is refused.
    pub revoked: bool,
    /// The allowed purposes; none: any purpose, or none named. A grant with
    /// purposes refuses a question without one, and the chain names a purpose
    /// only for View.
    pub purposes: Option<PurposeSet>,
}

crate::stored_whole!(Grant);

/// Why a change of grants or delegates was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum GrantError {
    /// The set of actions is empty. To end a grant, revoke it.
    NoActions,
    /// The set of actions has an unknown bit: only bits 0 to 5 are in use.
    UnknownAction,
    /// `until` is before the current block. Choose a later block.
    AlreadyExpired,
    /// There is no grant to revoke, or it is revoked already.
    NotGranted,
    /// The set of purposes is empty. To allow any purpose, pass none instead of a set.
    NoPurposes,
    /// The set of purposes has an unknown bit: only bits 0 to 4 are in use.
    UnknownPurpose,
    /// The account is not the patient's delegate, or the delegation has expired. The patient appoints delegates with `set_delegate`.
    NotDelegate,
    /// The patient revoked this grant, and only the patient grants to the account again.
    RevokedByPatient,
    /// The delegate may not grant or end these actions. The patient widens the delegation with `set_delegate`.
    BeyondDelegation,
    /// The patient granted to this account, and only the patient changes that. A delegate can revoke it, within the delegation.
    GrantedByPatient,
}

impl Grant {
    /// Creates a grant of `actions` for any purpose, valid up to and including
    /// the block `until`.
    pub const fn new(actions: ActionSet, until: Option<BlockNumber>) -> Self {
        Grant { actions, until, revoked: false, purposes: None }
    }

    /// Limits the grant to these purposes; none: any purpose.
    #[must_use]
    pub const fn for_purposes(self, purposes: Option<PurposeSet>) -> Self {
        Grant { purposes, ..self }
    }

    /// Checks that this grant can be given in the block `now`.
    ///
    /// # Errors
    /// `NoActions`, `UnknownAction`, `NoPurposes`, `UnknownPurpose` and
    /// `AlreadyExpired`; see [`GrantError`].
    pub const fn validate(&self, now: BlockNumber) -> Result<(), GrantError> {
        match self.actions.validate() {
            Err(SetError::Empty) => return Err(GrantError::NoActions),
            Err(SetError::Unknown) => return Err(GrantError::UnknownAction),
            Ok(()) => {}
        }
        if let Some(purposes) = self.purposes {
            match purposes.validate() {
                Err(SetError::Empty) => return Err(GrantError::NoPurposes),
                Err(SetError::Unknown) => return Err(GrantError::UnknownPurpose),
                Ok(()) => {}
            }
        }
        if is_over(self.until, now) {
            return Err(GrantError::AlreadyExpired);
        }
        Ok(())
    }

    /// Decides about `action` in the block `now`.
    ///
    /// Asks for the purpose only where it decides. Where several reasons apply,
    /// the answer names the first of: revoked, expired, action not granted,
    /// purpose not granted ([`PURPOSE_NOT_GRANTED`]).
    pub fn decide(
        &self,
        now: BlockNumber,
        action: Action,
        purpose: impl FnOnce() -> Option<Purpose>,
    ) -> Decision {
        if self.revoked {
            Decision::Deny(DenyReason::Revoked)
        } else if is_over(self.until, now) {
            Decision::Deny(DenyReason::Expired)
        } else if !self.actions.contains(action) {
            Decision::Deny(DenyReason::ActionNotGranted)
        } else if !self.purposes.is_none_or(|set| purpose().is_some_and(|one| set.contains(one))) {
            Decision::Deny(PURPOSE_NOT_GRANTED)
        } else {
            Decision::Allow
        }
    }
}

/// Returns whether the block `now` is past `until`, the last valid block.
pub const fn is_over(until: Option<BlockNumber>, now: BlockNumber) -> bool {
    match until {
        Some(until) => now > until,
        None => false,
    }
}

/// Decides about `action` in the block `now`; without a grant, refuses.
pub fn decide(
    grant: Option<Grant>,
    now: BlockNumber,
    action: Action,
    purpose: impl FnOnce() -> Option<Purpose>,
) -> Decision {
    match grant {
        Some(grant) => grant.decide(now, action, purpose),
        None => Decision::Deny(DenyReason::NoGrant),
    }
}

#[cfg(test)]
pub(crate) mod tests;
