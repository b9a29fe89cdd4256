//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    traits::{fungible::Inspect, ConstU32},
    BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{
    Cid, FailureCode, Label, ModelId, Output, PreprocessingId, Receipt, RecordId, RequestId,
    MAX_CLASSES,
};
use scale_info::TypeInfo;
use sp_runtime::Permill;

use crate::Config;

/// The account type of the runtime.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// The balance in which fees and bonds are paid.
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
/// The names of a model's classes, in the order of its output.
pub type Labels = BoundedVec<Label, ConstU32<MAX_CLASSES>>;

/// Whether a model may be asked for.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum ModelStatus {
    /// Requests and predictions are taken.
    #[codec(index = 0)]
    Active,
    /// Neither requests nor predictions are taken. Open requests can be
    /// cancelled, and expire as always.
    #[codec(index = 1)]
    Retired,
}

/// A model: everything that a worker and a replay need to run the same one.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Model<Balance> {
    /// The name, such as `medchain-vgg16`.
    pub name: Label,
    /// The version, such as `1.0.0`.
    pub version: Label,
    /// Where the ONNX file is.
    pub cid: Cid,
    /// SHA-256 of the ONNX file.
    pub sha256: [u8; 32],
    /// Where the model card is.
    pub card: Option<Cid>,
    /// The names of the classes, in the order of the output.
    pub labels: Labels,
    /// The fixed steps from pixels to tensor.
    pub preprocessing: PreprocessingId,
    /// A prediction whose label has a lower probability counts as uncertain.
    pub confidence_threshold: Permill,
    /// What a prediction costs, in the chain's smallest unit. It goes to the worker.
    pub fee: Balance,
    /// Whether the model may be asked for.
    pub status: ModelStatus,
}

/// An account that runs models off chain.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Worker<Models, Balance> {
    /// The models that it runs, each once.
    pub models: Models,
    /// What is held from it until it deregisters.
    pub bond: Balance,
}

/// Where a request stands. All but `Open` are final.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum RequestStatus<AccountId> {
    /// A worker may answer.
    #[codec(index = 0)]
    Open,
    /// There is a prediction, and the fee is paid.
    #[codec(index = 1)]
    Answered {
        /// Who predicted.
        worker: AccountId,
    },
    /// A worker could not predict, and the fee is refunded.
    #[codec(index = 2)]
    Failed {
        /// Who tried.
        worker: AccountId,
        /// Why it could not.
        code: FailureCode,
    },
    /// The requester took the request back, and the fee is refunded.
    #[codec(index = 3)]
    Cancelled,
    /// Nobody answered in time, and the fee is refunded.
    #[codec(index = 4)]
    Expired,
}

/// An order to run a model on a record.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Request<AccountId, Balance, BlockNumber> {
    /// The record to run on.
    pub record: RecordId,
    /// Whose record it is.
    pub patient: AccountId,
    /// The model to run.
    pub model: ModelId,
    /// Who asked and pays.
    pub requester: AccountId,
    /// The model's fee when the request was made.
    pub fee: Balance,
    /// The block in which the request was made. Workers take turns by it.
    pub opened: BlockNumber,
    /// The last block in which an answer is taken.
    pub deadline: BlockNumber,
    /// Where the request stands.
    pub status: RequestStatus<AccountId>,
}

/// What a worker found.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Prediction<AccountId, BlockNumber> {
    /// The request that this answers.
    pub request: RequestId,
    /// Who predicted.
    pub worker: AccountId,
    /// The label and the probability of every class.
    pub output: Output,
    /// What a replay must reproduce.
    pub receipt: Receipt,
    /// The block in which the prediction was taken.
    pub at: BlockNumber,
}
