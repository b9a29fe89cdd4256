//! `cancel_request`.

use super::*;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

fn cancel(who: u64, id: RequestId) -> frame_support::dispatch::DispatchResult {
    Inference::cancel_request(signed(who), id)
}

#[test]
fn cancel_request_works_until_somebody_has_committed() {
    ExtBuilder::default().build_and_execute(|| {
        let scenes: [fn() -> RequestId; 4] =
            [|| request(order(2)), || drawn(2), || request(named(WORKER)), || awaiting(2)];
        for scene in scenes {
            let before = free_balance(PATIENT);
            let id = scene();
            let deposits = 2 * pallet_emr::Envelopes::<Test>::iter().count() as u64;
            assert_ok!(cancel(PATIENT, id));
            assert_eq!(status(id), RequestStatus::Cancelled);
            assert!(!is_open(id));
            assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before - deposits));
            for who in WORKERS {
                let entry = worker(who);
                assert_eq!((entry.assigned, entry.declined, entry.missed), (0, 0, 0));
            }
            assert_eq!(events(), [Event::RequestCancelled { request: id }.into()]);
        }
    });
}

#[test]
fn fails_when_another_account_cancels() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(order(1));
        for who in [STRANGER, WORKER, OTHER_PATIENT, LAB] {
            assert_noop!(cancel(who, id), Error::<Test>::NotRequester);
        }
        assert_ok!(cancel(PATIENT, id));
    });
}

/// A request of [`STRANGER`] about [`XRAY`] whose workers have the key.
fn awaited_by_a_stranger(quorum: u8) -> RequestId {
    Policy::grant(STRANGER, Action::Infer);
    let id = NextRequestId::<Test>::get();
    assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, order(quorum)));
    pass(1);
    Dice::decide([5; 32]);
    assert_ok!(draw(id));
    assert_ok!(seal(id));
    System::reset_events();
    id
}

#[test]
fn the_patient_cancels_what_others_requested() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        let before = free_balance(STRANGER);
        assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, order(2)));
        assert_noop!(cancel(OTHER_PATIENT, REQUEST), Error::<Test>::NotRequester);
        assert_ok!(cancel(PATIENT, REQUEST));
        // The funds are the requester's.
        assert_eq!((held(STRANGER), free_balance(STRANGER)), ((0, 0), before));
        let id = awaited_by_a_stranger(2);
        assert_ok!(cancel(PATIENT, id));
        assert_eq!((held(STRANGER), free_balance(STRANGER)), ((0, 0), before));
        assert_eq!(events(), [Event::RequestCancelled { request: id }.into()]);
    });
}

/// At each stage in which an answer, or a commitment, may be in the pool.
#[test]
fn a_requester_cannot_take_back_what_workers_earned() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaited_by_a_stranger(1);
        let who = members(id)[0];
        assert_ok!(commit(who, id, &covid()));
        assert_noop!(cancel(STRANGER, id), Error::<Test>::AnswerCommitted);
        assert_ok!(reveal(who, id, &covid()));
        assert_eq!(free_balance(who), FUNDS - BOND + FEE);
    });
    ExtBuilder::default().build_and_execute(|| {
        let id = awaited_by_a_stranger(2);
        let list = members(id);
        for who in &list {
            assert_ok!(commit(*who, id, &covid()));
            assert_noop!(cancel(STRANGER, id), Error::<Test>::AnswerCommitted);
        }
        assert_ok!(reveal(list[0], id, &covid()));
        assert_noop!(cancel(STRANGER, id), Error::<Test>::AnswerCommitted);
        assert_ok!(reveal(list[1], id, &covid()));
        for who in list {
            assert_eq!(free_balance(who), FUNDS - BOND + FEE);
        }
    });
}

/// It commits first, also alone: nobody has seen an answer.
#[test]
fn a_single_worker_that_has_the_key_has_earned_nothing_yet() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaited_by_a_stranger(1);
        let who = members(id)[0];
        assert_ok!(cancel(STRANGER, id));
        assert_eq!(status(id), RequestStatus::Cancelled);
        assert_eq!((held(STRANGER), free_balance(STRANGER)), ((0, 0), FUNDS));
        let id = awaiting(1);
        assert_eq!(members(id), [who]);
        assert_ok!(cancel(PATIENT, id));
        assert_eq!((held(PATIENT), free_balance(who)), ((0, 0), FUNDS - BOND));
    });
}

/// Also where the patient is the requester, who may have seen an answer.
#[test]
fn what_the_patient_ends_is_paid() {
    let ends: [(fn() -> RequestId, usize); 4] = [
        (|| revealing(1), 1),
        (
            || {
                let id = awaiting(3);
                assert_ok!(commit(members(id)[0], id, &covid()));
                id
            },
            1,
        ),
        (|| revealing(3), 3),
        (
            || {
                let id = revealing(2);
                assert_ok!(reveal(members(id)[1], id, &covid()));
                id
            },
            2,
        ),
    ];
    for (begin, paid) in ends {
        ExtBuilder::default().build_and_execute(|| {
            let id = begin();
            let list = members(id);
            let before = free_balance(PATIENT);
            let fees = held(PATIENT).0;
            assert_ok!(cancel(PATIENT, id));
            assert_eq!(status(id), RequestStatus::Cancelled);
            assert!(!is_open(id));
            assert_eq!(held(PATIENT), (0, 0));
            assert_eq!(free_balance(PATIENT), before + fees - paid as u64 * FEE);
            for (place, who) in list.into_iter().enumerate() {
                let fee = if place < paid { FEE } else { 0 };
                assert_eq!(free_balance(who), FUNDS - BOND + fee);
                assert_eq!((worker(who).assigned, held(who)), (0, (0, BOND)));
            }
        });
    }
}

/// A commitment that was not revealed in time may be to anything. Whoever revealed is paid by
/// whoever did not, also where the patient cancels before the block that notices.
#[test]
fn who_did_not_reveal_in_time_is_not_paid() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(2);
        let before = free_balance(PATIENT) + held(PATIENT).0;
        let list = members(id);
        assert_ok!(reveal(list[0], id, &covid()));
        miss_deadline(id);
        assert_ok!(cancel(PATIENT, id));
        assert_eq!(free_balance(PATIENT), before);
        assert_eq!(held(list[1]).1, BOND - NOT_REVEALED);
        assert_eq!(free_balance(list[0]), FUNDS - BOND + FEE);
        assert_eq!(free_balance(list[1]), FUNDS - BOND);
        assert_eq!(held(PATIENT), (0, 0));
    });
}

/// Whoever missed the deadline has no answer under way.
#[test]
fn a_single_worker_that_is_late_earns_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        miss_deadline(id);
        assert_ok!(cancel(PATIENT, id));
        assert_eq!(status(id), RequestStatus::Cancelled);
        assert_eq!((held(PATIENT), free_balance(who)), ((0, 0), FUNDS - BOND));
        assert_eq!(held(who).1, BOND - ABSENCE, "it missed the deadline all the same");
    });
}

#[test]
fn fails_when_the_request_is_unknown_or_closed() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(cancel(PATIENT, REQUEST), Error::<Test>::RequestNotFound);
        assert_noop!(settle(REQUEST), Error::<Test>::RequestNotFound);
        let cancelled = request(order(1));
        assert_ok!(cancel(PATIENT, cancelled));
        let answered = answered(1);
        pass(100);
        for id in [answered, cancelled] {
            assert_noop!(cancel(PATIENT, id), Error::<Test>::RequestNotOpen);
        }
        assert_noop!(settle(answered), Error::<Test>::RequestNotOpen);
        // It is removed later.
        assert_noop!(settle(cancelled), Error::<Test>::DeadlineNotPassed);
    });
}

#[test]
fn fails_when_a_worker_has_committed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaited_by_a_stranger(2);
        assert_ok!(commit(members(id)[0], id, &covid()));
        assert_noop!(cancel(STRANGER, id), Error::<Test>::AnswerCommitted);
        assert_ok!(commit(members(id)[1], id, &covid()));
        assert_noop!(cancel(STRANGER, id), Error::<Test>::AnswerCommitted);
    });
}

#[test]
fn a_late_request_can_still_be_cancelled() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(order(1));
        System::set_block_number(100 * DRAW);
        assert_ok!(cancel(PATIENT, id));
    });
}

#[test]
fn requests_for_what_is_gone_can_be_cancelled() {
    ExtBuilder::default().build_and_execute(|| {
        let ids = [request(order(1)), NextRequestId::<Test>::get()];
        assert_ok!(add_film(12, Some(order(1))));
        retire_vgg();
        amend_xray();
        assert_ok!(Emr::erase_record(signed(PATIENT), medchain_primitives::RecordId(2)));
        for id in ids {
            assert_ok!(cancel(PATIENT, id));
        }
        assert_eq!(held(PATIENT), (0, 0));
    });
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(order(1));
        let bad = DispatchError::BadOrigin;
        assert_noop!(Inference::cancel_request(RuntimeOrigin::root(), id), bad);
        assert_noop!(Inference::settle_overdue(RuntimeOrigin::none(), id), bad);
    });
}
