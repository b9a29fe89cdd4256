//! Models, workers, requests and predictions: who may ask for a prediction on
//! a record, who may give one, and who pays for it.
//!
//! The pallet runs no model. Workers do, off chain; what stands here is the
//! order, the consent that holds when the answer comes, the answer in integers
//! and a receipt that anybody who may read the record can recompute. See the
//! README for the life cycle of a request.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod impl_deadlines;
mod impl_funds;
mod impl_models;
mod impl_predictions;
mod impl_requests;
mod impl_workers;
pub mod migrations;
mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
    use frame_system::pallet_prelude::*;
    use medchain_primitives::{
        Cid, FailureCode, Label, ModelId, Output, PreprocessingId, Receipt, RecordId, RequestId,
    };
    use sp_runtime::Permill;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);
    /// Requests that are due take at most this part of a block: a quarter.
    const EXPIRY_SHARE: u64 = 4;

    /// The pallet.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the runtime decides.
    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>> + pallet_emr::Config
    {
        /// The currency of fees and bonds.
        type Currency: MutateHold<Self::AccountId, Reason = <Self as Config>::RuntimeHoldReason>;
        /// The runtime's reasons for a hold.
        type RuntimeHoldReason: From<HoldReason>;
        /// Who registers and retires models.
        type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// How many blocks a request stays open.
        #[pallet::constant]
        type RequestDeadline: Get<BlockNumberFor<Self>>;
        /// What is held from a worker while it is registered, in the chain's
        /// smallest unit.
        #[pallet::constant]
        type WorkerBond: Get<BalanceOf<Self>>;
        /// The most models that one worker may run.
        #[pallet::constant]
        type MaxWorkerModels: Get<u32>;
        /// How many workers must report a failure before it closes a request.
        /// Where the key is sealed to fewer, that many are enough.
        #[pallet::constant]
        type FailureQuorum: Get<u32>;
        /// The weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// Why this pallet holds funds.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The fee of an open request. It goes to the worker, or back.
        #[codec(index = 0)]
        Fee,
        /// A worker's bond, until it deregisters.
        #[codec(index = 1)]
        WorkerBond,
    }

    /// The number that the next model gets.
    #[pallet::storage]
    pub type NextModelId<T> = StorageValue<_, ModelId, ValueQuery>;

    /// Every model that was ever registered.
    #[pallet::storage]
    pub type Models<T: Config> = StorageMap<_, Twox64Concat, ModelId, ModelOf<T>>;

    /// The registered workers.
    #[pallet::storage]
    pub type Workers<T: Config> = StorageMap<_, Blake2_128Concat, AccountIdOf<T>, WorkerOf<T>>;

    /// The number that the next request gets.
    #[pallet::storage]
    pub type NextRequestId<T> = StorageValue<_, RequestId, ValueQuery>;

    /// Every request that was ever made, with how it ended.
    #[pallet::storage]
    pub type Requests<T: Config> = StorageMap<_, Twox64Concat, RequestId, RequestOf<T>>;

    /// The open requests: the whole work list of a worker that starts.
    #[pallet::storage]
    pub type OpenRequests<T> = StorageMap<_, Twox64Concat, RequestId, ()>;

    /// The open request for a record and a model: there is at most one.
    #[pallet::storage]
    pub type OpenRequestOf<T> =
        StorageDoubleMap<_, Twox64Concat, RecordId, Twox64Concat, ModelId, RequestId>;

    /// Which workers said of an open request that they could not predict, and why.
    #[pallet::storage]
    pub type FailureReports<T: Config> =
        StorageDoubleMap<_, Twox64Concat, RequestId, Blake2_128Concat, AccountIdOf<T>, FailureCode>;

    /// The open requests by their last block.
    #[pallet::storage]
    pub type Deadlines<T: Config> =
        StorageDoubleMap<_, Twox64Concat, BlockNumberFor<T>, Twox64Concat, RequestId, ()>;

    /// Requests whose last block is before this one are closed.
    #[pallet::storage]
    pub type NextExpiry<T: Config> = StorageValue<_, BlockNumberFor<T>, ValueQuery>;

    /// The predictions on a record, by model.
    #[pallet::storage]
    pub type Predictions<T: Config> =
        StorageDoubleMap<_, Twox64Concat, RecordId, Twox64Concat, ModelId, PredictionOf<T>>;

    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A model was registered and may be asked for.
        ModelRegistered {
            /// Its number.
            model: ModelId,
            /// Its name.
            name: Label,
            /// Where its ONNX file is.
            cid: Cid,
        },
        /// A model was retired or made active again.
        ModelStatusSet {
            /// The model.
            model: ModelId,
            /// What its status was.
            old: ModelStatus,
            /// What its status is.
            new: ModelStatus,
        },
        /// A worker registered, and its bond is held.
        WorkerRegistered {
            /// The worker.
            worker: T::AccountId,
            /// What it runs.
            models: WorkerModelsOf<T>,
        },
        /// A worker runs other models from now on.
        WorkerModelsSet {
            /// The worker.
            worker: T::AccountId,
            /// What it ran.
            old: WorkerModelsOf<T>,
            /// What it runs.
            new: WorkerModelsOf<T>,
        },
        /// A worker left, and its bond was returned.
        WorkerDeregistered {
            /// The worker.
            worker: T::AccountId,
        },
        /// A prediction was asked for, and the fee is held.
        InferenceRequested {
            /// The request.
            request: RequestId,
            /// The record to run on.
            record: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// The model to run.
            model: ModelId,
            /// Who asked and pays.
            requester: T::AccountId,
            /// The fee, in the chain's smallest unit.
            fee: BalanceOf<T>,
            /// The last block in which an answer is taken.
            deadline: BlockNumberFor<T>,
        },
        /// A request was taken back, and the fee refunded.
        RequestCancelled {
            /// The request.
            request: RequestId,
        },
        /// A worker answered, and the fee was paid to it.
        PredictionSubmitted {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// Who predicted.
            worker: T::AccountId,
            /// The model that was run.
            model: ModelId,
            /// The index of the most probable class.
            label: u8,
            /// The probability of every class.
            output: Output,
            /// What a replay must reproduce.
            receipt: Receipt,
        },
        /// A worker could not predict. The request stays open for others until
        /// `InferenceFailed` says otherwise.
        FailureReported {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// Who tried.
            worker: T::AccountId,
            /// Why it could not.
            code: FailureCode,
        },
        /// As many workers as it takes could not predict, and the fee was refunded.
        InferenceFailed {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// Who tried last.
            worker: T::AccountId,
            /// Why it could not.
            code: FailureCode,
        },
        /// Nobody answered a request in time, and the fee was refunded.
        RequestExpired {
            /// The request.
            request: RequestId,
        },
    }

    /// Why a call failed.
    #[pallet::error]
    pub enum Error<T> {
        /// There is no model with this number.
        ModelNotFound,
        /// The model is retired. Ask for another one.
        ModelRetired,
        /// The model has this status already.
        ModelStatusUnchanged,
        /// The CID is not one that MedChain takes: version 1, base32 in lower
        /// case, raw or dag-pb, sha2-256.
        InvalidCid,
        /// A name, a version, a label or the preprocessing id is empty.
        EmptyText,
        /// A model needs at least two classes.
        TooFewLabels,
        /// Two classes have the same name.
        LabelNotUnique,
        /// The account is not a registered worker. Call `register_worker` first.
        NotAWorker,
        /// The account is a worker already. Use `set_worker_models`.
        AlreadyAWorker,
        /// Nobody could seal a content key to this worker. Call
        /// `Emr::set_encryption_key` first.
        NoEncryptionKey,
        /// A worker runs at least one model. To stop, call `deregister_worker`.
        NoModels,
        /// The list names a model twice.
        ModelNotUnique,
        /// The worker does not run the model that was asked for.
        ModelNotRun,
        /// There is no record with this number.
        RecordNotFound,
        /// The record was erased, or there is a newer version of it.
        RecordNotActive,
        /// The record is not a chest X-ray, and models run on nothing else.
        NotAChestXray,
        /// There is a prediction of this model for this record already.
        AlreadyPredicted,
        /// There is an open request for this record and model. When its time
        /// is over, call `expire_request` before asking again.
        AlreadyRequested,
        /// There is no request with this number.
        RequestNotFound,
        /// The request is not open any more.
        RequestNotOpen,
        /// Only the requester may cancel a request.
        NotRequester,
        /// This worker has reported a failure of this request already.
        AlreadyReported,
        /// The content key is sealed to other workers and not to this one: whether
        /// there is a prediction is for them to say.
        NotSealedToWorker,
        /// The request's time is over. It can only be expired or cancelled.
        DeadlinePassed,
        /// The request's time is not over yet.
        DeadlineNotPassed,
        /// The output does not have one probability for each class of the model.
        OutputClassesMismatch,
        /// The probabilities do not add up to exactly one million parts.
        OutputSumMismatch,
        /// The label is not the first of the most probable classes.
        OutputLabelMismatch,
        /// The receipt is not that of this model, record and output.
        ReceiptMismatch,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(
                T::FailureQuorum::get() > 0,
                "a request that no report can close as failed is of no use"
            );
        }

        fn on_idle(now: BlockNumberFor<T>, limit: Weight) -> Weight {
            // No user waits for this so much that it may take a whole block.
            let most = T::BlockWeights::get().max_block / EXPIRY_SHARE;
            Self::expire_due(now, limit.min(most))
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Register a model, which may be asked for at once.
        ///
        /// ## Dispatch origin
        /// Governance (`GovernanceOrigin`).
        ///
        /// ## Parameters
        /// - `name`: such as `medchain-vgg16`, at most 32 bytes.
        /// - `version`: such as `1.0.0`, at most 32 bytes.
        /// - `cid`: where the ONNX file is: CIDv1 text, base32 in lower case.
        /// - `sha256`: SHA-256 (32 bytes) of the ONNX file.
        /// - `card`: where the model card is, if there is one.
        /// - `labels`: the names of the 2 to 8 classes, in the order of the output.
        /// - `preprocessing`: the id of the steps from pixels to tensor.
        /// - `confidence_threshold`: a prediction whose label has a lower
        ///   probability (in parts per million) counts as uncertain.
        /// - `fee`: what a prediction costs, in the chain's smallest unit.
        ///
        /// ## Errors
        /// - `BadOrigin`: not governance.
        /// - `InvalidCid`: a CID is not one that is taken here.
        /// - `EmptyText`: a name, the version, a label or the preprocessing id is empty.
        /// - `TooFewLabels`, `LabelNotUnique`: the classes are not at least two,
        ///   or two have the same name.
        ///
        /// ## Events
        /// - `ModelRegistered`.
        #[pallet::call_index(0)]
        #[pallet::weight(<T as Config>::WeightInfo::register_model())]
        #[allow(clippy::too_many_arguments)]
        pub fn register_model(
            origin: OriginFor<T>,
            name: Label,
            version: Label,
            cid: Cid,
            sha256: [u8; 32],
            card: Option<Cid>,
            labels: Labels,
            preprocessing: PreprocessingId,
            confidence_threshold: Permill,
            fee: BalanceOf<T>,
        ) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_register_model(Model {
                name,
                version,
                cid,
                sha256,
                card,
                labels,
                preprocessing,
                confidence_threshold,
                fee,
                status: ModelStatus::Active,
            })
        }

        /// Retire a model, or make a retired one active again. While it is
        /// retired, it takes no requests and no answers; its open requests can be
        /// cancelled, and expire as always.
        ///
        /// ## Dispatch origin
        /// Governance (`GovernanceOrigin`).
        ///
        /// ## Parameters
        /// - `model`: the model.
        /// - `status`: the new status.
        ///
        /// ## Errors
        /// - `BadOrigin`: not governance.
        /// - `ModelNotFound`: there is no such model.
        /// - `ModelStatusUnchanged`: the model has this status already.
        ///
        /// ## Events
        /// - `ModelStatusSet`.
        #[pallet::call_index(1)]
        #[pallet::weight(<T as Config>::WeightInfo::set_model_status())]
        pub fn set_model_status(
            origin: OriginFor<T>,
            model: ModelId,
            status: ModelStatus,
        ) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_set_model_status(model, status)
        }

        /// Register as a worker.
        ///
        /// ## Dispatch origin
        /// Signed by the worker, from whom `WorkerBond` is held until it
        /// deregisters. It must have an encryption key: `Emr::set_encryption_key`.
        ///
        /// ## Parameters
        /// - `models`: the active models that it runs, each once; at most
        ///   `MaxWorkerModels`.
        ///
        /// ## Errors
        /// - `AlreadyAWorker`: the signer is a worker already.
        /// - `NoEncryptionKey`: the signer has published no encryption key.
        /// - `NoModels`, `ModelNotUnique`: the list is empty, or names a model twice.
        /// - `ModelNotFound`, `ModelRetired`: a model is unknown or retired.
        /// - Errors of the currency, where the bond cannot be held.
        ///
        /// ## Events
        /// - `WorkerRegistered`.
        #[pallet::call_index(2)]
        #[pallet::weight(<T as Config>::WeightInfo::register_worker(models.len() as u32))]
        pub fn register_worker(origin: OriginFor<T>, models: WorkerModelsOf<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_register_worker(who, models)
        }

        /// Replace the list of models that the signer runs.
        ///
        /// ## Dispatch origin
        /// Signed by a worker.
        ///
        /// ## Parameters
        /// - `models`: the active models that it runs from now on, each once; at
        ///   most `MaxWorkerModels`.
        ///
        /// ## Errors
        /// - `NotAWorker`: the signer is not a worker.
        /// - `NoModels`, `ModelNotUnique`: the list is empty, or names a model twice.
        /// - `ModelNotFound`, `ModelRetired`: a model is unknown or retired.
        ///
        /// ## Events
        /// - `WorkerModelsSet`.
        #[pallet::call_index(3)]
        #[pallet::weight(<T as Config>::WeightInfo::set_worker_models(models.len() as u32))]
        pub fn set_worker_models(
            origin: OriginFor<T>,
            models: WorkerModelsOf<T>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_worker_models(who, models)
        }

        /// Stop being a worker and take the bond back. Open requests stay open
        /// for the other workers; predictions stay as they are.
        ///
        /// ## Dispatch origin
        /// Signed by a worker.
        ///
        /// ## Errors
        /// - `NotAWorker`: the signer is not a worker.
        ///
        /// ## Events
        /// - `WorkerDeregistered`.
        #[pallet::call_index(4)]
        #[pallet::weight(<T as Config>::WeightInfo::deregister_worker())]
        pub fn deregister_worker(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_deregister_worker(who)
        }

        /// Ask for a prediction.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, or by an account that the patient's policy lets
        /// `Infer`. The model's fee is held from the signer until the request is
        /// answered, and then goes to the worker; else it comes back.
        ///
        /// ## Parameters
        /// - `record`: the newest version of a chest X-ray.
        /// - `model`: an active model.
        ///
        /// ## Errors
        /// - `RecordNotFound`, `RecordNotActive`: there is no such record, it was
        ///   erased, or there is a newer version.
        /// - `NotAChestXray`: models run on nothing else.
        /// - `ModelNotFound`, `ModelRetired`: there is no such model, or it is retired.
        /// - `AlreadyPredicted`: there is a prediction for this record and model.
        /// - `AlreadyRequested`: there is an open request for this record and model.
        /// - Denials of the policy: `Emr` errors from `NoPolicy` to `PolicyRefused`.
        /// - Errors of the currency, where the fee cannot be held.
        ///
        /// ## Events
        /// - `InferenceRequested`; before it `Emr::AccessChecked` where the policy
        ///   was asked.
        #[pallet::call_index(5)]
        #[pallet::weight(
            <T as Config>::WeightInfo::request_inference().saturating_add(Pallet::<T>::policy_weight())
        )]
        pub fn request_inference(
            origin: OriginFor<T>,
            record: RecordId,
            model: ModelId,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let asked = Self::do_request(&who, record, model)?;
            let base = <T as Config>::WeightInfo::request_inference();
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Take a request back that nobody has answered. The fee comes back.
        ///
        /// ## Dispatch origin
        /// Signed by the requester.
        ///
        /// ## Parameters
        /// - `request`: the request.
        ///
        /// ## Errors
        /// - `RequestNotFound`: there is no such request.
        /// - `NotRequester`: somebody else made it.
        /// - `RequestNotOpen`: it was answered, or closed otherwise.
        ///
        /// ## Events
        /// - `RequestCancelled`.
        #[pallet::call_index(6)]
        #[pallet::weight(<T as Config>::WeightInfo::cancel_request())]
        pub fn cancel_request(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_cancel(&who, request)
        }

        /// Answer a request. The fee goes to the signer.
        ///
        /// The policy is asked again: where the patient has taken consent back
        /// since the request, nothing is stored and nothing is paid.
        ///
        /// ## Dispatch origin
        /// Signed by a worker that runs the model and that the patient's policy
        /// lets `Infer`.
        ///
        /// ## Parameters
        /// - `request`: the request.
        /// - `output`: the label (index of a class) and the probability of every
        ///   class, in parts per million that add up to exactly one million.
        /// - `receipt`: `blake2_256` of the SCALE encoding of the model's SHA-256,
        ///   the preprocessing id, the record's CID and `output`.
        ///
        /// ## Errors
        /// - `NotAWorker`: the signer is not a worker.
        /// - `RequestNotFound`: there is no such request.
        /// - `RequestNotOpen`: it was answered, or closed otherwise.
        /// - `DeadlinePassed`: its time is over.
        /// - `ModelNotRun`: the signer does not run the model.
        /// - `ModelRetired`: the model was retired since.
        /// - `RecordNotActive`: the record was erased or amended since.
        /// - Denials of the policy: `Emr` errors from `NoPolicy` to `PolicyRefused`.
        /// - `OutputClassesMismatch`, `OutputSumMismatch`, `OutputLabelMismatch`:
        ///   the output is not a prediction of this model.
        /// - `ReceiptMismatch`: the receipt is not that of model, record and output.
        ///
        /// ## Events
        /// - `PredictionSubmitted`; before it `Emr::AccessChecked` where the policy
        ///   was asked.
        #[pallet::call_index(7)]
        #[pallet::weight(
            <T as Config>::WeightInfo::submit_prediction().saturating_add(Pallet::<T>::policy_weight())
        )]
        pub fn submit_prediction(
            origin: OriginFor<T>,
            request: RequestId,
            output: Output,
            receipt: Receipt,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let asked = Self::do_submit(&who, request, output, receipt)?;
            let base = <T as Config>::WeightInfo::submit_prediction();
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Say that no prediction could be made.
        ///
        /// The request fails, and its fee goes back to the requester, when
        /// `FailureQuorum` workers have said so, or all where there are fewer.
        /// Those count to which the record's key is sealed and that run the
        /// model; where there are none, any worker is enough. Until then the
        /// others may answer, and the signer too.
        ///
        /// ## Dispatch origin
        /// Signed by a worker that runs the model and that the patient's policy
        /// lets `Infer`.
        ///
        /// ## Parameters
        /// - `request`: the request.
        /// - `code`: why.
        ///
        /// ## Errors
        /// - `NotAWorker`: the signer is not a worker.
        /// - `RequestNotFound`: there is no such request.
        /// - `RequestNotOpen`: it was answered, or closed otherwise.
        /// - `DeadlinePassed`: its time is over.
        /// - `ModelNotRun`: the signer does not run the model.
        /// - `ModelRetired`: the model was retired since.
        /// - `RecordNotActive`: the record was erased or amended since.
        /// - Denials of the policy: `Emr` errors from `NoPolicy` to `PolicyRefused`.
        /// - `AlreadyReported`: the signer has said so before.
        /// - `NotSealedToWorker`: the key is sealed to other workers, not to the signer.
        ///
        /// ## Events
        /// - `FailureReported`; before it `Emr::AccessChecked` where the policy was
        ///   asked; after it `InferenceFailed` where that closes the request.
        #[pallet::call_index(8)]
        #[pallet::weight(
            <T as Config>::WeightInfo::report_failure().saturating_add(Pallet::<T>::policy_weight())
        )]
        pub fn report_failure(
            origin: OriginFor<T>,
            request: RequestId,
            code: FailureCode,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let asked = Self::do_report_failure(&who, request, code)?;
            let base = <T as Config>::WeightInfo::report_failure();
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Close a request whose time is over. The fee goes back to the requester.
        ///
        /// The chain does this by itself wherever a block has room for it; this
        /// call is for those who do not want to wait for that.
        ///
        /// ## Dispatch origin
        /// Signed by anybody.
        ///
        /// ## Parameters
        /// - `request`: the request.
        ///
        /// ## Errors
        /// - `RequestNotFound`: there is no such request.
        /// - `RequestNotOpen`: it was answered, or closed otherwise.
        /// - `DeadlineNotPassed`: it can still be answered.
        ///
        /// ## Events
        /// - `RequestExpired`.
        #[pallet::call_index(9)]
        #[pallet::weight(<T as Config>::WeightInfo::expire_request())]
        pub fn expire_request(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_expire(request)
        }
    }
}
