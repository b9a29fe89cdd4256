//! Consent is asked when a request is made, when workers are drawn, and when they answer.

use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Denied, DenyReason, FailureCause, RecordKind};
use pallet_emr::Error as EmrError;

#[test]
fn an_answer_fails_when_consent_was_revoked_and_works_when_it_is_back() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        Policy::revoke(who, Action::Infer);
        assert_noop!(commit(who, id, &covid()), EmrError::<Test>::GrantRevoked);
        assert!(is_open(id));
        assert_eq!((held(PATIENT), free_balance(who)), ((FEE, 0), FUNDS - BOND));

        Policy::grant(who, Action::Infer);
        assert_ok!(answer_alone(who, id, &covid()));
        assert_eq!(free_balance(who), FUNDS - BOND + FEE);
    });
}

#[test]
fn consent_of_one_patient_is_none_of_another() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        Policy::revoke(who, Action::Infer);
        Policy::answer(OTHER_PATIENT, who, Action::Infer, Ok(()));
        assert_noop!(commit(who, id, &covid()), EmrError::<Test>::GrantRevoked);
    });
}

#[test]
fn consent_to_view_is_none_to_run_a_model() {
    ExtBuilder::default().build_and_execute(|| {
        for who in WORKERS {
            Policy::revoke(who, Action::Infer);
            Policy::grant(who, Action::View);
        }
        let id = request(order(1));
        pass(1);
        Dice::decide([5; 32]);
        assert_ok!(draw(id));
        let cause = FailureCause::TooFewWorkers;
        assert_eq!(status(id), RequestStatus::Failed { cause });
    });
}

#[test]
fn the_requesters_consent_is_asked_once() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, named(WORKER)));
        Policy::revoke(STRANGER, Action::Infer);
        assert_ok!(seal(REQUEST));
        assert_ok!(submit(WORKER, REQUEST, &covid()));
    });
}

#[test]
fn every_question_of_a_request_names_its_model() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(LAB, Action::Append);
        Policy::grant(LAB, Action::Infer);
        assert_ok!(Inference::set_worker_models(signed(WORKER), models(&[FREE])));
        pass(1);
        let free = medchain_primitives::InferenceOrder { model: FREE, ..order(1) };
        Policy::asked();
        assert_ok!(add_record(LAB, RecordKind::ChestXray, 12, Some(film()), Some(free)));
        let infer = |who| (who, Action::Infer, Some(FREE));
        // The record itself has no model.
        assert_eq!(Policy::asked(), [(LAB, Action::Append, None), infer(LAB)]);
        pass(1);
        Dice::decide([5; 32]);
        assert_ok!(draw(REQUEST));
        assert_eq!(Policy::asked(), [infer(WORKER)], "before it is drawn");
        assert_ok!(seal(REQUEST));
        assert_ok!(answer_alone(WORKER, REQUEST, &output(0, &[500_000, 500_000])));
        assert_eq!(Policy::asked(), [infer(WORKER)], "when it answers");
    });
}

#[test]
fn whoever_has_committed_needs_no_consent_any_more() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(2);
        for who in members(id) {
            Policy::revoke(who, Action::Infer);
            assert_ok!(reveal(who, id, &covid()));
        }
        assert_eq!(status(id), RequestStatus::Answered);
    });
}

#[test]
fn every_denial_is_an_error_of_its_own_in_every_call() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        let denials = [
            (Denied::NoPolicy, EmrError::<Test>::NoPolicy),
            (Denied::PolicyNotFound, EmrError::PolicyNotFound),
            (Denied::PolicyTrapped, EmrError::PolicyTrapped),
            (Denied::PolicyOutOfGas, EmrError::PolicyOutOfGas),
            (Denied::PolicyAnswerInvalid, EmrError::PolicyAnswerInvalid),
            (Denied::PolicyReentered, EmrError::PolicyReentered),
            (Denied::Refused(DenyReason::NoGrant), EmrError::NoGrant),
            (Denied::Refused(DenyReason::ActionNotGranted), EmrError::ActionNotGranted),
            (Denied::Refused(DenyReason::Expired), EmrError::GrantExpired),
            (Denied::Refused(DenyReason::Revoked), EmrError::GrantRevoked),
            (Denied::Refused(DenyReason::Other(7)), EmrError::PolicyRefused),
        ];
        for (denied, error) in denials {
            let error = sp_runtime::DispatchError::from(error);
            for who in [who, STRANGER] {
                Policy::answer(PATIENT, who, Action::Infer, Err(denied));
            }
            assert_noop!(commit(who, id, &covid()), error);
            let free = medchain_primitives::InferenceOrder { model: FREE, ..order(1) };
            assert_noop!(Inference::request_inference(signed(STRANGER), XRAY, free), error);
        }
    });
}
