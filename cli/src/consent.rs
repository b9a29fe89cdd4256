//! Consent: the policy in force, the questions that it answers, the grants that it
//! holds, and the accounts that are related to a patient.

mod accounts;
mod grants;
mod policy;
mod questions;
mod relatives;
mod spec;

pub use accounts::{known_accounts, KnownAccount};
pub use grants::{GrantReport, Grantee};
pub use policy::{allow_nobody, ensure_contract, ensure_patient, set_policy};
pub use questions::{about, allowed, allowed_to, names, Question};
pub use relatives::{signer_and_relative, RelationReport};
pub use spec::{grant_message, warn_of_purposes, GrantSpec, Granted, DAY};

/// About how many accounts to ask the chain about at once.
pub const AT_ONCE: usize = 16;
