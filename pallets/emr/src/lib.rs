//! Patients, their records, who may read them, and a log of access.
//!
//! The ciphertext of a record is kept in a content-addressed store. This pallet
//! stores its CID, its origin and, for each reader, an *envelope*: the content
//! key, sealed to that reader's encryption key. Whether an account other than the
//! patient may do something with a record is asked through the [`AccessControl`]
//! seam, and content keys are entrusted to custodians through the [`KeyCustody`]
//! seam. Nothing in storage, calls or events is plaintext health data.
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

pub mod access;
pub mod custody;
pub mod departure;
pub mod due;
pub mod funds;
pub mod migrations;
pub mod runtime_api;
pub mod types;
pub mod weights;

mod impl_access;
mod impl_archives;
mod impl_envelopes;
mod impl_funds;
mod impl_institutions;
mod impl_keys;
mod impl_log;
mod impl_patients;
mod impl_policies;
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
pub use access::{AccessControl, AccessQuestion, Answer, InferenceOrders};
pub use custody::KeyCustody;
pub use departure::Departure;
pub use pallet::*;
pub use runtime_api::*;
pub use types::*;
pub use weights::{log_weight, WeightInfo};

#[frame_support::pallet]
#[allow(
    clippy::expect_used,
    clippy::too_many_arguments,
    clippy::unreachable,
    reason = "FRAME's macros generate such code"
)]
pub mod pallet {
    use alloc::{string::String, vec::Vec};
    use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
    use frame_system::pallet_prelude::*;
    use medchain_primitives::{
        Action, Cid, CidHash, ContentDigest, Document, EncryptionKey, FilmCommitments,
        InferenceOrder, InstitutionId, InstitutionName, LogHead, PolicyEntry, RecordId, RecordKind,
        Relation, RelationKind, Role, SealedKey,
    };
    use medchain_sharing::Entrustment;

    use super::*;
    use crate::impl_records::{NewContent, NewRecord};

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

    /// Maximum number of relations that a patient may set.
    pub const MAX_RELATIONS: u32 = 16;

    /// The pallet of patients and their records.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The parameters that the runtime sets.
    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>, RuntimeCall: From<Call<Self>>>
    {
        /// The currency of deposits.
        type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;

        /// The origin that admits institutions and announces the chain's default policy.
        type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// The origin that cancels an announced default policy, such as a minority of a council.
        type CancelOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Number of blocks between the announcement of a default policy and its enactment.
        ///
        /// Not a constant of the metadata: the runtime may read it from storage.
        type DefaultPolicyDelay: Get<BlockNumberFor<Self>>;

        /// Maximum number of blocks of a provider's term.
        #[pallet::constant]
        type MaxTerm: Get<BlockNumberFor<Self>>;

        /// Asks a policy whether an account may do something with a patient's records.
        type AccessControl: AccessControl<Self::AccountId>;

        /// Accepts the order to run a model on a new record.
        type InferenceOrders: InferenceOrders<Self::AccountId>;

        /// Keeps the content keys that are entrusted, and the access granted to them.
        type Custody: KeyCustody<Self::AccountId>;

        /// Knows what else a patient must have ended before leaving.
        type Departure: Departure<Self::AccountId>;

        /// Deposit held from a patient for the registration, relations included.
        #[pallet::constant]
        type PatientDeposit: Get<BalanceOf<Self>>;

        /// Deposit held from the author of a record.
        #[pallet::constant]
        type RecordDeposit: Get<BalanceOf<Self>>;

        /// Deposit held for an envelope from the account that adds it.
        #[pallet::constant]
        type EnvelopeDeposit: Get<BalanceOf<Self>>;

        /// Deposit held for an encryption key from an account that is not a patient.
        #[pallet::constant]
        type EncryptionKeyDeposit: Get<BalanceOf<Self>>;

        /// Maximum number of envelopes of one record.
        #[pallet::constant]
        type MaxEnvelopes: Get<u32>;

        /// The weights of the calls.
        type WeightInfo: WeightInfo;

        /// Makes the policy allow everything in benchmarks.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
    }

    /// The reasons for which this pallet holds funds.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The registration of a patient.
        Patient,
        /// A record.
        Record,
        /// An envelope.
        Envelope,
        /// An encryption key.
        EncryptionKey,
        /// The pointer to an archive of logs.
        LogArchive,
    }

    /// Registered patients.
    #[pallet::storage]
    pub type Patients<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, PatientOf<T>, OptionQuery>;

    /// Encryption key (X25519) of each account, to which content keys are sealed.
    #[pallet::storage]
    pub type EncryptionKeys<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, EncryptionKey, OptionQuery>;

    /// Deposit held from each account for its encryption key.
    ///
    /// A patient's key is covered by the deposit for the registration.
    #[pallet::storage]
    pub type EncryptionKeyDeposits<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, BalanceOf<T>, OptionQuery>;

    /// Institutions that the council admitted.
    #[pallet::storage]
    pub type Institutions<T: Config> =
        StorageMap<_, Twox64Concat, InstitutionId, InstitutionOf<T>, OptionQuery>;

    /// Number of the next institution. Numbers are never used again.
    #[pallet::storage]
    pub type NextInstitutionId<T: Config> = StorageValue<_, InstitutionId, ValueQuery>;

    /// Roles of each provider, with the institution and the end of the term.
    ///
    /// An entry whose term is over, or whose institution was removed, counts as none.
    #[pallet::storage]
    pub type Providers<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Twox64Concat,
        Role,
        AppointmentOf<T>,
        OptionQuery,
    >;

    /// Policy that each patient chose; without an entry, the default applies.
    ///
    /// The patient's own account stands for nobody: no policy is asked, and everybody is refused.
    #[pallet::storage]
    pub type PatientPolicies<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId, OptionQuery>;

    /// Policy of the patients who have not chosen one.
    #[pallet::storage]
    pub type DefaultPolicy<T: Config> = StorageValue<_, T::AccountId, OptionQuery>;

    /// Default policy that was announced, and the first block in which it can be enacted.
    #[pallet::storage]
    pub type PendingDefaultPolicy<T: Config> = StorageValue<_, PendingPolicyOf<T>, OptionQuery>;

    /// Number of the next record to be added.
    #[pallet::storage]
    pub type NextRecordId<T: Config> = StorageValue<_, RecordId, ValueQuery>;

    /// All records, including erased ones.
    #[pallet::storage]
    pub type Records<T: Config> = StorageMap<_, Twox64Concat, RecordId, RecordOf<T>, OptionQuery>;

    /// Record of each content that a patient ever had, by the hash of its CID and patient.
    ///
    /// By the hash, so that the CID of an erased content is not in the state.
    ///
    /// It is never freed: an erased content must not come back, neither to old envelopes that
    /// readers kept nor to old dealings, which are bound to patient and content. It is one for
    /// each patient: otherwise whoever saw a CID in the transaction pool could claim it first.
    #[pallet::storage]
    pub type Contents<T: Config> = StorageDoubleMap<
        _,
        Identity,
        CidHash,
        Blake2_128Concat,
        T::AccountId,
        RecordId,
        OptionQuery,
    >;

    /// Numbers of each patient's records.
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

    /// What the uploader of a chest X-ray committed to, by record.
    #[pallet::storage]
    pub type Commitments<T: Config> =
        StorageMap<_, Twox64Concat, RecordId, FilmCommitments, OptionQuery>;

    /// Envelopes, by record and reader.
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

    /// Relations, by patient and relative.
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

    /// The end of each patient's log, which links all events about the patient.
    ///
    /// It only grows, and stays for ever: whoever knows it notices a log that lacks an entry.
    #[pallet::storage]
    pub type Logs<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, LogHead<BlockNumberFor<T>>, OptionQuery>;

    /// Where each archive of logs has its newest index, by the archive's account.
    ///
    /// Anybody may run an archive. The chain verifies nothing of it: a reader compares what it has
    /// with `Logs`.
    #[pallet::storage]
    pub type LogArchives<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, LogArchiveOf<T>, OptionQuery>;

    /// The institutions that the first block knows.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// The name and the registrar of each institution, in the order of their numbers.
        pub institutions: Vec<(String, T::AccountId)>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            for (name, registrar) in &self.institutions {
                let name = InstitutionName::try_from(name.as_bytes().to_vec());
                assert!(
                    name.as_ref().is_ok_and(|name| !name.is_empty()),
                    "an institution has a name of 1 to 64 bytes"
                );
                let admitted = Pallet::<T>::do_admit(name.unwrap_or_default(), registrar.clone());
                assert!(admitted.is_ok(), "there are few institutions");
            }
        }
    }

    /// The events of this pallet.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A patient registered.
        PatientRegistered {
            /// The patient.
            patient: T::AccountId,
        },
        /// A patient left, and the deposit was released.
        ///
        /// The log stays. What the patient had said about emergency access is forgotten.
        PatientDeregistered {
            /// The account, which is no patient any more.
            patient: T::AccountId,
        },
        /// A patient replaced the profile document.
        ProfileUpdated {
            /// The patient.
            patient: T::AccountId,
            /// The previous document.
            old: Option<Document>,
            /// The new document.
            new: Document,
        },
        /// A patient removed the profile document.
        ProfileRemoved {
            /// The patient.
            patient: T::AccountId,
            /// The document.
            old: Document,
        },
        /// An account published its encryption key.
        EncryptionKeySet {
            /// The account.
            account: T::AccountId,
            /// Its X25519 public key.
            key: EncryptionKey,
        },
        /// An account removed its encryption key, so nothing new can be sealed to it.
        EncryptionKeyRemoved {
            /// The account.
            account: T::AccountId,
        },
        /// A patient chose a policy.
        PolicySet {
            /// The patient.
            patient: T::AccountId,
            /// The previous policy.
            old: Option<T::AccountId>,
            /// The new policy; `None` for the chain's default, the patient's own account for nobody.
            new: Option<T::AccountId>,
        },
        /// A new default policy was announced; it is not in force yet.
        DefaultPolicyAnnounced {
            /// The policy in force.
            current: Option<T::AccountId>,
            /// The announced policy; `None` denies everything.
            announced: Option<T::AccountId>,
            /// The first block in which it can be enacted.
            enactable_at: BlockNumberFor<T>,
        },
        /// An announced default policy was cancelled, and the current one stays.
        DefaultPolicyCancelled {
            /// The policy that will not come into force.
            announced: Option<T::AccountId>,
        },
        /// The chain's default policy was set.
        DefaultPolicySet {
            /// The previous policy.
            old: Option<T::AccountId>,
            /// The new policy; `None` denies everything.
            new: Option<T::AccountId>,
        },
        /// An institution was admitted, and its registrar can appoint providers.
        InstitutionAdmitted {
            /// The institution.
            institution: InstitutionId,
            /// The name, in UTF-8.
            name: InstitutionName,
            /// The registrar.
            registrar: T::AccountId,
        },
        /// An institution was removed, and the roles that it gave ended.
        InstitutionRemoved {
            /// The institution.
            institution: InstitutionId,
        },
        /// An institution received another registrar.
        RegistrarSet {
            /// The institution.
            institution: InstitutionId,
            /// The previous registrar.
            old: T::AccountId,
            /// The new registrar.
            new: T::AccountId,
        },
        /// A provider received a role for a term.
        ProviderAdded {
            /// The provider.
            account: T::AccountId,
            /// The role.
            role: Role,
            /// The institution that appointed the provider.
            institution: InstitutionId,
            /// The last block of the term.
            until: BlockNumberFor<T>,
        },
        /// A provider's term was changed.
        ProviderRenewed {
            /// The provider.
            account: T::AccountId,
            /// The role.
            role: Role,
            /// The last block of the previous term.
            old: BlockNumberFor<T>,
            /// The last block of the new term.
            new: BlockNumberFor<T>,
        },
        /// A provider lost a role.
        ProviderRemoved {
            /// The provider.
            account: T::AccountId,
            /// The role.
            role: Role,
        },
        /// A policy was asked and allowed access.
        AccessChecked {
            /// The patient whose records they are.
            patient: T::AccountId,
            /// The account that is allowed to act.
            subject: T::AccountId,
            /// The record in question, if the action is about one.
            record: Option<RecordId>,
            /// The allowed action.
            action: Action,
            /// The policy that was asked.
            policy: Option<T::AccountId>,
        },
        /// A record was added.
        RecordAdded {
            /// The record.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The account that added it.
            author: T::AccountId,
            /// The CID of its encrypted bytes.
            cid: Cid,
            /// The kind of document.
            kind: RecordKind,
        },
        /// A new version of a record was added.
        RecordAmended {
            /// The new version.
            record: RecordId,
            /// The version that it replaces.
            previous: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
            /// The account that added the new version.
            author: T::AccountId,
            /// The CID of the encrypted bytes of the new version.
            cid: Cid,
        },
        /// A reader received the content key of a record.
        EnvelopeAdded {
            /// The record.
            record: RecordId,
            /// The reader.
            reader: T::AccountId,
        },
        /// A reader's envelope was removed.
        ///
        /// `EnvelopeAdded` follows if it was replaced; otherwise, if the patient removed
        /// another reader's envelope, the key epoch rose by one.
        EnvelopeRemoved {
            /// The record.
            record: RecordId,
            /// The reader.
            reader: T::AccountId,
        },
        /// An account removed the envelope that it had paid for, and its deposit was released.
        EnvelopeWithdrawn {
            /// The record.
            record: RecordId,
            /// The reader.
            reader: T::AccountId,
            /// The account that had paid for the envelope.
            depositor: T::AccountId,
        },
        /// A caretaker, not the patient, signed for the record or version that was just added.
        ///
        /// That is a proxy that may add records in the patient's name, but not erase them.
        RecordByCaretaker {
            /// The record.
            record: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
        },
        /// A caretaker, not the patient, signed for the profile that was just stored.
        ProfileByCaretaker {
            /// The patient.
            patient: T::AccountId,
        },
        /// The patient made a previous version of a record the newest again.
        RecordRestored {
            /// The version that is the newest again.
            record: RecordId,
            /// The version that was the newest.
            replaced: RecordId,
            /// The patient whose record it is.
            patient: T::AccountId,
        },
        /// A record was erased with all its envelopes.
        RecordErased {
            /// The record.
            record: RecordId,
            /// The patient whose record it was.
            patient: T::AccountId,
        },
        /// A patient added a relation or updated an existing one.
        RelationSet {
            /// The patient.
            patient: T::AccountId,
            /// The relative.
            relative: T::AccountId,
            /// The previous relation.
            old: Option<Relation>,
            /// The new relation.
            new: Relation,
        },
        /// A patient removed a relation.
        RelationRemoved {
            /// The patient.
            patient: T::AccountId,
            /// The relative.
            relative: T::AccountId,
        },
        /// A patient's policy contract wrote into the log what changed in it.
        PolicyNoted {
            /// The patient.
            patient: T::AccountId,
            /// The policy contract, which was in force for the patient.
            policy: T::AccountId,
            /// What changed, in the contract's own encoding.
            entry: PolicyEntry,
        },
        /// An archive of logs named its newest index.
        LogArchiveSet {
            /// The archive's account.
            archive: T::AccountId,
            /// The CID of the index.
            cid: Cid,
        },
        /// An archive of logs ended, and its deposit was released.
        LogArchiveRemoved {
            /// The archive's account.
            archive: T::AccountId,
        },
    }

    /// The reasons for which a call fails.
    #[pallet::error]
    pub enum Error<T> {
        /// The account is already registered as a patient.
        PatientAlreadyExists,
        /// The account is not a patient. Patients register with `register_patient`.
        PatientNotFound,
        /// The patient still has records that are not erased. Erase each of them with `erase_record` first.
        RecordsNotErased,
        /// An account may still add records in the patient's name. End that with `Proxy.remove_proxy` first.
        CaretakersNotRemoved,
        /// The patient has no profile. A profile is stored with `update_profile`.
        ProfileNotFound,
        /// Unsupported CID. Use version 1 in lower-case base32, codec raw or dag-pb, hash sha2-256.
        InvalidCid,
        /// The patient has, or had, a record with this content. Encrypt the document again with a new key.
        ContentAlreadyExists,
        /// Only a chest X-ray has commitments. Other documents are added without them.
        NotChestXray,
        /// The encryption key is insecure (of small order, such as all zeros): anybody could open what is sealed to it. Generate another with `medchain key new`.
        InvalidEncryptionKey,
        /// The account has not published an encryption key. It does so with `set_encryption_key`.
        EncryptionKeyNotFound,
        /// A patient must have an encryption key. Replace it with `set_encryption_key`.
        EncryptionKeyRequired,
        /// No default policy is announced. Governance announces one with `announce_default_policy`.
        DefaultPolicyNotAnnounced,
        /// A default policy is announced already. Enact or cancel it first.
        DefaultPolicyAlreadyAnnounced,
        /// The announced default policy cannot be enacted yet. `PendingDefaultPolicy` has the block.
        DefaultPolicyNotDue,
        /// There is no such institution, or it was removed.
        InstitutionNotFound,
        /// The name of an institution must have 1 to 64 bytes of UTF-8.
        InvalidInstitutionName,
        /// Every institution number is taken.
        InstitutionIdsExhausted,
        /// Only the registrar of the provider's institution may do this. `Institutions` lists the registrars.
        NotRegistrar,
        /// The term must end after this block, and within `MaxTerm` blocks.
        InvalidTerm,
        /// The account already has this role, perhaps from another institution. The provider can give it back with `remove_provider`.
        ProviderAlreadyExists,
        /// The account was not given this role.
        ProviderNotFound,
        /// Only the patient, or a lab technician whom the patient's policy allows `Append`, may add records. An institution's registrar appoints lab technicians.
        NotLabTechnician,
        /// Only the patient may do this.
        NotPatient,
        /// Only the patient or the reader may remove an envelope.
        NotPatientOrReader,
        /// There is no such record, or it belongs to another patient.
        RecordNotFound,
        /// The record was erased.
        RecordErased,
        /// A newer version of the record exists. Amend that one.
        RecordSuperseded,
        /// The record is the newest version already. Restore the one before.
        RecordNotSuperseded,
        /// The version that replaced this one was replaced in turn. Restore the one before the newest first.
        VersionNotLatest,
        /// The version that replaced this one was erased. Restore a version before you erase the newer one.
        NextVersionErased,
        /// A request for a verdict on the record, or on the version that replaced it, is open. Cancel it, or wait until it is closed.
        RequestOpen,
        /// Every record number is taken.
        RecordIdsExhausted,
        /// The reader already has an envelope for the key that it has published. Only the patient may replace that one.
        EnvelopeAlreadyExists,
        /// Unknown version of an envelope. Update the program that sealed the key.
        UnknownEnvelopeVersion,
        /// The envelope was made for another key than the one that the reader has published. Seal to the key in `EncryptionKeys`.
        EnvelopeForAnotherKey,
        /// Another account paid for this envelope. The patient and the reader can remove it with `remove_envelope`.
        NotDepositor,
        /// The patient's own envelope stays until the patient erases the record: nobody else may lock them out.
        PatientEnvelopeRequired,
        /// The verdict on the record can still be challenged, for which a worker needs an envelope. Wait until the time for it is over.
        VerdictChallengeable,
        /// The reader has neither an envelope nor a grant for this record.
        EnvelopeNotFound,
        /// The list contains a reader twice.
        DuplicateReader,
        /// The patient could not open this record. Whoever adds or amends another's record includes an envelope for the patient.
        PatientEnvelopeMissing,
        /// The record has reached its envelope limit, `MaxEnvelopes`, one of them for the patient. Have the patient remove one first.
        MaxEnvelopesExceeded,
        /// A patient cannot be their own relative.
        SelfRelation,
        /// The patient has reached the limit of relations, `MaxRelations`. Remove a relation first.
        MaxRelationsExceeded,
        /// The patient has set no relation to this account.
        RelationNotFound,
        /// Access denied: neither the patient nor the chain has a policy. The patient sets one with `set_policy`.
        NoPolicy,
        /// Access denied: there is no contract at the address of the patient's policy. The patient sets another with `set_policy`.
        PolicyNotFound,
        /// Access denied: the policy contract trapped.
        PolicyTrapped,
        /// Access denied: the policy contract exceeded its limit of gas or proof size.
        PolicyOutOfGas,
        /// Access denied: the policy contract reverted, or its answer is not a decision.
        PolicyAnswerInvalid,
        /// Access denied: a policy cannot be asked from within a contract. Submit the call from an ordinary account.
        PolicyReentered,
        /// Access denied by the policy: the patient has granted this account nothing.
        NoGrant,
        /// Access denied by the policy: the patient's grant does not include this action.
        ActionNotGranted,
        /// Access denied by the policy: the patient's grant has expired.
        GrantExpired,
        /// Access denied by the policy: the patient revoked the grant.
        GrantRevoked,
        /// Access denied by the policy for a policy-specific reason. `EmrApi::check_access` returns its code.
        PolicyRefused,
        /// The account has no archive of logs. It names one with `set_log_archive`.
        LogArchiveNotFound,
    }

    #[pallet::extra_constants]
    impl<T: Config> Pallet<T> {
        /// Maximum number of relations that a patient may set.
        #[pallet::constant_name(MaxRelations)]
        fn max_relations() -> u32 {
            MAX_RELATIONS
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(T::MaxEnvelopes::get() > 0, "a record without envelopes is of no use");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers the signer as a patient.
        ///
        /// ## Dispatch origin
        /// Signed by the patient. `PatientDeposit` is held; a deposit for an encryption key
        /// is released.
        ///
        /// ## Parameters
        /// - `profile`: the encrypted profile document, if there is one.
        /// - `encryption_key`: the X25519 public key (32 bytes) that content keys are sealed
        ///   to. It replaces an earlier one.
        ///
        /// ## Errors
        /// - `PatientAlreadyExists`: the signer is already a patient.
        /// - `InvalidCid`: the profile's CID is not supported.
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
            ensure!(!Patients::<T>::contains_key(&patient), Error::<T>::PatientAlreadyExists);
            if let Some(document) = &profile {
                Self::ensure_cid(&document.cid)?;
            }
            Self::ensure_encryption_key(&encryption_key)?;

            Self::release_key_deposit(&patient)?;
            let deposit = T::PatientDeposit::get();
            Self::hold(HoldReason::Patient, &patient, deposit)?;
            let entry = Patient { profile, key_epoch: 0, relations: 0, deposit, records: 0 };
            Patients::<T>::insert(&patient, entry);
            let event = Event::<T>::PatientRegistered { patient: patient.clone() };
            Self::deposit_logged(&patient, event);
            Self::store_encryption_key(&patient, encryption_key);
            Ok(())
        }

        /// Replaces the signer's encrypted profile document.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `profile`: the new document.
        ///
        /// ## Errors
        /// - `InvalidCid`: the document's CID is not supported.
        /// - `PatientNotFound`: the signer is not a patient.
        ///
        /// ## Events
        /// - `ProfileUpdated`; `ProfileByCaretaker` if a caretaker signed for the patient.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::update_profile())]
        pub fn update_profile(origin: OriginFor<T>, profile: Document) -> DispatchResult {
            let caretaker = Self::is_caretaker(&origin);
            let patient = ensure_signed(origin)?;
            Self::ensure_cid(&profile.cid)?;
            let old = Patients::<T>::try_mutate(&patient, |entry| {
                let entry = entry.as_mut().ok_or(Error::<T>::PatientNotFound)?;
                Ok::<_, Error<T>>(entry.profile.replace(profile.clone()))
            })?;
            let event = Event::<T>::ProfileUpdated { patient: patient.clone(), old, new: profile };
            Self::deposit_logged(&patient, event);
            if caretaker {
                let event = Event::<T>::ProfileByCaretaker { patient: patient.clone() };
                Self::deposit_logged(&patient, event);
            }
            Ok(())
        }

        /// Publishes the signer's encryption key, to which content keys are sealed.
        ///
        /// Existing envelopes remain sealed to the key that they were made for, until somebody who
        /// may share the record replaces them.
        ///
        /// ## Dispatch origin
        /// Signed by any account. `EncryptionKeyDeposit` is held for its first key, unless it
        /// is a patient.
        ///
        /// ## Parameters
        /// - `key`: an X25519 public key (32 bytes). It replaces an earlier one.
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
            Self::hold_key_deposit(&account)?;
            Self::store_encryption_key(&account, key);
            Ok(())
        }

        /// Chooses the policy that decides who else may use the signer's records.
        ///
        /// The address of today's default policy pins it: a later default does not apply.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `policy`: the address of a policy contract; `None` for the chain's default, whichever
        ///   it is at the time. The signer's own account stands for nobody, as in `allow_nobody`.
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
            Self::do_set_policy(&patient, policy)
        }

        /// Announces a new policy for all patients who have not chosen one.
        ///
        /// After `DefaultPolicyDelay` blocks anybody can enact it. Until then patients can choose
        /// another policy, pin the current one, or say nobody (`allow_nobody`).
        ///
        /// ## Dispatch origin
        /// Governance (`GovernanceOrigin`): more than half of the council.
        ///
        /// ## Parameters
        /// - `policy`: the address of a policy contract; `None` denies everything.
        ///
        /// ## Errors
        /// - `BadOrigin`: the origin is not governance.
        /// - `DefaultPolicyAlreadyAnnounced`: another one waits.
        ///
        /// ## Events
        /// - `DefaultPolicyAnnounced`.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::announce_default_policy())]
        pub fn announce_default_policy(
            origin: OriginFor<T>,
            policy: Option<T::AccountId>,
        ) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_announce_default_policy(policy)
        }

        /// Gives a provider a role for a term, in the name of an institution.
        ///
        /// One account may have several roles, each from one institution. A role that is over
        /// can be given again.
        ///
        /// ## Dispatch origin
        /// Signed by the registrar of the institution.
        ///
        /// ## Parameters
        /// - `institution`: the institution.
        /// - `account`: the provider.
        /// - `role`: the role.
        /// - `until`: the last block of the term, at most `MaxTerm` blocks from now.
        ///
        /// ## Errors
        /// - `InstitutionNotFound`: there is no such institution.
        /// - `NotRegistrar`: the signer is not its registrar.
        /// - `InvalidTerm`: the term is over already, or too long.
        /// - `ProviderAlreadyExists`: the account has the role now.
        ///
        /// ## Events
        /// - `ProviderAdded`.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::add_provider())]
        pub fn add_provider(
            origin: OriginFor<T>,
            institution: InstitutionId,
            account: T::AccountId,
            role: Role,
            until: BlockNumberFor<T>,
        ) -> DispatchResult {
            let registrar = ensure_signed(origin)?;
            Self::do_add_provider(&registrar, institution, account, role, until)
        }

        /// Removes a role from a provider.
        ///
        /// What the provider did in this role remains valid.
        ///
        /// ## Dispatch origin
        /// Signed by the registrar of the institution that gave the role, or by the provider;
        /// or governance (`GovernanceOrigin`).
        ///
        /// ## Parameters
        /// - `account`: the provider.
        /// - `role`: the role.
        ///
        /// ## Errors
        /// - `ProviderNotFound`: the account was not given the role.
        /// - `NotRegistrar`: the signer is neither the registrar nor the provider.
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
            let signer = match T::GovernanceOrigin::try_origin(origin) {
                Ok(_) => None,
                Err(origin) => Some(ensure_signed(origin)?),
            };
            Self::do_remove_provider(signer, account, role)
        }

        /// Adds a record to a patient's file and, if requested, orders a verdict on it.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, or by a lab technician whom the patient's policy allows
        /// `Append`. `RecordDeposit` and, for each envelope, `EnvelopeDeposit` are held from
        /// the signer until the record is erased.
        ///
        /// ## Parameters
        /// - `patient`: the patient whose record it is.
        /// - `cid`: the CID of the encrypted bytes: version 1, in lower-case base32.
        /// - `digest`: SHA-256 (32 bytes) of the encrypted bytes.
        /// - `kind`: the kind of document.
        /// - `commitments`: of a chest X-ray, the salted root of the square that preprocessing
        ///   makes of it, and the hash of the secret that seals its verdicts. Without them no
        ///   model can be run on it.
        /// - `envelopes`: the readers, each with the content key sealed to the key that they have
        ///   published (`SealedKey`, 89 bytes); at most `MaxEnvelopes`. The patient must be one of
        ///   them, unless the patient signs in person, not through a caretaker.
        /// - `inference`: the model to run on the record, and by how many workers. A signer
        ///   other than the patient then needs the consent to `Infer` as well.
        /// - `custody`: the content key, shared among the patient's custodians in their order,
        ///   and the threshold. `Custody::CustodyDeposit` is held for each of them.
        ///
        /// ## Errors
        /// - `PatientNotFound`: `patient` is not a patient.
        /// - `NotLabTechnician`: the signer is neither the patient nor a lab technician.
        /// - `InvalidCid`: `cid` is not supported.
        /// - `ContentAlreadyExists`: the patient has, or had, a record with this CID.
        /// - `NotChestXray`: commitments come with a document that is no chest X-ray.
        /// - `DuplicateReader`: a reader is listed twice.
        /// - `EncryptionKeyNotFound`: a reader has not published a key.
        /// - `UnknownEnvelopeVersion`, `EnvelopeForAnotherKey`: an envelope is of an unknown
        ///   version, or for another key than its reader's.
        /// - `PatientEnvelopeMissing`: another account signs, and the patient is no reader.
        /// - Denials by the policy: `NoPolicy`, `PolicyNotFound`, `PolicyTrapped`,
        ///   `PolicyOutOfGas`, `PolicyAnswerInvalid`, `PolicyReentered`, `NoGrant`,
        ///   `ActionNotGranted`, `GrantExpired`, `GrantRevoked`, `PolicyRefused`.
        /// - `RecordIdsExhausted`: every record number is taken.
        /// - With custody, whatever refuses it, as for `Custody::entrust_record`.
        /// - If a model is ordered, whatever refuses the order.
        ///
        /// ## Events
        /// - `AccessChecked` if the policy was asked; `RecordAdded`; an `EnvelopeAdded` for each
        ///   reader; `Custody::RecordEntrusted` with custody.
        /// - If a model is ordered: `AccessChecked` if the policy was asked; then
        ///   `Inference::InferenceRequested`.
        /// - `RecordByCaretaker` if a caretaker signed for the patient.
        #[pallet::call_index(7)]
        #[pallet::weight(
            T::WeightInfo::add_record(envelopes.len() as u32)
                .saturating_add(Pallet::<T>::custody_weight(custody.as_ref()))
                .saturating_add(T::AccessControl::weight())
                .saturating_add(Pallet::<T>::order_weight(inference.as_ref()))
        )]
        pub fn add_record(
            origin: OriginFor<T>,
            patient: T::AccountId,
            cid: Cid,
            digest: ContentDigest,
            kind: RecordKind,
            commitments: Option<FilmCommitments>,
            envelopes: EnvelopesOf<T>,
            inference: Option<InferenceOrder<T::AccountId>>,
            custody: Option<Entrustment>,
        ) -> DispatchResultWithPostInfo {
            let caretaker = Self::is_caretaker(&origin);
            let author = ensure_signed(origin)?;
            let base = T::WeightInfo::add_record(envelopes.len() as u32)
                .saturating_add(Self::custody_weight(custody.as_ref()));
            let content = NewContent { cid, digest, commitments, caretaker };
            let new = NewRecord { patient, content, kind, previous: None };
            let used = Self::do_add_record(&author, new, envelopes, inference, custody)?;
            Ok(Some(base.saturating_add(used)).into())
        }

        /// Adds a new version of a record, which supersedes the previous one.
        ///
        /// The previous version keeps its readers.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, or by an account that the patient's policy allows `Amend`.
        /// `RecordDeposit` and, for each envelope, `EnvelopeDeposit` are held from the signer
        /// until the version is erased.
        ///
        /// ## Parameters
        /// - `record`: the newest version.
        /// - `cid`: the CID of the new encrypted bytes: version 1, in lower-case base32.
        /// - `digest`: SHA-256 (32 bytes) of the new encrypted bytes.
        /// - `commitments`: as for `add_record`, for the new version.
        /// - `envelopes`: the readers of the new version, each with its content key sealed to
        ///   them (89 bytes); at most `MaxEnvelopes`. The patient is one of them, as for
        ///   `add_record`. Readers of the previous version are not carried over.
        /// - `custody`: as for `add_record`, for the new version.
        ///
        /// ## Errors
        /// - `RecordNotFound`, `RecordErased`: there is no such record, or it was erased.
        /// - `RecordSuperseded`: it is not the newest version.
        /// - `InvalidCid`: `cid` is not supported.
        /// - `ContentAlreadyExists`: the patient has, or had, a record with this CID.
        /// - `NotChestXray`: commitments come with a document that is no chest X-ray.
        /// - `DuplicateReader`: a reader is listed twice.
        /// - `EncryptionKeyNotFound`: a reader has not published a key.
        /// - `UnknownEnvelopeVersion`, `EnvelopeForAnotherKey`: an envelope is of an unknown
        ///   version, or for another key than its reader's.
        /// - `PatientEnvelopeMissing`: another account signs, and the patient is no reader.
        /// - Denials by the policy, as for `add_record`.
        /// - `RecordIdsExhausted`: every record number is taken.
        /// - With custody, whatever refuses it, as for `Custody::entrust_record`.
        ///
        /// ## Events
        /// - `AccessChecked` if the policy was asked; `RecordAmended`; an `EnvelopeAdded` for
        ///   each reader; `Custody::RecordEntrusted` with custody.
        /// - `RecordByCaretaker` if a caretaker signed for the patient.
        #[pallet::call_index(8)]
        #[pallet::weight(
            T::WeightInfo::amend_record(envelopes.len() as u32)
                .saturating_add(Pallet::<T>::custody_weight(custody.as_ref()))
                .saturating_add(T::AccessControl::weight())
        )]
        pub fn amend_record(
            origin: OriginFor<T>,
            record: RecordId,
            cid: Cid,
            digest: ContentDigest,
            commitments: Option<FilmCommitments>,
            envelopes: EnvelopesOf<T>,
            custody: Option<Entrustment>,
        ) -> DispatchResultWithPostInfo {
            let caretaker = Self::is_caretaker(&origin);
            let author = ensure_signed(origin)?;
            let base = T::WeightInfo::amend_record(envelopes.len() as u32)
                .saturating_add(Self::custody_weight(custody.as_ref()));
            let content = NewContent { cid, digest, commitments, caretaker };
            let asked = Self::do_amend_record(&author, record, content, envelopes, custody)?;
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Gives the content key of a record to another reader.
        ///
        /// If the reader has an envelope for a key that it has since replaced, the new one
        /// replaces it; the deposit for the old one is released. The patient's own envelope is
        /// replaced by the patient alone.
        ///
        /// ## Dispatch origin
        /// Signed by the patient, or by an account that the patient's policy allows `Share`.
        /// `EnvelopeDeposit` is held from the signer until the envelope is removed.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `reader`: the new reader.
        /// - `sealed_key`: the content key, sealed to the reader's published key (89 bytes).
        ///
        /// ## Errors
        /// - `RecordNotFound`, `RecordErased`: there is no such record, or it was erased.
        /// - `EncryptionKeyNotFound`: the reader has not published a key.
        /// - `UnknownEnvelopeVersion`, `EnvelopeForAnotherKey`: the envelope is of an unknown
        ///   version, or for another key than the reader's.
        /// - `EnvelopeAlreadyExists`: the reader has an envelope for its key, or is the patient;
        ///   only the patient may replace it.
        /// - `MaxEnvelopesExceeded`: the record already has `MaxEnvelopes` envelopes; one less if
        ///   the patient has none, and neither signs nor is the reader.
        /// - Denials by the policy, as for `add_record`.
        ///
        /// ## Events
        /// - `AccessChecked` if the policy was asked; `EnvelopeRemoved` if an envelope was
        ///   replaced; `EnvelopeAdded`.
        #[pallet::call_index(9)]
        #[pallet::weight(
            T::WeightInfo::share_record()
                .saturating_add(T::AccessControl::weight())
        )]
        pub fn share_record(
            origin: OriginFor<T>,
            record: RecordId,
            reader: T::AccountId,
            sealed_key: SealedKey,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let asked = Self::do_share_record(&who, record, reader, sealed_key)?;
            let base = T::WeightInfo::share_record();
            Ok(Some(base.saturating_add(asked)).into())
        }

        /// Removes a reader's envelope and ends the access granted to them.
        ///
        /// The deposits are released. If the patient removes another reader's, the patient's key
        /// epoch rises: the reader may have kept the content key, so the next version of the
        /// record needs a new one.
        ///
        /// ## Dispatch origin
        /// Signed by the patient or by the reader.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `reader`: the reader whose envelope is removed.
        ///
        /// ## Errors
        /// - `RecordNotFound`: there is no such record.
        /// - `NotPatientOrReader`: the signer is neither.
        /// - `EnvelopeNotFound`: the reader has neither an envelope nor a grant for this record.
        ///
        /// ## Events
        /// - `Custody::AccessEnded` if there was a grant; `EnvelopeRemoved` if there was an
        ///   envelope.
        #[pallet::call_index(10)]
        #[pallet::weight(
            T::WeightInfo::remove_envelope()
                .saturating_add(T::Custody::end_access_weight())
        )]
        pub fn remove_envelope(
            origin: OriginFor<T>,
            record: RecordId,
            reader: T::AccountId,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_remove_envelope(&who, record, reader)
        }

        /// Erases a record: destroys its envelopes and its shares for good.
        ///
        /// The commitments, the CID and the digest are removed, and the deposits released. The hash of
        /// the CID stays, so that the content cannot be added again. Note the CID before, to have
        /// stores delete the file. Other versions of the record are not affected.
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
        /// - `RecordErased`: it is already erased.
        ///
        /// ## Events
        /// - A `Custody::AccessEnded` for each grant; `RecordErased`.
        #[pallet::call_index(11)]
        #[pallet::weight(
            T::WeightInfo::erase_record(T::MaxEnvelopes::get())
                .saturating_add(T::Custody::end_weight(T::Custody::max_grants()))
        )]
        pub fn erase_record(origin: OriginFor<T>, record: RecordId) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let (envelopes, grants) = Self::do_erase_record(&who, record)?;
            let used = T::WeightInfo::erase_record(envelopes);
            Ok(Some(used.saturating_add(T::Custody::end_weight(grants))).into())
        }

        /// Adds a relation of the signer, or updates an existing one.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `relative`: the relative's account.
        /// - `kind`: how the relative is related to the patient.
        /// - `emergency_contact`: whether the relative may break the glass.
        ///
        /// ## Errors
        /// - `SelfRelation`: `relative` is the patient.
        /// - `PatientNotFound`: the signer is not a patient.
        /// - `MaxRelationsExceeded`: the patient already has `MaxRelations` relations.
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
                ensure!(entry.relations < MAX_RELATIONS, Error::<T>::MaxRelationsExceeded);
                entry.relations = entry.relations.saturating_add(1);
                Patients::<T>::insert(&patient, entry);
            }
            let new = Relation { kind, emergency_contact };
            Relations::<T>::insert(&patient, &relative, new);
            let event = Event::<T>::RelationSet { patient: patient.clone(), relative, old, new };
            Self::deposit_logged(&patient, event);
            Ok(())
        }

        /// Removes a relation of the signer.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `relative`: the relative's account.
        ///
        /// ## Errors
        /// - `RelationNotFound`: the signer has set no relation to this account.
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
            let event = Event::<T>::RelationRemoved { patient: patient.clone(), relative };
            Self::deposit_logged(&patient, event);
            Ok(())
        }

        /// Removes the signer's encryption key, so that nothing new can be sealed to it.
        ///
        /// Existing envelopes remain, and open with the secret key as before.
        ///
        /// ## Dispatch origin
        /// Signed by the account. The deposit for the key is released.
        ///
        /// ## Errors
        /// - `EncryptionKeyRequired`: the signer is a patient.
        /// - `EncryptionKeyNotFound`: the signer has not published a key.
        ///
        /// ## Events
        /// - `EncryptionKeyRemoved`.
        #[pallet::call_index(15)]
        #[pallet::weight(T::WeightInfo::remove_encryption_key())]
        pub fn remove_encryption_key(origin: OriginFor<T>) -> DispatchResult {
            let account = ensure_signed(origin)?;
            Self::do_remove_encryption_key(account)
        }

        /// Puts the announced default policy into force.
        ///
        /// ## Dispatch origin
        /// Signed by any account.
        ///
        /// ## Errors
        /// - `DefaultPolicyNotAnnounced`: none is announced, or it was cancelled.
        /// - `DefaultPolicyNotDue`: patients still have time to react.
        ///
        /// ## Events
        /// - `DefaultPolicySet`.
        #[pallet::call_index(24)]
        #[pallet::weight(T::WeightInfo::enact_default_policy())]
        pub fn enact_default_policy(origin: OriginFor<T>) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_enact_default_policy()
        }

        /// Cancels the announced default policy, and the current one stays.
        ///
        /// ## Dispatch origin
        /// `CancelOrigin`: more than a third of the council.
        ///
        /// ## Errors
        /// - `BadOrigin`: the origin may not cancel.
        /// - `DefaultPolicyNotAnnounced`: none is announced.
        ///
        /// ## Events
        /// - `DefaultPolicyCancelled`.
        #[pallet::call_index(25)]
        #[pallet::weight(T::WeightInfo::cancel_default_policy())]
        pub fn cancel_default_policy(origin: OriginFor<T>) -> DispatchResult {
            T::CancelOrigin::ensure_origin(origin)?;
            Self::do_cancel_default_policy()
        }

        /// Allows nobody else to use the signer's records, whatever the default policy is.
        ///
        /// Envelopes that readers already have stay. Emergency contacts and clinicians can still
        /// break the glass: forbid it with `Custody::set_emergency_access`. `set_policy` ends it.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Errors
        /// - `PatientNotFound`: the signer is not a patient.
        ///
        /// ## Events
        /// - `PolicySet`, with the signer's own account as the new policy.
        #[pallet::call_index(26)]
        #[pallet::weight(T::WeightInfo::set_policy())]
        pub fn allow_nobody(origin: OriginFor<T>) -> DispatchResult {
            let patient = ensure_signed(origin)?;
            Self::do_set_policy(&patient, Some(patient.clone()))
        }

        /// Admits an institution, whose registrar can then appoint providers.
        ///
        /// ## Dispatch origin
        /// Governance (`GovernanceOrigin`): more than half of the council.
        ///
        /// ## Parameters
        /// - `name`: the name: 1 to 64 bytes of UTF-8.
        /// - `registrar`: the account that appoints its providers.
        ///
        /// ## Errors
        /// - `BadOrigin`: the origin is not governance.
        /// - `InvalidInstitutionName`: the name is empty, or not UTF-8.
        /// - `InstitutionIdsExhausted`: every institution number is taken.
        ///
        /// ## Events
        /// - `InstitutionAdmitted`.
        #[pallet::call_index(27)]
        #[pallet::weight(T::WeightInfo::admit_institution())]
        pub fn admit_institution(
            origin: OriginFor<T>,
            name: InstitutionName,
            registrar: T::AccountId,
        ) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_admit(name, registrar)
        }

        /// Removes an institution. The roles that it gave end at once.
        ///
        /// What its providers did remains valid.
        ///
        /// ## Dispatch origin
        /// Governance (`GovernanceOrigin`): more than half of the council.
        ///
        /// ## Parameters
        /// - `institution`: the institution.
        ///
        /// ## Errors
        /// - `BadOrigin`: the origin is not governance.
        /// - `InstitutionNotFound`: there is no such institution.
        ///
        /// ## Events
        /// - `InstitutionRemoved`.
        #[pallet::call_index(28)]
        #[pallet::weight(T::WeightInfo::remove_institution())]
        pub fn remove_institution(
            origin: OriginFor<T>,
            institution: InstitutionId,
        ) -> DispatchResult {
            T::GovernanceOrigin::ensure_origin(origin)?;
            Self::do_remove_institution(institution)
        }

        /// Gives an institution another registrar.
        ///
        /// The terms of its providers stay as they are.
        ///
        /// ## Dispatch origin
        /// Signed by its registrar; or governance (`GovernanceOrigin`).
        ///
        /// ## Parameters
        /// - `institution`: the institution.
        /// - `registrar`: the new registrar.
        ///
        /// ## Errors
        /// - `InstitutionNotFound`: there is no such institution.
        /// - `NotRegistrar`: the signer is not its registrar.
        ///
        /// ## Events
        /// - `RegistrarSet`.
        #[pallet::call_index(29)]
        #[pallet::weight(T::WeightInfo::set_registrar())]
        pub fn set_registrar(
            origin: OriginFor<T>,
            institution: InstitutionId,
            registrar: T::AccountId,
        ) -> DispatchResult {
            let signer = match T::GovernanceOrigin::try_origin(origin) {
                Ok(_) => None,
                Err(origin) => Some(ensure_signed(origin)?),
            };
            Self::do_set_registrar(signer, institution, registrar)
        }

        /// Changes the term of a provider, before its end or after.
        ///
        /// ## Dispatch origin
        /// Signed by the registrar of the institution that gave the role.
        ///
        /// ## Parameters
        /// - `account`: the provider.
        /// - `role`: the role.
        /// - `until`: the last block of the new term, at most `MaxTerm` blocks from now.
        ///
        /// ## Errors
        /// - `ProviderNotFound`: the account was not given the role.
        /// - `InstitutionNotFound`: the institution was removed.
        /// - `NotRegistrar`: the signer is not its registrar.
        /// - `InvalidTerm`: the term is over already, or too long.
        ///
        /// ## Events
        /// - `ProviderRenewed`.
        #[pallet::call_index(30)]
        #[pallet::weight(T::WeightInfo::renew_provider())]
        pub fn renew_provider(
            origin: OriginFor<T>,
            account: T::AccountId,
            role: Role,
            until: BlockNumberFor<T>,
        ) -> DispatchResult {
            let registrar = ensure_signed(origin)?;
            Self::do_renew_provider(&registrar, account, role, until)
        }

        /// Makes a previous version of a record the newest again.
        ///
        /// The version that replaced it, such as one by a caretaker, is then superseded by it: it
        /// keeps its readers, can be erased, and can be restored in turn.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Parameters
        /// - `record`: the version that the newest one replaced.
        ///
        /// ## Errors
        /// - `RecordNotFound`, `RecordErased`: there is no such record, or it was erased.
        /// - `NotPatient`: it is not the signer's.
        /// - `RecordNotSuperseded`: it is the newest version.
        /// - `VersionNotLatest`, `NextVersionErased`: the version that replaced it was replaced in
        ///   turn, or erased.
        /// - `RequestOpen`: a request for a verdict on one of them is open.
        ///
        /// ## Events
        /// - `RecordRestored`.
        #[pallet::call_index(31)]
        #[pallet::weight(T::WeightInfo::restore_record())]
        pub fn restore_record(origin: OriginFor<T>, record: RecordId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_restore_record(&who, record)
        }

        /// Removes the signer's encrypted profile document.
        ///
        /// Stores and old blocks may still have it: have the stores delete it.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Errors
        /// - `PatientNotFound`: the signer is not a patient.
        /// - `ProfileNotFound`: the signer has no profile.
        ///
        /// ## Events
        /// - `ProfileRemoved`.
        #[pallet::call_index(32)]
        #[pallet::weight(T::WeightInfo::update_profile())]
        pub fn remove_profile(origin: OriginFor<T>) -> DispatchResult {
            let patient = ensure_signed(origin)?;
            let old = Patients::<T>::try_mutate(&patient, |entry| {
                let entry = entry.as_mut().ok_or(Error::<T>::PatientNotFound)?;
                entry.profile.take().ok_or(Error::<T>::ProfileNotFound)
            })?;
            let whose = patient.clone();
            Self::deposit_logged(&patient, Event::<T>::ProfileRemoved { patient: whose, old });
            Ok(())
        }

        /// Deregisters the signer as a patient. Everything about them must be ended before.
        ///
        /// The deposit is released. With the patient go the profile, the encryption key, the
        /// chosen policy and custodians, the relations, and what was said about emergency access.
        /// The log stays, and the numbers of erased records with it: an account that registers
        /// again continues the same log, and cannot add an erased content again.
        ///
        /// ## Dispatch origin
        /// Signed by the patient.
        ///
        /// ## Errors
        /// - `PatientNotFound`: the signer is not a patient.
        /// - `RecordsNotErased`: a record is not erased.
        /// - `Custody::EmergencyNotClosed`: an emergency over the signer is not closed.
        /// - `Inference::RequestNotClosed`: a request about the signer's records is open, or a
        ///   verdict challenged.
        /// - `CaretakersNotRemoved`: a proxy may still add records in the signer's name.
        ///
        /// ## Events
        /// - `Custody::CustodiansSet` if the signer had custodians; a `RelationRemoved` for each
        ///   relation; `ProfileRemoved` and `PolicySet` if there was a profile or a policy;
        ///   `EncryptionKeyRemoved`; `PatientDeregistered`.
        #[pallet::call_index(33)]
        #[pallet::weight(
            T::WeightInfo::deregister_patient(MAX_RELATIONS)
                .saturating_add(T::Departure::weight())
        )]
        pub fn deregister_patient(origin: OriginFor<T>) -> DispatchResultWithPostInfo {
            let patient = ensure_signed(origin)?;
            let relations = Self::do_deregister_patient(&patient)?;
            let used = T::WeightInfo::deregister_patient(relations);
            Ok(Some(used.saturating_add(T::Departure::weight())).into())
        }

        /// Removes an envelope that the signer paid for, to get the deposit back.
        ///
        /// Such as that of a worker whose verdict is there. The reader may have kept the content
        /// key; the patient's key epoch does not rise, because the patient revoked nothing.
        ///
        /// ## Dispatch origin
        /// Signed by the account that paid the envelope's deposit, which is released.
        ///
        /// ## Parameters
        /// - `record`: the record.
        /// - `reader`: the reader whose envelope is removed; not the patient.
        ///
        /// ## Errors
        /// - `RecordNotFound`, `EnvelopeNotFound`: there is no such record or envelope.
        /// - `NotDepositor`: another account paid for it.
        /// - `PatientEnvelopeRequired`: the reader is the patient.
        /// - `RequestOpen`, `VerdictChallengeable`: workers still need their envelopes.
        ///
        /// ## Events
        /// - `EnvelopeWithdrawn`.
        #[pallet::call_index(34)]
        #[pallet::weight(T::WeightInfo::withdraw_envelope())]
        pub fn withdraw_envelope(
            origin: OriginFor<T>,
            record: RecordId,
            reader: T::AccountId,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_withdraw_envelope(&who, record, reader)
        }

        /// Names the newest index of the signer's archive of logs.
        ///
        /// An archive keeps the entries of all logs in the store, each patient's sealed to them, for
        /// readers whose node has discarded old states. Nothing of it is believed: readers compare
        /// the entries with `Logs`.
        ///
        /// ## Dispatch origin
        /// Signed by any account. `RecordDeposit` is held for its first index.
        ///
        /// ## Parameters
        /// - `cid`: the CID of the index: version 1, in lower-case base32. It replaces an earlier
        ///   one.
        ///
        /// ## Errors
        /// - `InvalidCid`: `cid` is not supported.
        ///
        /// ## Events
        /// - `LogArchiveSet`.
        #[pallet::call_index(35)]
        #[pallet::weight(T::WeightInfo::set_log_archive())]
        pub fn set_log_archive(origin: OriginFor<T>, cid: Cid) -> DispatchResult {
            let archive = ensure_signed(origin)?;
            Self::do_set_log_archive(archive, cid)
        }

        /// Ends the signer's archive of logs, to get the deposit back.
        ///
        /// What the archive stored stays where it is stored.
        ///
        /// ## Dispatch origin
        /// Signed by the archive's account. The deposit is released.
        ///
        /// ## Errors
        /// - `LogArchiveNotFound`: the signer has named no index.
        ///
        /// ## Events
        /// - `LogArchiveRemoved`.
        #[pallet::call_index(36)]
        #[pallet::weight(T::WeightInfo::remove_log_archive())]
        pub fn remove_log_archive(origin: OriginFor<T>) -> DispatchResult {
            let archive = ensure_signed(origin)?;
            Self::do_remove_log_archive(archive)
        }
    }
}
