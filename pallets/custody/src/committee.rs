//! The committee seam: which worker waits for the key of a record, without knowing how workers are
//! drawn.

use frame_support::weights::Weight;
use medchain_primitives::{ModelId, RecordId, RequestId};

/// The place of a drawn worker that waits for the key of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<BlockNumber> {
    /// The record whose key it waits for.
    pub record: RecordId,
    /// The model that it is to run. The policy hears of it.
    pub model: ModelId,
    /// The last block in which it can get the key.
    pub until: BlockNumber,
}

/// Knows who was drawn for which request.
pub trait Committees<AccountId, BlockNumber> {
    /// The place of `worker` among the workers of a request, as long as it waits for the key there.
    ///
    /// `None` for an account that a requester named instead of the chain: nobody but the draw
    /// stands between a requester and the account of its choice. Also `None` once the worker was
    /// replaced, has the key or has answered, once the request was cancelled or closed, or its
    /// deadline passed, and while the record cannot be answered about.
    fn place(worker: &AccountId, request: RequestId) -> Option<Place<BlockNumber>>;

    /// The maximum weight of one such question.
    fn weight() -> Weight;

    /// Gives `worker` a place for a record, and returns its request.
    #[cfg(feature = "runtime-benchmarks")]
    fn seat(worker: &AccountId, record: RecordId) -> RequestId;
}

/// Nobody is drawn.
impl<AccountId, BlockNumber> Committees<AccountId, BlockNumber> for () {
    fn place(_: &AccountId, _: RequestId) -> Option<Place<BlockNumber>> {
        None
    }

    fn weight() -> Weight {
        Weight::zero()
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn seat(_: &AccountId, _: RecordId) -> RequestId {
        RequestId(0)
    }
}
