//! A grant, and what follows from it. Nothing here touches the environment of
//! a contract, so that it can be tested with every moment and every action.

use crate::{
    reasons::PURPOSE_NOT_GRANTED, Action, ActionSet, Decision, DenyReason, Purpose, PurposeSet,
    SetError,
};

/// The number of a block, the clock of grants. Blocks are 6 seconds apart.
pub type BlockNumber = u32;

/// What a patient granted to an account or to a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Grant {
    /// The actions that are allowed.
    pub actions: ActionSet,
    /// The last block in which the grant holds; none: until it is revoked.
    pub until: Option<BlockNumber>,
    /// Whether the patient took the grant back. A revoked grant stays as a
    /// tombstone, so that its holder learns the reason of the refusal.
    pub revoked: bool,
    /// The purposes that it is limited to; none: any purpose, also none. A
    /// grant with purposes refuses where the chain names no purpose, and the
    /// chain names one for View alone.
    pub purposes: Option<PurposeSet>,
}

/// Why a grant, or a change of grants, makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum GrantError {
    /// The set of actions is empty. To take a grant back, revoke it.
    NoActions,
    /// The set has a bit that stands for no action: only the bits 0 to 5 are
    /// in use.
    UnknownAction,
    /// `until` lies before the current block: it would never hold.
    AlreadyExpired,
    /// There is no grant that could be taken back.
    NotGranted,
    /// The set of purposes is empty. For a grant to any purpose, give none.
    NoPurposes,
    /// The set has a bit that stands for no purpose: only the bits 0 to 4 are
    /// in use.
    UnknownPurpose,
    /// The account is not the patient's delegate, or not any more.
    NotDelegate,
}

impl Grant {
    /// A grant of `actions` for any purpose, up to and including the block
    /// `until`.
    pub const fn new(actions: ActionSet, until: Option<BlockNumber>) -> Self {
        Grant { actions, until, revoked: false, purposes: None }
    }

    /// The same grant, for these purposes alone, or for any without them.
    #[must_use]
    pub const fn for_purposes(self, purposes: Option<PurposeSet>) -> Self {
        Grant { purposes, ..self }
    }

    /// Accepts a grant that can be given in the block `now`.
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

    /// What this grant says in the block `now` about `action`. The purpose is
    /// asked for only where it decides. Where more than one thing speaks
    /// against it, the first of these is named: revocation, expiry, a missing
    /// action, the purpose ([`PURPOSE_NOT_GRANTED`]).
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

/// Whether in the block `now` it is too late for what holds up to and
/// including the block `until`.
pub const fn is_over(until: Option<BlockNumber>, now: BlockNumber) -> bool {
    match until {
        Some(until) => now > until,
        None => false,
    }
}

/// What `grant` says in the block `now` about `action`; no grant is a refusal.
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
