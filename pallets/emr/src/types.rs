//! What this pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::fungible::Inspect, BoundedVec};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{
    Cid, ContentDigest, EmergencyId, EmergencyReason, RecordId, RecordKind, SealedKey,
};
pub use medchain_primitives::{Purpose, Relation};
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

/// The custodians that a patient chooses, in the order in which they get shares.
pub type CustodiansOf<T> = BoundedVec<AccountIdOf<T>, <T as Config>::MaxCustodians>;
/// The shares of a content key: each custodian and the share sealed to them.
pub type SharesOf<T> = BoundedVec<(AccountIdOf<T>, SealedKey), <T as Config>::MaxCustodians>;
/// [`CustodianGroup`] in a runtime.
pub type CustodianGroupOf<T> = CustodianGroup<CustodiansOf<T>, BalanceOf<T>>;
/// [`Custody`] in a runtime.
pub type CustodyOf<T> = Custody<AccountIdOf<T>, SharesOf<T>, BalanceOf<T>>;
/// [`AccessGrant`] in a runtime.
pub type GrantOf<T> = AccessGrant<
    BoundedVec<SealedShare, <T as Config>::MaxCustodians>,
    BalanceOf<T>,
    BlockNumberFor<T>,
>;
/// [`Emergency`] in a runtime.
pub type EmergencyOf<T> = Emergency<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;

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

/// Who keeps a patient's content keys.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct CustodianGroup<Members, Balance> {
    /// The custodians, in the order in which they get shares.
    pub members: Members,
    /// How many of them together can open a key. With 1, each can alone.
    pub threshold: u32,
    /// What is held from the patient for the group.
    pub deposit: Balance,
}

/// The shares of a record's content key (Shamir over GF(256), one share a
/// custodian, sealed to them). The share at place `i` is that of the number
/// `i + 1`; with a threshold of 1 it is the key itself.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Custody<AccountId, Shares, Balance> {
    /// How many shares the key is made of again.
    pub threshold: u32,
    /// Each custodian and their sealed share.
    pub shares: Shares,
    /// Who entrusted the record and gets the deposit back.
    pub depositor: AccountId,
    /// What is held from the depositor.
    pub deposit: Balance,
    /// How many grants stand on it.
    pub grants: u32,
}

/// What gives somebody access.
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
pub enum Basis {
    /// The patient's policy, which is asked again at every delivery.
    #[codec(index = 0)]
    Policy {
        /// What access was asked for.
        purpose: Purpose,
    },
    /// An emergency, which is reviewed afterwards.
    #[codec(index = 1)]
    Emergency {
        /// Which.
        emergency: EmergencyId,
    },
}

/// A custodian's share, sealed to who was granted access.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SealedShare {
    /// The share's number: the custodian's place, counted from 1.
    pub number: u8,
    /// The share, in a sealed box that only the subject can open.
    pub sealed: SealedKey,
}

/// What somebody was granted, and what custodians have handed over.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct AccessGrant<Shares, Balance, BlockNumber> {
    /// What gives them access.
    pub basis: Basis,
    /// The block in which it was granted.
    pub granted_at: BlockNumber,
    /// The last block in which custodians hand over, and the shares stand here.
    pub until: BlockNumber,
    /// What custodians have handed over.
    pub shares: Shares,
    /// What is held from the subject until it ends.
    pub deposit: Balance,
}

/// Why a grant ended.
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
pub enum EndReason {
    /// Its time was over.
    #[codec(index = 0)]
    Expired,
    /// The patient took it back.
    #[codec(index = 1)]
    Revoked,
    /// The policy said no when it was asked again.
    #[codec(index = 2)]
    Refused,
    /// The subject gave it up.
    #[codec(index = 3)]
    GivenUp,
    /// The record was erased.
    #[codec(index = 4)]
    Erased,
    /// The record was entrusted anew, or to nobody any more.
    #[codec(index = 5)]
    Reentrusted,
    /// The review found that there was no emergency.
    #[codec(index = 6)]
    Rejected,
    /// The subject broke the glass: that counts from now on.
    #[codec(index = 7)]
    Replaced,
}

/// A glass that was broken and is not reviewed yet.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Emergency<AccountId, Balance, BlockNumber> {
    /// The record.
    pub record: RecordId,
    /// Whose record it is.
    pub patient: AccountId,
    /// Who broke the glass.
    pub subject: AccountId,
    /// Why, by their word.
    pub reason: EmergencyReason,
    /// The block in which they did.
    pub broken_at: BlockNumber,
    /// The last block in which it can be reviewed.
    pub review_until: BlockNumber,
    /// What is held from the subject, and lost unless the review accepts.
    pub bond: Balance,
}

/// Something that ends by itself.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Duty<AccountId> {
    /// A grant.
    #[codec(index = 0)]
    Grant {
        /// The record.
        record: RecordId,
        /// Who was granted access.
        subject: AccountId,
    },
    /// The time for a review.
    #[codec(index = 1)]
    Review {
        /// Of which emergency.
        emergency: EmergencyId,
    },
}
