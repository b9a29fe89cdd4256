//! The question that the chain asks a policy.
#![allow(clippy::panic, reason = "for the code that ink! generates")]

use crate::{Action, Decision};
use ink::primitives::AccountId;

/// The interface of every policy contract.
#[ink::trait_definition]
pub trait Policy {
    /// Decides whether `subject` may perform `action` on `record` of `patient`.
    ///
    /// Without a record, the question is about the patient's file as a whole, as
    /// when a record is added. The chain never asks about the patient's own
    /// access: patients need no permission for their own records.
    ///
    /// The chain limits the gas and the proof size of this call, and treats a
    /// trap, exhausted gas and an answer that does not decode as a refusal.
    #[ink(message, selector = 0x4d435001)]
    fn check(
        &self,
        patient: AccountId,
        subject: AccountId,
        record: Option<u64>,
        action: Action,
    ) -> Decision;
}
