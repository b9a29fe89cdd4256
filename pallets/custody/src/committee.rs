//! The committee seam: which worker waits for the key of a record, and what it pays for it, without
//! knowing how workers are drawn.

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
pub trait Committees<AccountId, BlockNumber, Balance> {
    /// The place of `worker` among the workers of a request, as long as it waits for the key there.
    ///
    /// `None` for an account that a requester named instead of the chain: nobody but the draw
    /// stands between a requester and the account of its choice. Also `None` once the worker was
    /// replaced, has the key or has answered, once the request was cancelled or closed, or its
    /// deadline passed, and while the record cannot be answered about.
    fn place(worker: &AccountId, request: RequestId) -> Option<Place<BlockNumber>>;

    /// Whether `worker`, which has no place any more, lost it by what others did.
    ///
    /// Not where it left by itself, or time ran out. Whom others keep from answering has no use for
    /// shares that are under way, and does not pay for them.
    fn is_stopped(worker: &AccountId, request: RequestId) -> bool;

    /// Notes that a custodian got `amount` of `worker`, which has a place, for a share.
    fn note_paid(worker: &AccountId, request: RequestId, amount: Balance);

    /// Notes that `worker`, which has a place, gave its access up: what it has paid is its affair.
    ///
    /// Otherwise it could ask again and again, and have a friend among the custodians paid each
    /// time, at the expense of whoever ordered the verdict.
    fn gave_up(worker: &AccountId, request: RequestId);

    /// The maximum weight of one question.
    fn weight() -> Weight;

    /// The maximum weight of noting a payment, or that access was given up.
    fn note_weight() -> Weight;

    /// Gives `worker` a place for a record, and returns its request.
    #[cfg(feature = "runtime-benchmarks")]
    fn seat(worker: &AccountId, record: RecordId) -> RequestId;
}

/// Nobody is drawn.
impl<AccountId, BlockNumber, Balance> Committees<AccountId, BlockNumber, Balance> for () {
    fn place(_: &AccountId, _: RequestId) -> Option<Place<BlockNumber>> {
        None
    }

    fn is_stopped(_: &AccountId, _: RequestId) -> bool {
        false
    }

    fn note_paid(_: &AccountId, _: RequestId, _: Balance) {}

    fn gave_up(_: &AccountId, _: RequestId) {}

    fn weight() -> Weight {
        Weight::zero()
    }

    fn note_weight() -> Weight {
        Weight::zero()
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn seat(_: &AccountId, _: RecordId) -> RequestId {
        RequestId(0)
    }
}
