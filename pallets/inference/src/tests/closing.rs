use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, RecordId, RecordKind};
use sp_runtime::DispatchError;

#[test]
fn cancel_request_works() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let id = request();
        assert_ok!(Inference::cancel_request(signed(PATIENT), id));
        assert_eq!(status(id), RequestStatus::Cancelled);
        assert!(!is_open(id));
        assert_eq!(held(PATIENT), (0, 0));
        assert_eq!(free_balance(PATIENT), before);
        assert_eq!(events(), [Event::RequestCancelled { request: id }.into()]);
    });
}

#[test]
fn fails_when_another_account_cancels() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        for who in [STRANGER, WORKER] {
            assert_noop!(Inference::cancel_request(signed(who), id), Error::<Test>::NotRequester);
        }
        assert_ok!(Inference::cancel_request(signed(PATIENT), id));
        Policy::grant(STRANGER, Action::Infer);
        assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, VGG));
        // Not even the patient may cancel: the funds are the requester's.
        assert_noop!(
            Inference::cancel_request(signed(PATIENT), RequestId(1)),
            Error::<Test>::NotRequester
        );
    });
}

#[test]
fn fails_when_the_request_is_unknown() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Inference::cancel_request(signed(PATIENT), REQUEST),
            Error::<Test>::RequestNotFound
        );
        assert_noop!(
            Inference::expire_request(signed(PATIENT), REQUEST),
            Error::<Test>::RequestNotFound
        );
    });
}

#[test]
fn fails_when_the_request_is_closed() {
    ExtBuilder::default().build_and_execute(|| {
        let answered = request();
        assert_ok!(answer(WORKER, answered));
        assert_ok!(Inference::request_inference(signed(PATIENT), XRAY, FREE));
        let cancelled = RequestId(1);
        assert_ok!(Inference::cancel_request(signed(PATIENT), cancelled));
        System::set_block_number(2 + DEADLINE);
        for id in [answered, cancelled] {
            assert_noop!(
                Inference::cancel_request(signed(PATIENT), id),
                Error::<Test>::RequestNotOpen
            );
            assert_noop!(
                Inference::expire_request(signed(PATIENT), id),
                Error::<Test>::RequestNotOpen
            );
        }
    });
}

#[test]
fn expire_request_works() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let id = request();
        System::set_block_number(2 + DEADLINE);
        assert_ok!(Inference::expire_request(signed(STRANGER), id));
        assert_eq!(status(id), RequestStatus::Expired);
        assert!(!is_open(id));
        assert_eq!(held(PATIENT), (0, 0));
        assert_eq!(free_balance(PATIENT), before);
        assert_eq!(free_balance(STRANGER), FUNDS);
        assert_eq!(events(), [Event::RequestExpired { request: id }.into()]);
    });
}

#[test]
fn boundary_a_request_expires_after_its_last_block() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        for block in [1, DEADLINE, 1 + DEADLINE] {
            System::set_block_number(block);
            assert_noop!(
                Inference::expire_request(signed(PATIENT), id),
                Error::<Test>::RequestNotExpired
            );
        }
        System::set_block_number(2 + DEADLINE);
        assert_ok!(Inference::expire_request(signed(PATIENT), id));
    });
}

#[test]
fn a_late_request_can_still_be_cancelled() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        System::set_block_number(100 * DEADLINE);
        assert_ok!(Inference::cancel_request(signed(PATIENT), id));
    });
}

#[test]
fn requests_for_a_retired_model_can_be_cancelled_and_expire() {
    ExtBuilder::default().build_and_execute(|| {
        let cancelled = request();
        assert_ok!(add_record(PATIENT, RecordKind::ChestXray, 12, Some(VGG)));
        let expired = RequestId(1);
        retire_vgg();
        assert_ok!(Inference::cancel_request(signed(PATIENT), cancelled));
        System::set_block_number(2 + DEADLINE);
        assert_ok!(Inference::expire_request(signed(STRANGER), expired));
        assert_eq!(held(PATIENT), (0, 0));
    });
}

#[test]
fn requests_on_a_record_that_is_gone_can_be_cancelled_and_expire() {
    ExtBuilder::default().build_and_execute(|| {
        let cancelled = request();
        assert_ok!(add_record(PATIENT, RecordKind::ChestXray, 12, Some(VGG)));
        let expired = RequestId(1);
        amend_xray();
        let second = RecordId(2);
        assert_ok!(Emr::erase_record(signed(PATIENT), second));
        assert_ok!(Inference::cancel_request(signed(PATIENT), cancelled));
        System::set_block_number(2 + DEADLINE);
        assert_ok!(Inference::expire_request(signed(STRANGER), expired));
        assert_eq!(held(PATIENT), (0, 0));
    });
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        let root = RuntimeOrigin::root;
        let bad = DispatchError::BadOrigin;
        assert_noop!(Inference::cancel_request(root(), id), bad);
        assert_noop!(Inference::expire_request(RuntimeOrigin::none(), id), bad);
    });
}
