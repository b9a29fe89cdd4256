//! Guardians: m of n accounts together grant and revoke in a patient's name.
//!
//! This contract is not a policy, but a delegate of the reference policy
//! (`access-control`). Anybody deploys it with the guardians and the threshold;
//! the patient then appoints its address with `set_delegate`. One guardian
//! proposes a change, others approve it, and the approval that reaches the
//! threshold executes it. The patient can end this at any time with
//! `remove_delegate`.
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

mod delegate;

pub use self::{
    delegate::Change,
    guardians::{Approved, Error, Executed, Guardians, Proposal, Proposed, Terms, Withdrawn},
};

#[allow(missing_docs, unsafe_code, clippy::panic, reason = "for the code that ink! generates")]
#[ink::contract(env = policy::MedChainEnvironment)]
mod guardians {
    use crate::delegate::{self, Change};
    use ink::{prelude::vec::Vec, storage::Mapping};
    use policy::{is_over, Approvals, GrantError, Quorum, QuorumError};

    /// The terms and the open proposals.
    #[ink(storage)]
    pub struct Guardians {
        terms: Terms,
        /// The ID of the next proposal.
        next: u32,
        proposals: Mapping<u32, Proposal>,
    }

    /// The terms, which are fixed when the contract is deployed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub struct Terms {
        /// The patient in whose name the guardians act.
        pub patient: AccountId,
        /// The contract that stores the patient's grants.
        pub policy: AccountId,
        /// The guardians, and how many of them have to approve.
        pub quorum: Quorum,
        /// The number of blocks in which a proposal can be approved.
        pub lifetime: BlockNumber,
    }

    /// A change awaiting approvals.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub struct Proposal {
        /// The proposed change.
        pub change: Change,
        /// The guardians who approved: bit i is the guardian at index i.
        pub approvals: Approvals,
        /// The last block in which it can be approved.
        pub until: BlockNumber,
    }

    /// A guardian proposed a change, which counts as their approval.
    #[ink(event)]
    pub struct Proposed {
        /// The patient whose records the change concerns.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account whose grant the change concerns.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The proposal's ID.
        pub id: u32,
        /// The proposed change.
        pub change: Change,
        /// The last block in which it can be approved.
        pub until: BlockNumber,
        /// The guardian who proposed it.
        pub by: AccountId,
    }

    /// A further guardian approved a proposal.
    #[ink(event)]
    pub struct Approved {
        /// The patient whose records the change concerns.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account whose grant the change concerns.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The proposal's ID.
        pub id: u32,
        /// The guardian who approved it.
        pub by: AccountId,
    }

    /// A guardian withdrew their approval.
    #[ink(event)]
    pub struct Withdrawn {
        /// The patient whose records the change concerns.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account whose grant the change concerns.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The proposal's ID.
        pub id: u32,
        /// The guardian who withdrew it.
        pub by: AccountId,
    }

    /// The threshold was reached, and the policy accepted the change.
    #[ink(event)]
    pub struct Executed {
        /// The patient whose records the change concerns.
        #[ink(topic)]
        pub patient: AccountId,
        /// The account whose grant the change concerns.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The proposal's ID.
        pub id: u32,
    }

    /// Why a message failed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    pub enum Error {
        /// The quorum refused: the inner error says why.
        Quorum(QuorumError),
        /// There is no open proposal with this ID.
        ProposalNotFound,
        /// The proposal has expired. Propose the change again.
        ProposalExpired,
        /// The policy refused the change: the inner error says why. After `NotDelegate`, the patient has to appoint this contract with `set_delegate`.
        Refused(GrantError),
        /// The policy did not answer. Its address must be an instance of the reference policy.
        PolicyFailed,
        /// All proposal IDs are used. Deploy a new instance.
        ProposalIdsExhausted,
    }

    impl From<QuorumError> for Error {
        fn from(error: QuorumError) -> Self {
            Error::Quorum(error)
        }
    }

    impl Guardians {
        /// Creates the guardians of a patient, who change grants together.
        ///
        /// - `patient`: the patient, who then appoints this contract with the
        ///   policy's message `set_delegate`.
        /// - `policy`: the instance of the reference policy that stores the grants.
        /// - `guardians`: 1 to 16 accounts, each named once.
        /// - `threshold`: how many of them have to approve a change.
        /// - `lifetime`: how many blocks a proposal can be approved for (14,400
        ///   are a day).
        #[ink(constructor, selector = 0x4d435000)]
        pub fn new(
            patient: AccountId,
            policy: AccountId,
            guardians: Vec<AccountId>,
            threshold: u8,
            lifetime: BlockNumber,
        ) -> Result<Self, Error> {
            let quorum = Quorum::new(guardians, threshold)?;
            let terms = Terms { patient, policy, quorum, lifetime };
            Ok(Self { terms, next: 0, proposals: Mapping::new() })
        }

        /// Proposes a change, and returns the proposal's ID (guardians only).
        ///
        /// Proposing counts as the caller's approval. With a threshold of 1, the
        /// change is executed at once.
        #[ink(message, selector = 0x4d435030)]
        pub fn propose(&mut self, change: Change) -> Result<u32, Error> {
            let by = self.env().caller();
            let mut approvals = Approvals::default();
            approvals.approve(&self.terms.quorum, &by)?;
            let id = self.next;
            self.next = id.checked_add(1).ok_or(Error::ProposalIdsExhausted)?;
            let until = self.env().block_number().saturating_add(self.terms.lifetime);
            let (patient, grantee) = (self.terms.patient, change.grantee());
            let proposal = Proposal { change: change.clone(), approvals, until };
            self.env().emit_event(Proposed { patient, grantee, id, change, until, by });
            self.store_or_execute(id, &proposal)?;
            Ok(id)
        }

        /// Approves a proposal, and returns whether that executed it (guardians only).
        ///
        /// The approval that reaches the threshold executes the change. If the
        /// policy refuses it, the approval does not count and can be repeated.
        #[ink(message, selector = 0x4d435031)]
        pub fn approve(&mut self, id: u32) -> Result<bool, Error> {
            let mut proposal = self.proposals.get(id).ok_or(Error::ProposalNotFound)?;
            let by = self.env().caller();
            proposal.approvals.approve(&self.terms.quorum, &by)?;
            if is_over(Some(proposal.until), self.env().block_number()) {
                return Err(Error::ProposalExpired);
            }
            let (patient, grantee) = (self.terms.patient, proposal.change.grantee());
            self.env().emit_event(Approved { patient, grantee, id, by });
            self.store_or_execute(id, &proposal)
        }

        /// Withdraws the caller's approval of a proposal (guardians only).
        ///
        /// This also works after the proposal has expired. A proposal without
        /// approvals is removed.
        #[ink(message, selector = 0x4d435032)]
        pub fn withdraw(&mut self, id: u32) -> Result<(), Error> {
            let mut proposal = self.proposals.get(id).ok_or(Error::ProposalNotFound)?;
            let by = self.env().caller();
            proposal.approvals.withdraw(&self.terms.quorum, &by)?;
            match proposal.approvals.count() {
                0 => self.proposals.remove(id),
                _ => {
                    self.proposals.insert(id, &proposal);
                }
            }
            let (patient, grantee) = (self.terms.patient, proposal.change.grantee());
            self.env().emit_event(Withdrawn { patient, grantee, id, by });
            Ok(())
        }

        /// Returns an open proposal.
        #[ink(message, selector = 0x4d435033)]
        pub fn proposal(&self, id: u32) -> Option<Proposal> {
            self.proposals.get(id)
        }

        /// Returns the patient, the policy, the guardians and their terms.
        #[ink(message, selector = 0x4d435034)]
        pub fn terms(&self) -> Terms {
            self.terms.clone()
        }

        /// Executes a proposal if it has reached the threshold, and stores it
        /// otherwise. Returns whether it was executed.
        fn store_or_execute(&mut self, id: u32, proposal: &Proposal) -> Result<bool, Error> {
            if !self.terms.quorum.is_reached(proposal.approvals) {
                self.proposals.insert(id, proposal);
                return Ok(false);
            }
            // Removed before the call of the policy, so that it is executed only once.
            self.proposals.remove(id);
            let patient = self.terms.patient;
            delegate::execute(self.terms.policy, patient, &proposal.change)?;
            let grantee = proposal.change.grantee();
            self.env().emit_event(Executed { patient, grantee, id });
            Ok(true)
        }
    }
}

#[cfg(test)]
mod tests;
