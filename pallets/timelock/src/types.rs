//! The types that the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_system::pallet_prelude::BlockNumberFor;
use scale_info::TypeInfo;

use crate::Config;

/// An announced change.
pub type ChangeOf<T> = Change<<T as Config>::RuntimeCall, BlockNumberFor<T>>;

/// A call that root will make.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Change<Call, BlockNumber> {
    /// The call.
    pub call: Call,
    /// The runtime's version of its calls at the announcement.
    pub transaction_version: u32,
    /// The first block in which it can be enacted.
    pub enactable_at: BlockNumber,
    /// The last block in which it can be enacted.
    pub expires_at: BlockNumber,
}
