use super::*;
use frame_support::{
    assert_noop, assert_ok,
    traits::{LockableCurrency, WithdrawReasons},
};
use medchain_primitives::Action;
use sp_runtime::DispatchError;

#[test]
fn submit_prediction_works() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        let before = free_balance(PATIENT);
        System::set_block_number(5);
        let used = answer(WORKER, id).expect("the worker may answer");
        let weight = <() as WeightInfo>::submit_prediction() + ASKED_WEIGHT;
        assert_eq!(used.actual_weight, Some(weight));
        let expected = Prediction {
            request: id,
            worker: WORKER,
            output: covid(),
            receipt: receipt(&covid()),
            at: 5,
        };
        assert_eq!(Predictions::<Test>::get(XRAY, VGG), Some(expected));
        assert_eq!(status(id), RequestStatus::Answered { worker: WORKER });
        assert!(!is_open(id));
        // The fee that was held has gone to the worker, and nothing else.
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before));
        assert_eq!(held(WORKER), (0, BOND));
        assert_eq!(free_balance(WORKER), FUNDS - BOND + FEE);
        let checked = pallet_emr::Event::AccessChecked {
            patient: PATIENT,
            subject: WORKER,
            record: Some(XRAY),
            action: Action::Infer,
            policy: None,
        };
        let submitted = Event::PredictionSubmitted {
            request: id,
            record: XRAY,
            worker: WORKER,
            model: VGG,
            label: 0,
            output: covid(),
            receipt: receipt(&covid()),
        };
        assert_eq!(events(), [checked.into(), submitted.into()]);
    });
}

#[test]
fn a_patient_may_be_the_worker_and_asks_no_policy() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Inference::register_worker(signed(PATIENT), models(&[VGG])));
        let before = free_balance(PATIENT);
        let used = answer(PATIENT, request()).expect("the patient may answer");
        assert_eq!(used.actual_weight, Some(<() as WeightInfo>::submit_prediction()));
        assert_eq!(free_balance(PATIENT), before);
        assert_eq!(held(PATIENT), (0, BOND));
    });
}

#[test]
fn a_free_prediction_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Inference::set_worker_models(signed(WORKER), models(&[FREE])));
        assert_ok!(Inference::request_inference(signed(PATIENT), XRAY, FREE));
        let tie = output(0, &[500_000, 500_000]);
        let receipt = receipt(&tie);
        assert_ok!(submit(WORKER, REQUEST, tie, receipt));
        assert_eq!(free_balance(WORKER), FUNDS - BOND);
    });
}

#[test]
fn fails_when_the_output_is_no_prediction() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        let check = |label, parts: &[u32], error: Error<Test>| {
            let false_output = output(label, parts);
            // The receipt is right, so that only the output is wrong.
            let receipt = receipt(&false_output);
            let error = DispatchError::from(error);
            let submit = || submit(WORKER, id, false_output.clone(), receipt);
            assert_noop!(submit(), error);
        };
        check(0, &[], Error::OutputClassesMismatch);
        check(0, &[600_000, 400_000], Error::OutputClassesMismatch);
        check(0, &[700_000, 100_000, 100_000, 100_000], Error::OutputClassesMismatch);
        check(0, &[900_000, 60_000, 40_001], Error::OutputSumMismatch);
        check(0, &[900_000, 60_000, 39_999], Error::OutputSumMismatch);
        check(0, &[0, 0, 0], Error::OutputSumMismatch);
        check(1, &[900_000, 60_000, 40_000], Error::OutputLabelMismatch);
        check(3, &[900_000, 60_000, 40_000], Error::OutputLabelMismatch);
        check(1, &[500_000, 500_000, 0], Error::OutputLabelMismatch);
        assert!(is_open(id));
    });
}

#[test]
fn fails_when_the_receipt_is_forged() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        let preprocessing = vgg().preprocessing;
        let other_steps = label("mc-area-224-v2");
        let of = |sha256, preprocessing, content, output: &_| {
            medchain_primitives::receipt(&sha256, preprocessing, &cid(content), output)
        };
        let other = output(2, &[40_000, 60_000, 900_000]);
        let forged = [
            ("no receipt", Receipt([0; 32])),
            ("another model", of([8; 32], &preprocessing, 10, &covid())),
            ("other steps", of([7; 32], &other_steps, 10, &covid())),
            ("another record", of([7; 32], &preprocessing, 11, &covid())),
            ("another output", of([7; 32], &preprocessing, 10, &other)),
        ];
        for (what, receipt) in forged {
            let refused = Error::<Test>::ReceiptMismatch;
            assert_noop!(submit(WORKER, id, covid(), receipt), refused);
            assert!(is_open(id), "{what}");
        }
        assert_ok!(submit(WORKER, id, covid(), of([7; 32], &preprocessing, 10, &covid())));
    });
}

#[test]
fn fails_when_predicted_already() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        assert_ok!(answer(WORKER, id));
        for worker in [WORKER, OTHER_WORKER] {
            assert_noop!(answer(worker, id), Error::<Test>::RequestNotOpen);
        }
    });
}

#[test]
fn boundary_the_last_block_of_a_request() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        System::set_block_number(2 + DEADLINE);
        assert_noop!(answer(WORKER, id), Error::<Test>::RequestExpired);
        System::set_block_number(1 + DEADLINE);
        assert_ok!(answer(WORKER, id));
    });
}

#[test]
fn a_lock_is_no_way_out_of_paying() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        Balances::set_lock(*b"out     ", &PATIENT, u64::MAX, WithdrawReasons::all());
        assert_ok!(answer(WORKER, id));
        assert_eq!(free_balance(WORKER), FUNDS - BOND + FEE);
    });
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        assert_noop!(
            Inference::submit_prediction(RuntimeOrigin::root(), id, covid(), receipt(&covid())),
            DispatchError::BadOrigin
        );
    });
}
