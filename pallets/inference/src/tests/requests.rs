use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, FailureCode, RecordKind};
use sp_runtime::{DispatchError, TokenError};

fn ask(who: u64) -> DispatchResultWithPostInfo {
    Inference::request_inference(signed(who), XRAY, VGG)
}

fn expected(requester: u64) -> RequestOf<Test> {
    Request {
        record: XRAY,
        patient: PATIENT,
        model: VGG,
        requester,
        fee: FEE,
        opened: 1,
        deadline: 1 + DEADLINE,
        status: RequestStatus::Open,
    }
}

fn requested(requester: u64) -> RuntimeEvent {
    Event::InferenceRequested {
        request: REQUEST,
        record: XRAY,
        patient: PATIENT,
        model: VGG,
        requester,
        fee: FEE,
        deadline: 1 + DEADLINE,
    }
    .into()
}

#[test]
fn request_inference_works_for_the_patient() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let used = ask(PATIENT).expect("the patient may ask").actual_weight;
        // No policy is asked, and no question is paid for.
        assert_eq!(used, Some(<() as WeightInfo>::request_inference()));
        assert_eq!(Requests::<Test>::get(REQUEST), Some(expected(PATIENT)));
        assert_eq!(NextRequestId::<Test>::get(), RequestId(1));
        assert!(is_open(REQUEST));
        assert_eq!(held(PATIENT), (FEE, 0));
        assert_eq!(free_balance(PATIENT), before - FEE);
        assert_eq!(events(), [requested(PATIENT)]);
    });
}

#[test]
fn request_inference_works_for_an_account_that_the_policy_allows() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        let before = free_balance(PATIENT);
        let used = ask(STRANGER).expect("the policy allows").actual_weight;
        assert_eq!(used, Some(<() as WeightInfo>::request_inference() + ASKED_WEIGHT));
        assert_eq!(Requests::<Test>::get(REQUEST), Some(expected(STRANGER)));
        // The requester pays; the patient is not charged.
        assert_eq!(held(STRANGER), (FEE, 0));
        assert_eq!(held(PATIENT), (0, 0));
        assert_eq!(free_balance(PATIENT), before);
        let checked = pallet_emr::Event::AccessChecked {
            patient: PATIENT,
            subject: STRANGER,
            record: Some(XRAY),
            action: Action::Infer,
            policy: None,
        };
        assert_eq!(events(), [checked.into(), requested(STRANGER)]);
    });
}

#[test]
fn a_free_model_holds_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(POOR, Action::Infer);
        assert_ok!(Inference::request_inference(signed(POOR), XRAY, FREE));
        assert_eq!(held(POOR), (0, 0));
        assert_ok!(Inference::cancel_request(signed(POOR), REQUEST));
    });
}

#[test]
fn the_fee_is_that_of_the_request() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        Models::<Test>::mutate(VGG, |model| model.as_mut().expect("it exists").fee = 7);
        assert_ok!(answer(WORKER, id));
        assert_eq!(free_balance(WORKER), FUNDS - BOND + FEE);
    });
}

#[test]
fn fails_when_a_stranger_asks() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [STRANGER, OTHER_PATIENT, LAB] {
            assert_noop!(ask(who), pallet_emr::Error::<Test>::NoGrant);
        }
    });
}

#[test]
fn fails_when_the_fee_cannot_be_held() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(POOR, Action::Infer);
        assert_noop!(ask(POOR), TokenError::FundsUnavailable);
    });
}

#[test]
fn fails_when_the_record_is_unknown_or_no_chest_xray() {
    ExtBuilder::default().build_and_execute(|| {
        let ask = |record| Inference::request_inference(signed(PATIENT), record, VGG);
        assert_noop!(ask(NO_RECORD), Error::<Test>::RecordNotFound);
        assert_noop!(ask(REPORT), Error::<Test>::NotChestXray);
    });
}

#[test]
fn fails_when_the_record_was_amended() {
    ExtBuilder::default().build_and_execute(|| {
        amend_xray();
        assert_noop!(ask(PATIENT), Error::<Test>::RecordNotActive);
        // The new version can be asked for.
        let newest = medchain_primitives::RecordId(2);
        assert_ok!(Inference::request_inference(signed(PATIENT), newest, VGG));
    });
}

#[test]
fn fails_when_the_record_was_erased() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::erase_record(signed(PATIENT), XRAY));
        assert_noop!(ask(PATIENT), Error::<Test>::RecordNotActive);
    });
}

#[test]
fn fails_when_the_model_is_unknown_or_retired() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Inference::request_inference(signed(PATIENT), XRAY, NO_MODEL),
            Error::<Test>::ModelNotFound
        );
        retire_vgg();
        assert_noop!(ask(PATIENT), Error::<Test>::ModelRetired);
    });
}

#[test]
fn fails_when_requested_already() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        let id = request();
        assert_noop!(ask(PATIENT), Error::<Test>::RequestAlreadyExists);
        assert_noop!(ask(STRANGER), Error::<Test>::RequestAlreadyExists);
        // Requests for another model or record are independent.
        assert_ok!(Inference::request_inference(signed(PATIENT), XRAY, FREE));
        assert_ok!(add_record(PATIENT, RecordKind::ChestXray, 12, Some(VGG)));
        assert!(is_open(id));
        assert_eq!(held(PATIENT), (2 * FEE, 0));
    });
}

#[test]
fn fails_when_predicted_already() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(answer(WORKER, request()));
        assert_noop!(ask(PATIENT), Error::<Test>::PredictionAlreadyExists);
    });
}

#[test]
fn may_ask_again_after_every_end_without_a_prediction() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        assert_ok!(Inference::cancel_request(signed(PATIENT), request()));
        let failed = request();
        for worker in [WORKER, OTHER_WORKER] {
            assert_ok!(Inference::report_failure(signed(worker), failed, FailureCode::Unavailable));
        }
        let expired = request();
        System::set_block_number(2 + DEADLINE);
        assert_ok!(Inference::expire_request(signed(STRANGER), expired));
        assert_eq!(free_balance(PATIENT), before);
        assert_ok!(answer(WORKER, request()));
        assert_eq!(free_balance(PATIENT), before - FEE);
    });
}

#[test]
fn fails_when_request_numbers_run_out() {
    ExtBuilder::default().build_and_execute(|| {
        NextRequestId::<Test>::put(RequestId(u64::MAX));
        assert_noop!(ask(PATIENT), Error::<Test>::RequestIdsExhausted);
    });
}

#[test]
fn a_deadline_beyond_the_last_block_is_the_last_block() {
    ExtBuilder::default().build_and_execute(|| {
        System::set_block_number(u64::MAX - 1);
        let id = request();
        assert_eq!(Requests::<Test>::get(id).unwrap().deadline, u64::MAX);
    });
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Inference::request_inference(RuntimeOrigin::root(), XRAY, VGG),
            DispatchError::BadOrigin
        );
    });
}
