//! Models, workers, requests and predictions: the market for running models on records.
//!
//! The pallet runs no model; workers do, off chain. It stores each order, checks the patient's
//! consent when the order is placed and again when the answer arrives, and stores the answer in
//! integers with a receipt that anyone who can read the record can recompute. The README shows
//! the life cycle of a request.
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(any(test, feature = "runtime-benchmarks")),
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

mod impl_due;
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
#[allow(
    clippy::expect_used,
    clippy::too_many_arguments,
    clippy::unreachable,
    reason = "FRAME's macros generate such code"
)]
pub mod pallet {
    use super::*;
    use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
    use frame_system::pallet_prelude::*;
    use medchain_primitives::{
        Cid, FailureCode, Label, ModelId, ModelStatus, Output, PreprocessingId, Receipt, RecordId,
        RequestId,
    };
    use sp_runtime::Permill;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(3);
    /// Expiring requests may take at most this fraction of a block, given as its inverse.
    const DUE_SHARE: u64 = 4;

    /// The inference pallet.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The parameters that the runtime sets.
    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>> + pallet_emr::Config
    {
        /// The currency of fees and bonds.
        type Currency: MutateHold<Self::AccountId, Reason = <Self as Config>::RuntimeHoldReason>;

        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;

        /// The origin that registers and retires models.
        type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Number of blocks for which a request stays open.
        #[pallet::constant]
        type RequestDeadline: Get<BlockNumberFor<Self>>;

        /// Bond held from a worker while it is registered, in the smallest unit of the currency.
        #[pallet::constant]
        type WorkerBond: Get<BalanceOf<Self>>;

        /// Maximum number of models that one worker may run.
        #[pallet::constant]
        type MaxWorkerModels: Get<u32>;

        /// Number of failure reports that close a request as failed.
        ///
        /// If the record's key is sealed to fewer workers that run the model, a report from each
        /// of them is enough.
        #[pallet::constant]
        type FailureQuorum: Get<u32>;

        /// The weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// The reasons for which this pallet holds funds.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The fee of an open request, later paid to the worker or released.
        #[codec(index = 0)]
        Fee,
        /// The bond of a worker, until it deregisters.
        #[codec(index = 1)]
        WorkerBond,
    }

    /// Number of the next model to be registered.
    #[pallet::storage]
    pub type NextModelId<T> = StorageValue<_, ModelId, ValueQuery>;

    /// All models ever registered, by number.
    #[pallet::storage]
    pub type Models<T: Config> = StorageMap<_, Twox64Concat, ModelId, ModelOf<T>>;

    /// Registered workers, with their models and bonds.
    #[pallet::storage]
    pub type Workers<T: Config> = StorageMap<_, Blake2_128Concat, AccountIdOf<T>, WorkerOf<T>>;

    /// Number of the next request to be made.
    #[pallet::storage]
    pub type NextRequestId<T> = StorageValue<_, RequestId, ValueQuery>;

    /// All requests ever made, with their current status.
    #[pallet::storage]
    pub type Requests<T: Config> = StorageMap<_, Twox64Concat, RequestId, RequestOf<T>>;

    /// Numbers of the open requests, which are the work list of a starting worker.
    #[pallet::storage]
    pub type OpenRequests<T> = StorageMap<_, Twox64Concat, RequestId, ()>;

    /// Open request for each record and model, of which there is at most one.
    #[pallet::storage]
    pub type OpenRequestOf<T> =
        StorageDoubleMap<_, Twox64Concat, RecordId, Twox64Concat, ModelId, RequestId>;

    /// Failure reports about open requests, by request and worker.
    #[pallet::storage]
    pub type FailureReports<T: Config> =
        StorageDoubleMap<_, Twox64Concat, RequestId, Blake2_128Concat, AccountIdOf<T>, FailureCode>;

    /// Open requests, by the last block in which they can be answered.
    #[pallet::storage]
    pub type Due<T: Config> =
        StorageDoubleMap<_, Twox64Concat, BlockNumberFor<T>, Twox64Concat, RequestId, ()>;

    /// Requests due before this block have been closed.
    #[pallet::storage]
    pub type NextDue<T: Config> = StorageValue<_, BlockNumberFor<T>>;

    /// Predictions, by record and model.
    #[pallet::storage]
    pub type Predictions<T: Config> =
        StorageDoubleMap<_, Twox64Concat, RecordId, Twox64Concat, ModelId, PredictionOf<T>>;

    /// The events of this pallet.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A model was registered.
        ModelRegistered {
            /// The number of the model.
            model: ModelId,
            /// The name of the model.
            name: Label,
            /// The CID of the ONNX file.
            cid: Cid,
        },
        /// A model was retired or reactivated.
        ModelStatusSet {
            /// The model.
            model: ModelId,
            /// The previous status.
            old: ModelStatus,
            /// The new status.
            new: ModelStatus,
        },
        /// A worker registered, and its bond is held.
        WorkerRegistered {
            /// The worker.
            worker: T::AccountId,
            /// The models that it runs.
            models: WorkerModelsOf<T>,
        },
        /// A worker replaced the list of models that it runs.
        WorkerModelsSet {
            /// The worker.
            worker: T::AccountId,
            /// The previous list.
            old: WorkerModelsOf<T>,
            /// The new list.
            new: WorkerModelsOf<T>,
        },
        /// A worker deregistered, and its bond was released.
        WorkerDeregistered {
            /// The worker.
            worker: T::AccountId,
        },
        /// A prediction was requested, and the fee is held.
        InferenceRequested {
            /// The number of the request.
            request: RequestId,
            /// The record to run the model on.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The model to run.
            model: ModelId,
            /// The account that made the request and pays for it.
            requester: T::AccountId,
            /// The fee, in the smallest unit of the currency.
            fee: BalanceOf<T>,
            /// The last block in which the request can be answered.
            deadline: BlockNumberFor<T>,
        },
        /// A request was cancelled, and the fee was released.
        RequestCancelled {
            /// The request.
            request: RequestId,
        },
        /// A worker answered a request, and was paid the fee.
        PredictionSubmitted {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// The worker that answered.
            worker: T::AccountId,
            /// The model that the worker ran.
            model: ModelId,
            /// The index of the most probable class.
            label: u8,
            /// The probability of every class.
            output: Output,
            /// The receipt that a replay must reproduce.
            receipt: Receipt,
        },
        /// A worker reported that it could not predict.
        ///
        /// The request stays open for other workers unless `InferenceFailed` follows.
        FailureReported {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// The worker that reported.
            worker: T::AccountId,
            /// The reason that it gave.
            code: FailureCode,
        },
        /// A request failed after enough failure reports, and the fee was released.
        InferenceFailed {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// The worker that reported last.
            worker: T::AccountId,
            /// The reason that it gave.
            code: FailureCode,
        },
        /// A request expired without an answer, and the fee was released.
        RequestExpired {
            /// The request.
            request: RequestId,
        },
    }

    /// The reasons for which a call fails.
    #[pallet::error]
    pub enum Error<T> {
        /// No model has this number. `Models` lists the registered ones.
        ModelNotFound,
        /// The model is retired. Request another model, or have governance reactivate this one.
        ModelRetired,
        /// The model already has this status.
        ModelStatusUnchanged,
        /// Every model number is taken.
        ModelIdsExhausted,
        /// Unsupported CID. Use version 1 in lower-case base32, codec raw or dag-pb, hash sha2-256.
        InvalidCid,
        /// The name, the version, a label or the preprocessing id is empty.
        EmptyText,
        /// The model has fewer than two classes.
        TooFewLabels,
        /// Two classes have the same label.
        DuplicateLabel,
        /// The account is not a registered worker. Call `register_worker` first.
        WorkerNotFound,
        /// The account is already a worker. Call `set_worker_models` to change its models.
        WorkerAlreadyExists,
        /// The worker has no encryption key, so no content key can be sealed to it. Call `Emr::set_encryption_key` first.
        EncryptionKeyNotFound,
        /// A worker must run at least one model. Call `deregister_worker` to stop being a worker.
        NoModels,
        /// The list contains a model twice.
        DuplicateModel,
        /// The worker does not run the requested model. Call `set_worker_models` to add it.
        ModelNotSupported,
        /// No record has this number.
        RecordNotFound,
        /// The record was erased or superseded. Use its newest version.
        RecordNotActive,
        /// The record is not a chest X-ray, the only kind that models run on.
        NotChestXray,
        /// This model has already made a prediction on this record. `Predictions` contains it.
        PredictionAlreadyExists,
        /// A request for this record and model is open. Cancel it, or wait until it is closed.
        RequestAlreadyExists,
        /// Every request number is taken.
        RequestIdsExhausted,
        /// No request has this number.
        RequestNotFound,
        /// The request is closed. `Requests` contains its outcome.
        RequestNotOpen,
        /// Only the account that made a request may cancel it.
        NotRequester,
        /// The worker has already reported a failure of this request.
        FailureAlreadyReported,
        /// The record's key is sealed to other workers but not to this one, so its report does not count.
        EnvelopeNotFound,
        /// The deadline of the request has passed. It can only be closed, with `cancel_request` or `expire_request`.
        RequestExpired,
        /// The deadline of the request has not passed yet.
        RequestNotExpired,
        /// The output must contain exactly one probability for each class of the model.
        OutputClassesMismatch,
        /// The probabilities must add up to exactly one million parts.
        OutputSumMismatch,
        /// The label must be the first of the most probable classes.
        OutputLabelMismatch,
        /// The receipt does not match the model, the record and the output.
        ReceiptMismatch,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(T::FailureQuorum::get() > 0, "a quorum of zero reports closes no request");
        }

        fn on_idle(now: BlockNumberFor<T>, limit: Weight) -> Weight {
            // Transactions matter more to users than expiry does.
            let most = T::BlockWeights::get().max_block.saturating_div(DUE_SHARE);
            Self::process_due(now, limit.min(most))
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers a model, which can be requested at once.
        ///
        /// ## Dispatch origin
        /// Governance (`GovernanceOrigin`).
        ///
        /// ## Parameters
        /// - `name`: such as `medchain-vgg16`, at most 32 bytes.
        /// - `version`: such as `1.0.0`, at most 32 bytes.
        /// - `cid`: the CID of the ONNX file: version 1, in lower-case base32.
        /// - `sha256`: SHA-256 (32 bytes) of the ONNX file.
        /// - `card`: the CID of the model card, if there is one.
        /// - `labels`: the labels of the 2 to 8 classes, in the order of the output.
        /// - `preprocessing`: the id of the steps from pixels to tensor.
        /// - `confidence_threshold`: below this probability of its label (in parts per million),
        ///   a prediction counts as uncertain.
        /// - `fee`: the price of a prediction, in the smallest unit of the currency.
        ///
        /// ## Errors
        /// - `BadOrigin`: the origin is not governance.
        /// - `InvalidCid`: a CID is not supported.
        /// - `EmptyText`: the name, the version, a label or the preprocessing id is empty.
        /// - `TooFewLabels`, `DuplicateLabel`: there are fewer than two classes, or two have the
        ///   same label.
        /// - `ModelIdsExhausted`: every model number is taken.
        ///
        /// ## Events
        /// - `ModelRegistered`.
        #[pallet::call_index(0)]
        #[pallet::weight(<T as Config>::WeightInfo::register_model())]
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

        /// Retires a model, or reactivates a retired one.
        ///
        /// A retired model accepts neither requests nor answers. Its open requests can be
        /// cancelled, and expire as usual.
        ///
        /// ## Dispatch origin
        /// Governance (`GovernanceOrigin`).
        ///
        /// ## Parameters
        /// - `model`: the model.
        /// - `status`: the new status.
        ///
        /// ## Errors
        /// - `BadOrigin`: the origin is not governance.
        /// - `ModelNotFound`: no model has this number.
        /// - `ModelStatusUnchanged`: the model already has this status.
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

        /// Registers the signer as a worker.
        ///
        /// ## Dispatch origin
        /// Signed by the worker. `WorkerBond` is held from it until it deregisters. It must have
        /// an encryption key (`Emr::set_encryption_key`).
        ///
        /// ## Parameters
        /// - `models`: the active models that it runs, each once; at most `MaxWorkerModels`.
        ///
        /// ## Errors
        /// - `WorkerAlreadyExists`: the signer is already a worker.
        /// - `EncryptionKeyNotFound`: the signer has no encryption key.
        /// - `NoModels`, `DuplicateModel`: the list is empty, or contains a model twice.
        /// - `ModelNotFound`, `ModelRetired`: a model is unknown or retired.
        /// - Errors of the currency, if the bond cannot be held.
        ///
        /// ## Events
        /// - `WorkerRegistered`.
        #[pallet::call_index(2)]
        #[pallet::weight(<T as Config>::WeightInfo::register_worker(models.len() as u32))]
        pub fn register_worker(origin: OriginFor<T>, models: WorkerModelsOf<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_register_worker(who, models)
        }

        /// Replaces the list of models that the signer runs.
        ///
        /// ## Dispatch origin
        /// Signed by a worker.
        ///
        /// ## Parameters
        /// - `models`: the new list of active models, each once; at most `MaxWorkerModels`.
        ///
        /// ## Errors
        /// - `WorkerNotFound`: the signer is not a worker.
        /// - `NoModels`, `DuplicateModel`: the list is empty, or contains a model twice.
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

        /// Deregisters the signer as a worker and releases its bond.
        ///
        /// Open requests stay open for the other workers, and predictions are kept.
        ///
        /// ## Dispatch origin
        /// Signed by a worker.
        ///
        /// ## Errors
        /// - `WorkerNotFound`: the signer is not a worker.
        ///
        /// ## Events
        /// - `WorkerDeregistered`.
        #[pallet::call_index(4)]
        #[pallet::weight(<T as Config>::WeightInfo::deregister_worker())]
        pub fn deregister_worker(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_deregister_worker(who)
        }

        /// Requests a prediction on a record.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, or by an account that the patient's policy allows to `Infer`.
        /// The model's fee is held from the signer; it is paid to the worker that answers, and
        /// released if the request is closed without an answer.
        ///
        /// ## Parameters
        /// - `record`: the newest version of a chest X-ray.
        /// - `model`: an active model.
        ///
        /// ## Errors
        /// - `RecordNotFound`: no record has this number.
        /// - `RecordNotActive`: the record was erased or superseded.
        /// - `NotChestXray`: the record is of another kind.
        /// - `ModelNotFound`, `ModelRetired`: the model is unknown or retired.
        /// - `PredictionAlreadyExists`: the model has made a prediction on this record.
        /// - `RequestAlreadyExists`: a request for this record and model is open.
        /// - `RequestIdsExhausted`: every request number is taken.
        /// - Denials of the policy: the `Emr` errors from `NoPolicy` to `PolicyRefused`.
        /// - Errors of the currency, if the fee cannot be held.
        ///
        /// ## Events
        /// - `Emr::AccessChecked`, if the policy was asked.
        /// - `InferenceRequested`.
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

        /// Cancels an open request and releases its fee.
        ///
        /// ## Dispatch origin
        /// Signed by the account that made the request.
        ///
        /// ## Parameters
        /// - `request`: the request.
        ///
        /// ## Errors
        /// - `RequestNotFound`: no request has this number.
        /// - `NotRequester`: another account made the request.
        /// - `RequestNotOpen`: the request is closed.
        ///
        /// ## Events
        /// - `RequestCancelled`.
        #[pallet::call_index(6)]
        #[pallet::weight(<T as Config>::WeightInfo::cancel_request())]
        pub fn cancel_request(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_cancel(&who, request)
        }

        /// Answers an open request with a prediction, for which the signer is paid the fee.
        ///
        /// The policy is asked again: if the patient has revoked consent since the request was
        /// made, nothing is stored and nothing is paid.
        ///
        /// ## Dispatch origin
        /// Signed by a worker that runs the model and that the patient's policy allows to
        /// `Infer`.
        ///
        /// ## Parameters
        /// - `request`: the request.
        /// - `output`: the label (index of a class) and the probability of every class, in parts
        ///   per million that add up to exactly one million.
        /// - `receipt`: `blake2_256` of the SCALE encoding of the model's SHA-256, the
        ///   preprocessing id, the record's CID and `output`.
        ///
        /// ## Errors
        /// - `WorkerNotFound`: the signer is not a worker.
        /// - `RequestNotFound`: no request has this number.
        /// - `RequestNotOpen`: the request is closed.
        /// - `RequestExpired`: the deadline of the request has passed.
        /// - `ModelNotSupported`: the signer does not run the model.
        /// - `ModelRetired`: the model has been retired.
        /// - `RecordNotActive`: the record has been erased or superseded.
        /// - Denials of the policy: the `Emr` errors from `NoPolicy` to `PolicyRefused`.
        /// - `OutputClassesMismatch`, `OutputSumMismatch`, `OutputLabelMismatch`: the output is
        ///   not a prediction of this model.
        /// - `ReceiptMismatch`: the receipt does not match model, record and output.
        ///
        /// ## Events
        /// - `Emr::AccessChecked`, if the policy was asked.
        /// - `PredictionSubmitted`.
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

        /// Reports that the signer could not make the requested prediction.
        ///
        /// The request fails, and its fee is released, once `FailureQuorum` workers have
        /// reported a failure, or all of them if there are fewer. Only workers that run the model
        /// and to which the record's key is sealed count; if there are none, one report of any
        /// worker is enough. Until then every worker may answer, including the signer.
        ///
        /// ## Dispatch origin
        /// Signed by a worker that runs the model and that the patient's policy allows to
        /// `Infer`.
        ///
        /// ## Parameters
        /// - `request`: the request.
        /// - `code`: the reason.
        ///
        /// ## Errors
        /// - `WorkerNotFound`: the signer is not a worker.
        /// - `RequestNotFound`: no request has this number.
        /// - `RequestNotOpen`: the request is closed.
        /// - `RequestExpired`: the deadline of the request has passed.
        /// - `ModelNotSupported`: the signer does not run the model.
        /// - `ModelRetired`: the model has been retired.
        /// - `RecordNotActive`: the record has been erased or superseded.
        /// - Denials of the policy: the `Emr` errors from `NoPolicy` to `PolicyRefused`.
        /// - `FailureAlreadyReported`: the signer has already reported a failure.
        /// - `EnvelopeNotFound`: the key is sealed to other workers but not to the signer.
        ///
        /// ## Events
        /// - `Emr::AccessChecked`, if the policy was asked.
        /// - `FailureReported`.
        /// - `InferenceFailed`, if the report closes the request.
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

        /// Closes a request whose deadline has passed, and releases its fee.
        ///
        /// The chain does this on its own when a block has room; this call does it at once.
        ///
        /// ## Dispatch origin
        /// Signed by any account.
        ///
        /// ## Parameters
        /// - `request`: the request.
        ///
        /// ## Errors
        /// - `RequestNotFound`: no request has this number.
        /// - `RequestNotOpen`: the request is closed.
        /// - `RequestNotExpired`: the request can still be answered.
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
