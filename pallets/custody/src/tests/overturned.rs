//! Rejections that are overturned: a guardian's by the patient, anybody's by the ethics committee.

use frame_support::{assert_noop, assert_ok};

use super::world::*;
use crate::{
    mock::*, EmergencyStatus, Error, Event, HoldReason, OpenEmergencies, RejectedPairs, Rejections,
    RunningEmergencies,
};

/// A guardian rejected what the clinician opened.
fn rejected() {
    opened();
    assert_ok!(review(GUARDIAN, false));
    assert_eq!(status(), Some(EmergencyStatus::Rejected { by: GUARDIAN }));
    assert_eq!(RejectedPairs::<Test>::get(ALICE, CLINICIAN), 1);
    events();
}

fn check_overturned() {
    assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0, "the bond is back");
    assert_eq!(Rejections::<Test>::get(CLINICIAN), 0);
    assert_eq!(RejectedPairs::<Test>::get(ALICE, CLINICIAN), 0);
    assert_eq!(grant(CLINICIAN), None, "what ended stays ended");
    assert_eq!(key_epoch(), Some(1));
}

#[test]
fn the_patient_accepts_what_a_guardian_rejected() {
    ExtBuilder::default().build_and_execute(|| {
        rejected();
        let issued = Balances::total_issuance();
        assert_ok!(review(ALICE, true));
        let (emergency, patient, subject, bond) = (FIRST, ALICE, CLINICIAN, BOND);
        let (reviewer, accepted) = (ALICE, true);
        let reviewed =
            Event::EmergencyReviewed { emergency, patient, subject, reviewer, accepted, bond };
        assert_eq!(events(), [reviewed]);
        check_overturned();
        assert_eq!(status(), Some(EmergencyStatus::Accepted));
        // It is as if she had accepted at once: nothing more is opened, another may follow.
        assert_noop!(request_in_emergency(CLINICIAN, XRAY), Error::<Test>::EmergencyOver);
        assert_ok!(break_glass(CLINICIAN));
        go_to(2 + EMERGENCY_PERIOD);
        assert_eq!(status(), None);
        assert_eq!(Balances::total_issuance(), issued);
    });
}

#[test]
fn overturned_after_its_end_it_is_closed_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        rejected();
        go_to(1 + REVIEW_PERIOD);
        assert_ok!(review(ALICE, true));
        check_overturned();
        assert_eq!(status(), None);
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 0);
        assert_eq!(RunningEmergencies::<Test>::get(ALICE, CLINICIAN), None);
        assert_eq!(crate::EmergencyGrants::<Test>::iter().count(), 0);
    });
}

#[test]
fn the_ethics_committee_accepts_what_anybody_rejected() {
    for (reviewer, origin) in [(ALICE, root()), (GUARDIAN, signed(ETHICS))] {
        ExtBuilder::default().build_and_execute(|| {
            opened();
            assert_ok!(review(reviewer, false));
            events();
            assert_ok!(judge(origin.clone(), true));
            let (emergency, patient, subject, bond) = (FIRST, ALICE, CLINICIAN, BOND);
            let accepted = true;
            let judged = Event::EmergencyJudged { emergency, patient, subject, accepted, bond };
            assert_eq!(events(), [judged]);
            check_overturned();
            assert_noop!(judge(origin, true), Error::<Test>::EmergencyNotEscalated);
        });
    }
}

/// What the patient rejects after the escalation, too, until the time to judge is over.
#[test]
fn a_late_rejection_is_overturned_until_its_last_block() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        go_to(2 + REVIEW_PERIOD);
        assert_ok!(review(ALICE, false));
        System::set_block_number(3 + REVIEW_PERIOD + ETHICS_PERIOD);
        assert_noop!(judge(root(), true), Error::<Test>::ReviewExpired);
        System::set_block_number(2 + REVIEW_PERIOD + ETHICS_PERIOD);
        assert_ok!(judge(root(), true));
        check_overturned();
        go_to(2 + REVIEW_PERIOD + ETHICS_PERIOD);
    });
}

#[test]
fn nobody_else_overturns_a_rejection() {
    ExtBuilder::default().build_and_execute(|| {
        rejected();
        for (who, accepted) in
            [(GUARDIAN, true), (GUARDIAN, false), (OTHER_GUARDIAN, true), (ALICE, false)]
        {
            let again = review(who, accepted);
            assert_noop!(again, Error::<Test>::EmergencyAlreadyReviewed);
        }
        assert_noop!(review(CLINICIAN, true), Error::<Test>::NotReviewer);
        assert_noop!(judge(root(), false), Error::<Test>::EmergencyAlreadyReviewed);
        // After the last block, it is over.
        System::set_block_number(2 + REVIEW_PERIOD);
        assert_noop!(review(ALICE, true), Error::<Test>::ReviewExpired);
        assert_noop!(judge(root(), true), Error::<Test>::ReviewExpired);
        go_to(2 + REVIEW_PERIOD);
    });
}

/// The patient's own no stands: nobody can press the patient to take it back.
#[test]
fn the_patient_does_not_take_back_a_no() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(review(ALICE, false));
        for who in [ALICE, GUARDIAN] {
            for accepted in [true, false] {
                let again = review(who, accepted);
                assert_noop!(again, Error::<Test>::EmergencyAlreadyReviewed);
            }
        }
    });
}

/// A suspension that the rejection brought is gone with it.
#[test]
fn overturning_ends_a_suspension() {
    ExtBuilder::default().build_and_execute(|| {
        Rejections::<Test>::insert(CLINICIAN, MAX_REJECTIONS - 1);
        rejected();
        let other = |who| Custody::break_glass(signed(who), BOB, REASON);
        assert_noop!(other(CLINICIAN), Error::<Test>::Suspended);
        assert_ok!(review(ALICE, true));
        assert_eq!(Rejections::<Test>::get(CLINICIAN), MAX_REJECTIONS - 1);
        assert_ok!(other(CLINICIAN));
    });
}

/// A rejection that the ethics committee had forgiven is not taken off twice.
#[test]
fn what_was_forgiven_does_not_count_below_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        rejected();
        assert_ok!(Custody::lift_suspension(root(), CLINICIAN));
        assert_ok!(review(ALICE, true));
        check_overturned();
    });
}

/// A no in the last block of the review leaves the committee as much time as an early one.
#[test]
fn a_rejection_in_the_last_block_is_overturned_as_well() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        go_to(1 + REVIEW_PERIOD);
        assert_ok!(review(GUARDIAN, false));
        go_to(1 + REVIEW_PERIOD + ETHICS_PERIOD);
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
        assert_ok!(judge(root(), true));
        check_overturned();
    });
}
