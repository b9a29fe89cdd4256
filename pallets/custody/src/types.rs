//! The types that the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    traits::{fungible::Inspect, ConstU32},
    BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use medchain_primitives::{Basis, EmergencyId, EmergencyReason, RecordId};
use medchain_sharing::{
    CustodianKey, DealingId, EncryptedShare, EphemeralKey, ReplyKey, VerifiedDealing,
    VerifiedDelivery, MAX_CUSTODIANS,
};
use scale_info::TypeInfo;

pub use medchain_primitives::EmergencyStatus;

use crate::{Config, Place};

/// The account type of the runtime.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// The balance type of deposits, fees and bonds.
pub type BalanceOf<T> = <<T as Config>::Currency as Inspect<AccountIdOf<T>>>::Balance;
/// A custodian.
pub type CustodianOf<T> = Custodian<BalanceOf<T>>;
/// Custodians, in the order in which they receive shares.
pub type CustodiansOf<T> = BoundedVec<AccountIdOf<T>, <T as Config>::MaxCustodians>;
/// Custodians with their keys, in the order in which they receive shares.
pub type MembersOf<T> = BoundedVec<(AccountIdOf<T>, CustodianKey), <T as Config>::MaxCustodians>;
/// A patient's group of custodians.
pub type CustodianGroupOf<T> = CustodianGroup<MembersOf<T>, BalanceOf<T>>;
/// The custody of a record.
pub type CustodyOf<T> = Custody<AccountIdOf<T>, CustodiansOf<T>, BalanceOf<T>>;
/// A custody that ended a short time ago.
pub type EndedCustodyOf<T> = EndedCustody<CustodiansOf<T>, BlockNumberFor<T>>;
/// An access grant.
pub type GrantOf<T> = AccessGrant<
    BoundedVec<NumberedDelivery, <T as Config>::MaxCustodians>,
    BalanceOf<T>,
    BlockNumberFor<T>,
>;
/// An access grant that ended a short time ago.
pub type EndedGrantOf<T> =
    EndedGrant<BoundedVec<u8, <T as Config>::MaxCustodians>, BalanceOf<T>, BlockNumberFor<T>>;
/// The place of a drawn worker.
pub type PlaceOf<T> = Place<BlockNumberFor<T>>;
/// An emergency.
pub type EmergencyOf<T> = Emergency<AccountIdOf<T>, BalanceOf<T>, BlockNumberFor<T>>;

/// A custodian: its key, which is for ever, and its bond.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Custodian<Balance> {
    /// The key that shares are encrypted to. The chain has verified its proof.
    pub key: CustodianKey,
    /// The bond held from the custodian; `None` once it has retired.
    pub bond: Option<Balance>,
}

/// The custodians that a patient chose to keep content keys.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct CustodianGroup<Members, Balance> {
    /// The custodians with their keys, in the order in which they receive shares.
    pub members: Members,
    /// The number of custodians needed to open a key. With 1, each can alone.
    pub threshold: u8,
    /// The deposit held from the patient for the group.
    pub deposit: Balance,
}

/// The custody of a record: its content key, shared among custodians.
///
/// The share at index `i` of the dealing has the number `i + 1`, and is that of custodian `i`.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Custody<AccountId, Members, Balance> {
    /// The number of shares needed to recover the key.
    pub threshold: u8,
    /// The custodians. Their keys are in `Custodians`.
    pub custodians: Members,
    /// The shares and the wrapped key. The chain has verified that they belong together.
    pub dealing: VerifiedDealing,
    /// The account that entrusted the key and paid the deposit: the dealer.
    pub depositor: AccountId,
    /// The deposit held from the depositor.
    pub deposit: Balance,
    /// The number of access grants on the record.
    pub grants: u32,
}

/// What stays of a custody that ended, so that shares that were under way are logged.
///
/// Without the wrapped key: nobody opens the record with what is here.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct EndedCustody<Members, BlockNumber> {
    /// The number of shares that were needed to recover the key.
    pub threshold: u8,
    /// The custodians.
    pub custodians: Members,
    /// The dealing's ephemeral key.
    pub ephemeral: EphemeralKey,
    /// The dealing's shares, in the order of the custodians.
    pub shares: BoundedVec<EncryptedShare, ConstU32<MAX_CUSTODIANS>>,
    /// The last block in which late shares are logged.
    pub until: BlockNumber,
}

/// A share that a custodian delivered, with its number.
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
pub struct NumberedDelivery {
    /// The number of the share: the custodian's place, counted from 1.
    pub number: u8,
    /// The share, encrypted to the reply key of the grant. The chain has verified it.
    pub delivery: VerifiedDelivery,
}

/// A grant of access to a record's content key, and the shares delivered so far.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct AccessGrant<Deliveries, Balance, BlockNumber> {
    /// What the grant is based on.
    pub basis: Basis,
    /// The key that shares are encrypted to, for this request alone.
    pub reply: ReplyKey,
    /// The block in which access was granted.
    pub granted_at: BlockNumber,
    /// The last block in which custodians deliver shares and the shares are stored.
    pub until: BlockNumber,
    /// The shares that custodians have delivered.
    pub deliveries: Deliveries,
    /// The deposit held from the account granted access, until the ended grant is forgotten.
    pub deposit: Balance,
    /// What is still held from it for custodians who have not delivered yet.
    pub fees: Balance,
}

/// What stays of a grant that ended, so that shares that were under way are logged.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct EndedGrant<Numbers, Balance, BlockNumber> {
    /// The dealing whose shares were asked for.
    pub dealing: DealingId,
    /// The emergency that the grant was based on, if it was.
    pub emergency: Option<EmergencyId>,
    /// The numbers of the shares that came, before the end or after.
    pub numbers: Numbers,
    /// The deposit of the grant, still held from the account.
    pub deposit: Balance,
    /// What is still held from it for custodians whose shares are under way.
    ///
    /// Zero if the patient's side ended the grant: late shares are logged then, not paid.
    pub fees: Balance,
    /// The last block in which late shares are logged.
    pub until: BlockNumber,
}

/// A break-glass access: one emergency of one patient, for all records that are needed in it.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Emergency<AccountId, Balance, BlockNumber> {
    /// The patient.
    pub patient: AccountId,
    /// The account that broke the glass.
    pub subject: AccountId,
    /// The reason it gave.
    pub reason: EmergencyReason,
    /// The block in which it broke the glass.
    pub broken_at: BlockNumber,
    /// The last block in which it requests keys and custodians deliver them.
    pub until: BlockNumber,
    /// The last block of the present status: of the review, of the judgement once escalated, or
    /// of the entry once it is decided.
    pub review_until: BlockNumber,
    /// The bond still held from that account; zero once it was released.
    pub bond: Balance,
    /// The number of grants that exist under it.
    pub grants: u32,
    /// The number of records that were ever requested under it. It is void only if there are none.
    pub requested: u32,
    /// The number of shares delivered under it, including those that came too late.
    pub deliveries: u32,
    /// Where the review stands.
    pub status: EmergencyStatus<AccountId>,
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
    /// An emergency, which moves on to its next status or is closed.
    #[codec(index = 1)]
    Emergency {
        /// The emergency.
        emergency: EmergencyId,
    },
    /// A grant that has ended, which is forgotten.
    #[codec(index = 2)]
    Ended {
        /// The record.
        record: RecordId,
        /// The account that had access.
        subject: AccountId,
        /// The key that shares were encrypted to.
        reply: ReplyKey,
    },
    /// A custody that has ended, which is forgotten.
    #[codec(index = 3)]
    EndedCustody {
        /// The record.
        record: RecordId,
        /// The dealing.
        dealing: DealingId,
    },
}
