//! What is due is closed at the end of a block, as far as there is room.

use super::*;
use frame_support::{
    assert_ok,
    traits::{Get, Hooks},
    weights::Weight,
};
use medchain_primitives::{FailureCode, RecordKind};

/// Ends block `number` with room for `steps` steps; returns how many were used.
fn end_block(number: u64, steps: u64) -> u64 {
    System::set_block_number(number);
    let step = <() as WeightInfo>::expire_due();
    let used = Inference::on_idle(number, step.saturating_mul(steps));
    assert_eq!(used.ref_time() % step.ref_time(), 0);
    used.ref_time() / step.ref_time()
}

/// Requests with this many records, all due in the same block.
fn requests(count: u8) -> Vec<RequestId> {
    let ids = (0..count).map(|number| {
        let id = NextRequestId::<Test>::get();
        assert_ok!(add_record(PATIENT, RecordKind::ChestXray, 40 + number, Some(VGG)));
        id
    });
    ids.collect()
}

#[test]
fn a_request_that_is_due_is_closed() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let id = request();
        assert_ok!(Inference::report_failure(signed(WORKER), id, FailureCode::Unavailable));
        // A step for each block that there was nothing to do in.
        assert_eq!(end_block(1 + DEADLINE, 100), 1 + DEADLINE);
        assert!(is_open(id));
        System::reset_events();
        // The last block of the request, and the request itself.
        assert_eq!(end_block(2 + DEADLINE, 100), 2);
        assert_eq!(status(id), RequestStatus::Expired);
        assert!(!is_open(id));
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before));
        assert_eq!(events(), [Event::RequestExpired { request: id }.into()]);
        assert_eq!(end_block(3 + DEADLINE, 100), 1);
    });
}

#[test]
fn boundary_no_more_is_closed_than_there_is_room_for() {
    ExtBuilder::default().build_and_execute(|| {
        let ids = requests(4);
        let open = || ids.iter().filter(|id| is_open(**id)).count();
        end_block(1 + DEADLINE, 100);
        assert_eq!(end_block(2 + DEADLINE, 0), 0);
        assert_eq!(open(), 4);
        assert_eq!(end_block(3 + DEADLINE, 3), 3);
        assert_eq!(open(), 1);
        // The last of them, and three blocks.
        assert_eq!(end_block(4 + DEADLINE, 100), 4);
        assert_eq!(open(), 0);
        assert_eq!(NextExpiry::<Test>::get(), 4 + DEADLINE);
    });
}

#[test]
fn many_that_were_stored_long_ago_are_closed_in_one_walk() {
    let mut ext = ExtBuilder::default().build();
    let ids = ext.execute_with(|| requests(20));
    // Now they are in the database below, as in a later block.
    ext.commit_all().expect("the state can be stored");
    ext.execute_with(|| {
        end_block(1 + DEADLINE, 100);
        assert_eq!(end_block(2 + DEADLINE, 100), 21);
        assert!(ids.iter().all(|id| status(*id) == RequestStatus::Expired));
        check_invariants();
    });
}

#[test]
fn a_quarter_of_a_block_is_the_most_that_is_used() {
    ExtBuilder::default().build_and_execute(|| {
        let weights: frame_system::limits::BlockWeights =
            <Test as frame_system::Config>::BlockWeights::get();
        let all = weights.max_block;
        System::set_block_number(10_000_000);
        let used = Inference::on_idle(10_000_000, all);
        assert!(used.all_lte(all / 4) && used.ref_time() > 0, "{used:?}");
    });
}

#[test]
fn nothing_is_closed_in_a_full_block() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        System::set_block_number(100 * DEADLINE);
        assert_eq!(Inference::on_idle(100 * DEADLINE, Weight::zero()), Weight::zero());
        assert!(is_open(id));
    });
}

#[test]
fn what_is_closed_otherwise_is_not_due() {
    ExtBuilder::default().build_and_execute(|| {
        let answered = request();
        assert_ok!(answer(WORKER, answered));
        let ids = requests(2);
        assert_ok!(Inference::cancel_request(signed(PATIENT), ids[0]));
        System::set_block_number(2 + DEADLINE);
        assert_ok!(Inference::expire_request(signed(STRANGER), ids[1]));
        System::reset_events();
        end_block(2 + DEADLINE, 1_000);
        assert_eq!(events(), []);
    });
}
