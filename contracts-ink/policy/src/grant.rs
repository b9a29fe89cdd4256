//! A grant, and what follows from it. Nothing here touches the environment of
//! a contract, so that it can be tested with every moment and every action.

use crate::{Action, ActionSet, Decision, DenyReason};

/// The number of a block, the clock of grants. Blocks are 6 seconds apart.
pub type BlockNumber = u32;

/// What a patient granted to an account.
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
}

impl Grant {
    /// A grant of `actions` up to and including the block `until`.
    pub const fn new(actions: ActionSet, until: Option<BlockNumber>) -> Self {
        Grant { actions, until, revoked: false }
    }

    /// Whether the grant's time is over in the block `now`.
    pub const fn is_expired(&self, now: BlockNumber) -> bool {
        match self.until {
            Some(until) => now > until,
            None => false,
        }
    }

    /// What this grant says in the block `now` about `action`. Where more than
    /// one thing speaks against it, revocation is named before expiry, and
    /// expiry before a missing action.
    pub const fn decide(&self, now: BlockNumber, action: Action) -> Decision {
        if self.revoked {
            Decision::Deny(DenyReason::Revoked)
        } else if self.is_expired(now) {
            Decision::Deny(DenyReason::Expired)
        } else if !self.actions.contains(action) {
            Decision::Deny(DenyReason::ActionNotGranted)
        } else {
            Decision::Allow
        }
    }
}

/// What `grant` says in the block `now` about `action`; no grant is a refusal.
pub fn decide(grant: Option<Grant>, now: BlockNumber, action: Action) -> Decision {
    match grant {
        Some(grant) => grant.decide(now, action),
        None => Decision::Deny(DenyReason::NoGrant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_grant() -> impl Strategy<Value = Grant> {
        (any::<u8>(), any::<Option<BlockNumber>>(), any::<bool>()).prop_map(
            |(bits, until, revoked)| Grant { actions: ActionSet::from_bits(bits), until, revoked },
        )
    }

    #[test]
    fn no_grant_is_a_refusal() {
        for action in Action::ALL {
            assert_eq!(decide(None, 0, action), Decision::Deny(DenyReason::NoGrant));
        }
    }

    #[test]
    fn boundary_of_expiry() {
        let grant = Grant::new(ActionSet::from(Action::View), Some(10));
        assert_eq!(grant.decide(9, Action::View), Decision::Allow);
        assert_eq!(grant.decide(10, Action::View), Decision::Allow);
        assert_eq!(grant.decide(11, Action::View), Decision::Deny(DenyReason::Expired));
    }

    #[test]
    fn the_first_reason_is_named() {
        let mut grant = Grant::new(ActionSet::EMPTY, Some(0));
        assert_eq!(grant.decide(0, Action::View), Decision::Deny(DenyReason::ActionNotGranted));
        assert_eq!(grant.decide(1, Action::View), Decision::Deny(DenyReason::Expired));
        grant.revoked = true;
        assert_eq!(grant.decide(1, Action::View), Decision::Deny(DenyReason::Revoked));
    }

    proptest! {
        #[test]
        fn yes_needs_everything_to_hold(
            grant in any_grant(), now: BlockNumber, index in 0usize..Action::ALL.len()
        ) {
            let action = Action::ALL[index];
            let holds = !grant.revoked
                && grant.until.is_none_or(|until| now <= until)
                && grant.actions.contains(action);
            prop_assert_eq!(grant.decide(now, action) == Decision::Allow, holds);
        }

        #[test]
        fn a_refusal_for_time_or_revocation_never_heals(
            grant in any_grant(), now: BlockNumber, later: BlockNumber
        ) {
            let (now, later) = (now.min(later), now.max(later));
            for action in Action::ALL {
                if grant.decide(now, action) != Decision::Allow {
                    prop_assert_ne!(grant.decide(later, action), Decision::Allow);
                }
            }
        }
    }
}
