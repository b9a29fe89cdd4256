//! What the chain stores, with everything decoded.

use medchain_primitives::{
    Cid, ContentDigest, Document, ModelId, ModelStatus, Output, PreprocessingId, Receipt, RecordId,
    RecordKind, RecordStatus, Relation, RequestId,
};

use crate::AccountId32;

/// The status of a request.
pub type RequestStatus = medchain_primitives::RequestStatus<AccountId32>;

/// The balance of an account, in the chain's smallest unit.
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

/// A registered patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// The account.
    pub account: AccountId32,
    /// The encrypted profile, if one is stored.
    pub profile: Option<Document>,
    /// Rises with every envelope that is removed from a reader.
    pub key_epoch: u32,
    /// The deposit held from the patient.
    pub deposit: u128,
}

/// A medical record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub id: RecordId,
    /// The patient.
    pub patient: AccountId32,
    /// The account that added it.
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
    /// Its status.
    pub status: RecordStatus,
    /// The deposit held from the author.
    pub deposit: u128,
}

/// An account that is related to a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relative {
    /// The relative's account.
    pub account: AccountId32,
    /// How they are related.
    pub relation: Relation,
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
    /// The fee for a prediction.
    pub fee: u128,
    /// Whether it can be requested.
    pub status: ModelStatus,
}

impl Model {
    /// The name of the class that an output names.
    pub fn label_of(&self, output: &Output) -> &str {
        self.labels.get(usize::from(output.label)).map_or("unknown", String::as_str)
    }

    /// Whether an output is less certain than the model's threshold.
    pub fn is_uncertain(&self, output: &Output) -> bool {
        output.confidence().deconstruct() < self.confidence_threshold_ppm
    }
}

/// An account that runs models off chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// The account.
    pub account: AccountId32,
    /// The models that it runs.
    pub models: Vec<ModelId>,
    /// The bond held from it.
    pub bond: u128,
}

/// A request to run a model on a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// The record.
    pub record: RecordId,
    /// The record's patient.
    pub patient: AccountId32,
    /// The model to run.
    pub model: ModelId,
    /// The account that made the request and pays.
    pub requester: AccountId32,
    /// The fee that the worker receives.
    pub fee: u128,
    /// The block in which the request was made.
    pub opened: u32,
    /// The last block in which an answer is accepted.
    pub deadline: u32,
    /// Its status.
    pub status: RequestStatus,
}

/// A worker's answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// The record.
    pub record: RecordId,
    /// The model.
    pub model: ModelId,
    /// The request that this answers.
    pub request: RequestId,
    /// The worker.
    pub worker: AccountId32,
    /// The label and the probabilities.
    pub output: Output,
    /// What a replay must reproduce.
    pub receipt: Receipt,
    /// The block in which it was accepted.
    pub at: u32,
}
