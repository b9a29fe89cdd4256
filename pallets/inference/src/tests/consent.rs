//! Consent is checked when a request is made, and again when the answer arrives.

use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, Denied, DenyReason, FailureCode};
use pallet_emr::Error as EmrError;

#[test]
fn a_prediction_fails_when_consent_was_revoked_and_works_when_it_is_back() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        Policy::revoke(WORKER, Action::Infer);
        assert_noop!(answer(WORKER, id), EmrError::<Test>::GrantRevoked);
        assert!(is_open(id));
        assert!(!Predictions::<Test>::contains_key(XRAY, VGG));
        assert_eq!(held(PATIENT), (FEE, 0));
        assert_eq!(free_balance(WORKER), FUNDS - BOND);

        Policy::grant(WORKER, Action::Infer);
        assert_ok!(answer(WORKER, id));
        assert!(Predictions::<Test>::contains_key(XRAY, VGG));
        assert_eq!(free_balance(WORKER), FUNDS - BOND + FEE);
    });
}

#[test]
fn consent_to_one_worker_is_none_to_another() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        Policy::revoke(OTHER_WORKER, Action::Infer);
        assert_noop!(answer(OTHER_WORKER, id), EmrError::<Test>::GrantRevoked);
        assert_ok!(answer(WORKER, id));
    });
}

#[test]
fn consent_of_one_patient_is_none_of_another() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        Policy::revoke(WORKER, Action::Infer);
        Policy::answer(OTHER_PATIENT, WORKER, Action::Infer, Ok(()));
        assert_noop!(answer(WORKER, id), EmrError::<Test>::GrantRevoked);
    });
}

#[test]
fn the_requesters_consent_is_asked_once() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, VGG));
        Policy::revoke(STRANGER, Action::Infer);
        assert_ok!(answer(WORKER, REQUEST));
    });
}

#[test]
fn every_denial_is_an_error_of_its_own_in_every_call() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
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
            for who in [WORKER, STRANGER] {
                Policy::answer(PATIENT, who, Action::Infer, Err(denied));
            }
            assert_noop!(answer(WORKER, id), error);
            assert_noop!(
                Inference::report_failure(signed(WORKER), id, FailureCode::TooLarge),
                error
            );
            assert_noop!(Inference::request_inference(signed(STRANGER), XRAY, FREE), error);
        }
    });
}
