//! Due requests are moved on at the end of a block that has room.

use super::*;
use frame_support::{
    assert_ok,
    traits::Hooks,
    weights::{RuntimeDbWeight, Weight},
};
use medchain_primitives::{FailureCause, SlashReason};

/// Ends block `number` with room for `steps` steps; returns how many were used.
fn end_block(number: u64, steps: u64) -> u64 {
    System::set_block_number(number);
    let step = <() as WeightInfo>::process_due();
    let room = step.saturating_mul(steps).saturating_add(read());
    let used = Inference::on_idle(number, room).saturating_sub(read());
    assert_eq!(used.ref_time() % step.ref_time(), 0);
    used.ref_time() / step.ref_time()
}

/// The weight of reading [`NextDue`].
fn read() -> Weight {
    let weights: RuntimeDbWeight = <Test as frame_system::Config>::DbWeight::get();
    weights.reads(1)
}

/// Makes `count` requests for as many new films, all due in the same block.
fn requests(count: u8) -> Vec<RequestId> {
    let ids = (0..count).map(|number| {
        let id = NextRequestId::<Test>::get();
        assert_ok!(add_film(40 + number, Some(order(1))));
        id
    });
    ids.collect()
}

#[test]
fn nothing_is_processed_before_the_first_request() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(end_block(1_000_000, 100), 0);
        assert_eq!(NextDue::<Test>::get(), None);
        request(order(1));
        // A chain that is years old does not walk through all of its blocks.
        assert_eq!(NextDue::<Test>::get(), Some(1_000_000));
    });
}

#[test]
fn a_due_request_is_closed() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let id = request(order(1));
        // One step for each block since the request in which nothing was due.
        assert_eq!(end_block(START + DRAW, 100), DRAW);
        assert!(is_open(id));
        System::reset_events();
        // The request and its last block.
        assert_eq!(end_block(START + DRAW + 1, 100), 2);
        assert_eq!(status(id), RequestStatus::Expired);
        assert!(!is_open(id));
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before));
        assert_eq!(events(), [Event::RequestExpired { request: id }.into()]);
        assert_eq!(end_block(START + DRAW + 2, 100), 1);
    });
}

#[test]
fn an_absent_member_is_replaced_without_a_call_and_the_draw_has_its_own_deadline() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        let last = entry(id).deadline;
        end_block(last, 100);
        assert_eq!(status(id), RequestStatus::Committing);
        System::reset_events();
        end_block(last + 1, 100);
        assert_eq!((status(id), entry(id).deadline), (RequestStatus::Drawing, last + 1 + DRAW));
        assert!(is_open(id));
        let (request, reason, amount) = (id, SlashReason::Absent, ABSENCE);
        let slashed = Event::WorkerSlashed { worker: who, request, reason, amount };
        assert!(events().contains(&slashed.into()));
        // Nobody draws.
        end_block(last + 1 + DRAW, 100);
        assert!(is_open(id));
        end_block(last + 2 + DRAW, 100);
        assert_eq!(status(id), RequestStatus::Expired);
    });
}

#[test]
fn a_request_that_is_not_revealed_fails_without_a_call() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(2);
        end_block(entry(id).deadline + 1, 100);
        let cause = FailureCause::NotRevealed;
        assert_eq!(status(id), RequestStatus::Failed { cause });
    });
}

#[test]
fn boundary_requests_are_closed_as_far_as_there_is_room() {
    ExtBuilder::default().build_and_execute(|| {
        let ids = requests(4);
        let open = || ids.iter().filter(|id| is_open(**id)).count();
        end_block(START + DRAW, 100);
        assert_eq!(end_block(START + DRAW + 1, 0), 0);
        assert_eq!(open(), 4);
        assert_eq!(end_block(START + DRAW + 2, 3), 3);
        assert_eq!(open(), 1);
        // The last request and three blocks.
        assert_eq!(end_block(START + DRAW + 3, 100), 4);
        assert_eq!(open(), 0);
        assert_eq!(NextDue::<Test>::get(), Some(START + DRAW + 3));
    });
}

#[test]
fn requests_of_earlier_blocks_are_closed_in_one_walk() {
    let mut ext = ExtBuilder::default().build();
    let ids = ext.execute_with(|| requests(8));
    // Moves them to the database, as in a later block.
    ext.commit_all().expect("the state can be stored");
    ext.execute_with(|| {
        end_block(START + DRAW, 100);
        assert_eq!(end_block(START + DRAW + 1, 100), 9);
        assert!(ids.iter().all(|id| status(*id) == RequestStatus::Expired));
        check_invariants();
    });
}

#[test]
fn at_most_a_quarter_of_a_block_is_used() {
    ExtBuilder::default().build_and_execute(|| {
        let weights: frame_system::limits::BlockWeights =
            <Test as frame_system::Config>::BlockWeights::get();
        let all = weights.max_block;
        request(order(1));
        System::set_block_number(10_000_000);
        let used = Inference::on_idle(10_000_000, all);
        assert!(used.all_lte(all / 4) && used.ref_time() > (all / 8).ref_time(), "{used:?}");
    });
}

#[test]
fn nothing_is_closed_in_a_full_block() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(order(1));
        System::set_block_number(100 * DRAW);
        assert_eq!(Inference::on_idle(100 * DRAW, Weight::zero()), Weight::zero());
        assert!(is_open(id));
    });
}

#[test]
fn closed_requests_are_not_due() {
    ExtBuilder::default().build_and_execute(|| {
        answered(1);
        let ids = requests(2);
        assert_ok!(Inference::cancel_request(signed(PATIENT), ids[0]));
        miss_deadline(ids[1]);
        assert_ok!(settle(ids[1]));
        System::reset_events();
        end_block(System::block_number() + 200, 1_000);
        assert_eq!(events(), []);
    });
}
