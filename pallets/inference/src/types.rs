//! The types that the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    traits::{fungible::Inspect, ConstU32},
    BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{
    Arithmetic, Cid, Label, ModelId, ModelStatus, PreprocessingId, Receipt, RecordId, RequestId,
    RequestStatus, SealedAnswer, SealedKey, VerdictStatus, MAX_CLASSES, MAX_QUORUM,
};
use scale_info::TypeInfo;
use sp_runtime::Permill;

pub use medchain_primitives::{Member, Step, WorkerStatus};

use crate::Config;

/// Maximum number of different seeds after which draws wait at the same time.
///
/// `Config::SeedDelay` is smaller.
pub const MAX_AWAITED_SEEDS: u32 = 8;

/// Maximum number of members of a committee: the largest quorum, and a challenger.
pub const MAX_MEMBERS: u32 = MAX_QUORUM.saturating_add(1);

/// Maximum number of workers that a request can lose, whether they count or not.
///
/// It has room for a whole committee beyond twice `Config::FailureQuorum`.
pub const MAX_LOST: u32 = 16;

/// The account type of the runtime.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// The balance type of fees and bonds.
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<AccountIdOf<T>>>::Balance;
/// A registered model.
pub type ModelOf<T> = Model<BalanceOf<T>>;
/// How workers are drawn for a record and model.
pub type DrawOf<T> = Draw<BlockNumberFor<T>>;
/// The numbers of seeds after which draws wait, and how many do.
pub type AwaitedSeeds = BoundedVec<(u32, u32), ConstU32<MAX_AWAITED_SEEDS>>;
/// The models that a worker runs.
pub type WorkerModelsOf<T> = BoundedVec<ModelId, <T as Config>::MaxWorkerModels>;
/// A registered worker.
pub type WorkerOf<T> = Worker<WorkerModelsOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
/// The workers that can be drawn for a model, in the order of their accounts.
pub type CandidatesOf<T> =
    BoundedVec<Candidate<AccountIdOf<T>, BlockNumberFor<T>>, <T as Config>::MaxCandidates>;
/// A request for a verdict.
pub type RequestOf<T> = Request<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
/// The workers of an open request.
pub type CommitteeOf<T> = Committee<AccountIdOf<T>>;
/// A verdict.
pub type VerdictOf<T> = Verdict<AccountIdOf<T>, BlockNumberFor<T>>;
/// The workers of one request, or some of them.
pub type MembersOf<T> = BoundedVec<AccountIdOf<T>, ConstU32<MAX_QUORUM>>;
/// A record's content key, sealed to workers of a request.
pub type KeysOf<T> = BoundedVec<(AccountIdOf<T>, SealedKey), ConstU32<MAX_QUORUM>>;
/// What drawn workers of a request have paid for the key of its record.
pub type KeyCostsOf<T> = BoundedVec<KeyCost<AccountIdOf<T>, BalanceOf<T>>, ConstU32<MAX_LOST>>;
/// The answers of workers that differ.
pub type AnswersOf<T> = BoundedVec<(AccountIdOf<T>, SealedAnswer), ConstU32<MAX_QUORUM>>;
/// The labels of a model's classes, in the order of its output.
pub type Labels = BoundedVec<Label, ConstU32<MAX_CLASSES>>;
/// The probability of each class, with the class's label.
pub type Probabilities = BoundedVec<(Label, Permill), ConstU32<MAX_CLASSES>>;

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
    /// Whether two honest workers give the same bytes.
    pub arithmetic: Arithmetic,
    /// The fewest workers that a request must ask for.
    pub min_quorum: u8,
    /// Below this probability of its label, a verdict counts as uncertain.
    pub confidence_threshold: Permill,
    /// The price of one worker's answer, in the smallest unit of the currency.
    pub fee: Balance,
    /// Whether the model accepts requests.
    pub status: ModelStatus,
}

/// A worker: an account that runs models off chain, and what it has done so far.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Worker<Models, Balance, BlockNumber> {
    /// The models that it runs, each once.
    pub models: Models,
    /// The bond that is held.
    pub bond: Balance,
    /// Whether it can be drawn.
    pub status: WorkerStatus<BlockNumber>,
    /// The number of open requests for which it was drawn or named.
    pub assigned: u32,
    /// The number of its answers that became part of a verdict.
    pub answered: u32,
    /// The number of requests for which it reported a failure.
    pub declined: u32,
    /// The number of requests that it left alone, or did not finish.
    pub missed: u32,
    /// The number of disputes that it lost.
    pub lost: u32,
}

/// A worker that can be drawn for a model.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Candidate<AccountId, BlockNumber> {
    /// The worker.
    pub worker: AccountId,
    /// The block in which it became a candidate: it is drawn only where the first request for the
    /// record and model is of a later block.
    ///
    /// Otherwise, whoever knows a seed could register accounts that it draws.
    pub since: BlockNumber,
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
    /// The price of one answer, as it was when the request was made.
    pub fee: Balance,
    /// The number of workers whose answers must be equal.
    pub quorum: u8,
    /// The block in which the request was made.
    pub opened: BlockNumber,
    /// The last block in which the present status can be left in the intended way.
    pub deadline: BlockNumber,
    /// The status of the request.
    pub status: RequestStatus,
}

/// The workers of an open request, and how more of them are drawn.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Committee<AccountId> {
    /// The workers that were drawn, or the one that was named.
    ///
    /// While a verdict is challenged, its workers and the challenger.
    pub members: BoundedVec<Member<AccountId>, ConstU32<MAX_MEMBERS>>,
    /// How the members are chosen.
    pub choice: Choice,
    /// The members that reported a failure or did not answer, and left the committee.
    ///
    /// Those that stop being workers do not count towards `Config::FailureQuorum`.
    pub lost: BoundedVec<AccountId, ConstU32<MAX_LOST>>,
}

/// What a drawn worker has paid custodians for the key of a record.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct KeyCost<AccountId, Balance> {
    /// The worker.
    pub worker: AccountId,
    /// What custodians got, in the smallest unit of the currency.
    pub paid: Balance,
    /// The patient's key epoch when it paid last. It rises where the patient takes a key back, and
    /// not where a worker gives its own back.
    pub epoch: u32,
}

/// How the workers of a request are chosen.
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
pub enum Choice {
    /// The requester named the worker.
    #[codec(index = 0)]
    Named,
    /// The seed will be the first one whose number is greater than this by more than
    /// `Config::SeedDelay`.
    #[codec(index = 1)]
    After {
        /// The number of the newest seed at the time of the first request for the record and
        /// model.
        number: u32,
    },
    /// The seed puts the candidates into an order.
    #[codec(index = 2)]
    Seeded {
        /// The seed.
        seed: [u8; 32],
        /// The hash by which the last candidate that was asked stands in the order.
        last: Option<[u8; 32]>,
    },
    /// The requester named the worker, and the patient has cancelled the request since.
    ///
    /// It ends with the worker's answer, which is paid and not kept, or after its deadline.
    #[codec(index = 3)]
    Cancelled,
}

/// How workers are drawn for a record and model, for all requests alike.
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
pub struct Draw<BlockNumber> {
    /// The choice with which each request begins: the seed, or that it is not there yet.
    pub begin: Choice,
    /// The block of the first request: only older candidates are drawn.
    pub opened: BlockNumber,
}

/// The equal answers of all workers of a request.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Verdict<AccountId, BlockNumber> {
    /// The record.
    pub record: RecordId,
    /// The model.
    pub model: ModelId,
    /// The workers that gave this answer.
    pub workers: BoundedVec<AccountId, ConstU32<MAX_QUORUM>>,
    /// The answer, which only the readers of the record can open.
    pub sealed: SealedAnswer,
    /// The receipt that a replay must reproduce.
    pub receipt: Receipt,
    /// The block in which the verdict was reached.
    pub reached_at: BlockNumber,
    /// The last block in which the verdict can be challenged.
    ///
    /// Until then, the answer of a single worker is provisional.
    pub challengeable_until: BlockNumber,
    /// Whether the verdict counts.
    pub status: VerdictStatus,
    /// The request whose verdict by the same model this one replaces.
    pub previous: Option<RequestId>,
}
