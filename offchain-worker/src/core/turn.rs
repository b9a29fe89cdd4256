//! Whose turn it is. All who could do a piece of work compute the same order from
//! what stands on chain, so that they share it without a word to each other.

use std::collections::BTreeSet;

use blake2::{digest::consts::U32, Blake2b, Digest};
use medchain_primitives::RequestId;

use super::Account;

/// Who can answer a request: those that run its model and hold the record's
/// key, without those that have reported that they could not.
pub fn candidates(
    running: impl IntoIterator<Item = Account>,
    holders: &BTreeSet<Account>,
    reporters: &BTreeSet<Account>,
) -> BTreeSet<Account> {
    running
        .into_iter()
        .filter(|account| holders.contains(account) && !reporters.contains(account))
        .collect()
}

/// How many candidates come before this one; none where it is no candidate.
pub fn rank(request: RequestId, me: &Account, candidates: &BTreeSet<Account>) -> Option<u32> {
    place(&request.0.to_le_bytes(), me, candidates)
}

/// How many candidates come before this one in the order that `topic` draws; none
/// where it is no candidate.
///
/// Each candidate draws a number for each topic (rendezvous hashing), so the
/// first places are spread evenly, and a candidate that comes or goes changes the
/// order of no two others.
pub fn place(topic: &[u8], me: &Account, candidates: &BTreeSet<Account>) -> Option<u32> {
    if !candidates.contains(me) {
        return None;
    }
    let mine = (draw(topic, me), *me);
    let before = candidates.iter().filter(|other| (draw(topic, other), **other) < mine).count();
    Some(u32::try_from(before).unwrap_or(u32::MAX))
}

/// `blake2_256` of the topic and the account. A request's topic is its number (8
/// bytes, little endian).
fn draw(topic: &[u8], account: &Account) -> [u8; 32] {
    Blake2b::<U32>::new().chain_update(topic).chain_update(account).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(numbers: &[u8]) -> BTreeSet<Account> {
        numbers.iter().map(|number| [*number; 32]).collect()
    }

    #[test]
    fn a_candidate_runs_the_model_holds_the_key_and_has_not_given_up() {
        let running = set(&[1, 2, 3]);
        assert_eq!(candidates(running, &set(&[2, 3, 4]), &set(&[3, 5])), set(&[2]));
    }

    #[test]
    fn who_is_no_candidate_has_no_rank() {
        assert_eq!(rank(RequestId(0), &[9; 32], &set(&[1, 2])), None);
        assert_eq!(rank(RequestId(0), &[1; 32], &set(&[1])), Some(0));
    }

    /// Workers of different versions must agree on the order for good.
    #[test]
    fn the_order_is_fixed() {
        let workers = set(&[1, 2, 3, 4]);
        let order = |request| -> Vec<u8> {
            let mut order: Vec<_> = workers.iter().collect();
            order.sort_by_key(|worker| rank(RequestId(request), worker, &workers));
            order.into_iter().map(|worker| worker[0]).collect()
        };
        // What Python's hashlib.blake2b(…, digest_size=32) gives.
        assert_eq!([order(0), order(1), order(2)], [[3, 4, 1, 2], [2, 4, 1, 3], [3, 4, 1, 2]]);
    }

    proptest! {
        #[test]
        fn ranks_are_an_order_and_a_departure_swaps_nobody(
            request: u64,
            workers in proptest::collection::btree_set(any::<Account>(), 1..32),
            gone: prop::sample::Index,
        ) {
            let request = RequestId(request);
            let mut order: Vec<Account> = workers.iter().copied().collect();
            order.sort_by_key(|worker| rank(request, worker, &workers));
            let ranks: Vec<_> = order.iter().map(|worker| rank(request, worker, &workers)).collect();
            prop_assert_eq!(ranks, (0..workers.len() as u32).map(Some).collect::<Vec<_>>());

            let gone = order.remove(gone.index(order.len()));
            let left: BTreeSet<Account> = order.iter().copied().collect();
            prop_assert_eq!(rank(request, &gone, &left), None);
            let ranks: Vec<_> = order.iter().map(|worker| rank(request, worker, &left)).collect();
            prop_assert_eq!(ranks, (0..order.len() as u32).map(Some).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_places_are_spread_evenly() {
        let workers = set(&[1, 2, 3, 4]);
        let first = |worker: u8| {
            (0..1_000).filter(|id| rank(RequestId(*id), &[worker; 32], &workers) == Some(0)).count()
        };
        for worker in 1..=4 {
            assert!((200..300).contains(&first(worker)), "{worker}: {}", first(worker));
        }
    }
}
