//! A patient's veto counts against every role and relation.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use medchain_primitives::{Action, Denied, DenyReason, EndReason};
use pallet_emr::DefaultPolicy;

use super::world::*;
use crate::mock::*;

type EmrError = pallet_emr::Error<Test>;

#[test]
fn who_is_vetoed_does_not_break_the_glass() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        for who in [CLINICIAN, CONTACT, GUARDIAN, READER] {
            Policy::revoke(ALICE, who, Action::Emergency);
            Policy::grant(ALICE, who, Action::View);
            assert_noop!(break_glass(who), EmrError::GrantRevoked);
        }
        Policy::grant(ALICE, CLINICIAN, Action::Emergency);
        assert_ok!(break_glass(CLINICIAN));
    });
}

/// A veto on viewing is none on emergencies: the policy is asked about these.
#[test]
fn only_a_veto_on_emergencies_counts() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        Policy::revoke(ALICE, CLINICIAN, Action::View);
        assert_ok!(break_glass(CLINICIAN));
    });
}

/// A policy that fails must not lock clinicians out: only its no does.
#[test]
fn other_denials_do_not_stop_contacts_and_clinicians() {
    let denials = [
        Denied::PolicyNotFound,
        Denied::PolicyTrapped,
        Denied::PolicyOutOfGas,
        Denied::PolicyAnswerInvalid,
        Denied::Refused(DenyReason::NoGrant),
        Denied::Refused(DenyReason::ActionNotGranted),
        Denied::Refused(DenyReason::Expired),
        Denied::Refused(DenyReason::Other(42)),
    ];
    for denied in denials {
        ExtBuilder::default().build_and_execute(|| {
            entrust(&[CUSTODIAN], 1);
            for who in [CLINICIAN, CONTACT, READER] {
                Policy::answer(ALICE, who, Action::Emergency, Err(denied));
            }
            assert_ok!(break_glass(CLINICIAN));
            assert_ok!(break_glass(CONTACT));
            assert_noop!(break_glass(READER), EmrError::from(denied));
        });
    }
    ExtBuilder::default().build_and_execute(|| {
        DefaultPolicy::<Test>::kill();
        assert_ok!(break_glass(CLINICIAN));
        assert_noop!(break_glass(READER), EmrError::NoPolicy);
    });
}

/// A contract that calls the chain cannot be asked its policy: it could bypass a veto.
#[test]
fn a_policy_that_cannot_be_asked_from_a_contract_stops_everybody() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        for who in [CLINICIAN, CONTACT] {
            Policy::answer(ALICE, who, Action::Emergency, Err(Denied::PolicyReentered));
            assert_noop!(break_glass(who), EmrError::PolicyReentered);
        }
    });
}

#[test]
fn a_veto_between_breaking_and_requesting_counts() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        let other = add_entrusted(2);
        Policy::revoke(ALICE, CLINICIAN, Action::Emergency);
        assert_noop!(request_in_emergency(CLINICIAN, other), EmrError::GrantRevoked);
    });
}

#[test]
fn a_veto_between_request_and_delivery_counts() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        let delivery = delivery_of(CUSTODIAN, XRAY, CLINICIAN);
        Policy::revoke(ALICE, CLINICIAN, Action::Emergency);
        assert_eq!(submit(CUSTODIAN, XRAY, CLINICIAN, delivery), Ok(Pays::No));
        // No purpose was refused: the log says that the share got out.
        assert_eq!(events(), [ended(CLINICIAN, EndReason::Refused), exposed(CLINICIAN, CUSTODIAN)]);
        let question = (ALICE, CLINICIAN, Some(XRAY), Action::Emergency, None);
        assert_eq!(Policy::asked(), [question]);
        assert_eq!(grant(CLINICIAN), None);
        assert!(emergency().is_some(), "its review goes on");
    });
}
