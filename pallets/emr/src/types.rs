//! The types that the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::fungible::Inspect, BoundedVec};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{
    Appointment, Cid, Document, InstitutionName, RecordContent, RecordId, RecordKind, RecordStatus,
    SealedKey,
};
use scale_info::TypeInfo;

use crate::Config;

/// The account type of the runtime.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// The balance type of deposits.
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
/// Where an archive of logs has its newest index.
pub type LogArchiveOf<T> = LogArchive<BalanceOf<T>, BlockNumberFor<T>>;
/// The envelopes of a new record: each reader with the content key sealed to them.
pub type EnvelopesOf<T> = BoundedVec<(AccountIdOf<T>, SealedKey), <T as Config>::MaxEnvelopes>;

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
    /// when an emergency is rejected.
    ///
    /// What is added afterwards must be sealed under a fresh content key.
    pub key_epoch: u32,
    /// The number of relations that the patient has set.
    pub relations: u32,
    /// The deposit held from the patient for this entry and the relations.
    pub deposit: Balance,
    /// The number of the patient's records that are not erased.
    pub records: u32,
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
    /// Where the encrypted bytes are; once the record is erased, only the hash of that.
    pub content: RecordContent,
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
    /// The content key, sealed to the key that the reader had published.
    pub sealed: SealedKey,
    /// The account that added the envelope and paid the deposit.
    pub depositor: AccountId,
    /// The deposit held from the depositor.
    pub deposit: Balance,
}

/// Where an archive of logs has its newest index.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct LogArchive<Balance, BlockNumber> {
    /// The CID of the index.
    pub cid: Cid,
    /// The block in which the index was named.
    pub at: BlockNumber,
    /// The deposit held from the archive's account.
    pub deposit: Balance,
}
