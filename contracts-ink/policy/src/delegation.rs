//! Delegates, who grant and revoke in a patient's name.

use crate::{
    is_over, Action, ActionSet, BlockNumber, Decision, DenyReason, Grant, GrantError, Purpose,
};
use ink::primitives::AccountId;

/// A patient's permission for an account to grant and revoke in their name.
///
/// A delegate cannot appoint further delegates, and the patient can remove them
/// at any time. A contract can be a delegate too, which allows rules such as
/// "two of three guardians" that this policy knows nothing about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Delegation {
    /// The actions that the delegate may grant; none once the delegate was removed.
    pub actions: ActionSet,
    /// The last block in which the delegate may act; none: until removed.
    pub until: Option<BlockNumber>,
    /// Which delegation to this account it is. What was granted under an earlier
    /// one has ended for good.
    pub number: u32,
}

crate::stored_whole!(Delegation);

impl Delegation {
    /// The delegation that the patient gives in the block `now`, after `old`.
    ///
    /// One that still lasts is changed: what was granted under it stays, as far as
    /// the new actions go. Otherwise a new one begins.
    pub fn new(
        actions: ActionSet,
        until: Option<BlockNumber>,
        old: Option<Self>,
        now: BlockNumber,
    ) -> Self {
        let number = match old {
            Some(old) if old.lasts(now) => old.number,
            Some(old) => old.number.saturating_add(1),
            None => 0,
        };
        Delegation { actions, until, number }
    }

    /// This delegation, ended by the patient.
    #[must_use]
    pub const fn removed(self) -> Self {
        Delegation { actions: ActionSet::EMPTY, ..self }
    }

    /// Checks that this delegation can be given in the block `now`.
    ///
    /// # Errors
    /// [`GrantError::NoActions`], [`GrantError::UnknownAction`] and
    /// [`GrantError::AlreadyExpired`].
    pub const fn validate(&self, now: BlockNumber) -> Result<(), GrantError> {
        Grant::new(self.actions, self.until).validate(now)
    }

    /// Whether the delegate may act in the block `now`.
    pub const fn lasts(&self, now: BlockNumber) -> bool {
        !self.actions.is_empty() && !is_over(self.until, now)
    }

    /// Checks that an account with this delegation may act in the block `now`.
    ///
    /// # Errors
    /// [`GrantError::NotDelegate`] where there is none, or it has ended.
    pub const fn ensure(delegation: Option<Self>, now: BlockNumber) -> Result<Self, GrantError> {
        match delegation {
            Some(one) if one.lasts(now) => Ok(one),
            _ => Err(GrantError::NotDelegate),
        }
    }

    /// Checks that the delegate may grant `actions` in the place of `old`, of which `lasting` still
    /// lasts.
    ///
    /// # Errors
    /// - [`GrantError::RevokedByPatient`], [`GrantError::GrantedByPatient`]: the patient revoked
    ///   the grant, or gave one that lasts.
    /// - [`GrantError::BeyondDelegation`]: the new grant, or the old one, has actions that the
    ///   delegate may not grant.
    pub fn ensure_may_grant(
        &self,
        actions: ActionSet,
        old: Option<&OwnedGrant>,
        lasting: ActionSet,
    ) -> Result<(), GrantError> {
        match old {
            Some(old) if old.under.is_none() && old.grant.revoked => {
                Err(GrantError::RevokedByPatient)
            }
            // It would end with the delegation, and nothing would restore the patient's.
            Some(old) if old.under.is_none() && !lasting.is_empty() => {
                Err(GrantError::GrantedByPatient)
            }
            _ if self.actions.includes(actions) => self.ensure_may_end(lasting),
            _ => Err(GrantError::BeyondDelegation),
        }
    }

    /// Checks that the delegate may end what still lasts of a grant.
    ///
    /// # Errors
    /// [`GrantError::BeyondDelegation`].
    pub fn ensure_may_end(&self, lasting: ActionSet) -> Result<(), GrantError> {
        match self.actions.includes(lasting) {
            true => Ok(()),
            false => Err(GrantError::BeyondDelegation),
        }
    }
}

/// Under which delegation a grant was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct Under {
    /// The delegate.
    pub delegate: AccountId,
    /// The number of the delegation.
    pub number: u32,
}

impl Under {
    /// The delegation, if it lasts in the block `now`.
    fn delegation(
        self,
        now: BlockNumber,
        find: impl FnOnce(AccountId) -> Option<Delegation>,
    ) -> Option<Delegation> {
        find(self.delegate).filter(|one| one.number == self.number && one.lasts(now))
    }
}

/// A grant with its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct OwnedGrant {
    /// The grant.
    pub grant: Grant,
    /// The delegation under which it was changed last; none: by the patient.
    pub under: Option<Under>,
}

crate::stored_whole!(OwnedGrant);

impl OwnedGrant {
    /// Decides about `action` in the block `now`, as [`Grant::decide`].
    ///
    /// What a delegate granted ends with the delegation, and reaches no further: it
    /// is looked up only where it decides. What a delegate revoked is revoked for the
    /// actions that it ended: for others, roles still count.
    pub fn decide(
        &self,
        now: BlockNumber,
        action: Action,
        purpose: impl FnOnce() -> Option<Purpose>,
        delegation: impl FnOnce(AccountId) -> Option<Delegation>,
    ) -> Decision {
        let by_delegate = self.grant.revoked && self.under.is_some();
        if by_delegate && !self.grant.actions.contains(action) {
            return Decision::Deny(DenyReason::ActionNotGranted);
        }
        let own = self.grant.decide(now, action, purpose);
        match (own, self.under) {
            (Decision::Allow, Some(under)) => match under.delegation(now, delegation) {
                Some(one) if one.actions.contains(action) => Decision::Allow,
                Some(_) => Decision::Deny(DenyReason::ActionNotGranted),
                None => Decision::Deny(DenyReason::Expired),
            },
            _ => own,
        }
    }

    /// The actions that it still allows in the block `now`, for some purpose.
    pub fn lasting(
        &self,
        now: BlockNumber,
        delegation: impl FnOnce(AccountId) -> Option<Delegation>,
    ) -> ActionSet {
        if self.grant.revoked || is_over(self.grant.until, now) {
            return ActionSet::EMPTY;
        }
        match self.under {
            None => self.grant.actions,
            Some(under) => under
                .delegation(now, delegation)
                .map_or(ActionSet::EMPTY, |one| ActionSet(self.grant.actions.0 & one.actions.0)),
        }
    }

    /// The grant, with the last block of the delegation where that is earlier, and the
    /// actions of both.
    pub fn shown(
        &self,
        now: BlockNumber,
        delegation: impl FnOnce(AccountId) -> Option<Delegation>,
    ) -> Grant {
        let Some(under) = self.under.filter(|_| !self.grant.revoked) else { return self.grant };
        let found = under.delegation(now, delegation);
        let until = match (found, self.grant.until) {
            (Some(Delegation { until: Some(end), .. }), Some(until)) => Some(until.min(end)),
            (Some(Delegation { until: Some(end), .. }), None) => Some(end),
            (Some(_), until) => until,
            // It has ended: the first block is long past.
            (None, _) => Some(0),
        };
        let both = found.map(|one| ActionSet(self.grant.actions.0 & one.actions.0));
        Grant { until, actions: both.unwrap_or(self.grant.actions), ..self.grant }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ink::scale::Encode;
    use proptest::prelude::*;

    const DELEGATE: AccountId = AccountId([5; 32]);

    fn view() -> ActionSet {
        ActionSet::of(&[Action::View])
    }

    fn until(until: Option<BlockNumber>) -> Delegation {
        Delegation { actions: view(), until, number: 0 }
    }

    #[test]
    fn the_encoding_is_actions_last_block_and_number() {
        assert_eq!(until(None).encode(), [1, 0, 0, 0, 0, 0]);
        let second = Delegation { number: 2, ..until(Some(1)) };
        assert_eq!(second.encode(), [1, 1, 1, 0, 0, 0, 2, 0, 0, 0]);
    }

    #[test]
    fn boundary_of_expiry() {
        let delegation = until(Some(10));
        assert_eq!(Delegation::ensure(Some(delegation), 10), Ok(delegation));
        assert_eq!(Delegation::ensure(Some(delegation), 11), Err(GrantError::NotDelegate));
        assert_eq!(delegation.validate(10), Ok(()));
        assert_eq!(delegation.validate(11), Err(GrantError::AlreadyExpired));
    }

    #[test]
    fn a_delegation_of_nothing_is_none() {
        let nothing = until(None).removed();
        assert_eq!(nothing.validate(0), Err(GrantError::NoActions));
        assert_eq!(Delegation::ensure(Some(nothing), 0), Err(GrantError::NotDelegate));
    }

    #[test]
    fn a_new_delegation_begins_where_the_old_one_has_ended() {
        let give = |old, now| Delegation::new(view(), None, old, now).number;
        assert_eq!(give(None, 5), 0);
        assert_eq!(give(Some(until(Some(5))), 5), 0, "it is changed");
        assert_eq!(give(Some(until(Some(5))), 6), 1);
        assert_eq!(give(Some(until(None).removed()), 5), 1);
    }

    proptest! {
        #[test]
        fn what_is_over_stays_over(last: Option<BlockNumber>, a: BlockNumber, b: BlockNumber) {
            let delegation = Some(until(last));
            let (now, later) = (a.min(b), a.max(b));
            if Delegation::ensure(delegation, now).is_err() {
                prop_assert!(Delegation::ensure(delegation, later).is_err());
            }
            prop_assert!(Delegation::ensure(None, now).is_err());
        }

        #[test]
        fn nothing_is_allowed_beyond_the_delegation(
            granted in 1u8..64,
            delegated in 0u8..64,
            number in 0u32..2,
            end: Option<BlockNumber>,
            now: BlockNumber,
        ) {
            let owned = OwnedGrant {
                grant: Grant::new(ActionSet(granted), None),
                under: Some(Under { delegate: DELEGATE, number: 0 }),
            };
            let delegation = Delegation { actions: ActionSet(delegated), until: end, number };
            let find = |delegate| (delegate == DELEGATE).then_some(delegation);
            for action in Action::ALL {
                let expected = granted & delegated & ActionSet::of(&[action]).0 != 0
                    && number == 0
                    && end.is_none_or(|end| now <= end);
                let answer = owned.decide(now, action, || None, find);
                prop_assert_eq!(answer == Decision::Allow, expected);
                let shown = owned.shown(now, find).decide(now, action, || None);
                prop_assert!(answer != Decision::Allow || shown == Decision::Allow);
            }
        }
    }
}
