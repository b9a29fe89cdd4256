//! Grants to roles.

use crate::{Action, BlockNumber, Decision, Grant, Purpose, Role};

/// A patient's grants to roles, at most one per role.
///
/// They are stored under one key, so that `check` reads all of them at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
pub struct RoleGrants([Option<Grant>; Role::ALL.len()]);

impl RoleGrants {
    /// Returns the grant to `role`, including a revoked or expired one.
    pub fn get(&self, role: Role) -> Option<Grant> {
        *self.0.get(role as usize)?
    }

    /// Stores `grant` in place of the previous grant to `role`.
    pub fn set(&mut self, role: Role, grant: Grant) {
        if let Some(place) = self.0.get_mut(role as usize) {
            *place = Some(grant);
        }
    }

    /// Returns whether a grant to one of the subject's roles allows `action` in
    /// the block `now`.
    ///
    /// Asks the chain about a role (`has_role`) only where the grant to that role
    /// would allow the action, because each such question costs a read.
    pub fn allow(
        &self,
        now: BlockNumber,
        action: Action,
        purpose: impl Fn() -> Option<Purpose>,
        has_role: impl Fn(Role) -> bool,
    ) -> bool {
        Role::ALL.into_iter().any(|role| {
            let grant = self.get(role);
            grant.is_some_and(|grant| grant.decide(now, action, &purpose) == Decision::Allow)
                && has_role(role)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        grant::tests::{any_grant, any_purpose},
        ActionSet, RoleSet,
    };
    use ink::scale::Encode;
    use proptest::prelude::*;
    use std::cell::Cell;

    #[test]
    fn the_encoding_is_a_grant_per_role() {
        let mut grants = RoleGrants::default();
        assert_eq!(grants.encode(), [0; 4]);
        grants.set(Role::Clinician, Grant::new(ActionSet::of(&[Action::View]), None));
        assert_eq!(grants.encode(), [0, 1, 1, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn the_chain_is_asked_only_where_the_role_decides() {
        let mut grants = RoleGrants::default();
        grants.set(Role::Clinician, Grant::new(ActionSet::of(&[Action::View]), Some(10)));
        let asked = Cell::new(RoleSet::EMPTY);
        let has_role = |role| {
            asked.set(asked.get().iter().chain([role]).collect());
            true
        };
        assert!(!grants.allow(11, Action::View, || None, has_role));
        assert!(!grants.allow(10, Action::Append, || None, has_role));
        assert_eq!(asked.get(), RoleSet::EMPTY);
        assert!(grants.allow(10, Action::View, || None, has_role));
        assert_eq!(asked.get(), RoleSet::of(&[Role::Clinician]));
    }

    proptest! {
        #[test]
        fn yes_needs_a_role_with_a_grant_that_allows(
            all in proptest::array::uniform4(proptest::option::of(any_grant())),
            held in 0u8..16,
            now: BlockNumber,
            purpose in any_purpose(),
        ) {
            let (grants, held) = (RoleGrants(all), RoleSet(held));
            for action in Action::ALL {
                let expected = held.iter().any(|role| {
                    let grant = all[role as usize];
                    grant.is_some_and(|g| g.decide(now, action, || purpose) == Decision::Allow)
                });
                let answer = grants.allow(now, action, || purpose, |role| held.contains(role));
                prop_assert_eq!(answer, expected);
            }
        }
    }
}
