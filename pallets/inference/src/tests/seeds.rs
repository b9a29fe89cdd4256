//! Each draw waits for the first seed that nobody could know when it was asked for.

use super::*;
use frame_support::{assert_noop, assert_ok, traits::Hooks};

fn seeds() -> Vec<(u32, ([u8; 32], u32))> {
    let mut seeds: Vec<_> = Seeds::<Test>::iter().collect();
    seeds.sort();
    seeds
}

fn awaited() -> Vec<(u32, u32)> {
    AwaitedSeed::<Test>::get().into_inner()
}

/// Makes requests on as many new films.
fn ask(films: u8) -> Vec<RequestId> {
    let ask = |_| {
        let id = NextRequestId::<Test>::get();
        assert_ok!(add_film(50 + id.0 as u8, Some(order(1))));
        id
    };
    (0..films).map(ask).collect()
}

/// Ends the block, and publishes a seed in the next one.
fn roll(seed: u8) {
    pass(1);
    Dice::roll([seed; 32]);
}

/// The choice after one worker was drawn.
fn seeded(id: RequestId, seed: [u8; 32]) -> Choice {
    let record = entry(id).record;
    let first = ranked(record, seed, WORKERS.to_vec())[0];
    Choice::Seeded { seed, last: Some(place(record, seed, first)) }
}

#[test]
fn boundary_a_seed_within_the_delay_does_not_draw() {
    ExtBuilder::default().build_and_execute(|| {
        let id = ask(1)[0];
        assert_eq!(committee(id).choice, Choice::After { number: 1 });
        roll(2);
        pass(1);
        assert_noop!(draw(id), Error::<Test>::SeedNotReady);
        assert_eq!((seeds(), awaited()), (vec![], vec![(1, 1)]));
        Dice::roll([3; 32]);
        assert_ok!(draw(id));
        assert_eq!(committee(id).choice, seeded(id, [3; 32]));
        assert_eq!((seeds(), awaited()), (vec![], vec![]));
        let begin = Choice::Seeded { seed: [3; 32], last: None };
        let draw = DrawnBy::<Test>::get(entry(id).record, VGG);
        assert_eq!(draw, Some(Draw { begin, opened: START }));
    });
}

#[test]
fn a_seed_after_missing_numbers_draws_all_that_wait() {
    ExtBuilder::default().build_and_execute(|| {
        let early = ask(1)[0];
        roll(2);
        let late = ask(1)[0];
        pass(1);
        // The chain does not see each block of the relay chain.
        for seed in [3, 4, 5] {
            Dice::roll([seed; 32]);
        }
        pass(1);
        assert_eq!(seeds(), [(1, ([5; 32], 1)), (2, ([5; 32], 1))]);
        for id in [early, late] {
            assert_ok!(draw(id));
            assert_eq!(committee(id).choice, seeded(id, [5; 32]));
        }
    });
}

#[test]
fn requests_of_several_seeds_wait_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        let first = ask(2);
        roll(2);
        let second = ask(1);
        assert_eq!(awaited(), [(1, 2), (2, 1)]);
        roll(3);
        // The new request made the pallet keep the seed of the first ones.
        let third = ask(3);
        assert_eq!(seeds(), [(1, ([3; 32], 2))]);
        assert_eq!(awaited(), [(2, 1), (3, 3)]);
        roll(4);
        pass(1);
        assert_eq!(awaited(), [(3, 3)]);
        roll(5);
        pass(1);
        assert_eq!(awaited(), []);

        for (ids, number, seed) in [(first, 1, 3), (second, 2, 4), (third, 3, 5)] {
            let mut left = ids.len() as u32;
            for id in ids {
                assert_eq!(Seeds::<Test>::get(number), Some(([seed; 32], left)));
                assert_ok!(draw(id));
                assert_eq!(committee(id).choice, seeded(id, [seed; 32]));
                left -= 1;
            }
        }
        assert_eq!(seeds(), []);
    });
}

#[test]
fn a_request_that_finds_no_place_waits_with_the_last() {
    ExtBuilder::default().build().execute_with(|| {
        // It cannot happen: a number stands on the list once.
        Dice::roll([2; 32]);
        let full = vec![(1, 1); MAX_AWAITED_SEEDS as usize];
        AwaitedSeed::<Test>::put(AwaitedSeeds::truncate_from(full));
        let id = ask(1)[0];
        assert_eq!(committee(id).choice, Choice::After { number: 1 });
        assert_eq!(awaited().last(), Some(&(1, 2)));
    });
}

#[test]
fn later_seeds_do_not_change_the_one_that_decides() {
    ExtBuilder::default().build_and_execute(|| {
        let id = ask(1)[0];
        for seed in 2..6 {
            roll(seed);
        }
        assert_ok!(draw(id));
        assert_eq!(committee(id).choice, seeded(id, [3; 32]));
    });
}

#[test]
fn the_seed_of_a_closed_request_stays_for_the_next() {
    ExtBuilder::default().build_and_execute(|| {
        let ids = ask(3);
        // Before the seed is there, after it, and at the deadline.
        assert_ok!(Inference::cancel_request(signed(PATIENT), ids[0]));
        assert_eq!(awaited(), [(1, 3)]);
        roll(2);
        roll(3);
        assert_ok!(Inference::cancel_request(signed(PATIENT), ids[1]));
        miss_deadline(ids[2]);
        assert_ok!(settle(ids[2]));
        assert_eq!((seeds(), awaited()), (vec![(1, ([3; 32], 3))], vec![]));

        for (left, id) in (0..3).rev().zip(ids) {
            let record = entry(id).record;
            let again = NextRequestId::<Test>::get();
            assert_ok!(Inference::request_inference(signed(PATIENT), record, order(1)));
            assert_eq!(committee(again).choice, Choice::After { number: 1 });
            assert_ok!(draw(again));
            assert_eq!(committee(again).choice, seeded(again, [3; 32]));
            assert_eq!(Seeds::<Test>::get(1).map_or(0, |(_, left)| left), left);
        }
    });
}

#[test]
fn the_begin_of_a_block_accounts_for_its_end() {
    ExtBuilder::default().build_and_execute(|| {
        let db: frame_support::weights::RuntimeDbWeight =
            <Test as frame_system::Config>::DbWeight::get();
        // The list, and an entry for each number that can be on it.
        let writes = 1 + u64::from(SEED_DELAY) + 1;
        assert_eq!(Inference::on_initialize(START), db.reads_writes(5, writes));
    });
}
