//! A guardian's yes, which the patient can still turn into a no.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::EndReason;

use super::world::*;
use crate::{mock::*, EmergencyStatus, Error, Event, HoldReason, OpenEmergencies, Rejections};

fn reviewed(reviewer: u64, accepted: bool) -> Event<Test> {
    let (emergency, patient, subject, bond) = (FIRST, ALICE, CLINICIAN, BOND);
    Event::EmergencyReviewed { emergency, patient, subject, reviewer, accepted, bond }
}

#[test]
fn a_guardian_endorses() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(review(GUARDIAN, true));
        assert_eq!(status(), Some(EmergencyStatus::Endorsed { by: GUARDIAN }));
        let (emergency, patient, subject, by) = (FIRST, ALICE, CLINICIAN, GUARDIAN);
        assert_eq!(events(), [Event::EmergencyEndorsed { emergency, patient, subject, by }]);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND, "the patient may say no");
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 1);
        for guardian in [GUARDIAN, OTHER_GUARDIAN] {
            assert_noop!(review(guardian, true), Error::<Test>::AlreadyEndorsed);
        }
        // Access goes on.
        assert_ok!(deliver(CUSTODIAN, CLINICIAN));
        assert_eq!(status(), Some(EmergencyStatus::Endorsed { by: GUARDIAN }));
    });
}

/// A guardian has not seen what is requested after the endorsement.
#[test]
fn a_new_request_ends_the_endorsement() {
    for again in [false, true] {
        ExtBuilder::default().build_and_execute(|| {
            opened();
            assert_ok!(review(GUARDIAN, true));
            if again {
                // The same record, with another key.
                let other = other_reply(CLINICIAN);
                assert_ok!(Custody::request_in_emergency(signed(CLINICIAN), XRAY, other));
            } else {
                let other = add_entrusted(2);
                assert_ok!(request_in_emergency(CLINICIAN, other));
            }
            assert_eq!(status(), Some(EmergencyStatus::Open));
            // Either guardian may look at it again.
            assert_ok!(review(OTHER_GUARDIAN, true));
            let third = add_entrusted(3);
            assert_ok!(request_in_emergency(CLINICIAN, third));
            // Or nobody does: then the ethics committee judges.
            go_to(2 + REVIEW_PERIOD);
            assert_eq!(status(), Some(EmergencyStatus::Escalated));
        });
    }
}

/// A guardian in league with the subject must not be able to decide before the patient can.
#[test]
fn the_patients_no_counts_more_than_a_guardians_yes() {
    for block in [1, 2 + EMERGENCY_PERIOD, 1 + REVIEW_PERIOD] {
        ExtBuilder::default().build_and_execute(|| {
            opened();
            assert_ok!(review(GUARDIAN, true));
            go_to(block);
            events();
            assert_ok!(review(ALICE, false));
            assert_eq!(events().last(), Some(&reviewed(ALICE, false)));
            assert_eq!(status(), Some(EmergencyStatus::Rejected { by: ALICE }));
            assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
            assert_eq!(Rejections::<Test>::get(CLINICIAN), 1);
            assert_eq!(key_epoch(), Some(1));
            go_to(2 + REVIEW_PERIOD + ETHICS_PERIOD);
            assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
            go_to(100);
            assert_eq!(Balances::free_balance(CLINICIAN) + BOND + DELIVERY_FEE, FUNDS);
        });
    }
}

#[test]
fn another_guardians_no_counts_as_well() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(review(GUARDIAN, true));
        events();
        assert_ok!(review(OTHER_GUARDIAN, false));
        let rejected = [ended(CLINICIAN, EndReason::Rejected), reviewed(OTHER_GUARDIAN, false)];
        assert_eq!(events(), rejected);
    });
}

/// A guardian may have been mistaken.
#[test]
fn the_same_guardian_may_say_no_later() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(review(GUARDIAN, true));
        assert_ok!(review(GUARDIAN, false));
        assert_eq!(status(), Some(EmergencyStatus::Rejected { by: GUARDIAN }));
    });
}

#[test]
fn the_patients_yes_after_a_guardians_releases_the_bond() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(review(GUARDIAN, true));
        assert_ok!(review(ALICE, true));
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
    });
}

#[test]
fn an_endorsed_emergency_is_closed_after_its_review() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        assert_ok!(review(GUARDIAN, true));
        go_to(1 + REVIEW_PERIOD);
        events();
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
        go_to(2 + REVIEW_PERIOD);
        let (emergency, patient, subject, bond) = (FIRST, ALICE, CLINICIAN, BOND);
        let closed = Event::EmergencyClosed { emergency, patient, subject, bond, burned: false };
        assert!(events().contains(&closed));
        assert_eq!(super::world::emergency(), None);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
        go_to(100);
        assert_eq!(Balances::free_balance(CLINICIAN), FUNDS - DELIVERY_FEE);
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 0);
        assert_eq!(key_epoch(), Some(0));
    });
}

#[test]
fn boundary_of_the_review() {
    for reviewer in [ALICE, GUARDIAN] {
        ExtBuilder::default().build_and_execute(|| {
            broken();
            assert_ok!(review(OTHER_GUARDIAN, true));
            // Before a block has processed what is due.
            System::set_block_number(2 + REVIEW_PERIOD);
            assert_noop!(review(reviewer, false), Error::<Test>::ReviewExpired);
            System::set_block_number(1 + REVIEW_PERIOD);
            assert_ok!(review(reviewer, false));
            go_to(1 + REVIEW_PERIOD);
        });
    }
}
