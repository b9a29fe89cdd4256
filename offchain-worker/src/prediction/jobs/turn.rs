//! Which workers can answer a request, and in which order.

use std::collections::BTreeSet;

use medchain_client::AccountId32;
use medchain_primitives::RequestId;

use crate::shared::turn;

/// The workers that can answer a request: those that run its model and hold the
/// record's key, without those that have reported a failure.
pub fn candidates(
    running: impl IntoIterator<Item = AccountId32>,
    holders: &BTreeSet<AccountId32>,
    reporters: &BTreeSet<AccountId32>,
) -> BTreeSet<AccountId32> {
    running
        .into_iter()
        .filter(|account| holders.contains(account) && !reporters.contains(account))
        .collect()
}

/// How many candidates come before `me`; `None` where `me` is not a candidate. The
/// topic that draws the order is the request's number (8 bytes, little endian).
pub fn rank(
    request: RequestId,
    me: &AccountId32,
    candidates: &BTreeSet<AccountId32>,
) -> Option<u32> {
    turn::rank(&request.0.to_le_bytes(), me, candidates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[u8]) -> BTreeSet<AccountId32> {
        numbers.iter().map(|number| AccountId32([*number; 32])).collect()
    }

    #[test]
    fn a_candidate_runs_the_model_holds_the_key_and_has_not_reported_a_failure() {
        let running = set(&[1, 2, 3]);
        assert_eq!(candidates(running, &set(&[2, 3, 4]), &set(&[3, 5])), set(&[2]));
    }

    /// Workers of different versions must agree on the order for good.
    #[test]
    fn the_order_is_fixed() {
        let workers = set(&[1, 2, 3, 4]);
        let order = |request| -> Vec<u8> {
            let mut order: Vec<_> = workers.iter().collect();
            order.sort_by_key(|worker| rank(RequestId(request), worker, &workers));
            order.into_iter().map(|worker| worker.0[0]).collect()
        };
        // What Python's hashlib.blake2b(…, digest_size=32) gives.
        assert_eq!([order(0), order(1), order(2)], [[3, 4, 1, 2], [2, 4, 1, 3], [3, 4, 1, 2]]);
    }
}
