//! The reference policy: patients grant actions to accounts and roles.
//!
//! A grant has a set of actions, and optionally a last block and a set of
//! purposes. The patient can revoke it, and can appoint delegates who grant and
//! revoke in the patient's name, within given actions and as long as they are
//! delegates.
//!
//! In a message without a `patient`, the caller is the patient and changes only
//! their own grants. One instance therefore serves every patient who chooses it,
//! and has no owner and no administrator.
#![cfg_attr(not(feature = "std"), no_std, no_main)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unreachable
    )
)]

mod small;

pub use self::access_control::{
    AccessControl, DelegateRemoved, DelegateSet, Granted, Revoked, RoleGranted, RoleRevoked,
};

#[allow(missing_docs, unsafe_code, clippy::panic, reason = "for the code that ink! generates")]
#[ink::contract(env = policy::MedChainEnvironment)]
mod access_control {
    use crate::small::{self, Pair};
    use ink::storage::Mapping;
    use policy::{
        Action, ActionSet, Decision, Delegation, DenyReason, Grant, GrantError, OwnedGrant, Policy,
        PurposeSet, Role, RoleGrants, Under,
    };

    /// The grants of every patient who uses this instance.
    ///
    /// It consists of mappings only, which are read key by key: `check` costs one
    /// read where the patient's grant to the subject allows the action, and two
    /// otherwise; three where a delegate's grant would allow it, but has ended.
    #[ink(storage)]
    #[derive(Default)]
    pub struct AccessControl {
        /// By patient and grantee.
        grants: Mapping<(AccountId, AccountId), OwnedGrant>,
        /// By patient.
        role_grants: Mapping<AccountId, RoleGrants>,
        /// By patient and delegate.
        delegates: Mapping<(AccountId, AccountId), Delegation>,
    }

    /// An account was granted actions on a patient's records.
    ///
    /// The grant replaces the patient's previous grant to that account.
    #[ink(event)]
    pub struct Granted {
        /// The patient whose records the grant covers.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account that may act.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The allowed actions: bit i is the action with index i (View, Append,
        /// Amend, Share, Infer, Emergency).
        pub actions: ActionSet,
        /// The last block in which the grant is valid; none: until revoked.
        pub until: Option<BlockNumber>,
        /// The allowed purposes: bit i is the purpose with index i (Treatment,
        /// SecondOpinion, Research, Billing, Other); none: any purpose.
        pub purposes: Option<PurposeSet>,
        /// The caller: the patient or a delegate.
        pub by: AccountId,
    }

    /// A grant to an account was revoked.
    #[ink(event)]
    pub struct Revoked {
        /// The patient whose records the grant covered.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account that may no longer act.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The caller: the patient or a delegate.
        pub by: AccountId,
    }

    /// A role was granted actions on a patient's records.
    ///
    /// The grant replaces the patient's previous grant to that role.
    #[ink(event)]
    pub struct RoleGranted {
        /// The patient whose records the grant covers.
        #[ink(topic)]
        pub patient: AccountId,
        /// The role whose holders may act, as assigned by the registrar.
        #[ink(topic)]
        pub role: Role,
        /// The allowed actions, as in `Granted`.
        pub actions: ActionSet,
        /// The last block in which the grant is valid; none: until revoked.
        pub until: Option<BlockNumber>,
        /// The allowed purposes, as in `Granted`.
        pub purposes: Option<PurposeSet>,
    }

    /// A grant to a role was revoked.
    #[ink(event)]
    pub struct RoleRevoked {
        /// The patient whose records the grant covered.
        #[ink(topic)]
        pub patient: AccountId,
        /// The role whose holders may no longer act because of it.
        #[ink(topic)]
        pub role: Role,
    }

    /// A delegate was appointed, or their actions or last block were changed.
    #[ink(event)]
    pub struct DelegateSet {
        /// The patient in whose name the delegate acts.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account that may grant and revoke.
        #[ink(topic)]
        pub delegate: AccountId,
        /// The actions that the delegate may grant, as in `Granted`.
        pub actions: ActionSet,
        /// The last block in which the delegate may act; none: until removed.
        pub until: Option<BlockNumber>,
    }

    /// A delegate was removed.
    ///
    /// The delegate's grants ended; what the delegate revoked stays revoked.
    #[ink(event)]
    pub struct DelegateRemoved {
        /// The patient in whose name the delegate acted.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account that may no longer grant and revoke.
        #[ink(topic)]
        pub delegate: AccountId,
    }

    impl AccessControl {
        /// Creates a policy without grants, which refuses everybody.
        ///
        /// One instance serves every patient who chooses it.
        #[ink(constructor, selector = 0x4d435000)]
        pub fn new() -> Self {
            Self::default()
        }

        /// Grants an account actions on the caller's records, for any purpose.
        ///
        /// The grant replaces the previous one to that account.
        ///
        /// - `actions`: one byte; View is 1, Append 2, Amend 4, Share 8, Infer 16,
        ///   Emergency 32, and a sum is a set: 17 is View and Infer.
        /// - `until`: the last block in which the grant is valid; none: until
        ///   revoked.
        #[ink(message, selector = 0x4d435010)]
        pub fn grant(
            &mut self,
            grantee: AccountId,
            actions: ActionSet,
            until: Option<BlockNumber>,
        ) -> Result<(), GrantError> {
            self.set_grant(&Pair::own(&grantee), Grant::new(actions, until), None)
        }

        /// Revokes the caller's grant to an account.
        ///
        /// It takes effect in this block. The revoked grant stays visible in
        /// `grant_of`, and refuses the account even where a grant to one of its
        /// roles would allow the action. No delegate can grant to the account
        /// again. What a delegate revoked, the patient can revoke once more.
        #[ink(message, selector = 0x4d435011)]
        pub fn revoke(&mut self, grantee: AccountId) -> Result<(), GrantError> {
            self.revoke_grant(&Pair::own(&grantee), None)
        }

        /// Returns a patient's grant to an account, including a revoked or expired one.
        ///
        /// A delegate's grant is shown with the last block of the delegation, if that
        /// is earlier, and with block 0 once the delegation has ended.
        #[ink(message, selector = 0x4d435012)]
        pub fn grant_of(&self, patient: AccountId, grantee: AccountId) -> Option<Grant> {
            let grant = self.grants.get(&Pair::new(&patient, &grantee))?;
            Some(grant.shown(self.env().block_number(), |delegate| {
                self.delegates.get(&Pair::new(&patient, &delegate))
            }))
        }

        /// Grants an account actions on the caller's records, for some purposes only.
        ///
        /// As `grant`, with one more argument. `purposes`: one byte; Treatment is
        /// 1, SecondOpinion 2, Research 4, Billing 8, Other 16; none: any purpose.
        /// The chain names a purpose only where an account asks to view a record,
        /// so a grant with purposes allows nothing but View.
        #[ink(message, selector = 0x4d435013)]
        pub fn grant_for_purposes(
            &mut self,
            grantee: AccountId,
            actions: ActionSet,
            purposes: Option<PurposeSet>,
            until: Option<BlockNumber>,
        ) -> Result<(), GrantError> {
            let grant = Grant::new(actions, until).for_purposes(purposes);
            self.set_grant(&Pair::own(&grantee), grant, None)
        }

        /// Grants every holder of a role actions on the caller's records.
        ///
        /// Institutions' registrars assign roles; an account that loses the role loses the
        /// access. The grant replaces the previous one to that role. Arguments as
        /// in `grant_for_purposes`.
        #[ink(message, selector = 0x4d435014)]
        pub fn grant_role(
            &mut self,
            role: Role,
            actions: ActionSet,
            purposes: Option<PurposeSet>,
            until: Option<BlockNumber>,
        ) -> Result<(), GrantError> {
            let grant = Grant::new(actions, until).for_purposes(purposes);
            grant.validate(self.env().block_number())?;
            let patient = self.env().caller();
            self.set_role_grant(&patient, role, grant);
            let pair = Pair::of_role(&patient, role);
            small::emit::<RoleGranted>(&pair, &(actions, until, purposes));
            Ok(())
        }

        /// Revokes the caller's grant to a role.
        ///
        /// Grants to accounts stay valid.
        #[ink(message, selector = 0x4d435015)]
        pub fn revoke_role(&mut self, role: Role) -> Result<(), GrantError> {
            let patient = self.env().caller();
            let grant = revoke(self.role_grant_of(patient, role))?;
            self.set_role_grant(&patient, role, grant);
            small::emit::<RoleRevoked>(&Pair::of_role(&patient, role), &());
            Ok(())
        }

        /// Returns a patient's grant to a role, including a revoked or expired one.
        #[ink(message, selector = 0x4d435016)]
        pub fn role_grant_of(&self, patient: AccountId, role: Role) -> Option<Grant> {
            self.role_grants_of(&patient).unwrap_or_default().get(role)
        }

        /// Lets an account grant and revoke in the caller's name.
        ///
        /// - `actions`: those that the delegate may grant and end, as in `grant`. What
        ///   the delegate granted before reaches no further either.
        /// - `until`: the last block in which the delegate may act; none: until
        ///   removed. What the delegate granted ends with it.
        ///
        /// A delegate grants to accounts only, not to roles, cannot grant what the
        /// patient revoked, and cannot appoint delegates. A contract can be a
        /// delegate, such as `guardians`.
        #[ink(message, selector = 0x4d43501c)]
        pub fn set_delegate(
            &mut self,
            delegate: AccountId,
            actions: ActionSet,
            until: Option<BlockNumber>,
        ) -> Result<(), GrantError> {
            let pair = Pair::own(&delegate);
            let now = self.env().block_number();
            let delegation = Delegation::new(actions, until, self.delegates.get(&pair), now);
            delegation.validate(now)?;
            self.delegates.insert(&pair, &delegation);
            small::emit::<DelegateSet>(&pair, &(actions, until));
            Ok(())
        }

        /// Removes one of the caller's delegates.
        ///
        /// The delegate's grants end for good, also if the account becomes a delegate
        /// again. What the delegate revoked stays revoked.
        #[ink(message, selector = 0x4d435018)]
        pub fn remove_delegate(&mut self, delegate: AccountId) -> Result<(), GrantError> {
            let pair = Pair::own(&delegate);
            let delegation = self.delegates.get(&pair).filter(|one| !one.actions.is_empty());
            let delegation = delegation.ok_or(GrantError::NotDelegate)?;
            // Its number stays, so that the next one is another.
            self.delegates.insert(&pair, &delegation.removed());
            small::emit::<DelegateRemoved>(&pair, &());
            Ok(())
        }

        /// Grants an account actions on a patient's records, on the patient's behalf (delegates only).
        ///
        /// As `grant_for_purposes`, on the records of `patient`. The grant ends with the
        /// delegation. It cannot take the place of a grant that the patient revoked, or
        /// that has actions which the delegate may not grant.
        #[ink(message, selector = 0x4d435019)]
        pub fn grant_as(
            &mut self,
            patient: AccountId,
            grantee: AccountId,
            actions: ActionSet,
            purposes: Option<PurposeSet>,
            until: Option<BlockNumber>,
        ) -> Result<(), GrantError> {
            let delegation = self.ensure_delegate(&patient)?;
            let grant = Grant::new(actions, until).for_purposes(purposes);
            self.set_grant(&Pair::new(&patient, &grantee), grant, Some(delegation))
        }

        /// Revokes an account's grant on a patient's records, on the patient's behalf (delegates only).
        ///
        /// As `revoke`, on the records of `patient`. The grant must have no actions that
        /// the delegate may not grant.
        #[ink(message, selector = 0x4d43501a)]
        pub fn revoke_as(
            &mut self,
            patient: AccountId,
            grantee: AccountId,
        ) -> Result<(), GrantError> {
            let delegation = self.ensure_delegate(&patient)?;
            self.revoke_grant(&Pair::new(&patient, &grantee), Some(delegation))
        }

        /// Returns a patient's delegation to an account, including an expired one.
        #[ink(message, selector = 0x4d43501b)]
        pub fn delegate_of(&self, patient: AccountId, delegate: AccountId) -> Option<Delegation> {
            let delegation = self.delegates.get(&Pair::new(&patient, &delegate));
            delegation.filter(|one| !one.actions.is_empty())
        }

        fn ensure_delegate(&self, patient: &AccountId) -> Result<Delegation, GrantError> {
            let delegation = self.delegates.get(&Pair::new(patient, &self.env().caller()));
            Delegation::ensure(delegation, self.env().block_number())
        }

        /// Stores a grant, by the patient or under a delegation of the caller.
        fn set_grant(
            &mut self,
            pair: &Pair,
            grant: Grant,
            by: Option<Delegation>,
        ) -> Result<(), GrantError> {
            let now = self.env().block_number();
            grant.validate(now)?;
            if let Some(delegation) = &by {
                let old = self.grants.get(pair);
                let lasting = self.lasting(pair, old.as_ref());
                delegation.ensure_may_grant(grant.actions, old.as_ref(), lasting)?;
            }
            self.store_grant(pair, grant, by);
            let rest = (grant.actions, grant.until, grant.purposes, self.env().caller());
            small::emit::<Granted>(pair, &rest);
            Ok(())
        }

        /// Revokes a grant, by the patient or under a delegation of the caller.
        fn revoke_grant(&mut self, pair: &Pair, by: Option<Delegation>) -> Result<(), GrantError> {
            let old = self.grants.get(pair).ok_or(GrantError::NotGranted)?;
            // The patient can make a delegate's revocation their own.
            let owned = by.is_some() || old.under.is_none();
            if old.grant.revoked && owned {
                return Err(GrantError::NotGranted);
            }
            let mut grant = Grant { revoked: true, ..old.grant };
            if let Some(delegation) = &by {
                let lasting = self.lasting(pair, Some(&old));
                if lasting.is_empty() {
                    return Err(GrantError::NotGranted);
                }
                delegation.ensure_may_end(lasting)?;
                grant.actions = lasting;
            }
            self.store_grant(pair, grant, by);
            small::emit::<Revoked>(pair, &self.env().caller());
            Ok(())
        }

        /// The actions that a grant still allows.
        fn lasting(&self, pair: &Pair, grant: Option<&OwnedGrant>) -> ActionSet {
            let now = self.env().block_number();
            grant.map_or(ActionSet::EMPTY, |grant| {
                grant.lasting(now, |delegate| self.delegates.get(&pair.with(&delegate)))
            })
        }

        fn store_grant(&mut self, pair: &Pair, grant: Grant, by: Option<Delegation>) {
            let delegate = self.env().caller();
            let under = by.map(|delegation| Under { delegate, number: delegation.number });
            self.grants.insert(pair, &OwnedGrant { grant, under });
        }

        fn role_grants_of(&self, patient: &AccountId) -> Option<RoleGrants> {
            self.role_grants.get(patient)
        }

        fn set_role_grant(&mut self, patient: &AccountId, role: Role, grant: Grant) {
            let mut grants = self.role_grants_of(patient).unwrap_or_default();
            grants.set(role, grant);
            self.role_grants.insert(patient, &grants);
        }
    }

    /// Marks a grant as revoked.
    fn revoke(grant: Option<Grant>) -> Result<Grant, GrantError> {
        match grant {
            Some(grant) if !grant.revoked => Ok(Grant { revoked: true, ..grant }),
            _ => Err(GrantError::NotGranted),
        }
    }

    impl Policy for AccessControl {
        /// Decides whether `subject` may perform `action` on the records of `patient`.
        ///
        /// Allows it if a grant to the subject or to one of their roles does, and
        /// gives the reason otherwise. A grant covers all of a patient's records,
        /// so the answer is the same for every `record`. A delegate's grant allows
        /// what its delegation still does.
        #[ink(message)]
        fn check(
            &self,
            patient: AccountId,
            subject: AccountId,
            record: Option<u64>,
            action: Action,
        ) -> Decision {
            let _ = record;
            let now = self.env().block_number();
            let purpose = || self.env().extension().purpose();
            let own = self.grants.get(&Pair::new(&patient, &subject));
            let own = own.map_or(Decision::Deny(DenyReason::NoGrant), |grant| {
                grant.decide(now, action, purpose, |delegate| {
                    self.delegates.get(&Pair::new(&patient, &delegate))
                })
            });
            // A role does not readmit an account whose own grant was revoked.
            if matches!(own, Decision::Allow | Decision::Deny(DenyReason::Revoked)) {
                return own;
            }
            let has_role = |role| self.env().extension().has_role(subject, role);
            match self.role_grants_of(&patient) {
                Some(grants) if grants.allow(now, action, purpose, has_role) => Decision::Allow,
                _ => own,
            }
        }
    }
}

policy::answer_directly!(AccessControl {
    0x4d435010 => grant(_, _, _),
    0x4d435011 => revoke(_),
    0x4d435012 => grant_of(_, _),
    0x4d435013 => grant_for_purposes(_, _, _, _),
    0x4d435014 => grant_role(_, _, _, _),
    0x4d435015 => revoke_role(_),
    0x4d435016 => role_grant_of(_, _),
    0x4d435018 => remove_delegate(_),
    0x4d435019 => grant_as(_, _, _, _, _),
    0x4d43501a => revoke_as(_, _),
    0x4d43501b => delegate_of(_, _),
    0x4d43501c => set_delegate(_, _, _),
});

#[cfg(test)]
mod tests;
