//! The chain, as plain Rust: [`Chain`] connects, follows and submits, a
//! [`View`] reads everything at one block, a [`Call`] is what can be signed,
//! and a [`ChainEvent`] is what happened.
//!
//! *Invariant:* whatever crosses the wire is encoded and decoded by the field
//! names in the node's own metadata, with the SCALE types of
//! `medchain-primitives`; [`Chain::connect`] refuses a node whose calls,
//! storage or events are not those that this crate was tested with.

mod amount;
mod blocks;
mod call;
mod compat;
mod connect;
mod contracts;
mod custody;
mod dispatch;
mod error;
mod event;
mod fields;
mod history;
pub mod proof;
mod submit;
mod types;
mod view;

pub use amount::{format_balance, parse_balance, UNIT};
pub use blocks::BlockEvents;
pub use call::{Call, Gas};
pub use connect::{Chain, Finality, DEFAULT_URL, NODE_VARIABLE};
pub use contracts::ContractFailure;
pub use custody::{AccessGrant, Basis, CustodianGroup, Custody, Emergency, EndReason, SealedShare};
pub use dispatch::DispatchFailure;
pub use error::ChainError;
pub use event::ChainEvent;
pub use history::{History, PastBlock, PastEvent};
/// What access is asked for.
pub use medchain_primitives::Purpose;
pub use submit::{SubmitOptions, TxOutcome};
pub use types::{
    Balance, Denied, Document, Model, ModelStatus, Patient, Prediction, Record, RecordStatus,
    Relation, Request, RequestStatus, Worker,
};
pub use view::View;

#[cfg(test)]
mod tests;
