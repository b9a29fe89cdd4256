//! Patients, their records, who may read them, and the log of it.
//!
//! The ciphertext of a record lies in a content-addressed store; this pallet
//! keeps its CID, where it comes from, and for each reader an *envelope*: the
//! content key, sealed to that reader's encryption key. Whether anybody but
//! the patient may do something with a record is asked through the
//! [`AccessControl`] seam. Nothing here is plaintext health data.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod access;
pub mod runtime_api;
pub mod types;
pub mod weights;

mod impl_access;
mod impl_custody;
mod impl_due;
mod impl_emergency;
mod impl_envelopes;
mod impl_grants;
mod impl_keys;
mod impl_records;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

#[cfg(feature = "runtime-benchmarks")]
pub use access::BenchmarkHelper;
pub use access::{AccessControl, AccessRequest, Answer, Denied, InferenceOrders};
pub use pallet::*;
pub use runtime_api::*;
pub use types::*;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
    use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
    use frame_system::pallet_prelude::*;
    use medchain_primitives::{
        Action, Cid, ContentDigest, EmergencyId, EmergencyReason, EncryptionKey, ModelId, RecordId,
        RecordKind, RelationKind, Role, SealedKey,
    };

    use super::*;

    /// The version of the layout of the storage below.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

    /// The most relations that a patient may set.
    pub const MAX_RELATIONS: u32 = 16;

    /// What part of the grants on a record, as its inverse, is kept for emergencies:
    /// whom a generous policy lets in must not be able to take all places.
    pub const EMERGENCY_SHARE: u32 = 4;

    /// What part of a block, as its inverse, may go into ending what is due.
    const DUE_SHARE: u64 = 8;

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The currency in which deposits are held.
        type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;

        /// Who appoints providers and sets the chain's default policy.
        type RegistrarOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Who answers whether somebody may do something with a patient's records.
        type AccessControl: AccessControl<Self::AccountId>;

        /// Who takes the order to run a model on a new record.
        type InferenceOrders: InferenceOrders<Self::AccountId>;

        /// What is held from a patient for being registered, relations included.
        #[pallet::constant]
        type PatientDeposit: Get<BalanceOf<Self>>;

        /// What is held from the author of a record.
        #[pallet::constant]
        type RecordDeposit: Get<BalanceOf<Self>>;

        /// What is held for an envelope from whoever adds it.
        #[pallet::constant]
        type EnvelopeDeposit: Get<BalanceOf<Self>>;

        /// What is held from an account that is no patient for its encryption
        /// key, until it removes it.
        #[pallet::constant]
        type EncryptionKeyDeposit: Get<BalanceOf<Self>>;

        /// What is held for each custodian: from a patient who chooses them, and
        /// from whoever entrusts a record to them.
        #[pallet::constant]
        type CustodyDeposit: Get<BalanceOf<Self>>;

        /// What is held from who was granted access, until the grant ends.
        #[pallet::constant]
        type GrantDeposit: Get<BalanceOf<Self>>;

        /// What is held from who breaks the glass; lost unless a review accepts it.
        #[pallet::constant]
        type EmergencyBond: Get<BalanceOf<Self>>;

        /// The most envelopes that one record may have.
        #[pallet::constant]
        type MaxEnvelopes: Get<u32>;

        /// The most custodians that a patient may choose.
        #[pallet::constant]
        type MaxCustodians: Get<u32>;

        /// The most grants that may stand on one record at a time.
        #[pallet::constant]
        type MaxGrants: Get<u32>;

        /// The most emergencies of one account that may wait for their review.
        #[pallet::constant]
        type MaxOpenEmergencies: Get<u32>;

        /// For how many blocks custodians hand over what a policy granted.
        #[pallet::constant]
        type AccessPeriod: Get<BlockNumberFor<Self>>;

        /// For how many blocks they do after the glass was broken.
        #[pallet::constant]
        type EmergencyPeriod: Get<BlockNumberFor<Self>>;

        /// How many blocks a review of an emergency may take.
        #[pallet::constant]
        type ReviewPeriod: Get<BlockNumberFor<Self>>;

        /// The weights of the calls.
        type WeightInfo: WeightInfo;

        /// Makes the policy say yes in benchmarks.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
    }

    /// Why part of a balance is held.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// For the entry of a patient.
        Patient,
        /// For a record.
        Record,
        /// For an envelope.
        Envelope,
        /// For an encryption key.
        EncryptionKey,
        /// For custodians, and what they keep.
        Custody,
        /// For a grant.
        Grant,
        /// The bond of who broke the glass.
        Emergency,
    }

    /// The registered patients.
    #[pallet::storage]
    pub type Patients<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, PatientOf<T>, OptionQuery>;

    /// The X25519 public key of each account that can be sealed to.
    #[pallet::storage]
    pub type EncryptionKeys<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, EncryptionKey, OptionQuery>;

    /// What is held from each account for its encryption key. A patient's is
    /// part of the deposit for being registered.
    #[pallet::storage]
    pub type EncryptionKeyDeposits<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, BalanceOf<T>, OptionQuery>;

    /// The roles of the providers.
    #[pallet::storage]
    pub type Providers<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, Role, (), OptionQuery>;

    /// The policy that each patient chose; without an entry, the default counts.
    #[pallet::storage]
    pub type PatientPolicies<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId, OptionQuery>;

    /// The policy of the patients who chose none.
    #[pallet::storage]
    pub type DefaultPolicy<T: Config> = StorageValue<_, T::AccountId, OptionQuery>;

    /// The number that the next record gets.
    #[pallet::storage]
    pub type NextRecordId<T: Config> = StorageValue<_, RecordId, ValueQuery>;

    /// Every record, erased ones included.
    #[pallet::storage]
    pub type Records<T: Config> = StorageMap<_, Twox64Concat, RecordId, RecordOf<T>, OptionQuery>;

    /// The numbers of each patient's records.
    #[pallet::storage]
    pub type RecordsOf<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Twox64Concat,
        RecordId,
        (),
        OptionQuery,
    >;

    /// The envelopes, by record and reader.
    #[pallet::storage]
    pub type Envelopes<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        RecordId,
        Blake2_128Concat,
        T::AccountId,
        EnvelopeOf<T>,
        OptionQuery,
    >;

    /// The relations, by patient and relative.
    #[pallet::storage]
    pub type Relations<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Blake2_128Concat,
        T::AccountId,
        Relation,
        OptionQuery,
    >;

    /// The custodians that each patient chose.
    #[pallet::storage]
    pub type CustodianGroups<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, CustodianGroupOf<T>, OptionQuery>;

    /// The shares of each record's content key.
    #[pallet::storage]
    pub type Custodies<T: Config> =
        StorageMap<_, Twox64Concat, RecordId, CustodyOf<T>, OptionQuery>;

    /// Under which record custodians keep, or kept, a content of a patient: under
    /// one for ever. Shares are bound to patient and content, and stay in old
    /// blocks: under another record, erased ones could be served again.
    #[pallet::storage]
    pub type EntrustedContents<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Blake2_128Concat,
        Cid,
        RecordId,
        OptionQuery,
    >;

    /// What stands granted, by record and subject, with the shares that custodians
    /// have handed over.
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

    /// The number that the next emergency gets.
    #[pallet::storage]
    pub type NextEmergencyId<T: Config> = StorageValue<_, EmergencyId, ValueQuery>;

    /// The emergencies that wait for their review.
    #[pallet::storage]
    pub type Emergencies<T: Config> =
        StorageMap<_, Twox64Concat, EmergencyId, EmergencyOf<T>, OptionQuery>;

    /// How many emergencies of each account wait for their review.
    #[pallet::storage]
    pub type OpenEmergencies<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// The patients over whose records nobody breaks the glass.
    #[pallet::storage]
    pub type EmergencyOptOuts<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, (), OptionQuery>;

    /// What ends by itself, by its last block.
    #[pallet::storage]
    pub type Due<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        BlockNumberFor<T>,
        Blake2_128Concat,
        Duty<T::AccountId>,
        (),
        OptionQuery,
    >;

    /// What had its last block before this one is ended.
    #[pallet::storage]
    pub type NextDue<T: Config> = StorageValue<_, BlockNumberFor<T>, OptionQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A patient registered.
        PatientRegistered {
            /// The patient.
            patient: T::AccountId,
        },
        /// A patient stored another profile document.
        ProfileUpdated {
            /// The patient.
            patient: T::AccountId,
            /// The document until now.
            old: Option<Document>,
            /// The document from now on.
            new: Document,
        },
        /// An account published the key that content keys are sealed to.
        EncryptionKeySet {
            /// The account.
            account: T::AccountId,
            /// Its X25519 public key.
            key: EncryptionKey,
        },
        /// An account took its encryption key back: nobody seals to it any more.
        EncryptionKeyRemoved {
            /// The account.
            account: T::AccountId,
        },
        /// A patient chose a policy.
        PolicySet {
            /// The patient.
            patient: T::AccountId,
            /// The policy until now.
            old: Option<T::AccountId>,
            /// The policy from now on; none for the chain's default.
            new: Option<T::AccountId>,
        },
        /// The chain's default policy was set.
        DefaultPolicySet {
            /// The policy until now.
            old: Option<T::AccountId>,
            /// The policy from now on; none denies everything.
            new: Option<T::AccountId>,
        },
        /// A provider was given a role.
        ProviderAdded {
            /// The provider.
            account: T::AccountId,
            /// The role.
            role: Role,
        },
        /// A provider's role was taken away.
        ProviderRemoved {
            /// The provider.
            account: T::AccountId,
            /// The role.
            role: Role,
        },
        /// A policy was asked and said yes.
        AccessChecked {
            /// Whose records they are.
            patient: T::AccountId,
            /// Who may do it.
            subject: T::AccountId,
            /// The record in question.
            record: Option<RecordId>,
            /// What they may do.
            action: Action,
            /// The policy that was asked.
            policy: Option<T::AccountId>,
        },
        /// A record was added.
        RecordAdded {
            /// The record.
            record: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// Who added it.
            author: T::AccountId,
            /// Where its encrypted bytes are.
            cid: Cid,
            /// What the document is.
            kind: RecordKind,
        },
        /// A new version of a record was added.
        RecordAmended {
            /// The new version.
            record: RecordId,
            /// The version that it replaces.
            previous: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// Who added the new version.
            author: T::AccountId,
            /// Where the encrypted bytes of the new version are.
            cid: Cid,
        },
        /// A reader was given the content key of a record.
        EnvelopeAdded {
            /// The record.
            record: RecordId,
            /// The reader.
            reader: T::AccountId,
        },
        /// The envelope of a reader was removed. `EnvelopeAdded` follows where
        /// the patient replaced it; where the patient took it from somebody
        /// else for good, the patient's key epoch rose by one.
        EnvelopeRemoved {
            /// The record.
            record: RecordId,
            /// The reader.
            reader: T::AccountId,
        },
        /// A record was erased with all its envelopes.
        RecordErased {
            /// The record.
            record: RecordId,
            /// Whose record it was.
            patient: T::AccountId,
        },
        /// A patient named a relative, or changed what was said of one.
        RelationSet {
            /// The patient.
            patient: T::AccountId,
            /// The relative.
            relative: T::AccountId,
            /// The relation until now.
            old: Option<Relation>,
            /// The relation from now on.
            new: Relation,
        },
        /// A patient removed a relative.
        RelationRemoved {
            /// The patient.
            patient: T::AccountId,
            /// The relative.
            relative: T::AccountId,
        },
        /// Somebody asked to see a record and may. The custodians who keep the
        /// content key hand their shares over.
        AccessGranted {
            /// The record.
            record: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// Who asked.
            subject: T::AccountId,
            /// What for.
            purpose: Purpose,
            /// The last block in which custodians hand the key over; none where
            /// none keep it.
            until: Option<BlockNumberFor<T>>,
        },
        /// Somebody asked to see a record and may not, or may not any more when a
        /// custodian was about to hand the key over.
        AccessDenied {
            /// The record.
            record: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// Who asked.
            subject: T::AccountId,
            /// What for.
            purpose: Purpose,
            /// Why not.
            reason: Denied,
        },
        /// A patient chose custodians, or let them go.
        CustodiansSet {
            /// The patient.
            patient: T::AccountId,
            /// The custodians until now.
            old: Option<CustodiansOf<T>>,
            /// The custodians from now on.
            new: Option<CustodiansOf<T>>,
            /// How many of them together open a key.
            threshold: u32,
        },
        /// The content key of a record was split among the patient's custodians.
        RecordEntrusted {
            /// The record.
            record: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// Who keeps a share each.
            custodians: CustodiansOf<T>,
            /// How many shares the key is made of again.
            threshold: u32,
        },
        /// A custodian handed a share over to who was granted access.
        ShareDelivered {
            /// The record.
            record: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// Who may see it.
            subject: T::AccountId,
            /// Who handed over.
            custodian: T::AccountId,
            /// How many shares the subject has now.
            delivered: u32,
            /// How many are needed.
            threshold: u32,
        },
        /// What was granted is over, and the shares that were handed over are
        /// removed.
        AccessEnded {
            /// The record.
            record: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// Whose access it was.
            subject: T::AccountId,
            /// Why.
            reason: EndReason,
        },
        /// Somebody broke the glass: they get the key at once, and answer for it.
        GlassBroken {
            /// The emergency.
            emergency: EmergencyId,
            /// The record.
            record: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// Who broke the glass.
            subject: T::AccountId,
            /// Why, by their word.
            reason: EmergencyReason,
            /// The last block in which custodians hand the key over.
            until: BlockNumberFor<T>,
            /// The last block in which it can be reviewed.
            review_until: BlockNumberFor<T>,
        },
        /// The patient or a guardian said whether it was an emergency.
        EmergencyReviewed {
            /// The emergency.
            emergency: EmergencyId,
            /// The record.
            record: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// Who broke the glass.
            subject: T::AccountId,
            /// Who reviewed.
            reviewer: T::AccountId,
            /// Whether it was one. If not, the bond is lost.
            accepted: bool,
            /// The bond.
            bond: BalanceOf<T>,
        },
        /// Nobody reviewed an emergency in time: the bond is lost.
        EmergencyLapsed {
            /// The emergency.
            emergency: EmergencyId,
            /// The record.
            record: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// Who broke the glass.
            subject: T::AccountId,
            /// The bond.
            bond: BalanceOf<T>,
        },
        /// An emergency came to nothing before the key was handed over, and not by
        /// the doing of who broke the glass: the bond goes back.
        EmergencyVoided {
            /// The emergency.
            emergency: EmergencyId,
            /// The record.
            record: RecordId,
            /// Whose record it is.
            patient: T::AccountId,
            /// Who broke the glass.
            subject: T::AccountId,
            /// The bond.
            bond: BalanceOf<T>,
        },
        /// A patient said whether the glass may be broken over the own records.
        EmergencyAccessSet {
            /// The patient.
            patient: T::AccountId,
            /// Whether it may.
            allowed: bool,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// This account is registered as a patient already.
        AlreadyRegistered,
        /// This account is not a patient. Patients register with `register_patient`.
        PatientNotFound,
        /// Not a CID that is taken here: version 1, base32 in lower case,
        /// codec raw or dag-pb, hash sha2-256.
        InvalidCid,
        /// Not an X25519 public key that anything can be sealed to: it is of
        /// small order (all zeros, for example), and everybody could open the
        /// envelope. Make a key pair with `medchain key new`.
        InvalidEncryptionKey,
        /// The account has published no encryption key. It does so with
        /// `set_encryption_key`.
        EncryptionKeyNotFound,
        /// A patient always has an encryption key. Replace it with
        /// `set_encryption_key`.
        PatientNeedsEncryptionKey,
        /// The provider has this role already.
        ProviderExists,
        /// The provider does not have this role.
        ProviderNotFound,
        /// Only the patient, or a registered lab technician whom the patient's
        /// policy lets append, adds records.
        NotLabTechnician,
        /// Only the patient may do this.
        NotPatient,
        /// Only the patient or the reader may remove an envelope.
        NotPatientOrReader,
        /// There is no such record, or it is another patient's.
        RecordNotFound,
        /// The record was erased.
        RecordErased,
        /// There is a newer version of the record: amend that one.
        RecordSuperseded,
        /// Every record number is taken.
        RecordIdsExhausted,
        /// The reader has an envelope already. Only the patient replaces it;
        /// others ask the patient or the reader to remove it first.
        EnvelopeExists,
        /// The reader has no envelope for this record.
        EnvelopeNotFound,
        /// The same reader is named twice.
        DuplicateReader,
        /// The record has as many envelopes as it may have. Remove one first.
        TooManyEnvelopes,
        /// Nobody is a relative of their own.
        SelfRelation,
        /// The patient has named as many relatives as one may. Remove one first.
        TooManyRelations,
        /// The patient has not named this relative.
        RelationNotFound,
        /// Denied: neither the patient nor the chain has a policy to ask.
        NoPolicy,
        /// Denied: there is no contract at the address of the patient's policy.
        PolicyNotFound,
        /// Denied: the policy contract trapped or reverted.
        PolicyTrapped,
        /// Denied: the policy contract ran out of gas or proof size.
        PolicyOutOfGas,
        /// Denied: the policy contract's answer is not a decision.
        PolicyAnswerInvalid,
        /// Denied: a contract cannot do what needs a policy to be asked.
        PolicyReentered,
        /// Denied by the policy: the patient granted this account nothing.
        NoGrant,
        /// Denied by the policy: the patient's grant does not cover this action.
        ActionNotGranted,
        /// Denied by the policy: the patient's grant is over.
        GrantExpired,
        /// Denied by the policy: the patient took the grant back.
        GrantRevoked,
        /// Denied by the policy, for a reason of its own.
        PolicyRefused,
        /// Not a custodian: the registrar has not given the account this role, it
        /// is the patient's own, or it keeps no share of this record.
        NotCustodian,
        /// The same custodian is named twice.
        DuplicateCustodian,
        /// The threshold must be at least 1 and at most the number of custodians;
        /// 0 without custodians.
        InvalidThreshold,
        /// The patient has chosen no custodians. They do so with `set_custodians`.
        NoCustodians,
        /// The shares are not for the patient's custodians as they are now, in
        /// their order. Read `custodianGroups` and split the key again.
        CustodiansMismatch,
        /// Custodians keep this content, or kept it, under another record of the
        /// patient. Encrypt it anew, under a new key, and add that.
        ContentEntrusted,
        /// No custodian keeps the key of this record. The patient entrusts it with
        /// `entrust_record`; until then, somebody who has the key
        /// shares it with `share_record`.
        NotEntrusted,
        /// As many grants stand on this record as may; the last quarter of the places
        /// is for emergencies. One ends by itself within `AccessPeriod` blocks.
        TooManyGrants,
        /// Nothing is granted to this account. It asks with `request_access`.
        AccessNotGranted,
        /// What was granted is over. Ask again with `request_access`.
        AccessExpired,
        /// The grant is not over yet.
        AccessNotExpired,
        /// The account has broken the glass over this record already.
        AlreadyGranted,
        /// This custodian has handed its share over already.
        AlreadyDelivered,
        /// Patients need no emergency to see their own records.
        OwnRecord,
        /// The patient lets nobody break the glass.
        EmergencyOptedOut,
        /// As many emergencies of this account as may wait for their review. Ask
        /// the patients to review them.
        TooManyEmergencies,
        /// Every emergency number is taken.
        EmergencyIdsExhausted,
        /// There is no such emergency, or it is reviewed or lapsed.
        EmergencyNotFound,
        /// Only the patient and guardians whom the patient named review, and
        /// nobody their own emergency.
        NotReviewer,
        /// The time for the review is over.
        ReviewOver,
        /// The time for the review is not over yet.
        ReviewNotOver,
    }

    #[pallet::extra_constants]
    impl<T: Config> Pallet<T> {
        /// The most relations that a patient may set.
        #[pallet::constant_name(MaxRelations)]
        fn max_relations() -> u32 {
            MAX_RELATIONS
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(
                T::MaxEnvelopes::get() > 0,
                "a record that nobody can have an envelope for is of no use"
            );
            assert!(
                (1..=255).contains(&T::MaxCustodians::get()),
                "the number of a share is one byte, and not 0"
            );
        }

        fn on_idle(now: BlockNumberFor<T>, limit: Weight) -> Weight {
            // No user waits for this so much that it may take a whole block.
            let most = T::BlockWeights::get().max_block / DUE_SHARE;
            Self::end_due(now, limit.min(most))
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Register as a patient.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, from whom `PatientDeposit` is held; what was held
        /// for an encryption key goes back.
        ///
        /// ## Parameters
        /// - `profile`: the encrypted profile document, if there is one.
        /// - `encryption_key`: the X25519 public key (32 bytes) that content
        ///   keys are sealed to; replaces one that was set before.
        ///
        /// ## Errors
        /// - `AlreadyRegistered`: this account is a patient already.
        /// - `InvalidCid`: the profile's CID is not one that is taken here.
        /// - `InvalidEncryptionKey`: the key is of small order, such as all zeros.
        ///
        /// ## Events
        /// - `PatientRegistered`, `EncryptionKeySet`.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register_patient())]
        pub fn register_patient(
            origin: OriginFor<T>,
            profile: Option<Document>,
            encryption_key: EncryptionKey,
        ) -> DispatchResult {
            let patient = ensure_signed(origin)?;
            ensure!(!Patients::<T>::contains_key(&patient), Error::<T>::AlreadyRegistered);
            if let Some(document) = &profile {
                Self::ensure_cid(&document.cid)?;
            }
            Self::ensure_encryption_key(&encryption_key)?;

            Self::release_for_encryption_key(&patient)?;
            let deposit = T::PatientDeposit::get();
            T::Currency::hold(&HoldReason::Patient.into(), &patient, deposit)?;
            let entry = Patient { profile, key_epoch: 0, relations: 0, deposit };
            Patients::<T>::insert(&patient, entry);
            Self::deposit_event(Event::PatientRegistered { patient: patient.clone() });
            Self::store_encryption_key(patient, encryption_key);
            Ok(())
        }

        /// Store another encrypted profile document.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `profile`: the new document.
        ///
        /// ## Errors
        /// - `InvalidCid`: the document's CID is not one that is taken here.
        /// - `PatientNotFound`: the signer is not a patient.
        ///
        /// ## Events
        /// - `ProfileUpdated`.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::update_profile())]
        pub fn update_profile(origin: OriginFor<T>, profile: Document) -> DispatchResult {
            let patient = ensure_signed(origin)?;
            Self::ensure_cid(&profile.cid)?;
            let old = Patients::<T>::try_mutate(&patient, |entry| {
                let entry = entry.as_mut().ok_or(Error::<T>::PatientNotFound)?;
                Ok::<_, Error<T>>(entry.profile.replace(profile.clone()))
            })?;
            Self::deposit_event(Event::ProfileUpdated { patient, old, new: profile });
            Ok(())
        }

        /// Publish the key that content keys are sealed to for this account.
        ///
        /// Envelopes that exist stay sealed to the key they were made for.
        ///
        /// ## Dispatch origin
        /// Signed by any account. `EncryptionKeyDeposit` is held from it for its
        /// first key, unless it is a patient.
        ///
        /// ## Parameters
        /// - `key`: an X25519 public key (32 bytes); replaces one that was set before.
        ///
        /// ## Errors
        /// - `InvalidEncryptionKey`: the key is of small order, such as all zeros.
        ///
        /// ## Events
        /// - `EncryptionKeySet`.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::set_encryption_key())]
        pub fn set_encryption_key(origin: OriginFor<T>, key: EncryptionKey) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::ensure_encryption_key(&key)?;
            Self::hold_for_encryption_key(&account)?;
            Self::store_encryption_key(account, key);
            Ok(())
        }

        /// Choose the policy that decides who else may use the own records.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `policy`: the address of a policy contract; none for the chain's default.
        ///
        /// ## Errors
        /// - `PatientNotFound`: the signer is not a patient.
        ///
        /// ## Events
        /// - `PolicySet`.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::set_policy())]
        pub fn set_policy(origin: OriginFor<T>, policy: Option<T::AccountId>) -> DispatchResult {
            let patient = ensure_signed(origin)?;
            ensure!(Patients::<T>::contains_key(&patient), Error::<T>::PatientNotFound);
            let old = PatientPolicies::<T>::get(&patient);
            PatientPolicies::<T>::set(&patient, policy.clone());
            Self::deposit_event(Event::PolicySet { patient, old, new: policy });
            Ok(())
        }

        /// Set the policy of all patients who chose none.
        ///
        /// ## Dispatch origin
        /// The registrar (`RegistrarOrigin`).
        ///
        /// ## Parameters
        /// - `policy`: the address of a policy contract; none denies everything.
        ///
        /// ## Errors
        /// - `BadOrigin`: not the registrar.
        ///
        /// ## Events
        /// - `DefaultPolicySet`.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::set_default_policy())]
        pub fn set_default_policy(
            origin: OriginFor<T>,
            policy: Option<T::AccountId>,
        ) -> DispatchResult {
            T::RegistrarOrigin::ensure_origin(origin)?;
            let old = DefaultPolicy::<T>::get();
            DefaultPolicy::<T>::set(policy.clone());
            Self::deposit_event(Event::DefaultPolicySet { old, new: policy });
            Ok(())
        }

        /// Give a provider a role. One account may have several.
        ///
        /// ## Dispatch origin
        /// The registrar (`RegistrarOrigin`).
        ///
        /// ## Parameters
        /// - `account`: the provider.
        /// - `role`: the role.
        ///
        /// ## Errors
        /// - `BadOrigin`: not the registrar.
        /// - `ProviderExists`: the account has the role already.
        ///
        /// ## Events
        /// - `ProviderAdded`.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::add_provider())]
        pub fn add_provider(
            origin: OriginFor<T>,
            account: T::AccountId,
            role: Role,
        ) -> DispatchResult {
            T::RegistrarOrigin::ensure_origin(origin)?;
            ensure!(!Providers::<T>::contains_key(&account, role), Error::<T>::ProviderExists);
            Providers::<T>::insert(&account, role, ());
            Self::deposit_event(Event::ProviderAdded { account, role });
            Ok(())
        }

        /// Take a role away from a provider. What they did with it stays.
        ///
        /// ## Dispatch origin
        /// The registrar (`RegistrarOrigin`).
        ///
        /// ## Parameters
        /// - `account`: the provider.
        /// - `role`: the role.
        ///
        /// ## Errors
        /// - `BadOrigin`: not the registrar.
        /// - `ProviderNotFound`: the account does not have the role.
        ///
        /// ## Events
        /// - `ProviderRemoved`.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::remove_provider())]
        pub fn remove_provider(
            origin: OriginFor<T>,
            account: T::AccountId,
            role: Role,
        ) -> DispatchResult {
            T::RegistrarOrigin::ensure_origin(origin)?;
            Providers::<T>::take(&account, role).ok_or(Error::<T>::ProviderNotFound)?;
            Self::deposit_event(Event::ProviderRemoved { account, role });
            Ok(())
        }

        /// Add a record to a patient's file and, if wanted, have a model run on it.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, or by a lab technician whom the patient's
        /// policy lets `Append`. `RecordDeposit` and for each envelope
        /// `EnvelopeDeposit` are held from the signer until the record is erased.
        ///
        /// ## Parameters
        /// - `patient`: whose record it is.
        /// - `cid`: where the encrypted bytes are: CIDv1 text, base32 in lower case.
        /// - `digest`: SHA-256 (32 bytes) of the encrypted bytes.
        /// - `kind`: what the document is.
        /// - `envelopes`: the readers, each with the content key sealed to them
        ///   (80 bytes); at most `MaxEnvelopes`.
        /// - `inference`: the model to run on the record. A signer who is not
        ///   the patient then needs the consent to `Infer` as well.
        /// - `custody`: the content key, split among the custodians that the
        ///   patient chose, in their order, each share sealed to its custodian.
        ///   `CustodyDeposit` is held for each.
        ///
        /// ## Errors
        /// - `PatientNotFound`: nobody registered under `patient`.
        /// - `NotLabTechnician`: the signer is neither the patient nor a lab technician.
        /// - `InvalidCid`: `cid` is not one that is taken here.
        /// - `DuplicateReader`: a reader is named twice.
        /// - `EncryptionKeyNotFound`: a reader has published no key.
        /// - Denials of the policy: `NoPolicy`, `PolicyNotFound`, `PolicyTrapped`,
        ///   `PolicyOutOfGas`, `PolicyAnswerInvalid`, `PolicyReentered`, `NoGrant`,
        ///   `ActionNotGranted`, `GrantExpired`, `GrantRevoked`, `PolicyRefused`.
        /// - `RecordIdsExhausted`: every record number is taken.
        /// - `NoCustodians`, `CustodiansMismatch`: the shares are not for the
        ///   patient's custodians as they are now.
        /// - `ContentEntrusted`: custodians keep or kept this content under another
        ///   record.
        /// - What refuses the order of the model, if there is one.
        ///
        /// ## Events
        /// - `RecordAdded`, an `EnvelopeAdded` for each reader; `RecordEntrusted`
        ///   with custody; `AccessChecked` where the policy was asked.
        #[pallet::call_index(7)]
        #[pallet::weight(
            T::WeightInfo::add_record(envelopes.len() as u32)
                .saturating_add(custody_weight::<T>(custody))
                .saturating_add(T::AccessControl::weight())
                .saturating_add(Pallet::<T>::order_weight(inference))
        )]
        pub fn add_record(
            origin: OriginFor<T>,
            patient: T::AccountId,
            cid: Cid,
            digest: ContentDigest,
            kind: RecordKind,
            envelopes: EnvelopesOf<T>,
            inference: Option<ModelId>,
            custody: Option<SharesOf<T>>,
        ) -> DispatchResultWithPostInfo {
            let author = ensure_signed(origin)?;
            let base = T::WeightInfo::add_record(envelopes.len() as u32)
                .saturating_add(custody_weight::<T>(&custody));
            let used = Self::do_add_record(
                author, patient, cid, digest, kind, envelopes, inference, custody,
            )?;
            Ok(Some(base.saturating_add(used)).into())
        }

        /// Add a new version of a record. The version before stays as it is,
        /// with its readers, and is marked as superseded.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, or by an account that the patient's policy
        /// lets `Amend`. `RecordDeposit` and for each envelope
        /// `EnvelopeDeposit` are held from the signer until the version is erased.
        ///
        /// ## Parameters
        /// - `record`: the newest version.
        /// - `cid`: where the new encrypted bytes are: CIDv1 text, base32 in lower case.
        /// - `digest`: SHA-256 (32 bytes) of the new encrypted bytes.
        /// - `envelopes`: the readers of the new version, each with its content
        ///   key sealed to them (80 bytes); at most `MaxEnvelopes`. Readers of
        ///   the version before are not taken over.
        /// - `custody`: as for `add_record`, for the new version.
        ///
        /// ## Errors
        /// - `RecordNotFound`, `RecordErased`: there is no such record any more.
        /// - `RecordSuperseded`: it is not the newest version.
        /// - `InvalidCid`: `cid` is not one that is taken here.
        /// - `DuplicateReader`: a reader is named twice.
        /// - `EncryptionKeyNotFound`: a reader has published no key.
        /// - Denials of the policy, as for `add_record`.
        /// - `RecordIdsExhausted`: every record number is taken.
        /// - `NoCustodians`, `CustodiansMismatch`, `ContentEntrusted`: as for
        ///   `add_record`.
        ///
        /// ## Events
        /// - `RecordAmended`, an `EnvelopeAdded` for each reader; `RecordEntrusted`
        ///   with custody; `AccessChecked` where the policy was asked.
        #[pallet::call_index(8)]
        #[pallet::weight(
            T::WeightInfo::amend_record(envelopes.len() as u32)
                .saturating_add(custody_weight::<T>(custody))
                .saturating_add(T::AccessControl::weight())
        )]
        pub fn amend_record(
            origin: OriginFor<T>,
            record: RecordId,
            cid: Cid,
            digest: ContentDigest,
            envelopes: EnvelopesOf<T>,
            custody: Option<SharesOf<T>>,
        ) -> DispatchResultWithPostInfo {
            let author = ensure_signed(origin)?;
            let base = T::WeightInfo::amend_record(envelopes.len() as u32)
                .saturating_add(custody_weight::<T>(&custody));
            let asked = Self::do_amend_record(&author, record, cid, digest, envelopes, custody)?;
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Hand the content key of a record to another reader.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, or by an account that the patient's policy
        /// lets `Share`. `EnvelopeDeposit` is held from the signer until the
        /// envelope is removed.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `reader`: who is to read it.
        /// - `sealed_key`: the content key, sealed to the reader (80 bytes).
        ///
        /// ## Errors
        /// - `RecordNotFound`, `RecordErased`: there is no such record any more.
        /// - `EncryptionKeyNotFound`: the reader has published no key.
        /// - `EnvelopeExists`: the reader has one; only the patient replaces it.
        /// - `TooManyEnvelopes`: the record has `MaxEnvelopes` already.
        /// - Denials of the policy, as for `add_record`.
        ///
        /// ## Events
        /// - `EnvelopeAdded`; before it `EnvelopeRemoved` where the patient
        ///   replaced one; `AccessChecked` where the policy was asked.
        #[pallet::call_index(9)]
        #[pallet::weight(
            T::WeightInfo::share_record().saturating_add(T::AccessControl::weight())
        )]
        pub fn share_record(
            origin: OriginFor<T>,
            record: RecordId,
            reader: T::AccountId,
            sealed_key: SealedKey,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let asked = Self::do_share_record(&who, record, reader, sealed_key)?;
            Ok(Some(T::WeightInfo::share_record().saturating_add(asked)).into())
        }

        /// Remove the envelope of a reader, and what custodians hand over to them.
        /// The deposits go back to whoever paid them.
        ///
        /// Who has opened the envelope before may have kept the content key:
        /// the patient's key epoch rises, and the next version of the record
        /// needs a fresh one.
        ///
        /// ## Dispatch origin
        /// Signed by the patient or by the reader.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `reader`: whose envelope to remove.
        ///
        /// ## Errors
        /// - `RecordNotFound`: there is no such record.
        /// - `NotPatientOrReader`: the signer is neither.
        /// - `EnvelopeNotFound`: the reader has neither an envelope for this record
        ///   nor a grant.
        ///
        /// ## Events
        /// - `EnvelopeRemoved`, `AccessEnded`: what there was.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::remove_envelope())]
        pub fn remove_envelope(
            origin: OriginFor<T>,
            record: RecordId,
            reader: T::AccountId,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_remove_envelope(&who, record, reader)
        }

        /// Destroy all envelopes of a record, and the custodians' shares, and mark
        /// it as erased, for good.
        ///
        /// The deposits go back to whoever paid them. Other versions of the
        /// record are not touched.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `record`: the record.
        ///
        /// ## Errors
        /// - `RecordNotFound`: there is no such record.
        /// - `NotPatient`: it is not the signer's.
        /// - `RecordErased`: it was erased before.
        ///
        /// ## Events
        /// - `RecordErased`; an `AccessEnded` for each grant.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::erase_record(T::MaxEnvelopes::get(), T::MaxGrants::get()))]
        pub fn erase_record(origin: OriginFor<T>, record: RecordId) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let (envelopes, grants) = Self::do_erase_record(&who, record)?;
            Ok(Some(T::WeightInfo::erase_record(envelopes, grants)).into())
        }

        /// Name a relative, or change what is said of one.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `relative`: the relative's account.
        /// - `kind`: how they are related to the patient.
        /// - `emergency_contact`: whether to turn to them in an emergency.
        ///
        /// ## Errors
        /// - `SelfRelation`: `relative` is the patient.
        /// - `PatientNotFound`: the signer is not a patient.
        /// - `TooManyRelations`: the patient has named `MaxRelations` relatives already.
        ///
        /// ## Events
        /// - `RelationSet`.
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::set_relation())]
        pub fn set_relation(
            origin: OriginFor<T>,
            relative: T::AccountId,
            kind: RelationKind,
            emergency_contact: bool,
        ) -> DispatchResult {
            let patient = ensure_signed(origin)?;
            ensure!(patient != relative, Error::<T>::SelfRelation);
            let mut entry = Patients::<T>::get(&patient).ok_or(Error::<T>::PatientNotFound)?;
            let old = Relations::<T>::get(&patient, &relative);
            if old.is_none() {
                ensure!(entry.relations < MAX_RELATIONS, Error::<T>::TooManyRelations);
                entry.relations = entry.relations.saturating_add(1);
                Patients::<T>::insert(&patient, entry);
            }
            let new = Relation { kind, emergency_contact };
            Relations::<T>::insert(&patient, &relative, new);
            Self::deposit_event(Event::RelationSet { patient, relative, old, new });
            Ok(())
        }

        /// Remove a relative.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `relative`: the relative's account.
        ///
        /// ## Errors
        /// - `RelationNotFound`: the signer has not named this relative.
        ///
        /// ## Events
        /// - `RelationRemoved`.
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::remove_relation())]
        pub fn remove_relation(origin: OriginFor<T>, relative: T::AccountId) -> DispatchResult {
            let patient = ensure_signed(origin)?;
            Relations::<T>::take(&patient, &relative).ok_or(Error::<T>::RelationNotFound)?;
            Patients::<T>::mutate_extant(&patient, |entry| {
                entry.relations = entry.relations.saturating_sub(1);
            });
            Self::deposit_event(Event::RelationRemoved { patient, relative });
            Ok(())
        }

        /// Ask to see a record. The answer is an event, also where it is no.
        ///
        /// On yes, the custodians of the record seal their shares of the content
        /// key to the signer, within `AccessPeriod` blocks; the policy is asked
        /// again each time. A no ends what was granted before.
        ///
        /// ## Dispatch origin
        /// Signed by any account. On yes, `GrantDeposit` is held from it until the
        /// grant ends, where custodians keep the key.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `purpose`: what for; the policy may ask for it, and it goes to the log.
        ///
        /// ## Errors
        /// - `RecordNotFound`: there is no such record.
        /// - `EncryptionKeyNotFound`: granted, but the signer has published no key.
        /// - `TooManyGrants`: granted, but `MaxGrants` grants stand on this record.
        ///
        /// ## Events
        /// - `AccessGranted`, after `AccessChecked` where the policy was asked.
        /// - `AccessDenied`, with the reason; the call still succeeds. `AccessEnded`
        ///   where something had been granted before.
        #[pallet::call_index(14)]
        #[pallet::weight(
            T::WeightInfo::request_access().saturating_add(T::AccessControl::weight())
        )]
        pub fn request_access(
            origin: OriginFor<T>,
            record: RecordId,
            purpose: Purpose,
        ) -> DispatchResultWithPostInfo {
            let subject = ensure_signed(origin)?;
            let asked = Self::do_request_access(subject, record, purpose)?;
            Ok(Some(T::WeightInfo::request_access().saturating_add(asked)).into())
        }

        /// Take the own encryption key back. Nobody seals to it any more; envelopes
        /// that exist stay, and are opened with the secret key as before.
        ///
        /// ## Dispatch origin
        /// Signed by the account, to which the deposit for the key goes back.
        ///
        /// ## Errors
        /// - `EncryptionKeyNotFound`: the signer has published none.
        /// - `PatientNeedsEncryptionKey`: the signer is a patient.
        ///
        /// ## Events
        /// - `EncryptionKeyRemoved`.
        #[pallet::call_index(15)]
        #[pallet::weight(T::WeightInfo::remove_encryption_key())]
        pub fn remove_encryption_key(origin: OriginFor<T>) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_remove_encryption_key(account)
        }

        /// Choose the custodians who keep the content keys of what is added from
        /// now on. What they keep already, they keep: see `entrust_record`.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, from whom `CustodyDeposit` is held for each.
        ///
        /// ## Parameters
        /// - `custodians`: who; at most `MaxCustodians`. None lets all go.
        /// - `threshold`: how many of them together open a key; 0 for none. With 1,
        ///   each can alone; below the threshold nobody but the readers can.
        ///
        /// ## Errors
        /// - `PatientNotFound`: the signer is not a patient.
        /// - `NotCustodian`: one is not registered as a custodian, or is the signer.
        /// - `DuplicateCustodian`: one is named twice.
        /// - `EncryptionKeyNotFound`: one has published no key.
        /// - `InvalidThreshold`: the threshold does not fit.
        ///
        /// ## Events
        /// - `CustodiansSet`.
        #[pallet::call_index(16)]
        #[pallet::weight(T::WeightInfo::set_custodians(custodians.len() as u32))]
        pub fn set_custodians(
            origin: OriginFor<T>,
            custodians: CustodiansOf<T>,
            threshold: u32,
        ) -> DispatchResult {
            let patient = ensure_signed(origin)?;
            Self::do_set_custodians(patient, custodians, threshold)
        }

        /// Split the content key of a record that exists among the patient's
        /// custodians, or anew where they have changed, or take it from all of them.
        /// All grants on it end.
        ///
        /// ## Dispatch origin
        /// Signed by the patient. `CustodyDeposit` is held for each custodian.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `shares`: the patient's custodians in their order, each with the share
        ///   sealed to them (80 bytes); none takes the record from custody.
        ///
        /// ## Errors
        /// - `RecordNotFound`, `RecordErased`: there is no such record any more.
        /// - `NotPatient`: it is not the signer's.
        /// - `NotEntrusted`: no custodian keeps it, so that it cannot be taken back.
        /// - `ContentEntrusted`: custodians keep or kept this content under another
        ///   record.
        /// - `NoCustodians`, `CustodiansMismatch`: the shares are not for the
        ///   patient's custodians as they are now.
        ///
        /// ## Events
        /// - `RecordEntrusted`, with nobody where it was taken back; before it an
        ///   `AccessEnded` for each grant.
        #[pallet::call_index(17)]
        #[pallet::weight(
            T::WeightInfo::entrust_record(shares.len() as u32, T::MaxGrants::get())
        )]
        pub fn entrust_record(
            origin: OriginFor<T>,
            record: RecordId,
            shares: SharesOf<T>,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let count = shares.len() as u32;
            let ended = Self::do_entrust_record(&who, record, shares)?;
            Ok(Some(T::WeightInfo::entrust_record(count, ended)).into())
        }

        /// Hand a custodian's share of a content key over to who was granted access.
        ///
        /// Where the policy gave the access, it is asked again: if it says no by
        /// now, the grant ends and nothing is handed over. Costs no fee where it
        /// succeeds.
        ///
        /// ## Dispatch origin
        /// Signed by a custodian of the record.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `subject`: who was granted access.
        /// - `sealed_share`: the share, sealed to them (80 bytes).
        ///
        /// ## Errors
        /// - `NotEntrusted`: no custodian keeps the key of this record.
        /// - `NotCustodian`: the signer keeps no share of it, or is no custodian
        ///   any more.
        /// - `AccessNotGranted`, `AccessExpired`: nothing is granted, or not any more.
        /// - `AlreadyDelivered`: the signer has handed over already.
        ///
        /// ## Events
        /// - `ShareDelivered`, after `AccessChecked` where the policy was asked.
        /// - `AccessEnded` and `AccessDenied` where it says no by now; the call
        ///   still succeeds.
        #[pallet::call_index(18)]
        #[pallet::weight(
            T::WeightInfo::deliver_share()
                .saturating_add(T::WeightInfo::expire_grant())
                .saturating_add(T::AccessControl::weight())
        )]
        pub fn deliver_share(
            origin: OriginFor<T>,
            record: RecordId,
            subject: T::AccountId,
            sealed_share: SealedKey,
        ) -> DispatchResultWithPostInfo {
            let custodian = ensure_signed(origin)?;
            let used = Self::do_deliver_share(custodian, record, subject, sealed_share)?;
            Ok((Some(used), Pays::No).into())
        }

        /// Remove a grant whose time is over, with the shares that were handed
        /// over. It happens by itself as soon as a block has room for it.
        ///
        /// ## Dispatch origin
        /// Signed by any account. The deposit goes back to the subject.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `subject`: who was granted access.
        ///
        /// ## Errors
        /// - `AccessNotGranted`: there is no such grant.
        /// - `AccessNotExpired`: its last block is not over.
        ///
        /// ## Events
        /// - `AccessEnded`.
        #[pallet::call_index(19)]
        #[pallet::weight(T::WeightInfo::expire_grant())]
        pub fn expire_grant(
            origin: OriginFor<T>,
            record: RecordId,
            subject: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_expire_grant(record, &subject)
        }

        /// Get a record's key in an emergency, without asking the patient first.
        ///
        /// Everybody sees it. The patient or a guardian says afterwards whether it
        /// was right; if they do not within `ReviewPeriod` blocks, or say no, the
        /// bond is lost.
        ///
        /// ## Dispatch origin
        /// Signed by an emergency contact of the patient, by a clinician, or by an
        /// account to which the patient's policy allows `Emergency`.
        /// `EmergencyBond` and `GrantDeposit` are held from it.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `reason`: why.
        ///
        /// ## Errors
        /// - `RecordNotFound`, `RecordErased`: there is no such record any more.
        /// - `OwnRecord`: the signer is the patient.
        /// - Denials of the policy, as for `add_record`, for who is neither contact
        ///   nor clinician.
        /// - `EmergencyOptedOut`: the patient lets nobody break the glass.
        /// - `NotEntrusted`: no custodian keeps the key of this record.
        /// - `AlreadyGranted`: the signer has broken the glass over it already.
        /// - `TooManyEmergencies`: `MaxOpenEmergencies` of the signer wait for a review.
        /// - `EncryptionKeyNotFound`: the signer has published no key.
        /// - `TooManyGrants`: `MaxGrants` grants stand on this record.
        ///
        /// ## Events
        /// - `GlassBroken`, after `AccessChecked` where the policy was asked, and
        ///   `AccessEnded` where it takes the place of what the policy had granted.
        #[pallet::call_index(20)]
        #[pallet::weight(
            T::WeightInfo::break_glass().saturating_add(T::AccessControl::weight())
        )]
        pub fn break_glass(
            origin: OriginFor<T>,
            record: RecordId,
            reason: EmergencyReason,
        ) -> DispatchResultWithPostInfo {
            let subject = ensure_signed(origin)?;
            let asked = Self::do_break_glass(subject, record, reason)?;
            Ok(Some(T::WeightInfo::break_glass().saturating_add(asked)).into())
        }

        /// Say whether breaking the glass was right.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, or by a relative whom the patient named as
        /// guardian; never by who broke the glass.
        ///
        /// ## Parameters
        /// - `emergency`: the emergency.
        /// - `accepted`: yes gives the bond back. No burns it, ends the access and
        ///   raises the patient's key epoch.
        ///
        /// ## Errors
        /// - `EmergencyNotFound`: there is no such emergency, or it is reviewed.
        /// - `NotReviewer`: the signer may not review it.
        /// - `ReviewOver`: the time for it is over.
        ///
        /// ## Events
        /// - `EmergencyReviewed`; `AccessEnded` where it ended the access.
        #[pallet::call_index(21)]
        #[pallet::weight(T::WeightInfo::review_emergency())]
        pub fn review_emergency(
            origin: OriginFor<T>,
            emergency: EmergencyId,
            accepted: bool,
        ) -> DispatchResult {
            let reviewer = ensure_signed(origin)?;
            Self::do_review_emergency(reviewer, emergency, accepted)
        }

        /// Close an emergency that nobody reviewed in time. It happens by itself as
        /// soon as a block has room for it.
        ///
        /// ## Dispatch origin
        /// Signed by any account.
        ///
        /// ## Parameters
        /// - `emergency`: the emergency.
        ///
        /// ## Errors
        /// - `EmergencyNotFound`: there is no such emergency, or it is reviewed.
        /// - `ReviewNotOver`: it can still be reviewed.
        ///
        /// ## Events
        /// - `EmergencyLapsed`.
        #[pallet::call_index(22)]
        #[pallet::weight(T::WeightInfo::lapse_emergency())]
        pub fn lapse_emergency(origin: OriginFor<T>, emergency: EmergencyId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_lapse_emergency(emergency)
        }

        /// Say whether the glass may be broken over the own records. It may, until
        /// the patient says otherwise.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `allowed`: whether it may.
        ///
        /// ## Errors
        /// - `PatientNotFound`: the signer is not a patient.
        ///
        /// ## Events
        /// - `EmergencyAccessSet`.
        #[pallet::call_index(23)]
        #[pallet::weight(T::WeightInfo::set_emergency_access())]
        pub fn set_emergency_access(origin: OriginFor<T>, allowed: bool) -> DispatchResult {
            let patient = ensure_signed(origin)?;
            Self::do_set_emergency_access(patient, allowed)
        }
    }
}

/// What the shares cost that come with a record: as much as when they come later.
fn custody_weight<T: Config>(custody: &Option<SharesOf<T>>) -> frame_support::weights::Weight {
    let shares = custody.as_ref().map(|shares| shares.len() as u32);
    shares.map_or_else(Default::default, |count| T::WeightInfo::entrust_record(count, 0))
}
