//! Whom both of two guardians approved may view the records of the patient who
//! deploys this. An approval lapses after some blocks, and a guardian can take
//! it back before.
//!
//! Refusals: `NoGrant` where no guardian ever approved, `ActionNotGranted` for
//! anything but View, `Other(3)` where one approval is missing, `Expired` where
//! one has lapsed.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

pub use self::two_guardians::{Approved, Error, Terms, TwoGuardians, Withdrawn};

// What ink! generates has public items without documentation and exported
// functions; this module's own code has neither unsafe blocks nor raw pointers.
#[allow(missing_docs, unsafe_code)]
#[ink::contract(env = policy::MedChainEnvironment)]
mod two_guardians {
    use ink::storage::{Lazy, Mapping};
    use policy::{is_over, reasons::APPROVAL_MISSING, Action, Decision, DenyReason, Policy};

    /// The last block of each guardian's approval; none: not approved.
    type Approvals = [Option<BlockNumber>; 2];

    /// The approvals stand under patient and subject, so that the chain's
    /// question costs one read and needs the terms as little as the root.
    #[ink(storage)]
    #[derive(Default)]
    pub struct TwoGuardians {
        terms: Lazy<Terms>,
        approvals: Mapping<(AccountId, AccountId), Approvals>,
    }

    /// What was agreed when the contract was deployed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub struct Terms {
        /// Whose records it is about.
        pub patient: AccountId,
        /// Who approves.
        pub guardians: [AccountId; 2],
        /// For how many blocks an approval holds.
        pub lifetime: BlockNumber,
    }

    /// A guardian approved, or approved anew.
    #[ink(event)]
    pub struct Approved {
        /// Whose records it is about.
        #[ink(topic)]
        pub patient: AccountId,
        /// Who may view, once both guardians approved.
        #[ink(topic)]
        pub grantee: AccountId,
        /// Who approved.
        pub guardian: AccountId,
        /// The last block of the approval.
        pub until: BlockNumber,
    }

    /// A guardian took an approval back.
    #[ink(event)]
    pub struct Withdrawn {
        /// Whose records it is about.
        #[ink(topic)]
        pub patient: AccountId,
        /// Who may no longer view.
        #[ink(topic)]
        pub grantee: AccountId,
        /// Who withdrew.
        pub guardian: AccountId,
    }

    /// Why a message changed nothing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    pub enum Error {
        /// Both guardians are the same account.
        SameGuardian,
        /// The caller is no guardian.
        NotGuardian,
        /// The caller has not approved this account.
        NotApproved,
    }

    impl TwoGuardians {
        /// A policy for the caller's own records. An approval of one of the
        /// `guardians` holds for `lifetime` blocks (a day has 14,400).
        #[ink(constructor)]
        pub fn new(guardians: [AccountId; 2], lifetime: BlockNumber) -> Result<Self, Error> {
            if guardians[0] == guardians[1] {
                return Err(Error::SameGuardian);
            }
            let mut contract = Self::default();
            let patient = Self::env().caller();
            contract.terms.set(&Terms { patient, guardians, lifetime });
            Ok(contract)
        }

        /// Approves that `grantee` views the patient's records, from now on for
        /// the agreed number of blocks.
        #[ink(message)]
        pub fn approve(&mut self, grantee: AccountId) -> Result<(), Error> {
            let (Terms { patient, lifetime, .. }, place) = self.place_of_caller()?;
            let guardian = self.env().caller();
            let until = self.env().block_number().saturating_add(lifetime);
            let mut approvals = self.approvals.get((patient, grantee)).unwrap_or_default();
            approvals[place] = Some(until);
            self.approvals.insert((patient, grantee), &approvals);
            self.env().emit_event(Approved { patient, grantee, guardian, until });
            Ok(())
        }

        /// Takes the caller's approval of `grantee` back.
        #[ink(message)]
        pub fn withdraw(&mut self, grantee: AccountId) -> Result<(), Error> {
            let (Terms { patient, .. }, place) = self.place_of_caller()?;
            let guardian = self.env().caller();
            let mut approvals = self.approvals.get((patient, grantee)).unwrap_or_default();
            approvals[place].take().ok_or(Error::NotApproved)?;
            self.approvals.insert((patient, grantee), &approvals);
            self.env().emit_event(Withdrawn { patient, grantee, guardian });
            Ok(())
        }

        /// The terms, and which of the two guardians calls.
        fn place_of_caller(&self) -> Result<(Terms, usize), Error> {
            let terms = self.terms.get().ok_or(Error::NotGuardian)?;
            let caller = self.env().caller();
            let place = terms.guardians.iter().position(|one| *one == caller);
            place.map(|place| (terms, place)).ok_or(Error::NotGuardian)
        }
    }

    impl Policy for TwoGuardians {
        /// Whether both guardians' approvals of `subject` hold.
        #[ink(message)]
        fn check(
            &self,
            patient: AccountId,
            subject: AccountId,
            record: Option<u64>,
            action: Action,
        ) -> Decision {
            let _ = record;
            let Some(approvals) = self.approvals.get((patient, subject)) else {
                return Decision::Deny(DenyReason::NoGrant);
            };
            if action != Action::View {
                return Decision::Deny(DenyReason::ActionNotGranted);
            }
            let now = self.env().block_number();
            match approvals {
                [Some(a), Some(b)] if !is_over(Some(a.min(b)), now) => Decision::Allow,
                [Some(_), Some(_)] => Decision::Deny(DenyReason::Expired),
                _ => Decision::Deny(APPROVAL_MISSING),
            }
        }
    }
}

policy::answer_directly!(TwoGuardians);

#[cfg(test)]
mod tests;
