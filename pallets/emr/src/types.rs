//! The types that the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::fungible::Inspect, BoundedVec};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{
    Appointment, Basis, Cid, ContentDigest, Document, EmergencyId, EmergencyReason,
    InstitutionName, RecordId, RecordKind, RecordStatus, SealedKey, SealedShare,
};
use scale_info::TypeInfo;

use crate::Config;

/// The account type of the runtime.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// The balance type of deposits and bonds.
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<AccountIdOf<T>>>::Balance;
/// A registered patient.
pub type PatientOf<T> = Patient<BalanceOf<T>>;
/// An institution, whose registrar appoints providers.
pub type InstitutionOf<T> = Institution<AccountIdOf<T>>;
/// The institution that appointed a provider, and until when.
pub type AppointmentOf<T> = Appointment<BlockNumberFor<T>>;
/// What decides about the accounts other than the patient.
pub type PolicyChoiceOf<T> = PolicyChoice<AccountIdOf<T>>;
/// A default policy that was announced and is not in force yet.
pub type PendingPolicyOf<T> = PendingPolicy<AccountIdOf<T>, BlockNumberFor<T>>;
/// A medical record.
pub type RecordOf<T> = Record<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
/// A reader's envelope.
pub type EnvelopeOf<T> = Envelope<AccountIdOf<T>, BalanceOf<T>>;
/// The envelopes of a new record: each reader with the content key sealed to them.
pub type EnvelopesOf<T> = BoundedVec<(AccountIdOf<T>, SealedKey), <T as Config>::MaxEnvelopes>;
/// A patient's custodians, in the order in which they receive shares.
pub type CustodiansOf<T> = BoundedVec<AccountIdOf<T>, <T as Config>::MaxCustodians>;
/// The shares of a content key: each custodian with the share sealed to them.
pub type SharesOf<T> = BoundedVec<(AccountIdOf<T>, SealedKey), <T as Config>::MaxCustodians>;
/// A patient's group of custodians.
pub type CustodianGroupOf<T> = CustodianGroup<CustodiansOf<T>, BalanceOf<T>>;
/// The custody of a record.
pub type CustodyOf<T> = Custody<AccountIdOf<T>, SharesOf<T>, BalanceOf<T>>;
/// An access grant.
pub type GrantOf<T> = AccessGrant<
    BoundedVec<SealedShare, <T as Config>::MaxCustodians>,
    BalanceOf<T>,
    BlockNumberFor<T>,
>;
/// An emergency that awaits its review.
pub type EmergencyOf<T> = Emergency<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;

/// An institution, whose registrar appoints providers.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Institution<AccountId> {
    /// The name, in UTF-8.
    pub name: InstitutionName,
    /// The account that appoints and dismisses its providers.
    pub registrar: AccountId,
}

/// What decides about the accounts other than the patient.
///
/// It is not stored as such: see [`crate::PatientPolicies`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyChoice<AccountId> {
    /// The chain's default policy, whichever it is at the time.
    Default,
    /// Nothing does: every other account is refused, whatever the default is.
    Nobody,
    /// This policy contract.
    Contract(AccountId),
}

/// A default policy that was announced and is not in force yet.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct PendingPolicy<AccountId, BlockNumber> {
    /// The policy; `None` denies everything.
    pub policy: Option<AccountId>,
    /// The first block in which it can be enacted.
    pub enactable_at: BlockNumber,
}

/// A registered patient.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Patient<Balance> {
    /// The encrypted profile document, if there is one.
    pub profile: Option<Document>,
    /// A counter that rises when the patient removes another account's envelope or grant, and
    /// when an emergency is rejected or lapses.
    ///
    /// What is added afterwards must be sealed under a fresh content key.
    pub key_epoch: u32,
    /// The number of relations that the patient has set.
    pub relations: u32,
    /// The deposit held from the patient for this entry and the relations.
    pub deposit: Balance,
}

/// A medical record: the location and the origin of its ciphertext.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Record<AccountId, Balance, BlockNumber> {
    /// The patient whose record it is.
    pub patient: AccountId,
    /// The account that added the record and paid the deposit.
    pub author: AccountId,
    /// The CID of the encrypted bytes.
    pub cid: Cid,
    /// The SHA-256 digest of the encrypted bytes.
    pub digest: ContentDigest,
    /// The kind of document.
    pub kind: RecordKind,
    /// The previous version, if there is one.
    pub previous: Option<RecordId>,
    /// The block in which the record was added.
    pub added_at: BlockNumber,
    /// Whether the record is the newest version, was replaced, or was erased.
    pub status: RecordStatus,
    /// The number of envelopes.
    pub envelopes: u32,
    /// The deposit held from the author; zero once the record is erased.
    pub deposit: Balance,
}

/// A record's content key, sealed to one reader.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Envelope<AccountId, Balance> {
    /// The content key, in a sealed box that only the reader can open.
    pub sealed: SealedKey,
    /// The account that added the envelope and paid the deposit.
    pub depositor: AccountId,
    /// The deposit held from the depositor.
    pub deposit: Balance,
}

/// The custodians that a patient chose to keep content keys.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct CustodianGroup<Members, Balance> {
    /// The custodians, in the order in which they receive shares.
    pub members: Members,
    /// The number of custodians needed to open a key. With 1, each can alone.
    pub threshold: u32,
    /// The deposit held from the patient for the group.
    pub deposit: Balance,
}

/// The shares of a record's content key, one sealed to each custodian.
///
/// Shamir's scheme over GF(256). The share at index `i` has the number `i + 1`.
/// With a threshold of 1, every share is the key itself.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Custody<AccountId, Shares, Balance> {
    /// The number of shares needed to recover the key.
    pub threshold: u32,
    /// Each custodian with the share sealed to them.
    pub shares: Shares,
    /// The account that entrusted the record and paid the deposit.
    pub depositor: AccountId,
    /// The deposit held from the depositor.
    pub deposit: Balance,
    /// The number of access grants on the record.
    pub grants: u32,
}

/// A grant of access to a record's content key, and the shares delivered so far.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct AccessGrant<Shares, Balance, BlockNumber> {
    /// What the grant is based on.
    pub basis: Basis,
    /// The block in which access was granted.
    pub granted_at: BlockNumber,
    /// The last block in which custodians deliver shares and the shares are stored.
    pub until: BlockNumber,
    /// The shares that custodians have delivered.
    pub shares: Shares,
    /// The deposit held from the account granted access, until the grant ends.
    pub deposit: Balance,
}

/// A break-glass access awaiting review.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Emergency<AccountId, Balance, BlockNumber> {
    /// The record.
    pub record: RecordId,
    /// The patient whose record it is.
    pub patient: AccountId,
    /// The account that broke the glass.
    pub subject: AccountId,
    /// The reason it gave.
    pub reason: EmergencyReason,
    /// The block in which it broke the glass.
    pub broken_at: BlockNumber,
    /// The last block in which the emergency can be reviewed.
    pub review_until: BlockNumber,
    /// The bond held from that account, burned unless the review accepts or no key was delivered.
    pub bond: Balance,
}

/// An entry that falls due after its last block.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum DueEntry<AccountId> {
    /// An access grant, which expires.
    #[codec(index = 0)]
    Grant {
        /// The record.
        record: RecordId,
        /// The account granted access.
        subject: AccountId,
    },
    /// The review of an emergency, which lapses.
    #[codec(index = 1)]
    Review {
        /// The emergency.
        emergency: EmergencyId,
    },
}
