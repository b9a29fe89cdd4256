//! The types that MedChain's pallets, off-chain worker, command line and
//! contracts share. Everything here is SCALE-encoded, bounded and free of IO.
//!
//! In metadata, every type has the path `medchain::types::…`, so that Polkadot.js
//! Apps shows short names such as `MedchainRecordId`.
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

extern crate alloc;

mod access;
mod cid;
mod crypto;
mod custody;
mod envelope;
mod extension;
mod ids;
mod inference;
mod log;
mod money;
mod names;
mod output;
mod parameters;
mod people;
pub mod policy;
mod record;
mod sets;
mod verdict;

pub use access::{Action, Decision, Denied, DenyReason, Purpose, POLICY_CHECK_SELECTOR};
pub use cid::{Cid, CidCodec, CidError, CidHash, MAX_CID_LENGTH};
pub use crypto::{ContentDigest, EncryptionKey};
pub use custody::{Basis, EmergencyReason, EmergencyStatus, EndReason};
pub use envelope::{
    KeyName, SealedKey, ENCAPSULATED_KEY_LENGTH, ENCRYPTED_KEY_LENGTH, ENVELOPE_VERSION,
};
pub use extension::{
    EXTENSION_APPOINTMENT, EXTENSION_HAS_ROLE, EXTENSION_ID, EXTENSION_MODEL, EXTENSION_NOTE,
    EXTENSION_OWNER_OF, EXTENSION_PURPOSE, EXTENSION_RELATION_OF,
};
pub use ids::{ChangeId, EmergencyId, InstitutionId, ModelId, RecordId, RequestId};
pub use inference::{
    receipt, receipt_of, FailureCause, FailureCode, Label, Member, ModelStatus, PreprocessingId,
    Receipt, RequestStatus, SlashReason, Step, VerdictStatus, WorkerStatus, MAX_LABEL_LENGTH,
    SQUARE_ID,
};
pub use log::{log_topic, LogHead, PolicyEntry, MAX_POLICY_ENTRY};
pub use money::{TOKEN_DECIMALS, UNIT};
pub use names::UnknownName;
pub use output::{Output, OutputError, MAX_CLASSES};
pub use parameters::{Parameter, ParameterName, ParameterUnit, MAX_PARAMETER_NAME};
pub use people::{
    Appointment, InstitutionName, Relation, RelationKind, Role, MAX_INSTITUTION_NAME,
    MIN_ETHICS_MEMBERS,
};
pub use record::{Document, RecordContent, RecordKind, RecordStatus};
pub use sets::{ActionSet, PurposeSet, RoleSet, SetError};
pub use verdict::{
    AnswerCommitment, AnswerSalt, Arithmetic, FilmCommitments, InferenceOrder, InputRoot,
    SealedAnswer, VerdictCommitment, VerdictRoot, MAX_QUORUM, MAX_SEALED_LENGTH,
};
