//! The interface between MedChain and a patient's access policy.
//!
//! A policy is any contract that implements [`Policy`]: the chain asks its
//! message `check` before somebody other than the patient touches a record,
//! and takes nothing but [`Decision::Allow`] for a yes. This crate holds the
//! trait, the types of the question and the answer, what a policy may ask the
//! chain ([`MedChain`]), and pure logic that policies are free to use or to
//! leave: grants to people and roles, delegates, and guardians who decide
//! together. For tests it has a chain to ask and a suite that every policy
//! passes.
#![cfg_attr(not(feature = "std"), no_std)]

mod extension;
mod sets;

mod delegation;
mod grant;
mod quorum;
mod roles;

pub mod direct;
pub mod reasons;

#[cfg(feature = "std")]
pub mod conformance;
#[cfg(feature = "std")]
pub mod testing;

pub use delegation::Delegation;
pub use extension::{MedChain, MedChainEnvironment};
pub use grant::{decide, is_over, BlockNumber, Grant, GrantError};
pub use medchain_primitives::{
    Action, Decision, DenyReason, Purpose, Relation, RelationKind, Role, POLICY_CHECK_SELECTOR,
};
pub use quorum::{Approvals, Quorum, QuorumError, MAX_MEMBERS};
pub use roles::RoleGrants;
pub use sets::{ActionSet, PurposeSet, RoleSet, SetError, ROLES};

use ink::primitives::AccountId;

/// What every policy contract answers.
#[ink::trait_definition]
pub trait Policy {
    /// May `subject` perform `action` on `record` of `patient`? Without a
    /// record, the question is about the patient's file as a whole, as when a
    /// new record is added.
    ///
    /// The chain calls this with a cap on gas and proof size and treats a
    /// trap, exhausted gas and an answer that does not decode as a refusal.
    /// The patient never needs a policy's leave for their own records, so this
    /// is not asked about them.
    #[ink(message, selector = 0x4d435001)]
    fn check(
        &self,
        patient: AccountId,
        subject: AccountId,
        record: Option<u64>,
        action: Action,
    ) -> Decision;
}
