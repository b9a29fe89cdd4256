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
        for who in [STRANGER, WORKER] {
            assert_noop!(cancel(who, id), Error::<Test>::NotRequester);
        }
        assert_ok!(cancel(PATIENT, id));
        Policy::grant(STRANGER, Action::Infer);
        assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, order(1)));
        // Not even the patient may cancel: the funds are the requester's.
        assert_noop!(cancel(PATIENT, RequestId(1)), Error::<Test>::NotRequester);
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
            assert_noop!(settle(id), Error::<Test>::RequestNotOpen);
        }
    });
}

#[test]
fn fails_when_a_worker_has_committed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        assert_ok!(commit(members(id)[0], id, &covid()));
        assert_noop!(cancel(PATIENT, id), Error::<Test>::AnswerCommitted);
        assert_ok!(commit(members(id)[1], id, &covid()));
        assert_noop!(cancel(PATIENT, id), Error::<Test>::AnswerCommitted);
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
