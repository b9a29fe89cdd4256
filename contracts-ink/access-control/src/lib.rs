//! The reference policy: a patient grants an account a set of actions, for a
//! time or for good, and takes the grant back.
//!
//! Whoever calls `grant` and `revoke` acts on their own grants and on nobody
//! else's: the caller is the patient. So one instance serves all patients who
//! choose it, and has no owner and no administrator.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

pub use self::access_control::{AccessControl, Error, Granted, Revoked};

// What ink! generates has public items without documentation and exported
// functions; this module's own code has neither unsafe blocks nor raw pointers.
#[allow(missing_docs, unsafe_code)]
#[ink::contract]
mod access_control {
    use ink::storage::Mapping;
    use policy::{Action, ActionSet, ActionSetError, Decision, Grant, Policy};

    /// The grants of every patient who uses this instance.
    #[ink(storage)]
    #[derive(Default)]
    pub struct AccessControl {
        /// By patient and grantee. Nothing else is stored, and a mapping is
        /// read key by key, so that the chain's question costs one read.
        grants: Mapping<(AccountId, AccountId), Grant>,
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
    }

    /// A patient took a grant back.
    #[ink(event)]
    pub struct Revoked {
        /// Whose records it is about.
        #[ink(topic)]
        pub patient: AccountId,
        /// Who may no longer act.
        #[ink(topic)]
        pub grantee: AccountId,
    }

    /// Why a message changed nothing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    pub enum Error {
        /// The set of actions is empty. To take a grant back, use `revoke`.
        NoActions,
        /// The set has a bit that stands for no action: only the bits 0 to 5
        /// are in use.
        UnknownAction,
        /// `until` lies before the current block: such a grant would never hold.
        AlreadyExpired,
        /// There is no grant to this account that could be taken back.
        NotGranted,
    }

    impl From<ActionSetError> for Error {
        fn from(error: ActionSetError) -> Self {
            match error {
                ActionSetError::Empty => Error::NoActions,
                ActionSetError::Unknown => Error::UnknownAction,
            }
        }
    }

    impl AccessControl {
        /// A policy without any grant: it refuses everybody.
        #[ink(constructor, selector = 0x4d435000)]
        pub fn new() -> Self {
            Self::default()
        }

        /// Grants `grantee` the `actions` on the caller's records, up to and
        /// including the block `until`, or for good without it. It replaces
        /// what the caller granted that account before.
        #[ink(message, selector = 0x4d435010)]
        pub fn grant(
            &mut self,
            grantee: AccountId,
            actions: ActionSet,
            until: Option<BlockNumber>,
        ) -> Result<(), Error> {
            actions.validate()?;
            let grant = Grant::new(actions, until);
            if grant.is_expired(self.env().block_number()) {
                return Err(Error::AlreadyExpired);
            }
            let patient = self.env().caller();
            self.grants.insert((patient, grantee), &grant);
            self.env().emit_event(Granted { patient, grantee, actions, until });
            Ok(())
        }

        /// Takes back what the caller granted `grantee`. It holds from this
        /// block on; a tombstone stays, which `grant_of` shows.
        #[ink(message, selector = 0x4d435011)]
        pub fn revoke(&mut self, grantee: AccountId) -> Result<(), Error> {
            let patient = self.env().caller();
            let key = (patient, grantee);
            match self.grants.get(key) {
                Some(grant) if !grant.revoked => {
                    let revoked = Grant { revoked: true, ..grant };
                    self.grants.insert(key, &revoked);
                }
                _ => return Err(Error::NotGranted),
            }
            self.env().emit_event(Revoked { patient, grantee });
            Ok(())
        }

        /// What `patient` granted `grantee`, also when it is revoked or its
        /// time is over.
        #[ink(message, selector = 0x4d435012)]
        pub fn grant_of(&self, patient: AccountId, grantee: AccountId) -> Option<Grant> {
            self.grants.get((patient, grantee))
        }
    }

    impl Policy for AccessControl {
        /// Whether `patient` granted `subject` this `action`, and if not, why
        /// not. A grant is about all of a patient's records, so it does not
        /// matter which `record` is asked for.
        #[ink(message)]
        fn check(
            &self,
            patient: AccountId,
            subject: AccountId,
            record: Option<u64>,
            action: Action,
        ) -> Decision {
            let _ = record;
            let grant = self.grants.get((patient, subject));
            policy::decide(grant, self.env().block_number(), action)
        }
    }
}

policy::answer_directly!(AccessControl);

#[cfg(test)]
mod tests;
