//! Each request waits for the first seed that is newer than itself.

use super::*;
use frame_support::{assert_ok, traits::Hooks};

fn seeds() -> Vec<(u32, ([u8; 32], u32))> {
    Seeds::<Test>::iter().collect()
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

#[test]
fn requests_of_one_seed_share_the_next() {
    ExtBuilder::default().build_and_execute(|| {
        let early = ask(2);
        assert_eq!(AwaitedSeed::<Test>::get(), Some((1, 2)));
        pass(1);
        Dice::roll([2; 32]);
        let late = ask(1);
        // The new request made the pallet keep the seed of the others.
        assert_eq!(seeds(), [(1, ([2; 32], 2))]);
        assert_eq!(AwaitedSeed::<Test>::get(), Some((2, 1)));
        pass(1);
        Dice::roll([3; 32]);
        pass(1);
        assert_eq!(AwaitedSeed::<Test>::get(), None);
        assert_eq!(Seeds::<Test>::get(2), Some(([3; 32], 1)));

        for (left, id) in early.into_iter().enumerate() {
            assert_ok!(draw(id));
            assert_eq!(committee(id).choice, seeded(id, [2; 32]));
            assert_eq!(Seeds::<Test>::get(1).map(|(_, left)| left), (left == 0).then_some(1));
        }
        assert_ok!(draw(late[0]));
        assert_eq!(committee(late[0]).choice, seeded(late[0], [3; 32]));
        assert_eq!(seeds(), []);
    });
}

/// The choice after one worker was drawn.
fn seeded(id: RequestId, seed: [u8; 32]) -> Choice {
    let first = ranked(id, seed, WORKERS.to_vec())[0];
    let last = sp_io::hashing::blake2_256(&codec::Encode::encode(&(seed, id, first)));
    Choice::Seeded { seed, last: Some(last) }
}

#[test]
fn later_seeds_do_not_change_the_one_that_followed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = ask(1)[0];
        for seed in 2..5 {
            pass(1);
            Dice::roll([seed; 32]);
        }
        assert_ok!(draw(id));
        assert_eq!(committee(id).choice, seeded(id, [2; 32]));
    });
}

#[test]
fn closed_requests_leave_no_seed() {
    ExtBuilder::default().build_and_execute(|| {
        let ids = ask(3);
        // Before the seed is there, after it, and at the deadline.
        assert_ok!(Inference::cancel_request(signed(PATIENT), ids[0]));
        assert_eq!(AwaitedSeed::<Test>::get(), Some((1, 2)));
        pass(1);
        Dice::roll([2; 32]);
        assert_ok!(Inference::cancel_request(signed(PATIENT), ids[1]));
        assert_eq!(seeds(), [(1, ([2; 32], 1))]);
        miss_deadline(ids[2]);
        assert_ok!(settle(ids[2]));
        assert_eq!((seeds(), AwaitedSeed::<Test>::get()), (Vec::new(), None));

        let only = ask(1);
        assert_ok!(Inference::cancel_request(signed(PATIENT), only[0]));
        assert_eq!(AwaitedSeed::<Test>::get(), None);
    });
}

#[test]
fn the_begin_of_a_block_accounts_for_its_end() {
    ExtBuilder::default().build_and_execute(|| {
        let db: frame_support::weights::RuntimeDbWeight =
            <Test as frame_system::Config>::DbWeight::get();
        assert_eq!(Inference::on_initialize(START), db.reads_writes(2, 2));
    });
}
