//! An account that both of two guardians approve may view the records of the
//! patient who deploys this. An approval expires after some blocks, and the
//! guardian can withdraw it before.
//!
//! Refusals: `NoGrant` where no guardian ever approved, `ActionNotGranted` for
//! anything but View, `Other(3)` where one approval is missing, `Expired` where
//! one has expired.
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

pub use self::two_guardians::{Approved, Error, Terms, TwoGuardians, Withdrawn};

#[allow(missing_docs, unsafe_code, clippy::panic, reason = "for the code that ink! generates")]
#[ink::contract(env = policy::MedChainEnvironment)]
mod two_guardians {
    use ink::storage::{Lazy, Mapping};
    use policy::{is_over, reasons::APPROVAL_MISSING, Action, Decision, DenyReason, Policy};

    /// The last block of each guardian's approval; none: not approved.
    type Approvals = [Option<BlockNumber>; 2];

    /// The terms, and the approvals by patient and subject.
    ///
    /// That key makes `check` cost one read, of neither the terms nor the root.
    #[ink(storage)]
    #[derive(Default)]
    pub struct TwoGuardians {
        terms: Lazy<Terms>,
        approvals: Mapping<(AccountId, AccountId), Approvals>,
    }

    /// The terms, which are fixed when the contract is deployed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub struct Terms {
        /// The patient whose records the guardians decide about.
        pub patient: AccountId,
        /// The accounts that approve.
        pub guardians: [AccountId; 2],
        /// The number of blocks in which an approval is valid.
        pub lifetime: BlockNumber,
    }

    /// A guardian approved an account, or renewed their approval.
    #[ink(event)]
    pub struct Approved {
        /// The patient whose records the approval covers.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account that may view once both guardians have approved.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The guardian who approved.
        pub guardian: AccountId,
        /// The last block of the approval.
        pub until: BlockNumber,
    }

    /// A guardian withdrew their approval.
    #[ink(event)]
    pub struct Withdrawn {
        /// The patient whose records the approval covers.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account that may no longer view.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The guardian who withdrew it.
        pub guardian: AccountId,
    }

    /// Why a message failed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    pub enum Error {
        /// Both guardians are the same account. Name two.
        SameGuardian,
        /// The caller is not a guardian.
        NotGuardian,
        /// The caller has not approved this account.
        NotApproved,
    }

    impl TwoGuardians {
        /// Creates a policy for the caller's own records.
        ///
        /// - `guardians`: the two accounts that approve.
        /// - `lifetime`: how many blocks an approval is valid for (14,400 are a
        ///   day).
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

        /// Approves an account to view the patient's records (guardians only).
        ///
        /// The approval is valid from this block on, for as many blocks as the
        /// contract was deployed with. Approving again renews it.
        #[ink(message)]
        pub fn approve(&mut self, grantee: AccountId) -> Result<(), Error> {
            let (Terms { patient, lifetime, .. }, place) = self.place_of_caller()?;
            let guardian = self.env().caller();
            let until = self.env().block_number().saturating_add(lifetime);
            let mut approvals = self.approvals.get((patient, grantee)).unwrap_or_default();
            *approvals.get_mut(place).ok_or(Error::NotGuardian)? = Some(until);
            self.approvals.insert((patient, grantee), &approvals);
            self.env().emit_event(Approved { patient, grantee, guardian, until });
            Ok(())
        }

        /// Withdraws the caller's approval of an account (guardians only).
        #[ink(message)]
        pub fn withdraw(&mut self, grantee: AccountId) -> Result<(), Error> {
            let (Terms { patient, .. }, place) = self.place_of_caller()?;
            let guardian = self.env().caller();
            let mut approvals = self.approvals.get((patient, grantee)).unwrap_or_default();
            let own = approvals.get_mut(place).and_then(Option::take);
            own.ok_or(Error::NotApproved)?;
            self.approvals.insert((patient, grantee), &approvals);
            self.env().emit_event(Withdrawn { patient, grantee, guardian });
            Ok(())
        }

        /// Returns the terms and the index of the calling guardian.
        fn place_of_caller(&self) -> Result<(Terms, usize), Error> {
            let terms = self.terms.get().ok_or(Error::NotGuardian)?;
            let caller = self.env().caller();
            let place = terms.guardians.iter().position(|one| *one == caller);
            place.map(|place| (terms, place)).ok_or(Error::NotGuardian)
        }
    }

    impl Policy for TwoGuardians {
        /// Decides whether both guardians' approvals of `subject` are valid.
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
