//! A patient's audit log: what the chain's events tell about their records, also as FHIR.
//!
//! Nothing here asks a node. Whoever reads blocks gives their events, as [`ChainEvent`]s, to a
//! [`Gathering`], which makes an [`Entry`] of each that concerns the patient; [`fhir`] writes
//! them down. So the command line and a web page tell the same log in the same words.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::panic))]

mod describe;
mod entry;
mod event;
pub mod fhir;
mod gather;
mod kind;
mod logged;
mod policy;
pub mod requests;
mod words;

pub use entry::{Entry, Filter};
pub use event::{text, ChainEvent, PastEvent, Source};
pub use gather::Gathering;
pub use kind::{Kind, Kinds};
pub use logged::{LoggedBlock, LoggedEntry};
pub use policy::PolicyEvent;
/// A hash of the chain: 32 bytes.
pub use primitive_types::H256;
/// An account: 32 bytes, written as an SS58 address with prefix 42.
pub use subxt_utils_accountid32::AccountId32;

#[cfg(test)]
mod tests;
