use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{InferenceOrder, RecordId, RecordKind};
use sp_runtime::{DispatchError, TokenError};

fn ask(who: u64, order: InferenceOrder<u64>) -> DispatchResultWithPostInfo {
    Inference::request_inference(signed(who), XRAY, order)
}

fn expected(requester: u64, quorum: u8) -> RequestOf<Test> {
    Request {
        record: XRAY,
        patient: PATIENT,
        model: VGG,
        requester,
        fee: FEE,
        quorum,
        opened: START,
        deadline: START + DRAW,
        status: RequestStatus::Drawing,
    }
}

fn requested(requester: u64, quorum: u8) -> RuntimeEvent {
    Event::InferenceRequested {
        request: REQUEST,
        record: XRAY,
        patient: PATIENT,
        model: VGG,
        requester,
        quorum,
        fee: FEE,
    }
    .into()
}

#[test]
fn request_inference_works_for_the_patient() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let used = ask(PATIENT, order(3)).expect("the patient may ask").actual_weight;
        // No policy is asked, and no question is paid for.
        assert_eq!(used, Some(<() as WeightInfo>::request_inference()));
        assert_eq!(entry(REQUEST), expected(PATIENT, 3));
        assert_eq!(NextRequestId::<Test>::get(), RequestId(1));
        assert!(is_open(REQUEST));
        let choice = Choice::After { number: 1 };
        let none = Committee { members: Default::default(), choice, lost: Default::default() };
        assert_eq!(committee(REQUEST), none);
        assert_eq!(AwaitedSeed::<Test>::get().into_inner(), [(1, 1)]);
        assert_eq!(DrawnBy::<Test>::get(XRAY, VGG), Some(Draw { begin: choice, opened: START }));
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((3 * FEE, 0), before - 3 * FEE));
        assert_eq!(events(), [requested(PATIENT, 3)]);
    });
}

#[test]
fn request_inference_works_for_an_account_that_the_policy_allows() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        let before = free_balance(PATIENT);
        let used = ask(STRANGER, order(2)).expect("the policy allows").actual_weight;
        assert_eq!(used, Some(<() as WeightInfo>::request_inference() + ASKED_WEIGHT));
        assert_eq!(entry(REQUEST), expected(STRANGER, 2));
        // The requester pays; the patient is not charged.
        assert_eq!((held(STRANGER), held(PATIENT)), ((2 * FEE, 0), (0, 0)));
        assert_eq!(free_balance(PATIENT), before);
        assert_eq!(events(), [checked(STRANGER), requested(STRANGER, 2)]);
    });
}

#[test]
fn a_named_worker_with_the_key_can_answer_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Emr::share_record(signed(PATIENT), XRAY, WORKER, sealed_to(WORKER)));
        System::reset_events();
        assert_ok!(ask(PATIENT, named(WORKER)));
        let (deadline, status) = (START + COMMIT, RequestStatus::Committing);
        assert_eq!(entry(REQUEST), Request { deadline, status, ..expected(PATIENT, 1) });
        let member = Member { worker: WORKER, step: Step::Chosen };
        let members = frame_support::BoundedVec::truncate_from(vec![member]);
        let expected = Committee { members, choice: Choice::Named, lost: Default::default() };
        assert_eq!(committee(REQUEST), expected);
        assert!(is_open(REQUEST) && on_list(WORKER, REQUEST));
        assert_eq!(worker(WORKER).assigned, 1);
        assert_eq!(AwaitedSeed::<Test>::get().into_inner(), []);
        assert_eq!(DrawnBy::<Test>::get(XRAY, VGG), None);
        let awaited = Event::AnswersAwaited {
            request: REQUEST,
            record: XRAY,
            workers: workers(&[WORKER]),
            deadline,
        };
        assert_eq!(events(), [requested(PATIENT, 1), awaited.into()]);
    });
}

#[test]
fn a_named_worker_without_the_key_awaits_it() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(ask(PATIENT, named(WORKER)));
        let (deadline, status) = (START + SEAL, RequestStatus::Sealing);
        assert_eq!(entry(REQUEST), Request { deadline, status, ..expected(PATIENT, 1) });
        assert!(on_list(WORKER, REQUEST));
        assert_eq!(events(), [requested(PATIENT, 1)]);
    });
}

#[test]
fn a_named_worker_may_be_as_new_as_the_request() {
    ExtBuilder::default().build_and_execute(|| {
        replace_last_worker();
        assert_ok!(ask(PATIENT, named(NEWCOMER)));
        assert_eq!(members(REQUEST), [NEWCOMER]);
    });
}

#[test]
fn fails_when_the_named_worker_cannot_answer() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(ask(PATIENT, named(STRANGER)), Error::<Test>::WorkerNotFound);
        let free = InferenceOrder { model: FREE, ..named(WORKER) };
        assert_noop!(ask(PATIENT, free), Error::<Test>::ModelNotSupported);
        let two = InferenceOrder { quorum: 2, ..named(WORKER) };
        assert_noop!(ask(PATIENT, two), Error::<Test>::WorkerNotNameable);
        assert_ok!(Emr::remove_encryption_key(signed(12)));
        assert_noop!(ask(PATIENT, named(12)), Error::<Test>::EncryptionKeyNotFound);
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        assert_noop!(ask(PATIENT, named(WORKER)), Error::<Test>::WorkerNotActive);
    });
}

#[test]
fn boundary_the_quorum_is_one_to_seven_and_not_below_the_models() {
    ExtBuilder::default().build_and_execute(|| {
        for quorum in [0, 8, u8::MAX] {
            assert_noop!(ask(PATIENT, order(quorum)), Error::<Test>::InvalidQuorum);
        }
        for quorum in 1..=7 {
            assert_ok!(Inference::cancel_request(signed(PATIENT), request(order(quorum))));
        }
        let float = InferenceOrder { model: FREE, ..order(2) };
        assert_noop!(ask(PATIENT, float), Error::<Test>::InvalidQuorum);
        let strict = NextModelId::<Test>::get();
        assert_ok!(NewModel { min_quorum: 3, ..vgg() }.register());
        let two = InferenceOrder { model: strict, ..order(2) };
        assert_noop!(ask(PATIENT, two), Error::<Test>::InvalidQuorum);
        assert_ok!(ask(PATIENT, InferenceOrder { model: strict, ..order(3) }));
    });
}

#[test]
fn a_free_model_holds_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(POOR, Action::Infer);
        assert_ok!(ask(POOR, InferenceOrder { model: FREE, ..order(1) }));
        assert_eq!(held(POOR), (0, 0));
        assert_ok!(Inference::cancel_request(signed(POOR), REQUEST));
    });
}

#[test]
fn the_fee_is_that_of_the_request() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        Models::<Test>::mutate_extant(VGG, |model| model.fee = 7);
        assert_ok!(answer_alone(who, id, &covid()));
        assert_eq!(free_balance(who), FUNDS - BOND + FEE);
    });
}

#[test]
fn fails_when_a_stranger_asks() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [STRANGER, OTHER_PATIENT, LAB] {
            assert_noop!(ask(who, order(1)), pallet_emr::Error::<Test>::NoGrant);
        }
    });
}

#[test]
fn fails_when_the_fees_cannot_be_held() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(POOR, Action::Infer);
        assert_noop!(ask(POOR, order(1)), TokenError::FundsUnavailable);
        // One answer can be paid, three cannot.
        assert_ok!(Balances::transfer_allow_death(signed(STRANGER), POOR, 2 * FEE));
        assert_noop!(ask(POOR, order(3)), TokenError::FundsUnavailable);
        assert_ok!(ask(POOR, order(1)));
    });
}

/// Of a model that was registered before its fee was checked.
#[test]
fn boundary_a_fee_that_withholding_an_answer_is_not_worth() {
    ExtBuilder::default().build_and_execute(|| {
        for fee in [NOT_REVEALED / 2 + 1, u64::MAX / 2, u64::MAX] {
            Models::<Test>::mutate_extant(VGG, |model| model.fee = fee);
            assert_noop!(ask(PATIENT, order(3)), Error::<Test>::MaxFeeExceeded);
        }
        // Nothing is withheld from one worker.
        Models::<Test>::mutate_extant(VGG, |model| model.fee = 2 * FUNDS);
        assert_noop!(ask(PATIENT, order(1)), TokenError::FundsUnavailable);
        Models::<Test>::mutate_extant(VGG, |model| model.fee = NOT_REVEALED / 2);
        assert_noop!(ask(PATIENT, order(4)), Error::<Test>::MaxFeeExceeded);
        assert_ok!(ask(PATIENT, order(3)));
    });
}

#[test]
fn fails_when_models_do_not_run_on_the_record() {
    ExtBuilder::default().build_and_execute(|| {
        let ask = |record| Inference::request_inference(signed(PATIENT), record, order(1));
        assert_noop!(ask(NO_RECORD), Error::<Test>::RecordNotFound);
        assert_noop!(ask(REPORT), Error::<Test>::NotChestXray);
        assert_ok!(add_record(PATIENT, RecordKind::ChestXray, 12, None, None));
        assert_noop!(ask(RecordId(2)), Error::<Test>::FilmNotCommitted);
    });
}

#[test]
fn fails_when_the_record_was_amended() {
    ExtBuilder::default().build_and_execute(|| {
        amend_xray();
        assert_noop!(ask(PATIENT, order(1)), Error::<Test>::RecordNotActive);
        // The new version can be asked for.
        let newest = RecordId(2);
        assert_ok!(Inference::request_inference(signed(PATIENT), newest, order(1)));
    });
}

#[test]
fn fails_when_the_record_was_erased() {
    ExtBuilder::default().build_and_execute(|| {
        erase_xray();
        assert_noop!(ask(PATIENT, order(1)), Error::<Test>::RecordNotActive);
    });
}

#[test]
fn fails_when_the_model_is_unknown_or_retired() {
    ExtBuilder::default().build_and_execute(|| {
        let unknown = InferenceOrder { model: NO_MODEL, ..order(1) };
        assert_noop!(ask(PATIENT, unknown), Error::<Test>::ModelNotFound);
        retire_vgg();
        assert_noop!(ask(PATIENT, order(1)), Error::<Test>::ModelRetired);
    });
}

#[test]
fn fails_when_requested_already() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        let id = request(order(3));
        assert_noop!(ask(PATIENT, order(3)), Error::<Test>::RequestAlreadyExists);
        assert_noop!(ask(STRANGER, named(WORKER)), Error::<Test>::RequestAlreadyExists);
        // Requests for another model or record are independent.
        assert_ok!(ask(PATIENT, InferenceOrder { model: FREE, ..order(1) }));
        assert_ok!(add_film(12, Some(order(1))));
        assert!(is_open(id));
        assert_eq!(held(PATIENT), (4 * FEE, 0));
    });
}

#[test]
fn a_verdict_can_only_be_replaced_by_a_larger_quorum() {
    ExtBuilder::default().build_and_execute(|| {
        let first = answered(1);
        assert_noop!(ask(PATIENT, order(1)), Error::<Test>::VerdictAlreadyExists);
        let second = answered(3);
        for quorum in 1..=3 {
            assert_noop!(ask(PATIENT, order(quorum)), Error::<Test>::VerdictAlreadyExists);
        }
        assert_ok!(ask(PATIENT, order(4)));
        assert_eq!(LatestVerdict::<Test>::get(XRAY, VGG), Some(second));
        let previous = |id| Verdicts::<Test>::get(id).expect("it was reached").previous;
        assert_eq!((previous(second), previous(first)), (Some(first), None));
    });
}

#[test]
fn may_ask_again_after_every_end_without_a_verdict() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT) - 4 * 2;
        assert_ok!(Inference::cancel_request(signed(PATIENT), request(order(2))));
        let expired = request(order(2));
        miss_deadline(expired);
        assert_ok!(settle(expired));
        let disputed = awaiting(4);
        let list = members(disputed);
        for (who, answer) in list.iter().zip([covid(), covid(), covid(), normal()]) {
            assert_ok!(commit(*who, disputed, &answer));
        }
        for (who, answer) in list.iter().zip([covid(), covid(), covid(), normal()]) {
            assert_ok!(reveal(*who, disputed, &answer));
        }
        assert_ok!(Inference::annul_dispute(signed(PATIENT), disputed));
        let before = before - 4 * FEE;
        let failed = awaiting(4);
        let unavailable = medchain_primitives::FailureCode::Unavailable;
        assert_ok!(Inference::report_failure(signed(WORKER), failed, unavailable));
        assert!(matches!(status(failed), RequestStatus::Failed { .. }));
        assert_eq!(free_balance(PATIENT), before);
        answered(2);
        assert_eq!(free_balance(PATIENT), before - 2 * FEE);
    });
}

#[test]
fn fails_when_request_numbers_run_out() {
    ExtBuilder::default().build_and_execute(|| {
        NextRequestId::<Test>::put(RequestId(u64::MAX));
        assert_noop!(ask(PATIENT, order(1)), Error::<Test>::RequestIdsExhausted);
    });
}

#[test]
fn a_deadline_beyond_the_last_block_is_the_last_block() {
    ExtBuilder::default().build_and_execute(|| {
        System::set_block_number(u64::MAX - 1);
        let id = request(order(1));
        assert_eq!(entry(id).deadline, u64::MAX);
    });
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Inference::request_inference(RuntimeOrigin::root(), XRAY, order(1)),
            DispatchError::BadOrigin
        );
    });
}
