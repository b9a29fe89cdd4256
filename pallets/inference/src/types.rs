//! The types that the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    traits::{fungible::Inspect, ConstU32},
    BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{
    Cid, Label, ModelId, ModelStatus, Output, PreprocessingId, Receipt, RecordId, RequestId,
    RequestStatus, MAX_CLASSES,
};
use scale_info::TypeInfo;
use sp_runtime::Permill;

use crate::Config;

/// The account type of the runtime.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// The balance type of fees and bonds.
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<AccountIdOf<T>>>::Balance;
/// A registered model.
pub type ModelOf<T> = Model<BalanceOf<T>>;
/// The models that a worker runs.
pub type WorkerModelsOf<T> = BoundedVec<ModelId, <T as Config>::MaxWorkerModels>;
/// A registered worker.
pub type WorkerOf<T> = Worker<WorkerModelsOf<T>, BalanceOf<T>>;
/// A request for a prediction.
pub type RequestOf<T> = Request<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
/// A worker's answer to a request.
pub type PredictionOf<T> = Prediction<AccountIdOf<T>, BlockNumberFor<T>>;
/// The labels of a model's classes, in the order of its output.
pub type Labels = BoundedVec<Label, ConstU32<MAX_CLASSES>>;

/// A model, with everything that a worker and a replay need to run the same one.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Model<Balance> {
    /// The name, such as `medchain-vgg16`.
    pub name: Label,
    /// The version, such as `1.0.0`.
    pub version: Label,
    /// The CID of the ONNX file.
    pub cid: Cid,
    /// SHA-256 of the ONNX file.
    pub sha256: [u8; 32],
    /// The CID of the model card.
    pub card: Option<Cid>,
    /// The labels of the classes, in the order of the output.
    pub labels: Labels,
    /// The id of the fixed steps from pixels to tensor.
    pub preprocessing: PreprocessingId,
    /// Below this probability of its label, a prediction counts as uncertain.
    pub confidence_threshold: Permill,
    /// The price of a prediction, in the smallest unit of the currency, paid to the worker.
    pub fee: Balance,
    /// Whether the model accepts requests.
    pub status: ModelStatus,
}

/// A worker: an account that runs models off chain.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Worker<Models, Balance> {
    /// The models that it runs, each once.
    pub models: Models,
    /// The bond held until it deregisters.
    pub bond: Balance,
}

/// A request to run a model on a record.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Request<AccountId, Balance, BlockNumber> {
    /// The record to run on.
    pub record: RecordId,
    /// The patient whose record it is.
    pub patient: AccountId,
    /// The model to run.
    pub model: ModelId,
    /// The account that made the request and pays for it.
    pub requester: AccountId,
    /// The model's fee when the request was made.
    pub fee: Balance,
    /// The block in which the request was made, by which workers take turns.
    pub opened: BlockNumber,
    /// The last block in which the request can be answered.
    pub deadline: BlockNumber,
    /// The status of the request.
    pub status: RequestStatus<AccountId>,
}

/// A worker's prediction.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Prediction<AccountId, BlockNumber> {
    /// The request that it answers.
    pub request: RequestId,
    /// The worker that answered.
    pub worker: AccountId,
    /// The label and the probability of every class.
    pub output: Output,
    /// The receipt that a replay must reproduce.
    pub receipt: Receipt,
    /// The block in which the prediction was stored.
    pub at: BlockNumber,
}
