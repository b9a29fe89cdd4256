//! `report_failure`, and the refusals that it shares with `submit_prediction`.

use super::*;
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use medchain_primitives::{Action, FailureCode, ModelId};
use sp_runtime::DispatchError;

fn report(worker: u64, request: RequestId, code: FailureCode) -> DispatchResultWithPostInfo {
    Inference::report_failure(signed(worker), request, code)
}

/// Both a prediction and a failure report are refused, and nothing changes.
fn check_refused(worker: u64, request: RequestId, error: impl Into<DispatchError>) {
    let error = error.into();
    assert_noop!(answer(worker, request), error);
    assert_noop!(report(worker, request, FailureCode::Unavailable), error);
}

const CODES: [FailureCode; 5] = [
    FailureCode::Unavailable,
    FailureCode::WrongHash,
    FailureCode::CannotDecrypt,
    FailureCode::NotAnImage,
    FailureCode::TooLarge,
];

fn checked(worker: u64) -> RuntimeEvent {
    let action = Action::Infer;
    let (record, policy) = (Some(XRAY), None);
    pallet_emr::Event::AccessChecked { patient: PATIENT, subject: worker, record, action, policy }
        .into()
}

fn reported(request: RequestId, worker: u64, code: FailureCode) -> RuntimeEvent {
    Event::FailureReported { request, record: XRAY, worker, code }.into()
}

/// Makes [`STRANGER`] and [`LAB`] workers with consent and the key, one more than [`QUORUM`].
fn more_workers() {
    for who in [STRANGER, LAB] {
        Policy::grant(who, Action::Infer);
        assert_ok!(Inference::register_worker(signed(who), models(&[VGG])));
        share_xray(who);
    }
    System::reset_events();
}

#[test]
fn report_failure_works() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        for code in CODES {
            let id = request();
            let used = report(WORKER, id, code).expect("the worker may report");
            let weight = <() as WeightInfo>::report_failure() + ASKED_WEIGHT;
            assert_eq!((used.actual_weight, used.pays_fee), (Some(weight), Pays::Yes));
            // The other worker may still find an answer.
            assert_eq!(status(id), RequestStatus::Open);
            assert!(is_open(id));
            assert_eq!(FailureReports::<Test>::get(id, WORKER), Some(code));
            assert_eq!(held(PATIENT), (FEE, 0));
            assert_eq!(events(), [checked(WORKER), reported(id, WORKER, code)]);

            assert_ok!(report(OTHER_WORKER, id, code));
            let failed = RequestStatus::Failed { worker: OTHER_WORKER, code };
            assert_eq!(status(id), failed);
            assert!(!is_open(id));
            assert_eq!(FailureReports::<Test>::iter().count(), 0);
            assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before));
            assert_eq!(free_balance(WORKER), FUNDS - BOND);
            assert!(!Predictions::<Test>::contains_key(XRAY, VGG));
            let event =
                Event::InferenceFailed { request: id, record: XRAY, worker: OTHER_WORKER, code };
            let expected = [checked(OTHER_WORKER), reported(id, OTHER_WORKER, code), event.into()];
            assert_eq!(events(), expected);
        }
    });
}

#[test]
fn the_only_worker_with_the_key_closes_the_request_alone() {
    ExtBuilder::default().build_and_execute(|| {
        // Neither workers without the key nor readers that do not run the model keep the
        // request open, however many they are.
        assert_ok!(Inference::set_worker_models(signed(OTHER_WORKER), models(&[FREE])));
        for who in [STRANGER, LAB] {
            Policy::grant(who, Action::Infer);
            assert_ok!(Inference::register_worker(signed(who), models(&[VGG])));
        }
        share_xray(OTHER_PATIENT);
        let id = request();
        assert_ok!(report(WORKER, id, FailureCode::NotAnImage));
        assert!(matches!(status(id), RequestStatus::Failed { worker: WORKER, .. }));
    });
}

#[test]
fn without_anybody_who_has_the_key_any_worker_closes_the_request() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        for worker in [WORKER, OTHER_WORKER] {
            assert_ok!(Emr::remove_envelope(signed(PATIENT), XRAY, worker));
        }
        assert_ok!(report(OTHER_WORKER, id, FailureCode::CannotDecrypt));
        assert!(matches!(status(id), RequestStatus::Failed { worker: OTHER_WORKER, .. }));
    });
}

#[test]
fn fails_when_the_key_is_sealed_only_to_others() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        assert_ok!(Inference::register_worker(signed(STRANGER), models(&[VGG])));
        let id = request();
        assert_noop!(
            report(STRANGER, id, FailureCode::CannotDecrypt),
            Error::<Test>::EnvelopeNotFound
        );
        // Nor when only one report is missing.
        assert_ok!(report(WORKER, id, FailureCode::Unavailable));
        assert_noop!(
            report(STRANGER, id, FailureCode::CannotDecrypt),
            Error::<Test>::EnvelopeNotFound
        );
        assert!(is_open(id));
    });
}

#[test]
fn boundary_a_quorum_closes_the_request_and_one_less_does_not() {
    ExtBuilder::default().build_and_execute(|| {
        more_workers();
        let id = request();
        assert_ok!(report(WORKER, id, FailureCode::NotAnImage));
        assert_ok!(report(STRANGER, id, FailureCode::TooLarge));
        assert!(is_open(id));
        assert_ok!(report(LAB, id, FailureCode::NotAnImage));
        assert!(matches!(status(id), RequestStatus::Failed { worker: LAB, .. }));
    });
}

#[test]
fn fails_when_reported_already() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        assert_ok!(report(WORKER, id, FailureCode::NotAnImage));
        for code in CODES {
            assert_noop!(report(WORKER, id, code), Error::<Test>::FailureAlreadyReported);
        }
        assert!(is_open(id));
        // A second account of the operator would need the patient's consent.
        assert_ok!(Inference::register_worker(signed(STRANGER), models(&[VGG])));
        assert_noop!(
            report(STRANGER, id, FailureCode::NotAnImage),
            pallet_emr::Error::<Test>::NoGrant
        );
    });
}

#[test]
fn a_report_takes_no_work_from_others() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        assert_ok!(report(WORKER, id, FailureCode::Unavailable));
        assert_ok!(answer(OTHER_WORKER, id));
        assert_eq!(status(id), RequestStatus::Answered { worker: OTHER_WORKER });
        assert_eq!(FailureReports::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_worker_that_reported_may_still_answer() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        assert_ok!(report(WORKER, id, FailureCode::Unavailable));
        assert_ok!(answer(WORKER, id));
        assert_eq!(free_balance(WORKER), FUNDS - BOND + FEE);
    });
}

#[test]
fn reports_go_with_a_request_that_is_cancelled_or_expires() {
    ExtBuilder::default().build_and_execute(|| {
        let cancelled = request();
        assert_ok!(report(WORKER, cancelled, FailureCode::Unavailable));
        assert_ok!(Inference::cancel_request(signed(PATIENT), cancelled));
        let expired = request();
        assert_ok!(report(WORKER, expired, FailureCode::Unavailable));
        System::set_block_number(2 + DEADLINE);
        assert_ok!(Inference::expire_request(signed(STRANGER), expired));
        assert_eq!(FailureReports::<Test>::iter().count(), 0);
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
        // Neither the patient's consent nor being the patient makes a worker.
        Policy::grant(STRANGER, Action::Infer);
        for who in [STRANGER, PATIENT, LAB] {
            check_refused(who, id, Error::<Test>::WorkerNotFound);
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
        assert_ok!(report(OTHER_WORKER, failed, FailureCode::NotAnImage));
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
        check_refused(WORKER, id, Error::<Test>::RequestExpired);
    });
}

#[test]
fn fails_when_the_worker_does_not_run_the_model() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        let run = |list: &[ModelId]| Inference::set_worker_models(signed(WORKER), models(list));
        assert_ok!(run(&[FREE]));
        check_refused(WORKER, id, Error::<Test>::ModelNotSupported);
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
        // Consent to view is not consent to run a model.
        Policy::grant(STRANGER, Action::View);
        check_refused(STRANGER, id, pallet_emr::Error::<Test>::NoGrant);
        assert!(is_open(id));
    });
}
