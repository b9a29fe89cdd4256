//! The interface between MedChain and a patient's access policy.
//!
//! A policy is any contract that implements [`Policy`]: the chain asks its
//! message `check` before anybody other than the patient touches a record, and
//! only [`Decision::Allow`] lets them. This crate holds the trait, the types of
//! the question and the answer, and what a policy may ask the chain
//! ([`MedChain`]). The rest is optional logic without IO: grants to accounts and
//! roles, delegates, and guardians who decide together. For tests, it has a
//! chain to ask and a suite that every policy passes.
#![cfg_attr(not(feature = "std"), no_std)]
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

mod extension;
mod interface;
mod stored;

mod delegation;
mod grant;
mod quorum;
mod roles;

pub mod direct;
pub mod reasons;

#[cfg(feature = "std")]
#[allow(clippy::panic, reason = "a test suite, which fails by panicking")]
pub mod conformance;
#[cfg(feature = "std")]
#[allow(clippy::panic, clippy::expect_used, reason = "for tests, which fail by panicking")]
pub mod testing;

pub use delegation::{Delegation, OwnedGrant, Under};
pub use extension::{note, MedChain, MedChainEnvironment};
pub use grant::{decide, is_over, BlockNumber, Grant, GrantError};
pub use interface::Policy;
pub use medchain_primitives::{
    Action, ActionSet, Appointment, Decision, DenyReason, InstitutionId, ModelId, PolicyEntry,
    Purpose, PurposeSet, Relation, RelationKind, Role, RoleSet, SetError, POLICY_CHECK_SELECTOR,
};
pub use quorum::{Approvals, Quorum, QuorumError, MAX_MEMBERS};
pub use roles::RoleGrants;
