//! What this pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::fungible::Inspect, BoundedVec};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{Cid, ContentDigest, RecordId, RecordKind, RelationKind, SealedKey};
use scale_info::TypeInfo;

use crate::Config;

/// The account identifier of a runtime.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// The balance in which deposits are held.
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<AccountIdOf<T>>>::Balance;
/// [`Patient`] in a runtime.
pub type PatientOf<T> = Patient<BalanceOf<T>>;
/// [`Record`] in a runtime.
pub type RecordOf<T> = Record<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;
/// [`Envelope`] in a runtime.
pub type EnvelopeOf<T> = Envelope<AccountIdOf<T>, BalanceOf<T>>;
/// The envelopes that come with a new record: each reader and the content key
/// sealed to them.
pub type EnvelopesOf<T> = BoundedVec<(AccountIdOf<T>, SealedKey), <T as Config>::MaxEnvelopes>;

/// An encrypted document that is stored elsewhere.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Document {
    /// Where the encrypted bytes are.
    pub cid: Cid,
    /// SHA-256 of the encrypted bytes.
    pub digest: ContentDigest,
}

/// A registered patient.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Patient<Balance> {
    /// The encrypted profile, if the patient has stored one.
    pub profile: Option<Document>,
    /// Rises whenever the patient takes an envelope from a reader: what is
    /// added afterwards must be sealed under a fresh content key.
    pub key_epoch: u32,
    /// How many relations the patient has set.
    pub relations: u32,
    /// What is held from the patient for this entry and the relations.
    pub deposit: Balance,
}

/// Where a record stands.
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
pub enum RecordStatus {
    /// The newest version.
    #[codec(index = 0)]
    Active,
    /// A newer version exists; this one stays readable to its readers.
    #[codec(index = 1)]
    Superseded {
        /// The next version.
        by: RecordId,
    },
    /// Its envelopes are destroyed: no copy of the ciphertext can be opened
    /// with what the chain keeps.
    #[codec(index = 2)]
    Erased,
}

/// A medical record: where its ciphertext is and where it comes from.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Record<AccountId, Balance, BlockNumber> {
    /// Whose record it is.
    pub patient: AccountId,
    /// Who added it, and who paid the deposit.
    pub author: AccountId,
    /// Where the encrypted bytes are.
    pub cid: Cid,
    /// SHA-256 of the encrypted bytes.
    pub digest: ContentDigest,
    /// What the document is.
    pub kind: RecordKind,
    /// The version before this one.
    pub previous: Option<RecordId>,
    /// The block in which it was added.
    pub added_at: BlockNumber,
    /// Where it stands.
    pub status: RecordStatus,
    /// How many envelopes it has.
    pub envelopes: u32,
    /// What is held from the author; zero once the record is erased.
    pub deposit: Balance,
}

/// A record's content key, sealed to one reader.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Envelope<AccountId, Balance> {
    /// The content key in a sealed box that only the reader can open.
    pub sealed: SealedKey,
    /// Who added the envelope and gets the deposit back.
    pub depositor: AccountId,
    /// What is held from the depositor.
    pub deposit: Balance,
}

/// How somebody is related to a patient.
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
pub struct Relation {
    /// The kind of relation.
    pub kind: RelationKind,
    /// Whether to turn to them in an emergency.
    pub emergency_contact: bool,
}

/// What somebody wants to see a record for.
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
pub enum Purpose {
    /// To treat the patient.
    #[codec(index = 0)]
    Treatment,
    /// To give a second opinion.
    #[codec(index = 1)]
    SecondOpinion,
    /// For research.
    #[codec(index = 2)]
    Research,
    /// To bill or reimburse.
    #[codec(index = 3)]
    Billing,
    /// For something else.
    #[codec(index = 4)]
    Other,
}
