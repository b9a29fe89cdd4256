//! The reference policy: a patient grants an account or a role a set of
//! actions, for a time or for good, for any purpose or for some, and takes the
//! grant back. A delegate whom the patient appoints grants and revokes in the
//! patient's name.
//!
//! Whoever calls a message without a `patient` acts on their own grants and on
//! nobody else's: the caller is the patient. So one instance serves all
//! patients who choose it, and has no owner and no administrator.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

mod small;

pub use self::access_control::{
    AccessControl, DelegateRemoved, DelegateSet, Granted, Revoked, RoleGranted, RoleRevoked,
};

// What ink! generates has public items without documentation and exported
// functions; this module's own code has neither unsafe blocks nor raw pointers.
#[allow(missing_docs, unsafe_code)]
#[ink::contract(env = policy::MedChainEnvironment)]
mod access_control {
    use crate::small::{self, Pair};
    use ink::storage::Mapping;
    use policy::{
        Action, ActionSet, Decision, Delegation, DenyReason, Grant, GrantError, Policy, PurposeSet,
        Role, RoleGrants,
    };

    /// The grants of every patient who uses this instance. Nothing but mappings
    /// is stored, and a mapping is read key by key, so that the chain's question
    /// costs one read where a grant to the subject allows it, and two otherwise.
    #[ink(storage)]
    #[derive(Default)]
    pub struct AccessControl {
        /// By patient and grantee.
        grants: Mapping<(AccountId, AccountId), Grant>,
        /// By patient.
        role_grants: Mapping<AccountId, RoleGrants>,
        /// By patient and delegate.
        delegates: Mapping<(AccountId, AccountId), Delegation>,
    }

    /// A patient granted an account some actions. It replaces what the patient
    /// granted that account before.
    #[ink(event)]
    pub struct Granted {
        /// Whose records it is about.
        #[ink(topic)]
        pub patient: AccountId,
        /// Who may act.
        #[ink(topic)]
        pub grantee: AccountId,
        /// What the grantee may do: bit i stands for the action with index i
        /// (View, Append, Amend, Share, Infer, Emergency).
        pub actions: ActionSet,
        /// The last block in which the grant holds; none: until revoked.
        pub until: Option<BlockNumber>,
        /// What for: bit i stands for the purpose with index i (Treatment,
        /// SecondOpinion, Research, Billing, Other); none: any purpose.
        pub purposes: Option<PurposeSet>,
        /// Who did it: the patient, or a delegate.
        pub by: AccountId,
    }

    /// A grant was taken back.
    #[ink(event)]
    pub struct Revoked {
        /// Whose records it is about.
        #[ink(topic)]
        pub patient: AccountId,
        /// Who may no longer act.
        #[ink(topic)]
        pub grantee: AccountId,
        /// Who did it: the patient, or a delegate.
        pub by: AccountId,
    }

    /// A patient granted a role some actions. It replaces what the patient
    /// granted that role before.
    #[ink(event)]
    pub struct RoleGranted {
        /// Whose records it is about.
        #[ink(topic)]
        pub patient: AccountId,
        /// Who may act: every account that the registrar gave this role.
        #[ink(topic)]
        pub role: Role,
        /// What they may do, as in `Granted`.
        pub actions: ActionSet,
        /// The last block in which the grant holds; none: until revoked.
        pub until: Option<BlockNumber>,
        /// What for, as in `Granted`.
        pub purposes: Option<PurposeSet>,
    }

    /// A patient took a grant to a role back.
    #[ink(event)]
    pub struct RoleRevoked {
        /// Whose records it is about.
        #[ink(topic)]
        pub patient: AccountId,
        /// Who may no longer act for the role's sake.
        #[ink(topic)]
        pub role: Role,
    }

    /// A patient appointed a delegate, or changed until when.
    #[ink(event)]
    pub struct DelegateSet {
        /// In whose name the delegate acts.
        #[ink(topic)]
        pub patient: AccountId,
        /// Who may grant and revoke.
        #[ink(topic)]
        pub delegate: AccountId,
        /// The last block in which the delegate may act; none: until removed.
        pub until: Option<BlockNumber>,
    }

    /// A patient removed a delegate. What the delegate granted stands.
    #[ink(event)]
    pub struct DelegateRemoved {
        /// In whose name the delegate acted.
        #[ink(topic)]
        pub patient: AccountId,
        /// Who may no longer grant and revoke.
        #[ink(topic)]
        pub delegate: AccountId,
    }

    impl AccessControl {
        /// A policy without any grant: it refuses everybody.
        #[ink(constructor, selector = 0x4d435000)]
        pub fn new() -> Self {
            Self::default()
        }

        /// Grants `grantee` the `actions` on the caller's records for any
        /// purpose, up to and including the block `until`, or for good without
        /// it. It replaces what the caller granted that account before.
        #[ink(message, selector = 0x4d435010)]
        pub fn grant(
            &mut self,
            grantee: AccountId,
            actions: ActionSet,
            until: Option<BlockNumber>,
        ) -> Result<(), GrantError> {
            self.set_grant(&Pair::own(&grantee), &Grant::new(actions, until))
        }

        /// Takes back what was granted to `grantee` on the caller's records. It
        /// holds from this block on; a tombstone stays, which `grant_of` shows,
        /// and which keeps the grantee out also where their role is granted.
        #[ink(message, selector = 0x4d435011)]
        pub fn revoke(&mut self, grantee: AccountId) -> Result<(), GrantError> {
            self.revoke_grant(&Pair::own(&grantee))
        }

        /// What was granted to `grantee` on the records of `patient`, also when
        /// it is revoked or its time is over.
        #[ink(message, selector = 0x4d435012)]
        pub fn grant_of(&self, patient: AccountId, grantee: AccountId) -> Option<Grant> {
            self.grants.get(&Pair::new(&patient, &grantee))
        }

        /// Like `grant`, but for these purposes alone; without them, for any.
        /// The chain names a purpose where somebody asks to view a record, and
        /// nowhere else.
        #[ink(message, selector = 0x4d435013)]
        pub fn grant_for_purposes(
            &mut self,
            grantee: AccountId,
            actions: ActionSet,
            purposes: Option<PurposeSet>,
            until: Option<BlockNumber>,
        ) -> Result<(), GrantError> {
            let grant = Grant::new(actions, until).for_purposes(purposes);
            self.set_grant(&Pair::own(&grantee), &grant)
        }

        /// Grants every account that the registrar gave this role the `actions`
        /// on the caller's records. It replaces what the caller granted that
        /// role before.
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
            small::emit::<RoleGranted>(&pair, (actions, until, purposes));
            Ok(())
        }

        /// Takes back what the caller granted to a role. What they granted to
        /// accounts stands.
        #[ink(message, selector = 0x4d435015)]
        pub fn revoke_role(&mut self, role: Role) -> Result<(), GrantError> {
            let patient = self.env().caller();
            let grant = revoked(self.role_grant_of(patient, role))?;
            self.set_role_grant(&patient, role, grant);
            small::emit::<RoleRevoked>(&Pair::of_role(&patient, role), ());
            Ok(())
        }

        /// What `patient` granted to a role, also when it is revoked or its time
        /// is over.
        #[ink(message, selector = 0x4d435016)]
        pub fn role_grant_of(&self, patient: AccountId, role: Role) -> Option<Grant> {
            self.role_grants_of(&patient).unwrap_or_default().get(role)
        }

        /// Lets `delegate` grant to accounts and revoke in the caller's name, up
        /// to and including the block `until`, or for good without it. A
        /// delegate can be a contract, such as `guardians`.
        #[ink(message, selector = 0x4d435017)]
        pub fn set_delegate(
            &mut self,
            delegate: AccountId,
            until: Option<BlockNumber>,
        ) -> Result<(), GrantError> {
            let delegation = Delegation { until };
            delegation.validate(self.env().block_number())?;
            let pair = Pair::own(&delegate);
            self.delegates.insert(&pair, &delegation);
            small::emit::<DelegateSet>(&pair, until);
            Ok(())
        }

        /// Ends what `set_delegate` began. What the delegate granted stands.
        #[ink(message, selector = 0x4d435018)]
        pub fn remove_delegate(&mut self, delegate: AccountId) -> Result<(), GrantError> {
            let pair = Pair::own(&delegate);
            self.delegates.get(&pair).ok_or(GrantError::NotDelegate)?;
            self.delegates.remove(&pair);
            small::emit::<DelegateRemoved>(&pair, ());
            Ok(())
        }

        /// Like `grant_for_purposes`, by a delegate in the name of `patient`.
        #[ink(message, selector = 0x4d435019)]
        pub fn grant_as(
            &mut self,
            patient: AccountId,
            grantee: AccountId,
            actions: ActionSet,
            purposes: Option<PurposeSet>,
            until: Option<BlockNumber>,
        ) -> Result<(), GrantError> {
            self.ensure_delegate(&patient)?;
            let grant = Grant::new(actions, until).for_purposes(purposes);
            self.set_grant(&Pair::new(&patient, &grantee), &grant)
        }

        /// Like `revoke`, by a delegate in the name of `patient`.
        #[ink(message, selector = 0x4d43501a)]
        pub fn revoke_as(
            &mut self,
            patient: AccountId,
            grantee: AccountId,
        ) -> Result<(), GrantError> {
            self.ensure_delegate(&patient)?;
            self.revoke_grant(&Pair::new(&patient, &grantee))
        }

        /// Whether `patient` made an account their delegate, and until when,
        /// also when that time is over.
        #[ink(message, selector = 0x4d43501b)]
        pub fn delegate_of(&self, patient: AccountId, delegate: AccountId) -> Option<Delegation> {
            self.delegates.get(&Pair::new(&patient, &delegate))
        }

        fn ensure_delegate(&self, patient: &AccountId) -> Result<(), GrantError> {
            let delegation = self.delegates.get(&Pair::new(patient, &self.env().caller()));
            Delegation::ensure(delegation, self.env().block_number())
        }

        fn set_grant(&mut self, pair: &Pair, grant: &Grant) -> Result<(), GrantError> {
            grant.validate(self.env().block_number())?;
            self.grants.insert(pair, grant);
            let rest = (grant.actions, grant.until, grant.purposes, self.env().caller());
            small::emit::<Granted>(pair, rest);
            Ok(())
        }

        fn revoke_grant(&mut self, pair: &Pair) -> Result<(), GrantError> {
            let grant = revoked(self.grants.get(pair))?;
            self.grants.insert(pair, &grant);
            small::emit::<Revoked>(pair, self.env().caller());
            Ok(())
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

    /// The tombstone of a grant that can be taken back.
    fn revoked(grant: Option<Grant>) -> Result<Grant, GrantError> {
        match grant {
            Some(grant) if !grant.revoked => Ok(Grant { revoked: true, ..grant }),
            _ => Err(GrantError::NotGranted),
        }
    }

    impl Policy for AccessControl {
        /// Whether `patient` granted `subject`, or a role of theirs, this
        /// `action`, and if not, why not. A grant is about all of a patient's
        /// records, so it does not matter which `record` is asked for.
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
            let own = policy::decide(own, now, action, purpose);
            // Whom the patient shut out in person, no role lets in again.
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
    0x4d435017 => set_delegate(_, _),
    0x4d435018 => remove_delegate(_),
    0x4d435019 => grant_as(_, _, _, _, _),
    0x4d43501a => revoke_as(_, _),
    0x4d43501b => delegate_of(_, _),
});

#[cfg(test)]
mod tests;
