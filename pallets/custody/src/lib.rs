//! Custodians, who keep content keys for patients, and access to these keys.
//!
//! A patient chooses custodians, and the content key of each record is shared among them. The
//! chain verifies that any t of them can give it to a reader ([`medchain_sharing`]). Access is
//! granted by the patient's policy, in an emergency, or to a worker that was drawn. A custodian's share is verified when it is
//! delivered, so that the log says who holds what. `docs/adr/0014-custodians.md`,
//! `docs/adr/0023-verifiable-sharing.md` and `docs/adr/0025-emergencies.md` say why it is as it is.
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

mod committee;
mod impl_custodians;
mod impl_custodies;
mod impl_deliveries;
mod impl_departure;
mod impl_draws;
mod impl_due;
mod impl_emergencies;
mod impl_funds;
mod impl_grants;
mod impl_log;
mod impl_reviews;
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

pub use committee::{Committees, Place};
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
        Denied, EmergencyId, EmergencyReason, EndReason, Purpose, RecordId, RequestId,
    };
    use medchain_sharing::{CustodianKey, DealingId, Delivery, Entrustment, KeyProof, ReplyKey};
    use pallet_emr::AccessControl;
    use sp_runtime::traits::Saturating;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

    /// Fraction of the grants on a record that is reserved for emergencies, as its inverse.
    ///
    /// Accounts that a generous policy allows must not be able to take all places.
    pub const EMERGENCY_SHARE: u32 = 4;

    /// For how many blocks after the end of a grant a share that was under way is logged.
    ///
    /// A custodian's delivery must be mortal, and expire earlier.
    pub const LATE_DELIVERY_PERIOD: u32 = 16;

    /// For how many blocks the newest version must have been there before whoever paid for the
    /// shares of an earlier one can withdraw them: thirty days.
    ///
    /// Meanwhile the patient can restore a version that somebody should not have replaced.
    pub const SHARES_PERIOD: u32 = 432_000;

    /// Processing what is due may take at most this fraction of a block, as its inverse.
    const DUE_SHARE: u64 = 8;

    /// The pallet of custodians and the keys that they keep.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The parameters that the runtime sets.
    ///
    /// Bonds, fees and periods may change while the chain runs, for what begins afterwards: what is
    /// held, and the last block of what has begun, are stored. Their constants in the metadata are
    /// of the block in which it was read.
    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>>
        + pallet_emr::Config<Custody = Pallet<Self>>
    {
        /// The currency of deposits, fees and bonds.
        type Currency: MutateHold<Self::AccountId, Reason = <Self as Config>::RuntimeHoldReason>;

        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;

        /// The origin that judges emergencies that nobody reviewed, and lifts suspensions.
        type EthicsOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Who was drawn as a worker, and waits for the key of a record.
        type Committees: Committees<Self::AccountId, BlockNumberFor<Self>, BalanceOf<Self>>;

        /// Bond held from a custodian until it retires.
        #[pallet::constant]
        type CustodianBond: Get<BalanceOf<Self>>;

        /// Deposit held for each custodian that a patient chooses and for each share entrusted.
        ///
        /// From the patient, and from the account that entrusts a record. Also from a custodian
        /// for each patient whom it declines.
        #[pallet::constant]
        type CustodyDeposit: Get<BalanceOf<Self>>;

        /// Deposit held from the account granted access, until its ended grant is forgotten.
        ///
        /// That is `LateDeliveryPeriod` blocks after the end of the grant.
        #[pallet::constant]
        type GrantDeposit: Get<BalanceOf<Self>>;

        /// What a custodian gets for a share, from the account granted access.
        ///
        /// Held for each share needed, as long as the deposit; released with the grant if the
        /// patient's side ends it.
        #[pallet::constant]
        type DeliveryFee: Get<BalanceOf<Self>>;

        /// Bond held from an account that breaks the glass.
        ///
        /// It is burned if the emergency is rejected for good, and released otherwise.
        #[pallet::constant]
        type EmergencyBond: Get<BalanceOf<Self>>;

        /// Maximum number of custodians that a patient may choose.
        #[pallet::constant]
        type MaxCustodians: Get<u32>;

        /// Maximum number of access grants on one record at a time.
        #[pallet::constant]
        type MaxGrants: Get<u32>;

        /// Maximum number of emergencies of one account that are not closed.
        #[pallet::constant]
        type MaxOpenEmergencies: Get<u32>;

        /// Maximum number of records that can be requested under one emergency.
        #[pallet::constant]
        type MaxEmergencyRecords: Get<u32>;

        /// Number of rejected emergencies from which on an account is suspended.
        #[pallet::constant]
        type MaxRejections: Get<u32>;

        /// Duration of an access grant by the policy, in blocks.
        #[pallet::constant]
        type AccessPeriod: Get<BlockNumberFor<Self>>;

        /// Number of blocks for which an emergency opens records.
        #[pallet::constant]
        type EmergencyPeriod: Get<BlockNumberFor<Self>>;

        /// Number of blocks within which the patient or a guardian reviews an emergency.
        #[pallet::constant]
        type ReviewPeriod: Get<BlockNumberFor<Self>>;

        /// Number of blocks within which an emergency that nobody reviewed is judged.
        ///
        /// It must be longer than a decision of the ethics committee takes.
        #[pallet::constant]
        type EthicsPeriod: Get<BlockNumberFor<Self>>;

        /// The weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// The reasons for which this pallet holds funds.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The bond of a custodian.
        #[codec(index = 0)]
        Custodian,
        /// The patients whom a custodian declines.
        #[codec(index = 1)]
        Decline,
        /// A group of custodians, or the shares that custodians keep.
        #[codec(index = 2)]
        Custody,
        /// An access grant, and the fees of the custodians who have not delivered yet.
        ///
        /// Also of a grant that ended a short time ago.
        #[codec(index = 3)]
        Grant,
        /// The bond of an account that broke the glass.
        #[codec(index = 4)]
        Emergency,
    }

    /// Custodians that have registered, including retired ones.
    ///
    /// A key is for ever: shares that were entrusted to it stay.
    #[pallet::storage]
    pub type Custodians<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, CustodianOf<T>, OptionQuery>;

    /// Deposits for the patients whom custodians decline, by custodian and patient.
    ///
    /// An entry outlasts the patient: whoever leaves and registers again is still declined.
    #[pallet::storage]
    pub type Declined<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Blake2_128Concat,
        T::AccountId,
        BalanceOf<T>,
        OptionQuery,
    >;

    /// Custodians that each patient chose, with their keys.
    #[pallet::storage]
    pub type CustodianGroups<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, CustodianGroupOf<T>, OptionQuery>;

    /// Shares of each record's content key.
    #[pallet::storage]
    pub type Custodies<T: Config> =
        StorageMap<_, Twox64Concat, RecordId, CustodyOf<T>, OptionQuery>;

    /// Custodies that ended a short time ago, by record and dealing.
    ///
    /// Late shares of [`EndedGrants`] are verified with them, and with nothing else: the wrapped
    /// key is not kept.
    #[pallet::storage]
    pub type EndedCustodies<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        RecordId,
        Twox64Concat,
        DealingId,
        EndedCustodyOf<T>,
        OptionQuery,
    >;

    /// Access grants with the shares delivered so far, by record and account granted access.
    #[pallet::storage]
    pub type Grants<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        RecordId,
        Blake2_128Concat,
        T::AccountId,
        GrantOf<T>,
        OptionQuery,
    >;

    /// Grants that ended a short time ago, by record, account and reply key.
    ///
    /// A share that was under way when its grant ended stands in a block, and the account can open
    /// it. This entry lets the chain verify and log it. Otherwise an account could have shares
    /// sent, end its grant just before they arrive, and hold them without a trace.
    #[pallet::storage]
    pub type EndedGrants<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        RecordId,
        Blake2_128Concat,
        (T::AccountId, ReplyKey),
        EndedGrantOf<T>,
        OptionQuery,
    >;

    /// Number of the next emergency.
    #[pallet::storage]
    pub type NextEmergencyId<T: Config> = StorageValue<_, EmergencyId, ValueQuery>;

    /// Emergencies that are not closed.
    #[pallet::storage]
    pub type Emergencies<T: Config> =
        StorageMap<_, Twox64Concat, EmergencyId, EmergencyOf<T>, OptionQuery>;

    /// The newest emergency of each patient and account, until it is closed.
    #[pallet::storage]
    pub type RunningEmergencies<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Blake2_128Concat,
        T::AccountId,
        EmergencyId,
        OptionQuery,
    >;

    /// Records that were requested under an emergency, until it is closed.
    ///
    /// With whether the record is barred: the patient ended the access to it, for the whole
    /// emergency.
    #[pallet::storage]
    pub type EmergencyGrants<T: Config> =
        StorageDoubleMap<_, Twox64Concat, EmergencyId, Twox64Concat, RecordId, bool, OptionQuery>;

    /// Number of emergencies of each account that are not closed.
    #[pallet::storage]
    pub type OpenEmergencies<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// Number of emergencies over each patient that are not closed: the patient stays until then.
    #[pallet::storage]
    pub type EmergenciesOver<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// Number of rejected emergencies of each patient and account that are not closed.
    #[pallet::storage]
    pub type RejectedPairs<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Blake2_128Concat,
        T::AccountId,
        u32,
        ValueQuery,
    >;

    /// Number of rejected emergencies of each account. From `MaxRejections` on, it is suspended.
    #[pallet::storage]
    pub type Rejections<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// Patients who forbid breaking the glass over their records.
    #[pallet::storage]
    pub type EmergencyOptOuts<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, (), OptionQuery>;

    /// Grants, emergencies, and ended grants and custodies, by the last block before they fall due.
    #[pallet::storage]
    pub type Due<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        BlockNumberFor<T>,
        Blake2_128Concat,
        DueEntry<T::AccountId>,
        (),
        OptionQuery,
    >;

    /// Entries due before this block have been processed.
    #[pallet::storage]
    pub type NextDue<T: Config> = StorageValue<_, BlockNumberFor<T>, OptionQuery>;

    /// The events of this pallet.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A custodian registered its key, and its bond is held.
        CustodianRegistered {
            /// The custodian.
            custodian: T::AccountId,
            /// Its key.
            key: CustodianKey,
            /// The bond.
            bond: BalanceOf<T>,
        },
        /// A custodian retired: nobody can choose it any more, and its bond was released.
        CustodianRetired {
            /// The custodian.
            custodian: T::AccountId,
            /// The bond.
            bond: BalanceOf<T>,
        },
        /// A custodian declined a patient, or accepts the patient again.
        DeclinedSet {
            /// The custodian.
            custodian: T::AccountId,
            /// The patient.
            patient: T::AccountId,
            /// Whether the custodian declines to keep further keys for the patient.
            declined: bool,
        },
        /// A patient chose custodians or dismissed them.
        CustodiansSet {
            /// The patient.
            patient: T::AccountId,
            /// The previous custodians.
            old: Option<CustodiansOf<T>>,
            /// The new custodians.
            new: Option<CustodiansOf<T>>,
            /// The number of custodians needed to open a key.
            threshold: u8,
        },
        /// The content key of a record was shared among custodians, or withdrawn from custody.
        RecordEntrusted {
            /// The record.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The custodians, who keep a share each; empty if the record was withdrawn.
            custodians: CustodiansOf<T>,
            /// The number of shares needed to recover the key.
            threshold: u8,
        },
        /// An account requested access to a record and was granted it.
        ///
        /// The custodians who keep the content key deliver their shares.
        AccessGranted {
            /// The record.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The account granted access.
            subject: T::AccountId,
            /// The purpose of the access.
            purpose: Purpose,
            /// The last block of the grant; `None` if no custodian keeps the key.
            until: Option<BlockNumberFor<T>>,
        },
        /// An account was denied access to a record.
        ///
        /// When it requested access, or when a custodian delivered a share.
        AccessDenied {
            /// The record.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The account denied access.
            subject: T::AccountId,
            /// The purpose of the access.
            purpose: Purpose,
            /// The reason for the denial.
            reason: Denied,
        },
        /// A custodian delivered a share to the account granted access.
        ShareDelivered {
            /// The record.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The account granted access.
            subject: T::AccountId,
            /// The custodian.
            custodian: T::AccountId,
            /// The number of shares delivered so far.
            delivered: u32,
            /// The number of shares needed.
            threshold: u32,
        },
        /// A share of the key reached an account that should not have got it.
        ///
        /// Its access was refused or had ended, or the custodian has lost its role. The share is
        /// not stored, but it stands in the block, and the account can open it.
        ShareExposed {
            /// The record.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The account that holds the share.
            subject: T::AccountId,
            /// The custodian.
            custodian: T::AccountId,
        },
        /// The patient keeps an account from requesting a record again in its emergency.
        RecordBarred {
            /// The record.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The account.
            subject: T::AccountId,
        },
        /// An access grant ended, and the delivered shares were removed.
        AccessEnded {
            /// The record.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The account that had access.
            subject: T::AccountId,
            /// Why the grant ended.
            reason: EndReason,
        },
        /// An account broke the glass over a patient's records, and its bond is held.
        GlassBroken {
            /// The number of the emergency.
            emergency: EmergencyId,
            /// The patient.
            patient: T::AccountId,
            /// The account that broke the glass.
            subject: T::AccountId,
            /// The reason it gave.
            reason: EmergencyReason,
            /// The last block in which it can request keys and custodians deliver them.
            until: BlockNumberFor<T>,
            /// The last block in which the patient or a guardian can review the emergency.
            review_until: BlockNumberFor<T>,
        },
        /// An account was granted access to a record in its emergency.
        ///
        /// If a guardian had endorsed the emergency, it is under review again.
        EmergencyAccess {
            /// The emergency.
            emergency: EmergencyId,
            /// The record.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The account granted access.
            subject: T::AccountId,
            /// The last block of the grant.
            until: BlockNumberFor<T>,
        },
        /// A worker that was drawn for a request asked custodians for the record's key.
        ///
        /// The draw is the grant. It lasts as long as the worker waits for the key there, and the
        /// policy allows it `Infer`.
        WorkerAccess {
            /// The request that it was drawn for.
            request: RequestId,
            /// The record.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The worker.
            worker: T::AccountId,
            /// The last block of the grant.
            until: BlockNumberFor<T>,
        },
        /// A guardian accepted an emergency. The patient can still reject it.
        ///
        /// With what was requested until then: the next request opens it again.
        EmergencyEndorsed {
            /// The emergency.
            emergency: EmergencyId,
            /// The patient.
            patient: T::AccountId,
            /// The account that broke the glass.
            subject: T::AccountId,
            /// The guardian.
            by: T::AccountId,
        },
        /// An emergency was accepted by the patient, or rejected by the patient or a guardian.
        ///
        /// The patient can accept what a guardian rejected.
        EmergencyReviewed {
            /// The emergency.
            emergency: EmergencyId,
            /// The patient.
            patient: T::AccountId,
            /// The account that broke the glass.
            subject: T::AccountId,
            /// The account that reviewed.
            reviewer: T::AccountId,
            /// Whether breaking the glass was right. If so, the bond was released. If not, it is
            /// burned when the emergency is closed.
            accepted: bool,
            /// The bond.
            bond: BalanceOf<T>,
        },
        /// Nobody reviewed an emergency in time. The ethics committee judges it.
        EmergencyEscalated {
            /// The emergency.
            emergency: EmergencyId,
            /// The patient.
            patient: T::AccountId,
            /// The account that broke the glass.
            subject: T::AccountId,
            /// The last block in which it can be judged.
            judge_until: BlockNumberFor<T>,
        },
        /// The ethics committee judged an emergency.
        ///
        /// One that nobody had reviewed; or it accepted one that had been rejected.
        EmergencyJudged {
            /// The emergency.
            emergency: EmergencyId,
            /// The patient.
            patient: T::AccountId,
            /// The account that broke the glass.
            subject: T::AccountId,
            /// Whether breaking the glass was right. If so, the bond was released; if not, burned,
            /// and the emergency is closed.
            accepted: bool,
            /// The bond.
            bond: BalanceOf<T>,
        },
        /// An emergency that nobody reviewed ended without a request, and the bond was released.
        EmergencyVoided {
            /// The emergency.
            emergency: EmergencyId,
            /// The patient.
            patient: T::AccountId,
            /// The account that broke the glass.
            subject: T::AccountId,
            /// The bond.
            bond: BalanceOf<T>,
        },
        /// An emergency was closed after its last block.
        EmergencyClosed {
            /// The emergency.
            emergency: EmergencyId,
            /// The patient.
            patient: T::AccountId,
            /// The account that broke the glass.
            subject: T::AccountId,
            /// What was held of the bond until then; zero if it had been released.
            bond: BalanceOf<T>,
            /// Whether it was burned, because the emergency was rejected. Otherwise it was released.
            burned: bool,
        },
        /// An account may break the glass no more: too many of its emergencies were rejected.
        AccountSuspended {
            /// The account.
            account: T::AccountId,
            /// The number of its rejected emergencies.
            rejections: u32,
        },
        /// The rejected emergencies of an account were forgiven.
        SuspensionLifted {
            /// The account.
            account: T::AccountId,
            /// The number of its rejected emergencies.
            rejections: u32,
        },
        /// A patient allowed or forbade emergency access to their records.
        EmergencyAccessSet {
            /// The patient.
            patient: T::AccountId,
            /// Whether it is allowed.
            allowed: bool,
        },
    }

    /// The reasons for which a call fails.
    #[pallet::error]
    pub enum Error<T> {
        /// The proof does not show that the signer knows the secret of this key on this chain. Create a new proof with `medchain custodian register`.
        InvalidCustodianKey,
        /// The account registered another key before, which stays for the shares that it keeps. Use that one, or another account.
        CustodianKeyMismatch,
        /// The custodian is already registered.
        CustodianAlreadyExists,
        /// The custodian has not registered its key, or has retired. It calls `register_custodian`; or the patient chooses others with `set_custodians`.
        CustodianNotFound,
        /// The account is not a custodian now. An institution's registrar gives this role with `add_provider`.
        NotCustodian,
        /// The custodian declines this patient already, or accepts the patient already.
        DeclineUnchanged,
        /// A custodian declines to keep keys for this patient. The patient chooses others with `set_custodians`.
        CustodianDeclined,
        /// A patient cannot be their own custodian.
        SelfCustodian,
        /// The list contains a custodian twice, or two custodians with one key.
        DuplicateCustodian,
        /// The threshold must be between 1 and the number of custodians, or 0 without custodians.
        InvalidThreshold,
        /// The patient has not chosen custodians. They do so with `set_custodians`.
        CustodiansNotFound,
        /// The key is not shared with the threshold or among the number of custodians that the patient chose. Read `CustodianGroups` and share it again.
        ThresholdMismatch,
        /// The shares do not belong together, have another threshold, or are not for this patient, content and signer and the patient's current custodians. Read `CustodianGroups` and share the key again.
        InvalidDealing,
        /// No custodian keeps the key of this record. The patient entrusts it with `entrust_record`; until then, an account that has the key shares it with `share_record`.
        RecordNotEntrusted,
        /// The custodian keeps no share of this record. `Custodies` lists the custodians that do.
        ShareNotFound,
        /// The reply key is not the canonical encoding of a point. Draw a new one for each request.
        InvalidReplyKey,
        /// A grant to the account with this reply key has just ended, and shares may be under way. Draw a new one for each request.
        ReplyKeyUsed,
        /// Emergency access to this record runs with another reply key. Use that one, or replace it with `request_in_emergency`.
        EmergencyAccessRuns,
        /// The account already has this access to the record: in an emergency with this reply key, or as a drawn worker. Wait for the shares.
        AccessAlreadyGranted,
        /// The record has reached its grant limit, `MaxGrants`, a quarter of which is reserved for emergencies. Try again when a grant has ended.
        MaxGrantsExceeded,
        /// There is no such grant, or not with this reply key, and none ended lately. The account requests access with `request_access`.
        AccessNotFound,
        /// The access grant has not expired yet, or shares for one that ended may still be under way.
        AccessNotExpired,
        /// The custodian has already delivered its share.
        ShareAlreadyDelivered,
        /// The proof does not show that this is the custodian's share, encrypted to the reply key of the grant. Deliver with the key that is registered.
        InvalidDelivery,
        /// The account is not a worker that was drawn for this request and still waits for the record's key. The account that named a worker seals the key to it; others call `request_access`.
        NotDrawn,
        /// A custodian needs no delivery of its own share, and has no emergency over records of which it keeps one.
        OwnShare,
        /// Patients need no emergency to access their own records.
        OwnRecord,
        /// Too many emergencies of the account were rejected. The ethics committee lifts this with `lift_suspension`.
        Suspended,
        /// No emergency of the account was rejected.
        NotSuspended,
        /// A custodian cannot break the glass over a patient whose keys it keeps. Another account must do it.
        CustodianOfPatient,
        /// The patient does not allow emergency access to their records.
        EmergencyOptedOut,
        /// The account already has an emergency over this patient. Request records with `request_in_emergency`.
        GlassAlreadyBroken,
        /// The account has reached the limit of open emergencies, `MaxOpenEmergencies`. Ask the patients to review them.
        MaxEmergenciesExceeded,
        /// The emergency has reached its limit of records, `MaxEmergencyRecords`. Break the glass again with `break_glass` when it is over.
        MaxEmergencyRecordsExceeded,
        /// Every emergency number is taken.
        EmergencyIdsExhausted,
        /// There is no such emergency, or it is closed. An account breaks the glass with `break_glass`.
        EmergencyNotFound,
        /// The emergency takes no requests any more: it is over, or accepted. Break the glass again with `break_glass`.
        EmergencyOver,
        /// An emergency of the account over this patient was rejected. Wait until it is closed, or ask the patient or the ethics committee to accept it.
        EmergencyRejected,
        /// The patient ended the access to this record for the whole emergency. Ask the patient.
        RecordBarred,
        /// Only the patient and their guardians may review an emergency, and nobody may review their own.
        NotReviewer,
        /// A guardian has already accepted this emergency. It can still be rejected.
        AlreadyEndorsed,
        /// The emergency was reviewed already, and the decision stands.
        EmergencyAlreadyReviewed,
        /// The review period is over, or only the patient and the ethics committee may decide now.
        ReviewExpired,
        /// The emergency has not reached its last block yet.
        ReviewNotExpired,
        /// An emergency over the patient is not closed. Close it after its last block with `close_emergency`, and forbid others with `set_emergency_access`.
        EmergencyNotClosed,
        /// Only an emergency that nobody reviewed in time is judged, and only a rejected one is accepted instead.
        EmergencyNotEscalated,
        /// Only the account that entrusted the record paid for its shares. Read `Custodies`.
        NotDepositor,
        /// The shares are still of use. Wait until no grant runs, and another version is the newest, is entrusted, and was added `SharesPeriod` ago.
        SharesNeeded,
    }

    #[pallet::extra_constants]
    impl<T: Config> Pallet<T> {
        /// For how many blocks after the end of a grant a share that was under way is logged.
        #[pallet::constant_name(LateDeliveryPeriod)]
        fn late_delivery_period() -> u32 {
            LATE_DELIVERY_PERIOD
        }

        /// For how many blocks a version must be the newest before shares of earlier ones can be withdrawn.
        #[pallet::constant_name(SharesPeriod)]
        fn shares_period() -> u32 {
            SHARES_PERIOD
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(
                (1..=medchain_sharing::MAX_CUSTODIANS).contains(&T::MaxCustodians::get()),
                "a key can be shared among 1 to 16 custodians"
            );
            assert!(
                T::EmergencyPeriod::get().saturating_add(LATE_DELIVERY_PERIOD.into())
                    < T::ReviewPeriod::get(),
                "the last share of an emergency arrives before its review ends"
            );
            assert!(T::MaxRejections::get() > 0, "nobody is suspended without a reason");
            assert!(T::MaxEmergencyRecords::get() > 0, "an emergency opens at least one record");
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
        /// Registers the signer as a custodian, with the key that shares are encrypted to.
        ///
        /// A key is for ever. A custodian that has retired can register again with the same key.
        ///
        /// ## Dispatch origin
        /// Signed by an account that has the role custodian. `CustodianBond` is held until it
        /// retires.
        ///
        /// ## Parameters
        /// - `key`: the key (32 bytes): a point of ristretto255.
        /// - `proof`: the proof that the signer knows its secret (64 bytes). It is bound to the
        ///   genesis hash and the account.
        ///
        /// ## Errors
        /// - `NotCustodian`: the signer does not have the role.
        /// - `CustodianAlreadyExists`: it is registered.
        /// - `CustodianKeyMismatch`: it registered another key before.
        /// - `InvalidCustodianKey`: the proof does not hold.
        ///
        /// ## Events
        /// - `CustodianRegistered`.
        #[pallet::call_index(0)]
        #[pallet::weight(<T as Config>::WeightInfo::register_custodian())]
        pub fn register_custodian(
            origin: OriginFor<T>,
            key: CustodianKey,
            proof: KeyProof,
        ) -> DispatchResult {
            let custodian = ensure_signed(origin)?;
            Self::do_register_custodian(custodian, key, &proof)
        }

        /// Retires the signer as a custodian: nobody can choose it, or entrust keys to it.
        ///
        /// It keeps the shares that it has, and delivers them as long as it has the role.
        ///
        /// ## Dispatch origin
        /// Signed by the custodian. Its bond is released.
        ///
        /// ## Errors
        /// - `CustodianNotFound`: the signer has not registered, or has retired.
        ///
        /// ## Events
        /// - `CustodianRetired`.
        #[pallet::call_index(1)]
        #[pallet::weight(<T as Config>::WeightInfo::retire_custodian())]
        pub fn retire_custodian(origin: OriginFor<T>) -> DispatchResult {
            let custodian = ensure_signed(origin)?;
            Self::do_retire_custodian(custodian)
        }

        /// Declines to keep further keys for a patient, or accepts the patient again.
        ///
        /// The shares that the signer keeps stay with it.
        ///
        /// ## Dispatch origin
        /// Signed by the custodian. `CustodyDeposit` is held while it declines the patient.
        ///
        /// ## Parameters
        /// - `patient`: the patient.
        /// - `declined`: whether the signer declines.
        ///
        /// ## Errors
        /// - If it declines, `CustodianNotFound`: the signer has not registered, or has retired.
        /// - If it declines, `Emr::PatientNotFound`: the account is not a patient.
        /// - `DeclineUnchanged`: it has declined the patient already, or not at all.
        ///
        /// ## Events
        /// - `DeclinedSet`.
        #[pallet::call_index(2)]
        #[pallet::weight(<T as Config>::WeightInfo::set_declined())]
        pub fn set_declined(
            origin: OriginFor<T>,
            patient: T::AccountId,
            declined: bool,
        ) -> DispatchResult {
            let custodian = ensure_signed(origin)?;
            Self::do_set_declined(custodian, &patient, declined)
        }

        /// Chooses the custodians who keep the content keys of the signer's future records.
        ///
        /// Records that are already entrusted stay with their custodians; see `entrust_record`.
        ///
        /// ## Dispatch origin
        /// Signed by the patient. `CustodyDeposit` is held for each custodian.
        ///
        /// ## Parameters
        /// - `members`: the custodians, at most `MaxCustodians`. An empty list dismisses all.
        /// - `threshold`: the number of custodians needed to open a key; 0 for an empty list.
        ///   With 1, each can alone; fewer than the threshold cannot.
        ///
        /// ## Errors
        /// - `Emr::PatientNotFound`: the signer is not a patient.
        /// - `InvalidThreshold`: the threshold does not match the number of custodians.
        /// - `DuplicateCustodian`: a custodian is listed twice, or two have one key.
        /// - `SelfCustodian`: the signer is listed.
        /// - `CustodianNotFound`: an account has not registered its key, or has retired.
        /// - `NotCustodian`: an account does not have the role.
        /// - `CustodianDeclined`: a custodian declines the signer.
        ///
        /// ## Events
        /// - `CustodiansSet`.
        #[pallet::call_index(3)]
        #[pallet::weight(<T as Config>::WeightInfo::set_custodians(members.len() as u32))]
        pub fn set_custodians(
            origin: OriginFor<T>,
            members: CustodiansOf<T>,
            threshold: u8,
        ) -> DispatchResult {
            let patient = ensure_signed(origin)?;
            Self::do_set_custodians(&patient, &members, threshold)
        }

        /// Entrusts the key of an existing record to the signer's custodians, or withdraws it.
        ///
        /// It replaces what was entrusted earlier. All grants on the record end.
        ///
        /// ## Dispatch origin
        /// Signed by the patient. `CustodyDeposit` is held for each custodian.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `entrustment`: the content key, shared among the patient's custodians in their order,
        ///   and the threshold. `None` withdraws the record from custody.
        ///
        /// ## Errors
        /// - `Emr::RecordNotFound`, `Emr::RecordErased`: there is no such record, or it was erased.
        /// - `Emr::NotPatient`: it is not the signer's.
        /// - `RecordNotEntrusted`: `entrustment` is `None`, and no custodian keeps the key.
        /// - `CustodiansNotFound`, `ThresholdMismatch`: the key is not shared as the patient's
        ///   current custodians would have it.
        /// - `CustodianNotFound`, `NotCustodian`, `CustodianDeclined`: a custodian retired, lost
        ///   the role, or declines the signer.
        /// - `InvalidDealing`: the shares do not belong together, have another threshold, or are for
        ///   others.
        ///
        /// ## Events
        /// - An `AccessEnded` for each grant; `RecordEntrusted`, with an empty list if the record
        ///   was withdrawn.
        #[pallet::call_index(4)]
        #[pallet::weight(
            <T as Config>::WeightInfo::entrust_record(
                Pallet::<T>::shares_of(entrustment.as_ref()),
                T::MaxGrants::get(),
            )
        )]
        pub fn entrust_record(
            origin: OriginFor<T>,
            record: RecordId,
            entrustment: Option<Entrustment>,
        ) -> DispatchResultWithPostInfo {
            let patient = ensure_signed(origin)?;
            let shares = Self::shares_of(entrustment.as_ref());
            let ended = Self::do_entrust_record(&patient, record, entrustment)?;
            Ok(Some(<T as Config>::WeightInfo::entrust_record(shares, ended)).into())
        }

        /// Requests access to a record, and records the answer of the policy.
        ///
        /// A denial is recorded, not returned as an error. If access is granted, the custodians of
        /// the record encrypt their shares of the content key to the reply key, within
        /// `AccessPeriod` blocks; the policy is asked again each time. A denial ends an earlier
        /// grant for the same purpose. A request with the reply key of a running grant replaces its
        /// purpose; one with another key replaces the grant.
        ///
        /// ## Dispatch origin
        /// Signed by any account. If access is granted and custodians keep the key,
        /// `GrantDeposit` is held, and `DeliveryFee` for each share needed, until
        /// `LateDeliveryPeriod` blocks after the end of the grant.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `purpose`: the purpose of the access. It is recorded, and the policy may ask for it.
        /// - `reply`: the key that shares are encrypted to (32 bytes). Draw one for each request.
        ///
        /// ## Errors
        /// - `InvalidReplyKey`: the reply key is not a point.
        /// - `ReplyKeyUsed`: a grant to the signer with this reply key ended lately.
        /// - `Emr::RecordNotFound`: there is no such record.
        /// - `EmergencyAccessRuns`: emergency access of the signer runs with another reply key.
        /// - `MaxGrantsExceeded`: access is granted, but the record has reached its grant limit.
        ///
        /// ## Events
        /// - If access is granted: `Emr::AccessChecked` if the policy was asked; `AccessEnded` if
        ///   an earlier grant was replaced or had expired; `AccessGranted`.
        /// - If access is denied: `AccessEnded` if there was a grant for the same purpose;
        ///   `AccessDenied`.
        #[pallet::call_index(5)]
        #[pallet::weight(
            <T as Config>::WeightInfo::request_access()
                .saturating_add(Pallet::<T>::give_up_weight())
                .saturating_add(T::AccessControl::weight())
        )]
        pub fn request_access(
            origin: OriginFor<T>,
            record: RecordId,
            purpose: Purpose,
            reply: ReplyKey,
        ) -> DispatchResultWithPostInfo {
            let subject = ensure_signed(origin)?;
            let asked = Self::do_request_access(subject, record, purpose, reply)?;
            let base =
                <T as Config>::WeightInfo::request_access().saturating_add(Self::give_up_weight());
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Delivers a custodian's share of a content key to the account granted access.
        ///
        /// The share is verified first. Then the chain checks again that the policy allows it, that
        /// an emergency still runs, or that the drawn worker still waits. If not, the grant ends. The
        /// share was in the block by then: it is logged as exposed, not stored. So is a share that
        /// arrives within `LateDeliveryPeriod` blocks after the end of its grant or custody, and one
        /// from a custodian that has lost its role.
        ///
        /// The call is free if it succeeds, unless the signer has lost the role. The first
        /// `threshold` custodians get `DeliveryFee`, also if they come too late; but not if the
        /// patient's side ended the grant, if others took a drawn worker's place, or without the
        /// role. A call that fails is paid for.
        ///
        /// ## Dispatch origin
        /// Signed by a custodian of the record.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `subject`: the account granted access.
        /// - `reply`: the reply key of the grant, to which the share is encrypted.
        /// - `delivery`: the share with its proof (160 bytes).
        ///
        /// ## Errors
        /// - `Emr::RecordNotFound`: there is no such record.
        /// - `AccessNotFound`: there is no grant with this reply key, and none ended lately.
        /// - `ShareNotFound`: the signer keeps no share for this grant.
        /// - `OwnShare`: the signer is the account granted access.
        /// - `ShareAlreadyDelivered`: the signer has already delivered its share.
        /// - `InvalidDelivery`: the proof does not hold.
        ///
        /// ## Events
        /// - `ShareDelivered`, after `Emr::AccessChecked` if the policy was asked and allowed it.
        /// - `AccessEnded` if access is refused, with `AccessDenied` if the policy had granted it,
        ///   or if the grant had expired; then `ShareExposed`. The call still succeeds.
        /// - `ShareExposed` alone if the grant ended before, or the signer has lost the role.
        #[pallet::call_index(6)]
        #[pallet::weight(Pallet::<T>::delivery_weight())]
        pub fn deliver_share(
            origin: OriginFor<T>,
            record: RecordId,
            subject: T::AccountId,
            reply: ReplyKey,
            delivery: Delivery,
        ) -> DispatchResultWithPostInfo {
            let custodian = ensure_signed(origin)?;
            let (used, pays) =
                Self::do_deliver_share(custodian, record, subject, reply, &delivery)?;
            Ok((Some(used), pays).into())
        }

        /// Removes an expired grant and the shares delivered for it.
        ///
        /// Also that of a drawn worker whose place has ended. An expired one is removed without a
        /// call as soon as a block has room for it.
        ///
        /// ## Dispatch origin
        /// Signed by any account. The deposit, and the fees that nobody earned, are released to
        /// the account granted access when no share can be under way any more.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `subject`: the account granted access.
        ///
        /// ## Errors
        /// - `AccessNotFound`: there is no such grant.
        /// - `AccessNotExpired`: the grant has not expired yet, and no place that it is based on has
        ///   ended.
        ///
        /// ## Events
        /// - `AccessEnded`.
        #[pallet::call_index(7)]
        #[pallet::weight(
            <T as Config>::WeightInfo::expire_grant()
                .saturating_add(T::Committees::weight().saturating_mul(2))
        )]
        pub fn expire_grant(
            origin: OriginFor<T>,
            record: RecordId,
            subject: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_expire_grant(record, &subject)
        }

        /// Breaks the glass over a patient's records, without the patient's consent.
        ///
        /// It is public. The signer can then request each record that it needs with
        /// `request_in_emergency`, within `EmergencyPeriod` blocks. The patient or a guardian
        /// reviews it within `ReviewPeriod` blocks; if they reject it, the bond is burned. If
        /// nobody does and a record was requested, the ethics committee judges.
        ///
        /// ## Dispatch origin
        /// Signed by an emergency contact of the patient, by a clinician, or by an account that
        /// the patient's policy allows `Emergency`. `EmergencyBond` is held.
        ///
        /// ## Parameters
        /// - `patient`: the patient.
        /// - `reason`: the reason for the emergency.
        ///
        /// ## Errors
        /// - `OwnRecord`: the signer is the patient.
        /// - `Emr::PatientNotFound`: the account is not a patient.
        /// - `Suspended`: too many emergencies of the signer were rejected.
        /// - `CustodianOfPatient`: the signer is among the patient's custodians.
        /// - `Emr::GrantRevoked`: the policy vetoes, whatever the signer is.
        /// - `Emr::PolicyReentered`: the call comes from a contract.
        /// - Other denials by the policy, as for `Emr::add_record`, if the signer is neither a
        ///   contact nor a clinician.
        /// - `EmergencyOptedOut`: the patient forbids it.
        /// - `GlassAlreadyBroken`: an emergency of the signer over this patient takes requests.
        /// - `EmergencyRejected`: one of them was rejected, and is not closed yet.
        /// - `MaxEmergenciesExceeded`: `MaxOpenEmergencies` of the signer are not closed.
        /// - `EmergencyIdsExhausted`: every emergency number is taken.
        ///
        /// ## Events
        /// - `Emr::AccessChecked` if the policy allows it; `GlassBroken`.
        #[pallet::call_index(8)]
        #[pallet::weight(
            <T as Config>::WeightInfo::break_glass().saturating_add(T::AccessControl::weight())
        )]
        pub fn break_glass(
            origin: OriginFor<T>,
            patient: T::AccountId,
            reason: EmergencyReason,
        ) -> DispatchResultWithPostInfo {
            let subject = ensure_signed(origin)?;
            let asked = Self::do_break_glass(subject, &patient, reason)?;
            Ok(Some(<T as Config>::WeightInfo::break_glass().saturating_add(asked)).into())
        }

        /// Grants the signer access to a record in its emergency over the patient.
        ///
        /// The custodians of the record encrypt their shares of the content key to the reply key
        /// until the emergency's last block. It replaces a grant by the policy, and one by an
        /// emergency that has another reply key. A guardian's endorsement ends: the emergency is
        /// open again, for the guardian has not seen this request.
        ///
        /// ## Dispatch origin
        /// Signed by the account that broke the glass. `GrantDeposit` is held, and `DeliveryFee`
        /// for each share needed, until `LateDeliveryPeriod` blocks after the end of the grant.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `reply`: the key that shares are encrypted to (32 bytes). Draw one for each request.
        ///
        /// ## Errors
        /// - `InvalidReplyKey`: the reply key is not a point.
        /// - `ReplyKeyUsed`: a grant to the signer with this reply key ended lately.
        /// - `Emr::RecordNotFound`, `Emr::RecordErased`: there is no such record, or it was erased.
        /// - `EmergencyNotFound`: the signer has not broken the glass over this patient.
        /// - `EmergencyRejected`: an emergency of the signer over this patient was rejected, and is
        ///   not closed yet.
        /// - `EmergencyOver`: the emergency takes no requests any more: it is over, or accepted.
        /// - `Suspended`: too many emergencies of the signer were rejected.
        /// - Denials by the policy and `EmergencyOptedOut`, as for `break_glass`.
        /// - `RecordNotEntrusted`: no custodian keeps the key of this record.
        /// - `OwnShare`: the signer is one of its custodians.
        /// - `AccessAlreadyGranted`: emergency access with this reply key runs.
        /// - `RecordBarred`: the patient ended the access to this record in this emergency.
        /// - `MaxEmergencyRecordsExceeded`: `MaxEmergencyRecords` records were requested under it.
        /// - `MaxGrantsExceeded`: the record already has `MaxGrants` grants.
        ///
        /// ## Events
        /// - `Emr::AccessChecked` if the policy allows it; `AccessEnded` if an earlier grant was
        ///   replaced or had expired; `EmergencyAccess`.
        #[pallet::call_index(9)]
        #[pallet::weight(
            <T as Config>::WeightInfo::request_in_emergency()
                .saturating_add(Pallet::<T>::give_up_weight())
                .saturating_add(T::AccessControl::weight())
        )]
        pub fn request_in_emergency(
            origin: OriginFor<T>,
            record: RecordId,
            reply: ReplyKey,
        ) -> DispatchResultWithPostInfo {
            let subject = ensure_signed(origin)?;
            let asked = Self::do_request_in_emergency(subject, record, reply)?;
            let base = <T as Config>::WeightInfo::request_in_emergency()
                .saturating_add(Self::give_up_weight());
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Accepts or rejects an emergency after the fact.
        ///
        /// A guardian's yes endorses it, and the patient, or a guardian, can still reject it within
        /// the review period; a guardian's no rejects it, unless the patient accepts it after all.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, also while the ethics committee judges; or by a relative set as
        /// guardian; but never by the account that broke the glass.
        ///
        /// ## Parameters
        /// - `emergency`: the emergency.
        /// - `accepted`: if the patient accepts, the bond is released, and the access granted goes
        ///   on until its last block. If false, all access ends and the patient's key epoch rises.
        ///   The emergency keeps its place among its account's, and the bond stays held, until the
        ///   review would have ended and for at least `EthicsPeriod` blocks; then the bond is
        ///   burned. Until then, the patient can accept
        ///   what a guardian rejected, and the ethics committee what anybody did.
        ///
        /// ## Errors
        /// - `EmergencyNotFound`: there is no such emergency, or it is closed.
        /// - `NotReviewer`: the signer may not review it.
        /// - `EmergencyAlreadyReviewed`: it was accepted; or rejected, and the signer cannot overturn
        ///   that.
        /// - `ReviewExpired`: the period is over, or only patient and ethics committee decide now.
        /// - `AlreadyEndorsed`: a guardian has accepted it already.
        ///
        /// ## Events
        /// - `EmergencyEndorsed` if a guardian accepts.
        /// - An `AccessEnded` for each grant if it is rejected; `EmergencyReviewed`; after a
        ///   rejection too many, `AccountSuspended`.
        #[pallet::call_index(10)]
        #[pallet::weight(
            <T as Config>::WeightInfo::review_emergency(T::MaxEmergencyRecords::get())
        )]
        pub fn review_emergency(
            origin: OriginFor<T>,
            emergency: EmergencyId,
            accepted: bool,
        ) -> DispatchResultWithPostInfo {
            let reviewer = ensure_signed(origin)?;
            let requested = Self::do_review_emergency(reviewer, emergency, accepted)?;
            Ok(Some(<T as Config>::WeightInfo::review_emergency(requested)).into())
        }

        /// Judges an emergency that nobody reviewed in time, or accepts one that was rejected.
        ///
        /// If a rejection is overturned, it counts no more, but the access that it ended stays
        /// ended.
        ///
        /// ## Dispatch origin
        /// The ethics committee (`EthicsOrigin`).
        ///
        /// ## Parameters
        /// - `emergency`: the emergency.
        /// - `accepted`: if true, the bond is released. If false, it is burned, what is left of
        ///   the access ends, the patient's key epoch rises, and the emergency is closed.
        ///
        /// ## Errors
        /// - `BadOrigin`: the origin is not the ethics committee.
        /// - `EmergencyNotFound`: there is no such emergency, or it is closed.
        /// - `EmergencyNotEscalated`: it is still under review, or accepted.
        /// - `EmergencyAlreadyReviewed`: it was rejected already.
        /// - `ReviewExpired`: the period for the judgement is over.
        ///
        /// ## Events
        /// - An `AccessEnded` for each grant if it is rejected; `EmergencyJudged`; after a
        ///   rejection too many, `AccountSuspended`.
        #[pallet::call_index(11)]
        #[pallet::weight(
            <T as Config>::WeightInfo::judge_emergency(T::MaxEmergencyRecords::get())
        )]
        pub fn judge_emergency(
            origin: OriginFor<T>,
            emergency: EmergencyId,
            accepted: bool,
        ) -> DispatchResultWithPostInfo {
            T::EthicsOrigin::ensure_origin(origin)?;
            let requested = Self::do_judge_emergency(emergency, accepted)?;
            Ok(Some(<T as Config>::WeightInfo::judge_emergency(requested)).into())
        }

        /// Moves an emergency on whose last block has passed.
        ///
        /// This happens without a call as soon as a block has room for it. An emergency that nobody
        /// reviewed is void if no record was requested; otherwise it is escalated to the ethics
        /// committee. Any other is closed: the bond of a rejected one is burned, and what is held
        /// of another's is released.
        ///
        /// ## Dispatch origin
        /// Signed by any account.
        ///
        /// ## Parameters
        /// - `emergency`: the emergency.
        ///
        /// ## Errors
        /// - `EmergencyNotFound`: there is no such emergency, or it is already closed.
        /// - `ReviewNotExpired`: its last block has not passed.
        ///
        /// ## Events
        /// - `EmergencyVoided`, `EmergencyEscalated` or `EmergencyClosed`.
        #[pallet::call_index(12)]
        #[pallet::weight(
            <T as Config>::WeightInfo::close_emergency(T::MaxEmergencyRecords::get())
        )]
        pub fn close_emergency(
            origin: OriginFor<T>,
            emergency: EmergencyId,
        ) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let requested = Self::do_close_emergency(emergency)?;
            Ok(Some(<T as Config>::WeightInfo::close_emergency(requested)).into())
        }

        /// Allows or forbids emergency access (breaking the glass) to the signer's records.
        ///
        /// It is allowed until the patient forbids it. Custodians then deliver nothing more, also
        /// in an emergency that runs.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `allowed`: whether it is allowed.
        ///
        /// ## Errors
        /// - `Emr::PatientNotFound`: the signer is not a patient.
        ///
        /// ## Events
        /// - `EmergencyAccessSet`.
        #[pallet::call_index(13)]
        #[pallet::weight(<T as Config>::WeightInfo::set_emergency_access())]
        pub fn set_emergency_access(origin: OriginFor<T>, allowed: bool) -> DispatchResult {
            let patient = ensure_signed(origin)?;
            Self::do_set_emergency_access(&patient, allowed)
        }

        /// Forgives the rejected emergencies of an account, so that it may break the glass again.
        ///
        /// ## Dispatch origin
        /// The ethics committee (`EthicsOrigin`).
        ///
        /// ## Parameters
        /// - `account`: the account.
        ///
        /// ## Errors
        /// - `BadOrigin`: the origin is not the ethics committee.
        /// - `NotSuspended`: no emergency of the account was rejected.
        ///
        /// ## Events
        /// - `SuspensionLifted`.
        #[pallet::call_index(14)]
        #[pallet::weight(<T as Config>::WeightInfo::lift_suspension())]
        pub fn lift_suspension(origin: OriginFor<T>, account: T::AccountId) -> DispatchResult {
            T::EthicsOrigin::ensure_origin(origin)?;
            Self::do_lift_suspension(account)
        }

        /// Forgets a grant that ended, and releases what is still held for it.
        ///
        /// This happens without a call as soon as a block has room for it.
        ///
        /// ## Dispatch origin
        /// Signed by any account. The deposit, and the fees that nobody earned, are released to
        /// the account that had access.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `subject`: the account that had access.
        /// - `reply`: the reply key of the grant.
        ///
        /// ## Errors
        /// - `AccessNotFound`: no such grant is remembered.
        /// - `AccessNotExpired`: shares may still be under way.
        #[pallet::call_index(15)]
        #[pallet::weight(<T as Config>::WeightInfo::forget_grant())]
        pub fn forget_grant(
            origin: OriginFor<T>,
            record: RecordId,
            subject: T::AccountId,
            reply: ReplyKey,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_forget_grant(record, subject, reply)
        }

        /// Grants a drawn worker access to the record of its request.
        ///
        /// The draw is the grant: the policy is not asked for `View`, but for `Infer`, now and at
        /// each delivery. The custodians of the record encrypt their shares of the content key to
        /// the reply key, until the last block in which the request waits for keys. It replaces a
        /// grant by the policy. With the key, the worker calls `Inference::seal_to_workers`.
        ///
        /// ## Dispatch origin
        /// Signed by a worker that the chain drew for the request, and that has no envelope of the
        /// record. `GrantDeposit` is held, and `DeliveryFee` for each share needed, until
        /// `LateDeliveryPeriod` blocks after the end of the grant.
        ///
        /// ## Parameters
        /// - `request`: the request.
        /// - `reply`: the key that shares are encrypted to (32 bytes). Another one for each request.
        ///
        /// ## Errors
        /// - `InvalidReplyKey`: the reply key is not a point.
        /// - `NotDrawn`: the signer was not drawn for this request, or was named; or the request
        ///   does not wait for its key now.
        /// - `RecordNotEntrusted`: no custodian keeps the key of this record.
        /// - Denials by the policy, as for `Emr::add_record`.
        /// - `EmergencyAccessRuns`: emergency access of the signer runs.
        /// - `AccessAlreadyGranted`: the signer has asked already, for this request or another.
        /// - `ReplyKeyUsed`: a grant to the signer with this reply key ended lately.
        /// - `MaxGrantsExceeded`: the record has reached its grant limit.
        ///
        /// ## Events
        /// - `Emr::AccessChecked`; `AccessEnded` if an earlier grant was replaced, had expired, or
        ///   its place had ended; `WorkerAccess`.
        #[pallet::call_index(16)]
        #[pallet::weight(
            <T as Config>::WeightInfo::request_as_worker()
                .saturating_add(T::Committees::weight().saturating_mul(3))
                .saturating_add(T::AccessControl::weight())
        )]
        pub fn request_as_worker(
            origin: OriginFor<T>,
            request: RequestId,
            reply: ReplyKey,
        ) -> DispatchResultWithPostInfo {
            let worker = ensure_signed(origin)?;
            let asked = Self::do_request_as_worker(worker, request, reply)?;
            let base = <T as Config>::WeightInfo::request_as_worker()
                .saturating_add(T::Committees::weight().saturating_mul(3));
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Takes the shares of a replaced version from its custodians, and releases their deposit.
        ///
        /// The newest version must be entrusted too, and both have been there for `SharesPeriod`.
        /// The patient's envelope stays, and a patient who restores this version can entrust it
        /// again.
        ///
        /// ## Dispatch origin
        /// Signed by the account that entrusted the record.
        ///
        /// ## Parameters
        /// - `record`: the version that was replaced.
        ///
        /// ## Errors
        /// - `RecordNotEntrusted`: no custodian keeps its key.
        /// - `NotDepositor`: another account entrusted it.
        /// - `SharesNeeded`: a grant on it runs; or it is the newest version, or four others came
        ///   after the next; or the newest one was erased or is not entrusted; or one of the two was
        ///   added less than `SharesPeriod` blocks ago.
        ///
        /// ## Events
        /// - `RecordEntrusted`, with an empty list.
        #[pallet::call_index(17)]
        #[pallet::weight(<T as Config>::WeightInfo::withdraw_shares())]
        pub fn withdraw_shares(origin: OriginFor<T>, record: RecordId) -> DispatchResult {
            let depositor = ensure_signed(origin)?;
            Self::do_withdraw_shares(&depositor, record)
        }
    }
}
