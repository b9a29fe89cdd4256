//! The patient's yes.

use frame_support::{assert_noop, assert_ok};

use super::world::*;
use crate::{
    mock::*, EmergencyStatus, Error, Event, HoldReason, OpenEmergencies, RunningEmergencies,
};

fn accepted() -> Event<Test> {
    let (emergency, patient, subject, reviewer) = (FIRST, ALICE, CLINICIAN, ALICE);
    Event::EmergencyReviewed { emergency, patient, subject, reviewer, accepted: true, bond: BOND }
}

#[test]
fn the_patients_yes_releases_the_bond_and_access_goes_on() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(review(ALICE, true));
        assert_eq!(events(), [accepted()]);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
        assert_eq!(status(), Some(EmergencyStatus::Accepted));
        assert_ok!(deliver(CUSTODIAN, CLINICIAN));
        assert_eq!(recover(XRAY, CLINICIAN), Some(CONTENT_KEY));
        assert_eq!(key_epoch(), Some(0));
        events();
        go_to(2 + EMERGENCY_PERIOD);
        let (emergency, patient, subject) = (FIRST, ALICE, CLINICIAN);
        let closed = Event::EmergencyClosed { emergency, patient, subject, bond: 0, burned: false };
        assert!(events().contains(&closed));
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 0);
        assert_eq!(RunningEmergencies::<Test>::get(ALICE, CLINICIAN), None);
        go_to(3 + EMERGENCY_PERIOD + LATE);
        assert_eq!(Balances::free_balance(CLINICIAN), FUNDS - DELIVERY_FEE);
    });
}

/// Nobody would review what is requested after the patient's yes.
#[test]
fn an_accepted_emergency_opens_nothing_more() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        let other = add_entrusted(2);
        assert_ok!(review(ALICE, true));
        let again = || {
            let done =
                Custody::request_in_emergency(signed(CLINICIAN), XRAY, other_reply(CLINICIAN));
            done.map(|_| ()).map_err(|failed| failed.error)
        };
        assert_noop!(request_in_emergency(CLINICIAN, other), Error::<Test>::EmergencyOver);
        assert_noop!(again(), Error::<Test>::EmergencyOver);
        // What is needed besides has a bond and a review of its own.
        assert_ok!(break_glass(CLINICIAN));
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 2);
        assert_eq!(RunningEmergencies::<Test>::get(ALICE, CLINICIAN), Some(SECOND));
        assert_ok!(request_in_emergency(CLINICIAN, other));
        assert_noop!(break_glass(CLINICIAN), Error::<Test>::GlassAlreadyBroken);
        // The first goes on beside it.
        assert_ok!(deliver(CUSTODIAN, CLINICIAN));
        assert_ok!(Custody::do_try_state());
        go_to(2 + EMERGENCY_PERIOD);
        assert_eq!(emergency(), None);
        assert_eq!(RunningEmergencies::<Test>::get(ALICE, CLINICIAN), Some(SECOND));
    });
}

#[test]
fn accepted_after_its_end_it_is_closed_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        go_to(2 + EMERGENCY_PERIOD);
        events();
        assert_ok!(review(ALICE, true));
        assert_eq!(events(), [accepted()]);
        assert_eq!(emergency(), None);
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 0);
        assert_noop!(review(ALICE, true), Error::<Test>::EmergencyNotFound);
    });
}

#[test]
fn a_yes_is_final() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(review(ALICE, true));
        for (who, accepted) in [(ALICE, true), (ALICE, false), (GUARDIAN, true), (GUARDIAN, false)]
        {
            let again = review(who, accepted);
            assert_noop!(again, Error::<Test>::EmergencyAlreadyReviewed);
        }
    });
}
