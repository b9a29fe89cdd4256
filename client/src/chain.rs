//! The chain, as plain Rust: [`Chain`] connects, follows and submits, a
//! [`View`] reads everything at one block, a [`Call`] is what can be signed,
//! and a [`ChainEvent`] is what happened.
//!
//! *Invariant:* whatever crosses the wire is encoded and decoded by the field
//! names in the node's own metadata, with the SCALE types of
//! `medchain-primitives`; [`Chain::connect`] refuses a node that has anything the
//! client uses (a call, a transaction extension, an event, an error, a storage item, a
//! constant or a runtime API method) in another shape than the one that this crate was
//! tested with. Of past blocks' runtimes, [`History`] needs much less.

mod address;
mod amount;
mod blocks;
mod body;
mod call;
mod compat;
mod connect;
mod contracts;
mod custody;
mod error;
mod event;
mod fields;
mod history;
mod items;
mod line;
mod log;
mod parameters;
pub mod proof;
mod recent;
mod room;
mod submit;
mod types;
mod view;
mod witness;

pub use address::{AddressError, NodeAddress, Plaintext};
pub use amount::{format_balance, parse_balance, UNIT};
pub use blocks::BlockEvents;
pub use body::Body;
pub use call::{Call, Gas, Motion};
pub use connect::{Chain, Finality, Heads, DEFAULT_URL, NODE_VARIABLE};
pub use contracts::{contract_address, ContractFailure};
pub use custody::{
    AccessGrant, Custodian, CustodianGroup, Custody, Emergency, EmergencyRefusal, EmergencyStatus,
    Keepers,
};
pub use error::{
    ChainError, ContractsError, CustodyError, DispatchFailure, DisputesError, EmrError,
    FailureKind, InferenceError, RuntimeError,
};
pub use event::{ChainEvent, PastEvent};
pub use history::{History, PastBlock};
pub use log::{
    walk, BlockLogs, Link, Links, Log, LogSource, LoggedBlock, LoggedEntry, PastRuntime,
};
pub use medchain_disputes::{Network, NetworkLayer};
pub use medchain_primitives::{
    AnswerCommitment, AnswerSalt, Arithmetic, Basis, Denied, Document, EndReason, FailureCause,
    FilmCommitments, InferenceOrder, LogHead, ModelStatus, Parameter, ParameterUnit, Purpose,
    RecordStatus, Relation, RequestStatus, SealedAnswer, SlashReason, Step, VerdictRoot,
    VerdictStatus,
};
pub use parameters::ParameterChange;
pub use recent::Recent;
pub use submit::{Fate, Note, SubmitOptions, Transaction, TxOutcome};
pub use types::{
    Balance, Change, Committee, Dispute, Institution, LogArchive, Member, Model, OpenMotion,
    PastRequest, Patient, PendingPolicy, Provider, Record, Relative, Request, Verdict, Worker,
    WorkerStatus,
};
pub use view::{AccessQuestion, View};

#[cfg(test)]
mod tests;
