//! The types that MedChain's pallets, off-chain worker, command line and
//! contracts share. Everything here is SCALE-encoded, bounded and free of IO.
#![cfg_attr(not(feature = "std"), no_std)]

mod access;
mod cid;
mod crypto;
mod extension;
mod inference;
mod record;

pub use access::{Action, Decision, DenyReason, POLICY_CHECK_SELECTOR};
pub use cid::{Cid, CidCodec, CidError, MAX_CID_LENGTH};
pub use crypto::{ContentDigest, EncryptionKey, SealedKey, SEALED_KEY_LENGTH};
pub use extension::{
    EXTENSION_HAS_ROLE, EXTENSION_ID, EXTENSION_OWNER_OF, EXTENSION_PURPOSE, EXTENSION_RELATION_OF,
};
pub use inference::{
    receipt, FailureCode, Label, ModelId, Output, OutputError, PreprocessingId, Receipt, RequestId,
    MAX_CLASSES, MAX_LABEL_LENGTH,
};
pub use record::{
    EmergencyId, EmergencyReason, Purpose, RecordId, RecordKind, Relation, RelationKind, Role,
};
