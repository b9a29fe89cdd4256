//! `report_failure`, and what keeps a worker from answering in either way.

use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, FailureCode, ModelId};
use sp_runtime::DispatchError;

fn report(worker: u64, request: RequestId, code: FailureCode) -> DispatchResultWithPostInfo {
    Inference::report_failure(signed(worker), request, code)
}

/// Neither a prediction nor a failure is taken, and nothing changes.
fn check_refused(worker: u64, request: RequestId, error: impl Into<DispatchError>) {
    let error = error.into();
    assert_noop!(answer(worker, request), error);
    assert_noop!(report(worker, request, FailureCode::Unavailable), error);
}

#[test]
fn report_failure_works() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let codes = [
            FailureCode::Unavailable,
            FailureCode::WrongHash,
            FailureCode::CannotDecrypt,
            FailureCode::NotAnImage,
            FailureCode::TooLarge,
        ];
        for code in codes {
            let id = request();
            let used = report(WORKER, id, code).expect("the worker may report");
            assert_eq!(used.actual_weight, None);
            let failed = RequestStatus::Failed { worker: WORKER, code };
            assert_eq!(status(id), failed);
            assert!(!is_open(id));
            assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before));
            assert_eq!(free_balance(WORKER), FUNDS - BOND);
            assert!(!Predictions::<Test>::contains_key(XRAY, VGG));
            let checked = pallet_emr::Event::AccessChecked {
                patient: PATIENT,
                subject: WORKER,
                record: Some(XRAY),
                action: Action::Infer,
                policy: None,
            };
            let event = Event::InferenceFailed { request: id, record: XRAY, worker: WORKER, code };
            assert_eq!(events(), [checked.into(), event.into()]);
        }
    });
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        assert_noop!(
            Inference::report_failure(RuntimeOrigin::root(), id, FailureCode::TooLarge),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn fails_when_not_a_worker() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        // The patient's consent alone does not make a worker, nor does being
        // the patient.
        Policy::grant(STRANGER, Action::Infer);
        for who in [STRANGER, PATIENT, LAB] {
            check_refused(who, id, Error::<Test>::NotAWorker);
        }
    });
}

#[test]
fn fails_when_the_request_is_unknown() {
    ExtBuilder::default().build_and_execute(|| {
        check_refused(WORKER, REQUEST, Error::<Test>::RequestNotFound);
    });
}

#[test]
fn fails_when_the_request_is_closed() {
    ExtBuilder::default().build_and_execute(|| {
        let cancelled = request();
        assert_ok!(Inference::cancel_request(signed(PATIENT), cancelled));
        check_refused(WORKER, cancelled, Error::<Test>::RequestNotOpen);

        let failed = request();
        assert_ok!(report(WORKER, failed, FailureCode::NotAnImage));
        check_refused(OTHER_WORKER, failed, Error::<Test>::RequestNotOpen);

        let expired = request();
        System::set_block_number(2 + DEADLINE);
        assert_ok!(Inference::expire_request(signed(STRANGER), expired));
        check_refused(WORKER, expired, Error::<Test>::RequestNotOpen);

        let answered = request();
        assert_ok!(answer(WORKER, answered));
        check_refused(OTHER_WORKER, answered, Error::<Test>::RequestNotOpen);
    });
}

#[test]
fn fails_after_the_deadline() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        System::set_block_number(2 + DEADLINE);
        check_refused(WORKER, id, Error::<Test>::DeadlinePassed);
    });
}

#[test]
fn fails_when_the_worker_does_not_run_the_model() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        let run = |list: &[ModelId]| Inference::set_worker_models(signed(WORKER), models(list));
        assert_ok!(run(&[FREE]));
        check_refused(WORKER, id, Error::<Test>::ModelNotRun);
        assert_ok!(run(&[FREE, VGG]));
        assert_ok!(answer(WORKER, id));
    });
}

#[test]
fn fails_when_the_model_was_retired() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        retire_vgg();
        check_refused(WORKER, id, Error::<Test>::ModelRetired);
        assert!(is_open(id));
        assert_ok!(Inference::set_model_status(RuntimeOrigin::root(), VGG, ModelStatus::Active));
        assert_ok!(answer(WORKER, id));
    });
}

#[test]
fn fails_when_the_record_was_amended() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        amend_xray();
        check_refused(WORKER, id, Error::<Test>::RecordNotActive);
    });
}

#[test]
fn fails_when_the_record_was_erased() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        assert_ok!(Emr::erase_record(signed(PATIENT), XRAY));
        check_refused(WORKER, id, Error::<Test>::RecordNotActive);
    });
}

#[test]
fn fails_without_consent() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Inference::register_worker(signed(STRANGER), models(&[VGG])));
        let id = request();
        check_refused(STRANGER, id, pallet_emr::Error::<Test>::NoGrant);
        // Consent to look is not consent to run a model.
        Policy::grant(STRANGER, Action::View);
        check_refused(STRANGER, id, pallet_emr::Error::<Test>::NoGrant);
        assert!(is_open(id));
    });
}
