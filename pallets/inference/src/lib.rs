//! Models, workers, requests and verdicts: the market for running models on records.
//!
//! The pallet runs no model; workers do, off chain. For each request it draws workers that the
//! patient's policy allows, holds the fee, and compares the answers, which are sealed: nobody
//! but the readers of the film can open them. Equal answers of all workers are the verdict. The
//! README shows the life cycle of a request, `docs/adr/0020-sealed-verdicts.md` and
//! `docs/adr/0021-committees.md` say why it is as it is.
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

mod impl_answers;
mod impl_challenges;
mod impl_committee;
mod impl_costs;
mod impl_departure;
mod impl_disputes;
mod impl_due;
mod impl_funds;
mod impl_log;
mod impl_models;
mod impl_requests;
mod impl_seeds;
mod impl_verdicts;
mod impl_workers;
mod seed;
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
pub use seed::SeedSource;
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
    use medchain_disputes::Network;
    use medchain_primitives::{
        AnswerCommitment, AnswerSalt, Arithmetic, Cid, FailureCause, FailureCode, InferenceOrder,
        Label, ModelId, ModelStatus, PreprocessingId, Receipt, RecordId, RequestId, SealedAnswer,
        SlashReason, VerdictRoot, VerdictStatus, MAX_QUORUM,
    };
    use sp_runtime::Permill;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(4);
    /// Moving overdue requests on may take at most this fraction of a block, as its inverse.
    const DUE_SHARE: u64 = 4;

    /// The inference pallet.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The parameters that the runtime sets.
    ///
    /// Bonds, penalties, rewards and periods may change while the chain runs, for what begins
    /// afterwards: a bond that is held, a fee, and the deadline of a status that has begun are
    /// stored. Their constants in the metadata are of the block in which it was read.
    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>>
        + pallet_emr::Config
        + pallet_disputes::Config<Client = Pallet<Self>>
    {
        /// The currency of fees and bonds.
        type Currency: MutateHold<Self::AccountId, Reason = <Self as Config>::RuntimeHoldReason>;

        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;

        /// The origin that registers and retires models.
        type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// The randomness by which workers are drawn.
        type Seeds: SeedSource;

        /// The number of seeds after the newest that may be public already when a request is made.
        ///
        /// The chain sees each seed later than others do. A request made when seed `n` is the
        /// newest is drawn by the first one whose number is greater than `n + SeedDelay`. It is
        /// less than [`MAX_AWAITED_SEEDS`].
        #[pallet::constant]
        type SeedDelay: Get<u32>;

        /// Number of blocks within which workers must be drawn, and drawn again.
        #[pallet::constant]
        type DrawPeriod: Get<BlockNumberFor<Self>>;

        /// Number of blocks within which a record's key must be sealed to the drawn workers.
        #[pallet::constant]
        type SealPeriod: Get<BlockNumberFor<Self>>;

        /// Number of blocks that workers have to compute an answer.
        #[pallet::constant]
        type CommitPeriod: Get<BlockNumberFor<Self>>;

        /// Number of blocks that workers have to show their answers.
        #[pallet::constant]
        type RevealPeriod: Get<BlockNumberFor<Self>>;

        /// Number of blocks that two workers have for each round of a dispute.
        #[pallet::constant]
        type RoundPeriod: Get<BlockNumberFor<Self>>;

        /// Number of blocks for which a verdict can be challenged.
        ///
        /// Until then, the answer of a single worker is provisional.
        #[pallet::constant]
        type ProvisionalPeriod: Get<BlockNumberFor<Self>>;

        /// Number of blocks for which a request stays in the state that was closed without a verdict.
        #[pallet::constant]
        type ClosedPeriod: Get<BlockNumberFor<Self>>;

        /// Number of blocks between a worker's leave and the end of its bond.
        ///
        /// Longer than all the other periods together. Where it is not, they count.
        #[pallet::constant]
        type UnbondingPeriod: Get<BlockNumberFor<Self>>;

        /// Bond held from a worker, in the smallest unit of the currency.
        #[pallet::constant]
        type WorkerBond: Get<BalanceOf<Self>>;

        /// Penalty for a worker that does not answer.
        ///
        /// A part of its bond. It is for one that has the key.
        #[pallet::constant]
        type AbsencePenalty: Get<BalanceOf<Self>>;

        /// Penalty for a worker that commits to an answer and does not show it.
        ///
        /// A part of its bond.
        #[pallet::constant]
        type RevealPenalty: Get<BalanceOf<Self>>;

        /// The least that `RevealPenalty` can ever be.
        ///
        /// It limits the fees of models: otherwise, whoever requests a verdict with a friend among
        /// the workers could have the others' answers for less than their fees.
        #[pallet::constant]
        type LeastRevealPenalty: Get<BalanceOf<Self>>;

        /// What the winner of a dispute gets of the loser's bond. The rest is burned.
        #[pallet::constant]
        type DisputeReward: Get<BalanceOf<Self>>;

        /// Maximum number of models that one worker may run.
        #[pallet::constant]
        type MaxWorkerModels: Get<u32>;

        /// Maximum number of workers that can be drawn for one model.
        #[pallet::constant]
        type MaxCandidates: Get<u32>;

        /// Number of workers that a request may lose before it fails.
        ///
        /// Those that stop being workers do not count, up to as many again.
        #[pallet::constant]
        type FailureQuorum: Get<u32>;

        /// The weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// The reasons for which this pallet holds funds.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The fee of an open request, later paid to the workers or released.
        #[codec(index = 0)]
        Fee,
        /// The bond of a worker, until it has left.
        #[codec(index = 1)]
        WorkerBond,
    }

    /// Number of the next model to be registered.
    #[pallet::storage]
    pub type NextModelId<T> = StorageValue<_, ModelId, ValueQuery>;

    /// All models ever registered, by number.
    #[pallet::storage]
    pub type Models<T: Config> = StorageMap<_, Twox64Concat, ModelId, ModelOf<T>>;

    /// Networks of the exact models, by which disputes are settled.
    #[pallet::storage]
    pub type Networks<T: Config> = StorageMap<_, Twox64Concat, ModelId, Network>;

    /// Registered workers, with their models, bonds and what they have done.
    #[pallet::storage]
    pub type Workers<T: Config> = StorageMap<_, Blake2_128Concat, AccountIdOf<T>, WorkerOf<T>>;

    /// The active workers of each model, in the order of their accounts, and since when.
    #[pallet::storage]
    pub type Candidates<T: Config> =
        StorageMap<_, Twox64Concat, ModelId, CandidatesOf<T>, ValueQuery>;

    /// Number of the next request to be made.
    #[pallet::storage]
    pub type NextRequestId<T> = StorageValue<_, RequestId, ValueQuery>;

    /// All requests ever made, with their current status.
    #[pallet::storage]
    pub type Requests<T: Config> = StorageMap<_, Twox64Concat, RequestId, RequestOf<T>>;

    /// The workers of the open requests.
    #[pallet::storage]
    pub type Committees<T: Config> = StorageMap<_, Twox64Concat, RequestId, CommitteeOf<T>>;

    /// Open requests for which a worker was chosen: its work list.
    #[pallet::storage]
    pub type Assignments<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, AccountIdOf<T>, Twox64Concat, RequestId, ()>;

    /// What drawn workers of an open request have paid custodians for the key of its record.
    ///
    /// Until all have committed. It comes out of the fees where others keep them from answering.
    /// What is noted of a worker that has left was not its own doing.
    #[pallet::storage]
    pub type KeyCosts<T: Config> =
        StorageMap<_, Twox64Concat, RequestId, KeyCostsOf<T>, ValueQuery>;

    /// Open request for each record and model, of which there is at most one.
    #[pallet::storage]
    pub type OpenRequestOf<T> =
        StorageDoubleMap<_, Twox64Concat, RecordId, Twox64Concat, ModelId, RequestId>;

    /// Number of open requests about each patient's records, challenged verdicts included.
    ///
    /// The patient stays until they are closed.
    #[pallet::storage]
    pub type RequestsAbout<T: Config> =
        StorageMap<_, Blake2_128Concat, AccountIdOf<T>, u32, ValueQuery>;

    /// Seed numbers with the number of draws that wait for a newer seed.
    ///
    /// In order.
    #[pallet::storage]
    pub type AwaitedSeed<T> = StorageValue<_, AwaitedSeeds, ValueQuery>;

    /// Seed of the draws that waited since this number, and how many are left.
    ///
    /// It stays until the last of them has used it.
    #[pallet::storage]
    pub type Seeds<T> = StorageMap<_, Twox64Concat, u32, ([u8; 32], u32)>;

    /// How workers are drawn for a record and model.
    ///
    /// The first request determines it, even if it is cancelled before its seed is there: whoever
    /// asks again gets the same workers, as far as they are still there.
    #[pallet::storage]
    pub type DrawnBy<T: Config> =
        StorageDoubleMap<_, Twox64Concat, RecordId, Twox64Concat, ModelId, DrawOf<T>>;

    /// Open requests, by their deadline.
    #[pallet::storage]
    pub type Due<T: Config> =
        StorageDoubleMap<_, Twox64Concat, BlockNumberFor<T>, Twox64Concat, RequestId, ()>;

    /// Requests due before this block have been moved on.
    #[pallet::storage]
    pub type NextDue<T: Config> = StorageValue<_, BlockNumberFor<T>>;

    /// All verdicts, by the request that they answer.
    #[pallet::storage]
    pub type Verdicts<T: Config> = StorageMap<_, Twox64Concat, RequestId, VerdictOf<T>>;

    /// The request whose verdict is the newest, by record and model.
    #[pallet::storage]
    pub type LatestVerdict<T> =
        StorageDoubleMap<_, Twox64Concat, RecordId, Twox64Concat, ModelId, RequestId>;

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
        /// A worker is no longer drawn. It can withdraw its bond later.
        WorkerLeaving {
            /// The worker.
            worker: T::AccountId,
            /// The last block in which its bond is held.
            until: BlockNumberFor<T>,
        },
        /// A worker has left, and its bond was released.
        BondWithdrawn {
            /// The worker.
            worker: T::AccountId,
            /// What was released, in the smallest unit of the currency.
            amount: BalanceOf<T>,
        },
        /// A worker's bond is complete again, and the worker active.
        BondToppedUp {
            /// The worker.
            worker: T::AccountId,
            /// What is held in addition, in the smallest unit of the currency.
            amount: BalanceOf<T>,
        },
        /// A worker lost a part of its bond. It is suspended until it calls `top_up_bond`.
        WorkerSlashed {
            /// The worker.
            worker: T::AccountId,
            /// The request.
            request: RequestId,
            /// Why.
            reason: SlashReason,
            /// What it lost, in the smallest unit of the currency.
            amount: BalanceOf<T>,
        },
        /// A verdict was requested, and the fees are held.
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
            /// The number of workers whose answers must be equal.
            quorum: u8,
            /// The price of one answer, in the smallest unit of the currency.
            fee: BalanceOf<T>,
        },
        /// Workers were drawn for a request.
        WorkersDrawn {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// The workers that were drawn now.
            workers: MembersOf<T>,
            /// How many are still missing.
            missing: u8,
        },
        /// All workers of a request have the record's key: they compute.
        AnswersAwaited {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// The workers.
            workers: MembersOf<T>,
            /// The last block in which they can answer.
            deadline: BlockNumberFor<T>,
        },
        /// A worker committed to an answer.
        AnswerCommitted {
            /// The request.
            request: RequestId,
            /// The worker.
            worker: T::AccountId,
        },
        /// All workers of a request have committed: they show their answers.
        RevealStarted {
            /// The request.
            request: RequestId,
            /// The last block in which they can show them.
            deadline: BlockNumberFor<T>,
        },
        /// A worker showed its answer.
        AnswerRevealed {
            /// The request.
            request: RequestId,
            /// The worker.
            worker: T::AccountId,
        },
        /// All answers to a request are equal, and the workers were paid.
        VerdictReached {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// The model.
            model: ModelId,
            /// The workers that gave this answer.
            workers: MembersOf<T>,
            /// The answer, which only the readers of the record can open.
            sealed: SealedAnswer,
            /// The receipt that a replay must reproduce.
            receipt: Receipt,
            /// The last block in which the verdict can be challenged.
            challengeable_until: BlockNumberFor<T>,
        },
        /// The answers to a request differ. Its workers settle which is right.
        AnswersDiffer {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// What each worker answered.
            answers: AnswersOf<T>,
        },
        /// A worker reported that it could not answer, and left the request.
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
        /// A worker with the record's key did not answer in time, and left the request.
        WorkerMissed {
            /// The request.
            request: RequestId,
            /// The worker.
            worker: T::AccountId,
        },
        /// A request lost a worker, and another one is to be drawn.
        DrawReopened {
            /// The request.
            request: RequestId,
            /// How many workers are missing.
            missing: u8,
            /// The last block in which they can be drawn.
            deadline: BlockNumberFor<T>,
        },
        /// A request failed. Fees were released, unless its dispute could not be settled.
        ///
        /// Then the workers that had answered were paid.
        InferenceFailed {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// Why.
            cause: FailureCause,
        },
        /// A request was cancelled. Workers that had committed were paid.
        ///
        /// One that was named is paid if it has answered. Other fees were released.
        RequestCancelled {
            /// The request.
            request: RequestId,
        },
        /// Nobody drew workers or sealed the key to them in time. The fees were released.
        RequestExpired {
            /// The request.
            request: RequestId,
        },
        /// A request that was closed without a verdict a while ago was removed from the state.
        RequestRemoved {
            /// The request.
            request: RequestId,
        },
        /// A worker with another answer disputes a verdict. It does not count until that is settled.
        VerdictChallenged {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// The worker that disputes it.
            challenger: T::AccountId,
            /// Its answer, which only the readers of the record can open.
            sealed: SealedAnswer,
        },
        /// A challenged verdict stands.
        VerdictUpheld {
            /// The request.
            request: RequestId,
            /// The last block in which it can be challenged again.
            challengeable_until: BlockNumberFor<T>,
        },
        /// A challenged verdict does not count any more. The model can be asked again.
        VerdictAnnulled {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// `Annulled` if it was shown to be wrong, `Withdrawn` if the dispute was ended before.
            status: VerdictStatus,
        },
        /// The patient ended a dispute: nobody lost a bond.
        DisputeAnnulled {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
        },
        /// The patient made a verdict public.
        VerdictDisclosed {
            /// The request.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// The model.
            model: ModelId,
            /// The label of the most probable class.
            label: Label,
            /// Whether its probability reaches the model's threshold.
            certain: bool,
            /// The probability of each class.
            probabilities: Probabilities,
        },
        /// The patient cancelled a request whose named worker may have its answer in the pool.
        ///
        /// It ends with that answer, which is paid and not kept, or after its deadline.
        CancellationBegun {
            /// The request.
            request: RequestId,
            /// The last block in which the worker can answer.
            until: BlockNumberFor<T>,
        },
        /// The answer of a named worker was paid and not kept: it stands in this block alone.
        ///
        /// The request was cancelled, the record erased or superseded, or consent taken back.
        AnswerNotKept {
            /// The request.
            request: RequestId,
            /// The worker.
            worker: T::AccountId,
        },
        /// A worker got back, out of the fees, what it had paid custodians for the key.
        ///
        /// Its request ended without a verdict, and others had kept it from answering.
        KeyCostRepaid {
            /// The request.
            request: RequestId,
            /// The worker.
            worker: T::AccountId,
            /// What it got, in the smallest unit of the currency.
            amount: BalanceOf<T>,
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
        /// The quorum is not between the model's minimum and 7, or not 1 where the model's arithmetic is not exact.
        InvalidQuorum,
        /// The account is not a registered worker. Call `register_worker` first.
        WorkerNotFound,
        /// The account is already a worker. Call `set_worker_models` to change its models.
        WorkerAlreadyExists,
        /// The worker's bond is too small, or it is leaving. Complete the bond with `top_up_bond`, or withdraw it and register again.
        WorkerNotActive,
        /// The worker is not suspended: its bond is complete.
        WorkerNotSuspended,
        /// The worker is not leaving. Call `deregister_worker` first.
        WorkerNotLeaving,
        /// The bond is held until the end of the unbonding period, and while a request awaits the worker.
        BondInUse,
        /// The worker has no encryption key, so no content key can be sealed to it. Call `Emr::set_encryption_key` first.
        EncryptionKeyNotFound,
        /// A worker must run at least one model. Call `deregister_worker` to stop being a worker.
        NoModels,
        /// The list contains a model twice.
        DuplicateModel,
        /// The worker does not run the requested model. Call `set_worker_models` to add it.
        ModelNotSupported,
        /// The model has reached its worker limit, `MaxCandidates`. Register for another model.
        MaxCandidatesExceeded,
        /// No record has this number.
        RecordNotFound,
        /// The record was erased or superseded. Use its newest version.
        RecordNotActive,
        /// The record is not a chest X-ray, the only kind that models run on.
        NotChestXray,
        /// The uploader did not commit to the film's square. Amend the record with commitments.
        FilmNotCommitted,
        /// This model has already reached a verdict with this quorum or a larger one on this record.
        VerdictAlreadyExists,
        /// A request for this record and model is open. Cancel it, or wait until it is closed.
        RequestAlreadyExists,
        /// Every request number is taken.
        RequestIdsExhausted,
        /// No request has this number, or it came to nothing and was removed from the state.
        RequestNotFound,
        /// The request is closed. `Requests` contains its outcome.
        RequestNotOpen,
        /// A request about the patient's records is open, or a verdict on them challenged. Cancel it with `cancel_request`, end the dispute with `annul_dispute`, or wait until it is closed.
        RequestNotClosed,
        /// Only a request for one worker can name it.
        WorkerNotNameable,
        /// Only the account that made a request, or the patient, may cancel it.
        NotRequester,
        /// Work was done that only the patient may still end: the patient cancels the request, or ends a dispute with `annul_dispute`.
        AnswerCommitted,
        /// The request does not have the status that this call needs. `Requests` contains it.
        WrongStatus,
        /// The seed that draws the workers is not there yet. Try again in a later block.
        SeedNotReady,
        /// Only the patient, the record's author, a requester with an envelope, or a drawn worker for itself may seal the key. A drawn worker gets it with `Custody::request_as_worker` first.
        MayNotSeal,
        /// The account was not chosen for this request.
        NotChosen,
        /// The worker has already committed to an answer, or shown it.
        AlreadyAnswered,
        /// The worker has no envelope of the record. Have the key sealed with `seal_to_workers` or `Emr::share_record`.
        EnvelopeNotFound,
        /// The deadline has passed. Call `settle_overdue`.
        DeadlinePassed,
        /// The deadline of the request has not passed yet.
        DeadlineNotPassed,
        /// A sealed answer of this model has another length.
        AnswerLengthMismatch,
        /// The answer and the salt are not those of the worker's commitment.
        CommitmentMismatch,
        /// A request for several workers is answered with `commit_answer` and `reveal_answer`.
        QuorumNotOne,
        /// The request has no verdict.
        VerdictNotFound,
        /// Only the patient may disclose a verdict or end a dispute about it.
        NotPatient,
        /// The verdict root is not the one that the record's uploader committed to.
        VerdictRootMismatch,
        /// The sealed answer does not open with the record's key, or contains no probabilities of the model's classes.
        VerdictUnreadable,
        /// The network must take the committed grey square, end in the model's classes, and have layers that a dispute can settle.
        InvalidNetwork,
        /// The answers to this request are not disputed.
        NotDisputed,
        /// The verdict cannot be challenged: it is too old, challenged, annulled or withdrawn already, or the chain does not know the network or the film's commitments.
        NotChallengeable,
        /// The challenger's answer is that of the verdict.
        SameAnswer,
        /// The request was cancelled. It ends with the answer of its named worker, or after its deadline.
        CancellationPending,
        /// Only a named worker answers at once. One that was drawn, also alone, calls `commit_answer` and `reveal_answer`.
        WorkerNotNamed,
        /// The answers of all workers but one may cost no more than the penalty for withholding one. Take a fee of at most `LeastRevealPenalty` divided by the quorum less 1, or fewer workers.
        MaxFeeExceeded,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(T::FailureQuorum::get() > 0, "a request must survive to be asked");
            let lost = Self::most_lost().saturating_add(MAX_QUORUM);
            assert!(lost <= MAX_LOST, "all workers that a request loses have a place");
            let bond = T::WorkerBond::get();
            assert!(T::AbsencePenalty::get() <= bond, "a penalty is a part of the bond");
            assert!(T::RevealPenalty::get() <= bond, "a penalty is a part of the bond");
            let least = T::LeastRevealPenalty::get();
            assert!(least <= T::RevealPenalty::get(), "no penalty is below the least one");
            assert!(T::DisputeReward::get() < bond, "it costs to lose against oneself");
            assert!(T::SeedDelay::get() < MAX_AWAITED_SEEDS, "all awaited seeds have a place");
            let windows = Self::longest_request();
            assert!(T::UnbondingPeriod::get() > windows, "bonds outlast what they answer for");
        }

        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            // What storing a seed uses, which happens once in a block, and at its end if not
            // before: the awaited seeds, up to four items of the relay chain's randomness, and an
            // entry for each number that can be awaited.
            let entries = T::SeedDelay::get().saturating_add(1);
            T::DbWeight::get().reads_writes(5, u64::from(entries).saturating_add(1))
        }

        fn on_finalize(_: BlockNumberFor<T>) {
            Self::settle_seed();
        }

        fn on_idle(now: BlockNumberFor<T>, limit: Weight) -> Weight {
            // Transactions matter more to users than deadlines do.
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
        /// - `network`: the layers of an exact network, with the roots of their weights. Without
        ///   it, the model computes in floats.
        /// - `min_quorum`: the fewest workers that a request must ask for, 1 to 7; 1 where the
        ///   arithmetic is not exact.
        /// - `confidence_threshold`: below this probability of its label (in parts per million),
        ///   a verdict counts as uncertain.
        /// - `fee`: the price of one worker's answer, in the smallest unit of the currency. Where
        ///   the arithmetic is exact, the fees of all workers but one, in the largest quorum, are
        ///   at most `LeastRevealPenalty`.
        ///
        /// ## Errors
        /// - `BadOrigin`: the origin is not governance.
        /// - `InvalidCid`: a CID is not supported.
        /// - `EmptyText`: the name, the version, a label or the preprocessing id is empty.
        /// - `TooFewLabels`, `DuplicateLabel`: there are fewer than two classes, or two have the
        ///   same label.
        /// - `InvalidQuorum`: the minimum is not 1 to 7, or not 1 though the arithmetic is float.
        /// - `InvalidNetwork`: it is no network for these classes and the squares that uploaders commit
        ///   to, which are made by the preprocessing `mc-area224-mask-v2`.
        /// - `MaxFeeExceeded`: withholding an answer could be worth its penalty.
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
            network: Option<Network>,
            min_quorum: u8,
            confidence_threshold: Permill,
            fee: BalanceOf<T>,
        ) -> DispatchResult {
            <T as Config>::GovernanceOrigin::ensure_origin(origin)?;
            let arithmetic = if network.is_some() { Arithmetic::Exact } else { Arithmetic::Float };
            let model = Model {
                name,
                version,
                cid,
                sha256,
                card,
                labels,
                preprocessing,
                arithmetic,
                min_quorum,
                confidence_threshold,
                fee,
                status: ModelStatus::Active,
            };
            Self::do_register_model(model, network)
        }

        /// Retires a model, or reactivates it.
        ///
        /// A retired model accepts no requests, commitments or single answers; answers that all
        /// workers have committed to are still revealed. Its other open requests fail at their
        /// deadline, or can be cancelled.
        ///
        /// ## Dispatch origin
        /// Governance (`GovernanceOrigin`).
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
            <T as Config>::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_set_model_status(model, status)
        }

        /// Registers the signer as a worker, which can be named at once.
        ///
        /// It can be drawn for requests of later blocks. Otherwise, whoever knows a seed could
        /// register accounts that it draws.
        ///
        /// ## Dispatch origin
        /// Signed by an account with an encryption key. `WorkerBond` is held from it.
        ///
        /// ## Parameters
        /// - `models`: the models that the worker runs, at most `MaxWorkerModels`.
        ///
        /// ## Errors
        /// - `WorkerAlreadyExists`: the signer is a worker.
        /// - `EncryptionKeyNotFound`: the signer has not published an encryption key.
        /// - `NoModels`, `DuplicateModel`: the list is empty, or contains a model twice.
        /// - `ModelNotFound`, `ModelRetired`: a model cannot be requested.
        /// - `MaxCandidatesExceeded`: `MaxCandidates` workers run one of the models.
        /// - `Token::FundsUnavailable`: the signer cannot pay the bond.
        ///
        /// ## Events
        /// - `WorkerRegistered`.
        #[pallet::call_index(2)]
        #[pallet::weight(<T as Config>::WeightInfo::register_worker(models.len() as u32))]
        pub fn register_worker(origin: OriginFor<T>, models: WorkerModelsOf<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_register_worker(who, models)
        }

        /// Replaces the list of models that a worker runs.
        ///
        /// Requests for which it was chosen are still to be answered. For a model that is new in
        /// the list, it can be drawn for requests of later blocks.
        ///
        /// ## Dispatch origin
        /// Signed by the worker.
        ///
        /// ## Parameters
        /// - `models`: the new list, at most `MaxWorkerModels`.
        ///
        /// ## Errors
        /// - `WorkerNotFound`: the signer is not a worker.
        /// - `WorkerNotActive`: the worker is suspended or leaving.
        /// - `NoModels`, `DuplicateModel`, `ModelNotFound`, `ModelRetired`, `MaxCandidatesExceeded`:
        ///   as for `register_worker`.
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

        /// Stops the worker from being chosen; its bond can be withdrawn later.
        ///
        /// Requests for which it was chosen are still to be answered.
        ///
        /// ## Dispatch origin
        /// Signed by the worker.
        ///
        /// ## Errors
        /// - `WorkerNotFound`: the signer is not a worker.
        /// - `WorkerNotActive`: it is leaving already.
        ///
        /// ## Events
        /// - `WorkerLeaving`.
        #[pallet::call_index(4)]
        #[pallet::weight(<T as Config>::WeightInfo::deregister_worker(T::MaxWorkerModels::get()))]
        pub fn deregister_worker(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_deregister_worker(who)
        }

        /// Requests a verdict of a model on a chest X-ray.
        ///
        /// The first request for a record and model that names no worker determines for all others
        /// how workers are drawn: see [`DrawnBy`].
        ///
        /// ## Dispatch origin
        /// Signed by the patient, or by an account that the patient's policy allows `Infer`. The
        /// model's fee for each answer is held from the signer.
        ///
        /// ## Parameters
        /// - `record`: the record, whose uploader committed to its square.
        /// - `order`: the model, the number of workers whose answers must be equal, and, for a
        ///   single one, whether it is named or drawn.
        ///
        /// ## Errors
        /// - `RecordNotFound`, `RecordNotActive`: there is no such record, or a newer version, or
        ///   it was erased.
        /// - `NotChestXray`, `FilmNotCommitted`: models do not run on it.
        /// - `ModelNotFound`, `ModelRetired`: the model cannot be requested.
        /// - `InvalidQuorum`: the model does not allow this number of workers.
        /// - `MaxFeeExceeded`: its fee is too high for this number of workers.
        /// - `WorkerNotNameable`: a worker is named, and the quorum is not 1.
        /// - `WorkerNotFound`, `WorkerNotActive`, `ModelNotSupported`, `EncryptionKeyNotFound`:
        ///   the named worker cannot answer.
        /// - `VerdictAlreadyExists`: there is a verdict by this model with this quorum.
        /// - `RequestAlreadyExists`: a request for this record and model is open.
        /// - `RequestIdsExhausted`: every request number is taken.
        /// - Denials by the policy, as for `Emr::add_record`.
        /// - `Token::FundsUnavailable`: the signer cannot pay.
        ///
        /// ## Events
        /// - `Emr::AccessChecked` if the policy was asked; `InferenceRequested`; `AnswersAwaited`
        ///   if the named worker has an envelope for its key.
        #[pallet::call_index(5)]
        #[pallet::weight(
            <T as Config>::WeightInfo::request_inference()
                .saturating_add(Pallet::<T>::policy_weight().saturating_mul(order.questions()))
        )]
        pub fn request_inference(
            origin: OriginFor<T>,
            record: RecordId,
            order: InferenceOrder<T::AccountId>,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let asked = Self::do_request(&who, record, &order)?;
            let base = <T as Config>::WeightInfo::request_inference();
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Cancels a request, and releases the fees that no worker has earned.
        ///
        /// What drawn workers have paid custodians for the key comes out of these fees first, for
        /// each at most the fee of its answer.
        ///
        /// Once a worker has committed to an answer, or one that was named has the key, only the
        /// patient can cancel. Whoever has committed is paid then: a requester who sees an answer
        /// in the pool cannot take the payment back. A worker that was named is paid if it
        /// answers: the request stays open until then, or until its deadline, and the answer is
        /// not kept. An overdue request is settled before, as by `settle_overdue`.
        ///
        /// Whoever asks for the same record and model again gets the same workers: see
        /// [`DrawnBy`].
        ///
        /// ## Dispatch origin
        /// Signed by the account that made the request, or by the patient. The patient ends a
        /// dispute with `annul_dispute` instead.
        ///
        /// ## Errors
        /// - `RequestNotFound`, `RequestNotOpen`: there is no such open request.
        /// - `NotRequester`: another account made it, and the signer is not the patient.
        /// - `AnswerCommitted`: the signer is not the patient, and a worker has committed, or one
        ///   that was named has the key; or answers are disputed.
        /// - `CancellationPending`: it was cancelled before.
        ///
        /// ## Events
        /// - `KeyCostRepaid` for each worker that is owed what it paid; `RequestCancelled`.
        /// - `CancellationBegun` if a named worker has the key.
        #[pallet::call_index(6)]
        #[pallet::weight(
            <T as Config>::WeightInfo::cancel_request()
                .saturating_add(<T as Config>::WeightInfo::settle_overdue())
        )]
        pub fn cancel_request(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_cancel(&who, request)
        }

        /// Draws workers for a request.
        ///
        /// The order of the candidates follows from the seed, so it does not matter who calls.
        /// It is the same for all requests for this record and model, as is the block of the
        /// first of them: workers that became candidates in it or later are not drawn.
        ///
        /// ## Dispatch origin
        /// Signed by any account.
        ///
        /// ## Parameters
        /// - `asks`: about how many candidates the patient's policy is asked at most. The signer
        ///   pays for the questions; what is not used is refunded.
        ///
        /// ## Errors
        /// - `RequestNotFound`, `WrongStatus`, `DeadlinePassed`: no workers are to be drawn.
        /// - `RecordNotActive`, `ModelRetired`: the request can no longer be answered.
        /// - `SeedNotReady`: the seed comes with a later block.
        ///
        /// ## Events
        /// - `Emr::AccessChecked` for each candidate that the policy allows; `WorkersDrawn`;
        ///   `AnswersAwaited` if all of them have an envelope for their key already.
        /// - `InferenceFailed` if there are no more candidates, after `KeyCostRepaid` for each
        ///   worker that is owed what it paid.
        #[pallet::call_index(7)]
        #[pallet::weight(
            <T as Config>::WeightInfo::draw_workers(u32::from(*asks))
                .saturating_add(<T as Config>::WeightInfo::cancel_request())
                .saturating_add(Pallet::<T>::policy_weight().saturating_mul(u64::from(*asks)))
        )]
        pub fn draw_workers(
            origin: OriginFor<T>,
            request: RequestId,
            asks: u8,
        ) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let asked = Self::do_draw(request, asks)?;
            let base = <T as Config>::WeightInfo::draw_workers(u32::from(asks));
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Seals a record's content key to workers that were chosen for a request.
        ///
        /// The policy allowed each of them `Infer` when it was drawn, and is asked again when it
        /// answers.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, the record's author, a requester with the key; or for itself alone
        /// by a drawn worker to which custodians delivered the key (`Custody::request_as_worker`).
        /// `Emr::EnvelopeDeposit` is held from the signer for each envelope.
        ///
        /// ## Parameters
        /// - `keys`: workers without an envelope for the key that they have published, each with
        ///   the content key sealed to that key (89 bytes). Empty if all of them got theirs by
        ///   `Emr::share_record`.
        ///
        /// ## Errors
        /// - `RequestNotFound`, `WrongStatus`, `DeadlinePassed`: no keys are awaited.
        /// - `MayNotSeal`: the signer may not.
        /// - `NotChosen`: one of the accounts was not chosen.
        /// - `RecordNotActive`: the record was erased or superseded.
        /// - `Emr::EnvelopeAlreadyExists`, `Emr::MaxEnvelopesExceeded`,
        ///   `Emr::EncryptionKeyNotFound`, `Emr::UnknownEnvelopeVersion`,
        ///   `Emr::EnvelopeForAnotherKey`: an envelope cannot be added.
        ///
        /// ## Events
        /// - `Emr::EnvelopeAdded` for each envelope, after `Emr::EnvelopeRemoved` if it replaces
        ///   one for a former key; `AnswersAwaited` if none is missing.
        #[pallet::call_index(8)]
        #[pallet::weight(<T as Config>::WeightInfo::seal_to_workers(keys.len() as u32))]
        pub fn seal_to_workers(
            origin: OriginFor<T>,
            request: RequestId,
            keys: KeysOf<T>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_seal(&who, request, keys)
        }

        /// Commits to an answer, without showing it.
        ///
        /// ## Dispatch origin
        /// Signed by a worker that was chosen for the request and has an envelope of the record.
        ///
        /// ## Parameters
        /// - `commitment`: `blake2_256` of the request, the worker, the sealed answer and a salt,
        ///   as `medchain-verdicts` computes it.
        ///
        /// ## Errors
        /// - `RequestNotFound`, `WrongStatus`, `DeadlinePassed`: no answers are awaited.
        /// - `NotChosen`, `AlreadyAnswered`, `EnvelopeNotFound`: the signer cannot answer.
        /// - `RecordNotActive`, `ModelRetired`: the request can no longer be answered.
        /// - `CancellationPending`: the patient cancelled it. `submit_answer` is still paid.
        /// - Denials by the policy, as for `Emr::add_record`.
        ///
        /// ## Events
        /// - `Emr::AccessChecked`; `AnswerCommitted`; `RevealStarted` if it was the last one.
        #[pallet::call_index(9)]
        #[pallet::weight(
            <T as Config>::WeightInfo::commit_answer().saturating_add(Pallet::<T>::policy_weight())
        )]
        pub fn commit_answer(
            origin: OriginFor<T>,
            request: RequestId,
            commitment: AnswerCommitment,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let asked = Self::do_commit(&who, request, commitment)?;
            let base = <T as Config>::WeightInfo::commit_answer();
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Shows an answer that the worker committed to.
        ///
        /// The last answer decides: if all are equal, they are the verdict and the workers are
        /// paid. Consent is not asked again: the work is done.
        ///
        /// ## Dispatch origin
        /// Signed by the worker.
        ///
        /// ## Parameters
        /// - `sealed`: the output, encrypted under the verdict's key.
        /// - `salt`: that of the commitment.
        ///
        /// ## Errors
        /// - `RequestNotFound`, `WrongStatus`, `DeadlinePassed`: no answers are awaited.
        /// - `NotChosen`, `AlreadyAnswered`: the signer has nothing to show.
        /// - `AnswerLengthMismatch`, `CommitmentMismatch`: it is not the answer committed to.
        ///
        /// ## Events
        /// - `AnswerRevealed`; with the last answer, `VerdictReached`, or `AnswersDiffer` and
        ///   `Disputes::DisputeStarted`.
        #[pallet::call_index(10)]
        #[pallet::weight(<T as Config>::WeightInfo::reveal_answer())]
        pub fn reveal_answer(
            origin: OriginFor<T>,
            request: RequestId,
            sealed: SealedAnswer,
            salt: AnswerSalt,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_reveal(&who, request, sealed, salt)
        }

        /// Answers a request that names its worker.
        ///
        /// Everybody can read the answer in the pool. So the worker is paid also where the
        /// patient has cancelled the request or, as its requester, revoked consent meanwhile, or
        /// the record was erased or superseded; its answer is not kept then. A worker that was
        /// drawn commits first, also alone.
        ///
        /// ## Dispatch origin
        /// Signed by the worker that the request names, once it has been given the key.
        ///
        /// ## Parameters
        /// - `sealed`: the output, encrypted under the verdict's key.
        ///
        /// ## Errors
        /// - `RequestNotFound`, `WrongStatus`, `DeadlinePassed`: no answer is awaited.
        /// - `QuorumNotOne`: the request is for several workers.
        /// - `WorkerNotNamed`: its single worker was drawn.
        /// - `NotChosen`, `AlreadyAnswered`: the signer cannot answer.
        /// - `ModelRetired`: the request can no longer be answered.
        /// - `AnswerLengthMismatch`: it is no answer of this model.
        /// - Denials by the policy, as for `Emr::add_record`.
        ///
        /// ## Events
        /// - `Emr::AccessChecked`; `VerdictReached`.
        /// - `AnswerNotKept`; `RequestCancelled` if it was paid and not kept.
        #[pallet::call_index(11)]
        #[pallet::weight(
            <T as Config>::WeightInfo::submit_answer().saturating_add(Pallet::<T>::policy_weight())
        )]
        pub fn submit_answer(
            origin: OriginFor<T>,
            request: RequestId,
            sealed: SealedAnswer,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let asked = Self::do_submit(&who, request, sealed)?;
            let base = <T as Config>::WeightInfo::submit_answer();
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Reports that the worker cannot answer, and leaves the request.
        ///
        /// It costs no bond. After `FailureQuorum` workers have reported or missed it, or where
        /// there is no other candidate, the request fails. Reports of workers that deregister, or
        /// have deregistered, do not count.
        ///
        /// If the worker has paid custodians for the key, and others keep it from answering (the
        /// policy refuses it, which is asked then, the patient removed its envelope, or the record
        /// is gone), it gets that back out of the fees should the request end without a verdict.
        ///
        /// ## Dispatch origin
        /// Signed by a worker that was chosen for the request, before it commits to an answer.
        ///
        /// ## Errors
        /// - `RequestNotFound`, `WrongStatus`, `DeadlinePassed`: no answers are awaited.
        /// - `NotChosen`, `AlreadyAnswered`: the signer has nothing to report.
        ///
        /// ## Events
        /// - `FailureReported`; `DrawReopened` or `InferenceFailed`, after `KeyCostRepaid` for each
        ///   worker that is owed what it paid.
        #[pallet::call_index(12)]
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

        /// Moves on a request whose deadline has passed, if the chain has not done so yet.
        ///
        /// One that was closed without a verdict is removed after `ClosedPeriod`.
        ///
        /// ## Dispatch origin
        /// Signed by any account.
        ///
        /// ## Errors
        /// - `RequestNotFound`: there is no such request.
        /// - `RequestNotOpen`: it has a verdict.
        /// - `DeadlineNotPassed`: its deadline has not passed.
        ///
        /// ## Events
        /// - `RequestRemoved` if it was closed before.
        /// - `RequestExpired` if no workers were drawn or none have the key.
        /// - `RequestCancelled` if the patient had cancelled it, and the named worker gave no answer.
        /// - `Disputes::DisputeSettled` if workers dispute, and what follows from it.
        /// - Otherwise `WorkerMissed` and `WorkerSlashed` for each worker that did not answer,
        ///   and `DrawReopened` or `InferenceFailed`.
        /// - `KeyCostRepaid` for each worker that is owed what it paid, if fees are released.
        #[pallet::call_index(13)]
        #[pallet::weight(<T as Config>::WeightInfo::settle_overdue())]
        pub fn settle_overdue(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_settle_overdue(request)
        }

        /// Releases the bond of a worker that has left.
        ///
        /// ## Dispatch origin
        /// Signed by the worker.
        ///
        /// ## Errors
        /// - `WorkerNotFound`, `WorkerNotLeaving`: the signer has no bond to take.
        /// - `BondInUse`: it is too early, or a request still awaits the worker.
        ///
        /// ## Events
        /// - `BondWithdrawn`.
        #[pallet::call_index(14)]
        #[pallet::weight(<T as Config>::WeightInfo::withdraw_bond())]
        pub fn withdraw_bond(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_withdraw_bond(who)
        }

        /// Completes the bond of a suspended worker, so that it can be chosen again.
        ///
        /// It can be drawn for requests of later blocks.
        ///
        /// ## Dispatch origin
        /// Signed by the worker. What is missing of `WorkerBond` is held from it.
        ///
        /// ## Errors
        /// - `WorkerNotFound`, `WorkerNotSuspended`: nothing is missing.
        /// - `MaxCandidatesExceeded`: other workers have taken its place.
        /// - `Token::FundsUnavailable`: the signer cannot pay.
        ///
        /// ## Events
        /// - `BondToppedUp`.
        #[pallet::call_index(15)]
        #[pallet::weight(<T as Config>::WeightInfo::top_up_bond(T::MaxWorkerModels::get()))]
        pub fn top_up_bond(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_top_up_bond(who)
        }

        /// Makes a verdict public: the event contains it in plain text, for ever.
        ///
        /// The verdict root opens every verdict on this version of the record, also later ones.
        /// To show a verdict to one person, let that person read the record instead.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `request`: the request that the verdict answers.
        /// - `root`: the verdict root (32 bytes), derived from the record's content key.
        ///
        /// ## Errors
        /// - `VerdictNotFound`: the request has no verdict.
        /// - `NotPatient`: it is about another patient's record.
        /// - `FilmNotCommitted`: the record was erased.
        /// - `VerdictRootMismatch`: the root is not that of the record.
        /// - `VerdictUnreadable`: a worker sealed something else than an output.
        ///
        /// ## Events
        /// - `VerdictDisclosed`.
        #[pallet::call_index(16)]
        #[pallet::weight(<T as Config>::WeightInfo::disclose_verdict())]
        pub fn disclose_verdict(
            origin: OriginFor<T>,
            request: RequestId,
            root: VerdictRoot,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_disclose(&who, request, &root)
        }

        /// Challenges a verdict with another answer: its workers must defend theirs.
        ///
        /// Whoever loses the dispute loses the whole bond. If the verdict falls, the requester
        /// gets the fees back out of it, and can ask again.
        ///
        /// ## Dispatch origin
        /// Signed by an active worker that runs the model, has an envelope of the record, may
        /// `Infer` by the patient's policy, and is not one of the verdict's workers.
        ///
        /// ## Parameters
        /// - `request`: the request that the verdict answers.
        /// - `sealed`: the output that the signer computed, encrypted under the verdict's key.
        ///
        /// ## Errors
        /// - `VerdictNotFound`, `NotChallengeable`: there is nothing to challenge, or not now.
        /// - `WorkerNotFound`, `WorkerNotActive`, `ModelNotSupported`, `EncryptionKeyNotFound`,
        ///   `EnvelopeNotFound`, `AlreadyAnswered`: the signer cannot challenge it.
        /// - `AnswerLengthMismatch`, `SameAnswer`: it is not another answer of this model.
        /// - Denials by the policy, as for `Emr::add_record`.
        ///
        /// ## Events
        /// - `Emr::AccessChecked`; `VerdictChallenged`, `Disputes::DisputeStarted`.
        #[pallet::call_index(17)]
        #[pallet::weight(
            <T as Config>::WeightInfo::challenge_verdict()
                .saturating_add(Pallet::<T>::policy_weight())
        )]
        pub fn challenge_verdict(
            origin: OriginFor<T>,
            request: RequestId,
            sealed: SealedAnswer,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let asked = Self::do_challenge(&who, request, sealed)?;
            let base = <T as Config>::WeightInfo::challenge_verdict();
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Ends a dispute before it shows anything of the film.
        ///
        /// Nobody loses a bond, and whoever answered an open request is paid. A verdict that was
        /// challenged is withdrawn. The model can be asked again, by at least as many workers.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, while the request is `Disputed`.
        ///
        /// ## Errors
        /// - `RequestNotFound`, `RequestNotOpen`, `NotDisputed`: there is no dispute.
        /// - `NotPatient`: it is about another patient's record.
        ///
        /// ## Events
        /// - `Disputes::DisputeAbandoned`, `DisputeAnnulled`; `VerdictAnnulled` if a verdict was
        ///   challenged, whose status then is `Withdrawn`.
        #[pallet::call_index(18)]
        #[pallet::weight(<T as Config>::WeightInfo::annul_dispute())]
        pub fn annul_dispute(origin: OriginFor<T>, request: RequestId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_annul(&who, request)
        }
    }
}
