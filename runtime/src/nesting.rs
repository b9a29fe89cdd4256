//! How deep calls may be nested in one another, as in a batch within a batch.

use frame_support::{
    storage::{
        transactional::{Layer, TRANSACTION_LEVEL_KEY},
        unhashed,
    },
    traits::Contains,
};

use crate::RuntimeCall;

/// How many calls and other storage layers may lie around a call. Batches and proxies need two
/// or three.
pub const MAX_LAYERS: Layer = 16;

/// Refuses calls that are nested too deep, with `System.CallFiltered`.
///
/// FRAME itself ends at 255 layers, and whoever wraps a call chooses which part of it hits that
/// end: the call of a motion that is closed, a change that is enacted, a policy that is asked.
/// All of them would fail for good, at the cost of a batch. Root is not filtered.
pub struct NotTooDeep;

impl Contains<RuntimeCall> for NotTooDeep {
    fn contains(_: &RuntimeCall) -> bool {
        unhashed::get_or_default::<Layer>(TRANSACTION_LEVEL_KEY) <= MAX_LAYERS
    }
}
