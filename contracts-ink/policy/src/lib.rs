//! The interface between MedChain and a patient's access policy.
//!
//! A policy is any contract that implements [`Policy`]: the chain asks its
//! message `check` before somebody other than the patient touches a record,
//! and takes nothing but [`Decision::Allow`] for a yes. This crate holds the
//! trait, the types of the question and the answer, and the pure logic of
//! grants, which policies are free to use or to leave.
#![cfg_attr(not(feature = "std"), no_std)]

mod actions;
#[cfg(feature = "std")]
pub mod conformance;
pub mod direct;
mod grant;

pub use actions::{ActionSet, ActionSetError};
pub use grant::{decide, BlockNumber, Grant};
pub use medchain_primitives::{Action, Decision, DenyReason, POLICY_CHECK_SELECTOR};

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
