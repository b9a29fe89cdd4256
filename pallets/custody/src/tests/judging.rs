//! `judge_emergency`: the ethics committee, about emergencies that nobody reviewed.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

use super::world::*;
use crate::{mock::*, Error, Event, HoldReason, OpenEmergencies, RejectedPairs, Rejections};

fn escalated() {
    opened();
    go_to(2 + REVIEW_PERIOD);
    events();
}

#[test]
fn the_ethics_committee_judges() {
    for (origin, accepted) in [(root(), true), (signed(ETHICS), false)] {
        ExtBuilder::default().build_and_execute(|| {
            escalated();
            let issued = Balances::total_issuance();
            assert_ok!(judge(origin.clone(), accepted));
            let (emergency, patient, subject, bond) = (FIRST, ALICE, CLINICIAN, BOND);
            let judged = Event::EmergencyJudged { emergency, patient, subject, accepted, bond };
            assert_eq!(events(), [judged]);
            assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
            let burned = if accepted { 0 } else { BOND };
            assert_eq!(Balances::total_issuance(), issued - burned);
            assert_eq!(Rejections::<Test>::get(CLINICIAN), u32::from(!accepted));
            assert_eq!(key_epoch(), Some(u32::from(!accepted)));
            // Its review is over: either way it is closed, and the bond burned at once.
            assert_eq!(status(), None);
            assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 0);
            assert_eq!(RejectedPairs::<Test>::get(ALICE, CLINICIAN), 0);
            // The patient, who said nothing, cannot change it any more.
            assert!(review(ALICE, !accepted).is_err());
            assert!(judge(origin, accepted).is_err(), "nor is it judged twice");
        });
    }
}

#[test]
fn a_judgement_counts_as_a_rejection() {
    ExtBuilder::default().build_and_execute(|| {
        Rejections::<Test>::insert(CLINICIAN, 1);
        escalated();
        assert_ok!(judge(root(), false));
        let suspended = Event::AccountSuspended { account: CLINICIAN, rejections: 2 };
        assert_eq!(events().last(), Some(&suspended));
        assert_noop!(break_glass(CLINICIAN), Error::<Test>::Suspended);
    });
}

#[test]
fn nobody_else_judges() {
    ExtBuilder::default().build_and_execute(|| {
        escalated();
        for who in [ALICE, GUARDIAN, CLINICIAN, CONTACT, REGISTRAR, CUSTODIAN] {
            assert_noop!(judge(signed(who), true), DispatchError::BadOrigin);
        }
    });
}

#[test]
fn only_what_nobody_reviewed_is_judged() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(judge(root(), true), Error::<Test>::EmergencyNotFound);
        opened();
        assert_noop!(judge(root(), true), Error::<Test>::EmergencyNotEscalated);
        assert_ok!(review(GUARDIAN, true));
        assert_noop!(judge(root(), false), Error::<Test>::EmergencyNotEscalated);
        assert_ok!(review(ALICE, true));
        assert_noop!(judge(root(), false), Error::<Test>::EmergencyNotEscalated);
    });
}

#[test]
fn nobody_judges_and_the_bond_is_released() {
    ExtBuilder::default().build_and_execute(|| {
        escalated();
        let last = 2 + REVIEW_PERIOD + ETHICS_PERIOD;
        go_to(last);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
        go_to(last + 1);
        let (emergency, patient, subject, bond) = (FIRST, ALICE, CLINICIAN, BOND);
        let closed = Event::EmergencyClosed { emergency, patient, subject, bond, burned: false };
        assert_eq!(events(), [closed]);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
        assert_eq!(Rejections::<Test>::get(CLINICIAN), 0);
        assert_noop!(judge(root(), false), Error::<Test>::EmergencyNotFound);
    });
}

/// Grants that no block had room to end.
#[test]
fn a_judgement_ends_what_is_still_stored() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        System::set_block_number(2 + REVIEW_PERIOD);
        assert_ok!(Custody::close_emergency(signed(STRANGER), FIRST));
        assert!(grant(CLINICIAN).is_some());
        assert_ok!(judge(root(), false));
        assert_eq!(grant(CLINICIAN), None);
        assert_eq!(crate::EmergencyGrants::<Test>::iter().count(), 0);
        go_to(2 + REVIEW_PERIOD);
    });
}
