//! What stands on chain, with everything decoded.

use codec::{Decode, Encode};
use medchain_primitives::{
    Cid, ContentDigest, DenyReason, FailureCode, ModelId, Output, PreprocessingId, Receipt,
    RecordId, RecordKind, RelationKind, RequestId,
};

use crate::AccountId32;

/// What an account has, in the chain's smallest unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What can be spent, as far as nothing is frozen.
    pub free: u128,
    /// What is held as deposits, bonds and fees.
    pub reserved: u128,
    /// How much cannot be spent now, of `free` and `reserved` together.
    pub frozen: u128,
}

impl Balance {
    /// What can be spent while the account keeps `minimum`.
    pub fn spendable(&self, minimum: u128) -> u128 {
        self.free.saturating_sub(self.frozen.saturating_sub(self.reserved).max(minimum))
    }
}

/// An encrypted document that is stored elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Document {
    /// Where the encrypted bytes are.
    pub cid: Cid,
    /// SHA-256 of the encrypted bytes.
    pub digest: ContentDigest,
}

/// A registered patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// Who it is.
    pub account: AccountId32,
    /// The encrypted profile, if one is stored.
    pub profile: Option<Document>,
    /// Rises with every envelope that is taken from a reader.
    pub key_epoch: u32,
    /// What is held from the patient.
    pub deposit: u128,
}

/// A medical record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub id: RecordId,
    /// Whose record it is.
    pub patient: AccountId32,
    /// Who added it.
    pub author: AccountId32,
    /// Where the encrypted bytes are.
    pub cid: Cid,
    /// SHA-256 of the encrypted bytes.
    pub digest: ContentDigest,
    /// What the document is.
    pub kind: RecordKind,
    /// The version before this one.
    pub previous: Option<RecordId>,
    /// The block in which it was added.
    pub added_at: u32,
    /// Where it stands.
    pub status: RecordStatus,
    /// What is held from the author.
    pub deposit: u128,
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum RecordStatus {
    /// The newest version.
    #[codec(index = 0)]
    Active,
    /// A newer version exists.
    #[codec(index = 1)]
    Superseded {
        /// The next version.
        by: RecordId,
    },
    /// Its envelopes are destroyed.
    #[codec(index = 2)]
    Erased,
}

/// Somebody related to a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Who it is.
    pub relative: AccountId32,
    /// How they are related.
    pub kind: RelationKind,
    /// Whether to turn to them in an emergency.
    pub emergency_contact: bool,
}

/// A model that workers run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its number.
    pub id: ModelId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where the ONNX file is.
    pub cid: Cid,
    /// SHA-256 of the ONNX file.
    pub sha256: [u8; 32],
    /// Where the model card is.
    pub card: Option<Cid>,
    /// The classes, in the order of the output.
    pub labels: Vec<String>,
    /// The fixed steps from pixels to tensor.
    pub preprocessing: PreprocessingId,
    /// Below this probability of its label, in parts per million, a
    /// prediction counts as uncertain.
    pub confidence_threshold_ppm: u32,
    /// What a prediction costs.
    pub fee: u128,
    /// Whether the model may be asked for.
    pub status: ModelStatus,
}

impl Model {
    /// The name of the class that an output names.
    pub fn label_of(&self, output: &Output) -> &str {
        self.labels.get(usize::from(output.label)).map_or("unknown", String::as_str)
    }

    /// Whether an output is less sure than the model's threshold asks for.
    pub fn is_uncertain(&self, output: &Output) -> bool {
        output.confidence().deconstruct() < self.confidence_threshold_ppm
    }
}

/// Whether a model may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ModelStatus {
    /// It may.
    #[codec(index = 0)]
    Active,
    /// It may not any more.
    #[codec(index = 1)]
    Retired,
}

/// An account that runs models off chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Who it is.
    pub account: AccountId32,
    /// The models that it runs.
    pub models: Vec<ModelId>,
    /// What is held from it.
    pub bond: u128,
}

/// An order to run a model on a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// The record to run on.
    pub record: RecordId,
    /// Whose record it is.
    pub patient: AccountId32,
    /// The model to run.
    pub model: ModelId,
    /// Who asked and pays.
    pub requester: AccountId32,
    /// What the answer earns.
    pub fee: u128,
    /// The block in which the request was made. A chain whose runtime is of
    /// version 1 does not tell.
    pub opened: Option<u32>,
    /// The last block in which an answer is taken.
    pub deadline: u32,
    /// Where the request stands.
    pub status: RequestStatus,
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum RequestStatus {
    /// A worker may answer.
    #[codec(index = 0)]
    Open,
    /// There is a prediction.
    #[codec(index = 1)]
    Answered {
        /// Who predicted.
        worker: AccountId32,
    },
    /// A worker could not predict.
    #[codec(index = 2)]
    Failed {
        /// Who tried.
        worker: AccountId32,
        /// Why it could not.
        code: FailureCode,
    },
    /// The requester took the request back.
    #[codec(index = 3)]
    Cancelled,
    /// Nobody answered in time.
    #[codec(index = 4)]
    Expired,
}

/// What a worker found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// The record.
    pub record: RecordId,
    /// The model.
    pub model: ModelId,
    /// The request that this answers.
    pub request: RequestId,
    /// Who predicted.
    pub worker: AccountId32,
    /// The label and the probabilities.
    pub output: Output,
    /// What a replay must reproduce.
    pub receipt: Receipt,
    /// The block in which it was taken.
    pub at: u32,
}

/// Why access is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Denied {
    /// Neither the patient nor the chain has a policy.
    #[codec(index = 0)]
    NoPolicy,
    /// There is no contract at the policy's address.
    #[codec(index = 1)]
    PolicyNotFound,
    /// The policy contract trapped or reverted.
    #[codec(index = 2)]
    PolicyTrapped,
    /// The policy contract used more than it is given.
    #[codec(index = 3)]
    PolicyOutOfGas,
    /// The policy contract's answer is not a decision.
    #[codec(index = 4)]
    PolicyAnswerInvalid,
    /// The question was asked from within a contract.
    #[codec(index = 5)]
    PolicyReentered,
    /// The policy said no.
    #[codec(index = 6)]
    Refused(DenyReason),
    /// The account whose records are asked for is not a patient.
    #[codec(index = 7)]
    PatientNotFound,
    /// The patient has no record of that number.
    #[codec(index = 8)]
    RecordNotFound,
    /// The record was erased.
    #[codec(index = 9)]
    RecordErased,
}

impl std::fmt::Display for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoPolicy => "neither the patient nor the chain has an access policy",
            Self::PolicyNotFound => "there is no contract at the policy's address",
            Self::PolicyTrapped => "the policy contract failed",
            Self::PolicyOutOfGas => "the policy contract took too long",
            Self::PolicyAnswerInvalid => "the policy contract's answer is not a decision",
            Self::PolicyReentered => "a policy cannot be asked from within a contract",
            Self::Refused(DenyReason::NoGrant) => "the patient granted this account nothing",
            Self::Refused(DenyReason::ActionNotGranted) => {
                "the patient's grant to this account does not include this action"
            }
            Self::Refused(DenyReason::Expired) => "the patient's grant has expired",
            Self::Refused(DenyReason::Revoked) => "the patient revoked the grant",
            Self::Refused(DenyReason::Other(code)) => {
                return write!(f, "the policy refuses with its reason {code}")
            }
            Self::PatientNotFound => "this account is not a patient",
            Self::RecordNotFound => "the patient has no such record",
            Self::RecordErased => "the record was erased",
        })
    }
}
