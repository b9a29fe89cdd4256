//! Contracts: any by its bundle, and calls of the reference policy contract.

mod access_control;
mod bundle;
mod instance;

pub use access_control::{ensure_ahead, grant_refusal, Parties};
pub use bundle::{read_bundle, refusal};
pub use instance::Instance;
