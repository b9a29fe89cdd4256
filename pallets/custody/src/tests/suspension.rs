//! `lift_suspension`, and what makes it necessary.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use super::world::*;
use crate::{mock::*, Error, Event, Rejections};

/// Two emergencies of the clinician were rejected.
fn suspended() {
    broken();
    assert_ok!(Custody::break_glass(signed(CLINICIAN), BOB, REASON));
    assert_ok!(review(ALICE, false));
    assert_eq!(Rejections::<Test>::get(CLINICIAN), 1);
    assert!(!events().iter().any(|event| matches!(event, Event::AccountSuspended { .. })));
    assert_ok!(Custody::review_emergency(signed(BOB), SECOND, false));
}

#[test]
fn the_second_rejection_suspends() {
    ExtBuilder::default().build_and_execute(|| {
        suspended();
        let suspended = Event::AccountSuspended { account: CLINICIAN, rejections: 2 };
        assert_eq!(events().last(), Some(&suspended));
        for block in [1, 2 + EMERGENCY_PERIOD, 2 + REVIEW_PERIOD, 900] {
            go_to(block);
            assert_noop!(break_glass(CLINICIAN), Error::<Test>::Suspended);
            let other = Custody::break_glass(signed(CLINICIAN), BOB, REASON);
            assert_noop!(other, Error::<Test>::Suspended);
        }
        // Nobody else is.
        assert_ok!(break_glass(CONTACT));
    });
}

#[test]
fn the_first_rejection_does_not_suspend() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(review(ALICE, false));
        assert_ok!(Custody::break_glass(signed(CLINICIAN), BOB, REASON));
    });
}

/// An acceptance forgives nothing.
#[test]
fn accepted_emergencies_are_not_set_off() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(review(ALICE, false));
        assert_ok!(Custody::break_glass(signed(CLINICIAN), BOB, REASON));
        assert_ok!(Custody::review_emergency(signed(BOB), SECOND, true));
        assert_eq!(Rejections::<Test>::get(CLINICIAN), 1);
    });
}

#[test]
fn the_ethics_committee_lifts_a_suspension() {
    for origin in [root(), signed(ETHICS)] {
        ExtBuilder::default().build_and_execute(|| {
            suspended();
            events();
            assert_ok!(Custody::lift_suspension(origin.clone(), CLINICIAN));
            assert_eq!(Rejections::<Test>::get(CLINICIAN), 0);
            let lifted = Event::SuspensionLifted { account: CLINICIAN, rejections: 2 };
            assert_eq!(events(), [lifted]);
            let again = Custody::lift_suspension(origin, CLINICIAN);
            assert_noop!(again, Error::<Test>::NotSuspended);
            go_to(2 + REVIEW_PERIOD);
            assert_ok!(break_glass(CLINICIAN));
        });
    }
}

/// Also a single rejection is forgiven.
#[test]
fn one_rejection_is_lifted() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(review(ALICE, false));
        assert_ok!(Custody::lift_suspension(signed(ETHICS), CLINICIAN));
        assert_eq!(Rejections::<Test>::get(CLINICIAN), 0);
    });
}

#[test]
fn nobody_else_lifts_it() {
    ExtBuilder::default().build_and_execute(|| {
        suspended();
        for who in [ALICE, BOB, CLINICIAN, REGISTRAR, GUARDIAN, CUSTODIAN] {
            let refused = Custody::lift_suspension(signed(who), CLINICIAN);
            assert_noop!(refused, DispatchError::BadOrigin);
        }
        let nothing = Custody::lift_suspension(root(), CONTACT);
        assert_noop!(nothing, Error::<Test>::NotSuspended);
    });
}

/// A suspended account keeps what it was granted; it may neither request more, nor break the glass
/// again.
#[test]
fn an_emergency_that_runs_goes_on() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        Rejections::<Test>::insert(CLINICIAN, MAX_REJECTIONS);
        assert_ok!(deliver(CUSTODIAN, CLINICIAN));
        let other = add_entrusted(2);
        assert_noop!(request_in_emergency(CLINICIAN, other), Error::<Test>::Suspended);
        assert_ok!(Custody::lift_suspension(root(), CLINICIAN));
        assert_ok!(request_in_emergency(CLINICIAN, other));
    });
}
