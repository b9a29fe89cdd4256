//! `report_failure`.

use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{FailureCause, FailureCode};
use sp_runtime::DispatchError;

fn report(
    who: u64,
    request: RequestId,
    code: FailureCode,
) -> frame_support::dispatch::DispatchResult {
    let done = Inference::report_failure(signed(who), request, code);
    done.map(|_| ()).map_err(|failed| failed.error)
}

const CODES: [FailureCode; 6] = [
    FailureCode::Unavailable,
    FailureCode::WrongHash,
    FailureCode::CannotDecrypt,
    FailureCode::NotAnImage,
    FailureCode::TooLarge,
    FailureCode::InputMismatch,
];

fn reported(request: RequestId, worker: u64, code: FailureCode) -> RuntimeEvent {
    Event::FailureReported { request, record: XRAY, worker, code }.into()
}

#[test]
fn report_failure_works() {
    ExtBuilder::default().build_and_execute(|| {
        for code in CODES {
            let id = awaiting(2);
            let list = members(id);
            pass(1);
            let declined = worker(list[0]).declined;
            assert_ok!(report(list[0], id, code));
            assert_eq!((status(id), members(id)), (RequestStatus::Drawing, vec![list[1]]));
            let deadline = System::block_number() + DRAW;
            assert_eq!(entry(id).deadline, deadline);
            assert_eq!(committee(id).lost.into_inner(), [list[0]]);
            assert!(is_open(id) && !on_list(list[0], id));
            let expected = Worker { declined: declined + 1, assigned: 0, ..worker(list[0]) };
            assert_eq!(worker(list[0]), expected);
            assert_eq!(held(list[0]), (0, BOND));
            assert_eq!(held(PATIENT), (2 * FEE, 0));
            let reopened = Event::DrawReopened { request: id, missing: 1, deadline };
            assert_eq!(events(), [reported(id, list[0], code), reopened.into()]);
            assert_ok!(Inference::cancel_request(signed(PATIENT), id));
        }
    });
}

#[test]
fn the_next_in_the_order_of_the_seed_replaces_whoever_left() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        let ranks = ranked(XRAY, [5; 32], WORKERS.to_vec());
        // The seed is that of the first draw.
        Dice::roll([9; 32]);
        assert_ok!(report(list[0], id, FailureCode::Unavailable));
        assert_ok!(draw(id));
        assert_eq!(members(id), [ranks[1], ranks[2]]);
        assert_ok!(seal(id));
        for who in members(id) {
            assert_ok!(commit(who, id, &covid()));
        }
        for who in members(id) {
            assert_ok!(reveal(who, id, &covid()));
        }
        assert_eq!(status(id), RequestStatus::Answered);
        assert_eq!(free_balance(list[0]), FUNDS - BOND);
    });
}

#[test]
fn may_be_reported_while_workers_are_drawn_and_keys_are_sealed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(order(2));
        pass(1);
        Dice::decide([5; 32]);
        assert_ok!(Inference::draw_workers(signed(STRANGER), id, 1));
        let first = members(id)[0];
        assert_ok!(report(first, id, FailureCode::Unavailable));
        assert!(members(id).is_empty());
        assert_ok!(draw(id));
        assert_eq!(status(id), RequestStatus::Sealing);
        let second = members(id)[0];
        assert_ok!(report(second, id, FailureCode::CannotDecrypt));
        assert_eq!(status(id), RequestStatus::Drawing);
        assert_ok!(draw(id));
        assert_eq!(status(id), RequestStatus::Sealing);
    });
}

#[test]
fn boundary_a_quorum_of_failures_fails_the_request_and_one_less_does_not() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let id = drawn(1);
        for code in [FailureCode::Unavailable, FailureCode::TooLarge] {
            assert_ok!(report(members(id)[0], id, code));
            assert_ok!(draw(id));
        }
        // There is a fourth candidate, who is not asked.
        System::reset_events();
        let third = members(id)[0];
        assert_ok!(report(third, id, FailureCode::NotAnImage));
        let cause = FailureCause::Reported(FailureCode::NotAnImage);
        assert_eq!(status(id), RequestStatus::Failed { cause });
        assert!(!is_open(id));
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before));
        let failed = Event::InferenceFailed { request: id, record: XRAY, cause };
        assert_eq!(events(), [reported(id, third, FailureCode::NotAnImage), failed.into()]);
    });
}

fn leave(who: u64) {
    assert_ok!(Inference::deregister_worker(signed(who)));
}

/// Otherwise one operator could fail any request for nothing.
#[test]
fn reports_of_workers_that_are_leaving_do_not_count() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(1);
        for _ in 0..FAILURE_QUORUM {
            let who = members(id)[0];
            leave(who);
            assert_ok!(report(who, id, FailureCode::WrongHash));
            assert_eq!(status(id), RequestStatus::Drawing);
            assert_ok!(draw(id));
        }
        assert_ok!(seal(id));
        assert_ok!(answer_alone(members(id)[0], id, &covid()));
    });
}

#[test]
fn a_report_stops_counting_when_its_worker_leaves() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(1);
        for turn in 1..=FAILURE_QUORUM {
            let who = members(id)[0];
            assert_ok!(report(who, id, FailureCode::Unavailable));
            assert_eq!(status(id), RequestStatus::Drawing, "{turn} have reported");
            if turn == 1 {
                leave(who);
            }
            assert_ok!(draw(id));
        }
    });
}

/// A bond outlasts the longest request, so no request goes on for ever.
#[test]
fn boundary_of_all_the_workers_that_a_request_loses() {
    for (lost, fails) in [(2 * FAILURE_QUORUM - 2, false), (2 * FAILURE_QUORUM - 1, true)] {
        ExtBuilder::default().build_and_execute(|| {
            let id = drawn(1);
            // As if so many had left.
            let gone = (0..lost).map(|number| 1_000 + u64::from(number)).collect();
            Committees::<Test>::mutate_extant(id, |committee| {
                committee.lost = sp_runtime::BoundedVec::truncate_from(gone);
            });
            let who = members(id)[0];
            leave(who);
            assert_ok!(report(who, id, FailureCode::WrongHash));
            assert_eq!(!is_open(id), fails);
            if fails {
                // It does not say what a worker said that is gone.
                let cause = FailureCause::NotAnswered;
                assert_eq!(status(id), RequestStatus::Failed { cause });
            }
        });
    }
}

#[test]
fn without_another_candidate_the_request_fails_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(4);
        let code = FailureCode::WrongHash;
        assert_ok!(report(WORKER, id, code));
        let cause = FailureCause::Reported(code);
        assert_eq!(status(id), RequestStatus::Failed { cause });
        assert!(WORKERS.into_iter().all(|who| worker(who).assigned == 0));
    });
}

#[test]
fn without_a_named_worker_the_request_fails_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(named(WORKER));
        assert_ok!(report(WORKER, id, FailureCode::TooLarge));
        let cause = FailureCause::Reported(FailureCode::TooLarge);
        assert_eq!(status(id), RequestStatus::Failed { cause });
    });
}

#[test]
fn newer_candidates_do_not_keep_a_request_open() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Inference::deregister_worker(signed(14)));
        let id = drawn(3);
        assert_ok!(Inference::register_worker(signed(NEWCOMER), models(&[VGG])));
        assert_ok!(report(WORKER, id, FailureCode::Unavailable));
        let cause = FailureCause::Reported(FailureCode::Unavailable);
        assert_eq!(status(id), RequestStatus::Failed { cause });
    });
}

#[test]
fn whoever_has_committed_stays() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        assert_ok!(commit(list[0], id, &covid()));
        let code = FailureCode::Unavailable;
        assert_noop!(report(list[0], id, code), Error::<Test>::AlreadyAnswered);
        assert_ok!(report(list[1], id, code));
        assert_eq!(members(id), [list[0]]);
        assert_ok!(draw(id));
        assert_ok!(seal(id));
        let new = members(id)[1];
        assert_ok!(commit(new, id, &covid()));
        for who in [list[0], new] {
            assert_noop!(report(who, id, code), Error::<Test>::WrongStatus);
            assert_ok!(reveal(who, id, &covid()));
        }
        assert_eq!(status(id), RequestStatus::Answered);
    });
}

#[test]
fn fails_when_there_is_nothing_to_report() {
    ExtBuilder::default().build_and_execute(|| {
        let code = FailureCode::Unavailable;
        assert_noop!(report(WORKER, REQUEST, code), Error::<Test>::RequestNotFound);
        let id = request(named(WORKER));
        for who in [12, STRANGER, PATIENT] {
            assert_noop!(report(who, id, code), Error::<Test>::NotChosen);
        }
        let last = entry(id).deadline;
        miss_deadline(id);
        assert_noop!(report(WORKER, id, code), Error::<Test>::DeadlinePassed);
        System::set_block_number(last);
        assert_ok!(report(WORKER, id, code));
        assert_noop!(report(WORKER, id, code), Error::<Test>::RequestNotOpen);
    });
}

#[test]
fn may_be_reported_without_consent_and_without_the_record() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        Policy::revoke(who, Action::Infer);
        erase_xray();
        assert_ok!(report(who, id, FailureCode::Unavailable));
        assert_eq!(held(who), (0, BOND));
    });
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(named(WORKER));
        assert_noop!(
            Inference::report_failure(RuntimeOrigin::root(), id, FailureCode::TooLarge),
            DispatchError::BadOrigin
        );
    });
}
