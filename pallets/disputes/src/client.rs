//! The pallet on whose behalf disputes are played.

use frame_support::{pallet_prelude::DispatchResult, weights::Weight};
use medchain_primitives::RequestId;

/// The pallet on whose behalf disputes are played.
pub trait Client<AccountId, BlockNumber> {
    /// Gives the round that begins now a deadline, and returns it.
    ///
    /// After it, the client ends the dispute with [`Pallet::time_out`](crate::Pallet::time_out).
    fn begin_round(request: RequestId) -> BlockNumber;

    /// Returns whether the time of the present round is over.
    fn is_overdue(request: RequestId) -> bool;

    /// Learns which players have lost. The dispute does not exist any more.
    ///
    /// # Errors
    /// What keeps the client from going on: the move is refused.
    fn settled(
        request: RequestId,
        losers: &[AccountId],
        winner: Option<&AccountId>,
    ) -> DispatchResult;

    /// The maximum weight of [`settled`](Self::settled).
    fn settled_weight() -> Weight;
}
