//! The types that the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use medchain_disputes::{Game, Opening, Side};
use scale_info::TypeInfo;

/// The account type of the runtime.
pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
/// An open dispute.
pub type DisputeOf<T> = Dispute<AccountIdOf<T>>;
/// The players who lost.
pub type LosersOf<T> = BoundedVec<AccountIdOf<T>, ConstU32<2>>;

/// An open dispute.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Dispute<AccountId> {
    /// The two workers whose answers differ.
    pub players: [AccountId; 2],
    /// How far they are.
    pub game: Game,
}

impl<AccountId: PartialEq> Dispute<AccountId> {
    /// Returns which of the two players an account is.
    pub fn side_of(&self, who: &AccountId) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| side.of(&self.players) == who)
    }
}

/// Returns how much an opening shows, in bytes.
pub(crate) fn shown_bytes(opening: &Opening) -> u32 {
    let inputs = opening.inputs.iter().map(|shown| shown.bytes.len());
    let all = inputs.fold(opening.parameters.weights.len(), usize::saturating_add);
    u32::try_from(all).unwrap_or(u32::MAX)
}
