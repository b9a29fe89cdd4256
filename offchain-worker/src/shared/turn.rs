//! Whose turn it is. All accounts that could do a piece of work compute the same
//! order from the chain's state, so they share it without talking to each other.

use std::collections::BTreeSet;

use blake2::{digest::consts::U32, Blake2b, Digest};
use medchain_client::AccountId32;

/// How many candidates come before `me` in the order that `topic` draws; `None`
/// where `me` is not a candidate.
///
/// Each candidate draws a number for each topic (rendezvous hashing), so the first
/// places are spread evenly, and a candidate that joins or leaves changes the order
/// of no two others.
pub fn rank(topic: &[u8], me: &AccountId32, candidates: &BTreeSet<AccountId32>) -> Option<u32> {
    if !candidates.contains(me) {
        return None;
    }
    let mine = (draw(topic, me), *me);
    let before = candidates.iter().filter(|other| (draw(topic, other), **other) < mine).count();
    Some(u32::try_from(before).unwrap_or(u32::MAX))
}

/// `blake2_256` of the topic and the account.
fn draw(topic: &[u8], account: &AccountId32) -> [u8; 32] {
    Blake2b::<U32>::new().chain_update(topic).chain_update(account.0).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(numbers: &[u8]) -> BTreeSet<AccountId32> {
        numbers.iter().map(|number| AccountId32([*number; 32])).collect()
    }

    fn any_account() -> impl Strategy<Value = AccountId32> {
        any::<[u8; 32]>().prop_map(AccountId32)
    }

    #[test]
    fn an_account_that_is_not_a_candidate_has_no_rank() {
        assert_eq!(rank(&[0; 8], &AccountId32([9; 32]), &set(&[1, 2])), None);
        assert_eq!(rank(&[0; 8], &AccountId32([1; 32]), &set(&[1])), Some(0));
    }

    proptest! {
        #[test]
        fn ranks_are_an_order_and_a_departure_swaps_nobody(
            topic: [u8; 8],
            workers in proptest::collection::btree_set(any_account(), 1..32),
            gone: prop::sample::Index,
        ) {
            let mut order: Vec<AccountId32> = workers.iter().copied().collect();
            order.sort_by_key(|worker| rank(&topic, worker, &workers));
            let ranks: Vec<_> = order.iter().map(|worker| rank(&topic, worker, &workers)).collect();
            prop_assert_eq!(ranks, (0..workers.len() as u32).map(Some).collect::<Vec<_>>());

            let gone = order.remove(gone.index(order.len()));
            let left: BTreeSet<AccountId32> = order.iter().copied().collect();
            prop_assert_eq!(rank(&topic, &gone, &left), None);
            let ranks: Vec<_> = order.iter().map(|worker| rank(&topic, worker, &left)).collect();
            prop_assert_eq!(ranks, (0..order.len() as u32).map(Some).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_places_are_spread_evenly() {
        let workers = set(&[1, 2, 3, 4]);
        let first = |worker: u8| {
            let worker = AccountId32([worker; 32]);
            let topics = (0..1_000u64).map(u64::to_le_bytes);
            topics.filter(|topic| rank(topic, &worker, &workers) == Some(0)).count()
        };
        for worker in 1..=4 {
            assert!((200..300).contains(&first(worker)), "{worker}: {}", first(worker));
        }
    }
}
