//! Emergencies that nobody reviews: void without a request, judged with one.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::Role;
use sp_runtime::DispatchResult;

use super::world::*;
use crate::{
    mock::*, EmergencyStatus, Error, Event, HoldReason, OpenEmergencies, Rejections,
    RunningEmergencies,
};

fn voided() -> Event<Test> {
    let (emergency, patient, subject, bond) = (FIRST, ALICE, CLINICIAN, BOND);
    Event::EmergencyVoided { emergency, patient, subject, bond }
}

fn escalated() -> Event<Test> {
    let (emergency, patient, subject) = (FIRST, ALICE, CLINICIAN);
    let judge_until = 2 + REVIEW_PERIOD + ETHICS_PERIOD;
    Event::EmergencyEscalated { emergency, patient, subject, judge_until }
}

/// Nothing was asked for: there is nothing to judge.
#[test]
fn without_a_request_it_is_void() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        assert_ok!(break_glass(CLINICIAN));
        go_to(1 + REVIEW_PERIOD);
        // The review is not over with the emergency.
        assert_eq!(status(), Some(EmergencyStatus::Open));
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
        events();
        go_to(2 + REVIEW_PERIOD);
        assert_eq!(events(), [voided()]);
        assert_eq!(emergency(), None);
        assert_eq!(Balances::free_balance(CLINICIAN), FUNDS);
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 0);
        assert_eq!(RunningEmergencies::<Test>::get(ALICE, CLINICIAN), None);
        assert_eq!(Rejections::<Test>::get(CLINICIAN), 0);
        assert_noop!(review(ALICE, false), Error::<Test>::EmergencyNotFound);
    });
}

/// A share may have reached the account past the log: only what was never asked for is void.
#[test]
fn with_a_request_it_is_escalated_whatever_became_of_it() {
    let ends: [fn() -> DispatchResult; 5] = [
        || Ok(()),
        || Emr::remove_envelope(signed(ALICE), XRAY, CLINICIAN),
        || Emr::remove_envelope(signed(CLINICIAN), XRAY, CLINICIAN),
        || entrust_record(ALICE, XRAY, Some(entrustment(ALICE, ALICE, cid(1)))),
        || Emr::erase_record(signed(ALICE), XRAY).map(|_| ()).map_err(|failed| failed.error),
    ];
    for end in ends {
        ExtBuilder::default().build_and_execute(|| {
            broken();
            assert_ok!(end());
            go_to(2 + EMERGENCY_PERIOD);
            // The review is not over with the access.
            assert_eq!(status(), Some(EmergencyStatus::Open));
            let entry = emergency().expect("under review");
            assert_eq!((entry.grants, entry.requested, entry.deliveries), (0, 1, 0));
            events();
            go_to(2 + REVIEW_PERIOD);
            assert_eq!(events(), [escalated()]);
            // Nobody judges: silence burns nothing.
            go_to(3 + REVIEW_PERIOD + ETHICS_PERIOD);
            assert_eq!(emergency(), None);
            assert_eq!(Balances::free_balance(CLINICIAN), FUNDS);
            assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 0);
            assert_eq!(RunningEmergencies::<Test>::get(ALICE, CLINICIAN), None);
        });
    }
}

#[test]
fn with_a_share_it_is_escalated() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        go_to(2 + EMERGENCY_PERIOD);
        events();
        let issued = Balances::total_issuance();
        go_to(2 + REVIEW_PERIOD);
        assert!(events().contains(&escalated()));
        assert_eq!(status(), Some(EmergencyStatus::Escalated));
        let until = 2 + REVIEW_PERIOD + ETHICS_PERIOD;
        assert_eq!(emergency().map(|entry| entry.review_until), Some(until));
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 1);
        assert_eq!(Balances::total_issuance(), issued, "nothing is burned for silence");
    });
}

#[test]
fn one_share_is_enough_to_be_escalated() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&CUSTODIANS, 3);
        assert_ok!(break_glass(CLINICIAN));
        assert_ok!(request_in_emergency(CLINICIAN, XRAY));
        assert_ok!(deliver(CUSTODIAN_2, CLINICIAN));
        go_to(2 + REVIEW_PERIOD);
        assert_eq!(status(), Some(EmergencyStatus::Escalated));
    });
}

/// A share that was only exposed counts as well.
#[test]
fn an_exposed_share_is_enough_to_be_escalated() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        dismiss(CLINICIAN, Role::Clinician);
        assert_ok!(deliver(CUSTODIAN, CLINICIAN));
        assert!(events().contains(&exposed(CLINICIAN, CUSTODIAN)));
        go_to(2 + REVIEW_PERIOD);
        assert_eq!(status(), Some(EmergencyStatus::Escalated));
    });
}

#[test]
fn the_patient_decides_while_it_is_escalated() {
    for accepted in [true, false] {
        ExtBuilder::default().build_and_execute(|| {
            opened();
            go_to(2 + REVIEW_PERIOD);
            for guardian in [GUARDIAN, OTHER_GUARDIAN] {
                for accepted in [true, false] {
                    let late = review(guardian, accepted);
                    assert_noop!(late, Error::<Test>::ReviewExpired);
                }
            }
            events();
            assert_ok!(review(ALICE, accepted));
            let (emergency, patient, subject, bond) = (FIRST, ALICE, CLINICIAN, BOND);
            let reviewer = ALICE;
            let reviewed =
                Event::EmergencyReviewed { emergency, patient, subject, reviewer, accepted, bond };
            assert!(events().contains(&reviewed));
            let kept = if accepted { 0 } else { BOND };
            assert_eq!(held(CLINICIAN, HoldReason::Emergency), kept, "until it is closed");
            assert_eq!(Rejections::<Test>::get(CLINICIAN), u32::from(!accepted));
            assert_eq!(key_epoch(), Some(u32::from(!accepted)));
            go_to(2 + REVIEW_PERIOD + ETHICS_PERIOD + 1);
            assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 0);
            go_to(100);
            assert_eq!(Balances::free_balance(CLINICIAN), FUNDS - DELIVERY_FEE - kept);
        });
    }
}

#[test]
fn boundary_of_the_review_by_hand() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        let close = || {
            let done = Custody::close_emergency(signed(STRANGER), FIRST);
            done.map(|_| ()).map_err(|failed| failed.error)
        };
        System::set_block_number(1 + REVIEW_PERIOD);
        assert_noop!(close(), Error::<Test>::ReviewNotExpired);
        // Before a block has processed what is due.
        System::set_block_number(2 + REVIEW_PERIOD);
        for who in [ALICE, GUARDIAN] {
            assert_noop!(review(who, true), Error::<Test>::ReviewExpired);
        }
        assert_noop!(judge(root(), true), Error::<Test>::EmergencyNotEscalated);
        assert_ok!(close());
        assert_eq!(events(), [escalated()]);
        assert_noop!(close(), Error::<Test>::ReviewNotExpired);
        let last = 2 + REVIEW_PERIOD + ETHICS_PERIOD;
        System::set_block_number(last);
        assert_noop!(close(), Error::<Test>::ReviewNotExpired);
        System::set_block_number(last + 1);
        assert_noop!(judge(root(), true), Error::<Test>::ReviewExpired);
        assert_noop!(review(ALICE, true), Error::<Test>::ReviewExpired);
        events();
        assert_ok!(close());
        // Nobody judged: the bond is released.
        let (emergency, patient, subject, bond) = (FIRST, ALICE, CLINICIAN, BOND);
        let closed = Event::EmergencyClosed { emergency, patient, subject, bond, burned: false };
        assert_eq!(events(), [closed]);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
        assert_eq!(Rejections::<Test>::get(CLINICIAN), 0);
        assert_noop!(close(), Error::<Test>::EmergencyNotFound);
        assert_ok!(Custody::expire_grant(signed(STRANGER), XRAY, CLINICIAN));
    });
}
