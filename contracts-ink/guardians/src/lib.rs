//! Guardians of a patient: some of them together grant and revoke in the
//! patient's name, m of n.
//!
//! It is no policy, but a delegate of the reference policy (`access-control`):
//! the patient, or somebody for them, deploys it with the guardians and their
//! number, and the patient makes its address a delegate with `set_delegate`. A
//! guardian then proposes a change, others approve it, and the approval that
//! makes their number full carries it out. The patient ends it all at any time
//! with `remove_delegate`.
#![cfg_attr(not(feature = "std"), no_std, no_main)]

mod delegate;

pub use self::{
    delegate::Change,
    guardians::{Approved, CarriedOut, Error, Guardians, Proposal, Proposed, Terms, Withdrawn},
};

// What ink! generates has public items without documentation and exported
// functions; this module's own code has neither unsafe blocks nor raw pointers.
#[allow(missing_docs, unsafe_code)]
#[ink::contract(env = policy::MedChainEnvironment)]
mod guardians {
    use crate::delegate::{self, Change};
    use ink::{prelude::vec::Vec, storage::Mapping};
    use policy::{is_over, Approvals, GrantError, Quorum, QuorumError};

    /// Who decides about what, and the proposals that are open.
    #[ink(storage)]
    pub struct Guardians {
        terms: Terms,
        /// The number of the next proposal.
        next: u32,
        proposals: Mapping<u32, Proposal>,
    }

    /// What was agreed when the contract was deployed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub struct Terms {
        /// In whose name the guardians act.
        pub patient: AccountId,
        /// The contract that keeps the patient's grants.
        pub policy: AccountId,
        /// The guardians, and how many of them have to agree.
        pub quorum: Quorum,
        /// For how many blocks a proposal can be approved.
        pub lifetime: BlockNumber,
    }

    /// A change that waits for approvals.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    #[cfg_attr(feature = "std", derive(ink::storage::traits::StorageLayout))]
    pub struct Proposal {
        /// What is to be done.
        pub change: Change,
        /// Who approved: bit i stands for the guardian at place i.
        pub approvals: Approvals,
        /// The last block in which it can be approved.
        pub until: BlockNumber,
    }

    /// A guardian proposed a change, and approves it by that.
    #[ink(event)]
    pub struct Proposed {
        /// Whose records it is about.
        #[ink(topic)]
        pub patient: AccountId,
        /// Whose grant it is about.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The proposal's number.
        pub id: u32,
        /// What is to be done.
        pub change: Change,
        /// The last block in which it can be approved.
        pub until: BlockNumber,
        /// Who proposed it.
        pub by: AccountId,
    }

    /// Another guardian approved.
    #[ink(event)]
    pub struct Approved {
        /// Whose records it is about.
        #[ink(topic)]
        pub patient: AccountId,
        /// Whose grant it is about.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The proposal's number.
        pub id: u32,
        /// Who approved it.
        pub by: AccountId,
    }

    /// A guardian took their approval back.
    #[ink(event)]
    pub struct Withdrawn {
        /// Whose records it is about.
        #[ink(topic)]
        pub patient: AccountId,
        /// Whose grant it is about.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The proposal's number.
        pub id: u32,
        /// Who withdrew.
        pub by: AccountId,
    }

    /// Enough guardians agreed, and the policy took the change.
    #[ink(event)]
    pub struct CarriedOut {
        /// Whose records it is about.
        #[ink(topic)]
        pub patient: AccountId,
        /// Whose grant it is about.
        #[ink(topic)]
        pub grantee: AccountId,
        /// The proposal's number.
        pub id: u32,
    }

    /// Why a message changed nothing.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[ink::scale_derive(Encode, Decode, TypeInfo)]
    pub enum Error {
        /// The guardians make no quorum, the caller is none of them, or their
        /// approval was given, or not given, before.
        Quorum(QuorumError),
        /// There is no open proposal with this number.
        NotProposed,
        /// The proposal's time is over. Propose it anew.
        ProposalExpired,
        /// The policy refused the change. With `NotDelegate`, the patient has
        /// not made this contract their delegate, or not any more.
        Refused(GrantError),
        /// The policy did not answer: it is no reference policy.
        PolicyFailed,
        /// There have been too many proposals. Deploy the contract anew.
        TooManyProposals,
    }

    impl From<QuorumError> for Error {
        fn from(error: QuorumError) -> Self {
            Error::Quorum(error)
        }
    }

    impl Guardians {
        /// A contract by which `threshold` of these `guardians` change the
        /// grants of `patient` that the contract `policy` keeps. A proposal can
        /// be approved for `lifetime` blocks (a day has 14,400).
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

        /// Proposes a change. The caller, a guardian, approves it by that; where
        /// one is enough, it is carried out at once. Returns its number.
        #[ink(message, selector = 0x4d435030)]
        pub fn propose(&mut self, change: Change) -> Result<u32, Error> {
            let by = self.env().caller();
            let mut approvals = Approvals::default();
            approvals.approve(&self.terms.quorum, &by)?;
            let id = self.next;
            self.next = id.checked_add(1).ok_or(Error::TooManyProposals)?;
            let until = self.env().block_number().saturating_add(self.terms.lifetime);
            let (patient, grantee) = (self.terms.patient, change.grantee());
            let proposal = Proposal { change: change.clone(), approvals, until };
            self.env().emit_event(Proposed { patient, grantee, id, change, until, by });
            self.keep_or_carry_out(id, &proposal)?;
            Ok(id)
        }

        /// Approves a proposal, once for each guardian. The approval that makes
        /// their number full carries it out. Returns whether this one did.
        ///
        /// If the policy refuses the change, the approval does not count either,
        /// and can be given again.
        #[ink(message, selector = 0x4d435031)]
        pub fn approve(&mut self, id: u32) -> Result<bool, Error> {
            let mut proposal = self.proposals.get(id).ok_or(Error::NotProposed)?;
            let by = self.env().caller();
            proposal.approvals.approve(&self.terms.quorum, &by)?;
            if is_over(Some(proposal.until), self.env().block_number()) {
                return Err(Error::ProposalExpired);
            }
            let (patient, grantee) = (self.terms.patient, proposal.change.grantee());
            self.env().emit_event(Approved { patient, grantee, id, by });
            self.keep_or_carry_out(id, &proposal)
        }

        /// Takes an approval back, also when the proposal's time is over. A
        /// proposal that nobody approves any more is gone.
        #[ink(message, selector = 0x4d435032)]
        pub fn withdraw(&mut self, id: u32) -> Result<(), Error> {
            let mut proposal = self.proposals.get(id).ok_or(Error::NotProposed)?;
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

        /// The open proposal with this number.
        #[ink(message, selector = 0x4d435033)]
        pub fn proposal(&self, id: u32) -> Option<Proposal> {
            self.proposals.get(id)
        }

        /// Who decides about what.
        #[ink(message, selector = 0x4d435034)]
        pub fn terms(&self) -> Terms {
            self.terms.clone()
        }

        /// Carries a proposal out if enough guardians approved, and keeps it
        /// otherwise. Returns which.
        fn keep_or_carry_out(&mut self, id: u32, proposal: &Proposal) -> Result<bool, Error> {
            if !self.terms.quorum.is_reached(proposal.approvals) {
                self.proposals.insert(id, proposal);
                return Ok(false);
            }
            // Gone before the policy is called, so that it can happen but once.
            self.proposals.remove(id);
            let patient = self.terms.patient;
            delegate::carry_out(self.terms.policy, patient, &proposal.change)?;
            let grantee = proposal.change.grantee();
            self.env().emit_event(CarriedOut { patient, grantee, id });
            Ok(true)
        }
    }
}

#[cfg(test)]
mod tests;
