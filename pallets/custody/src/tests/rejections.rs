//! A rejection ends access at once; the bond is burned, and the place freed, when the review would
//! have ended.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{EndReason, Purpose};

use super::world::*;
use crate::{
    mock::*, Emergencies, EmergencyStatus, Error, Event, HoldReason, OpenEmergencies,
    RejectedPairs, RunningEmergencies,
};

fn reviewed(reviewer: u64) -> Event<Test> {
    let (emergency, patient, subject, bond) = (FIRST, ALICE, CLINICIAN, BOND);
    Event::EmergencyReviewed { emergency, patient, subject, reviewer, accepted: false, bond }
}

#[test]
fn a_rejected_emergency_ends_the_access_and_burns_the_bond() {
    for reviewer in [ALICE, GUARDIAN] {
        ExtBuilder::default().build_and_execute(|| {
            broken();
            let issued = Balances::total_issuance();
            assert_ok!(review(reviewer, false));
            assert_eq!(events(), [ended(CLINICIAN, EndReason::Rejected), reviewed(reviewer)]);
            assert_eq!(key_epoch(), Some(1));
            assert_eq!(grant(CLINICIAN), None);
            // The fee returns at once, the deposit when no share can be under way.
            assert_eq!(held(CLINICIAN, HoldReason::Grant), GRANT_DEPOSIT);
            // It may be overturned until then.
            go_to(1 + REVIEW_PERIOD);
            assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
            assert_eq!(Balances::total_issuance(), issued);
            go_to(2 + REVIEW_PERIOD);
            assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
            assert_eq!(Balances::free_balance(CLINICIAN), FUNDS - BOND);
            assert_eq!(Balances::total_issuance(), issued - BOND, "nobody profits from it");
        });
    }
}

/// Otherwise an account could have itself rejected to get its places back, and go on.
#[test]
fn a_rejection_keeps_the_place() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        assert_ok!(Custody::break_glass(signed(CLINICIAN), BOB, REASON));
        assert_ok!(review(ALICE, false));
        assert_eq!(status(), Some(EmergencyStatus::Rejected { by: ALICE }));
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 2);
        // It is still the newest one of this pair.
        assert_eq!(RunningEmergencies::<Test>::get(ALICE, CLINICIAN), Some(FIRST));
        let last = 1 + REVIEW_PERIOD;
        for block in [1, 2 + EMERGENCY_PERIOD, last] {
            go_to(block);
            assert_noop!(break_glass(CLINICIAN), Error::<Test>::EmergencyRejected);
            let request = request_in_emergency(CLINICIAN, XRAY);
            assert_noop!(request, Error::<Test>::EmergencyRejected);
        }
        assert_noop!(
            Custody::close_emergency(signed(STRANGER), FIRST),
            Error::<Test>::ReviewNotExpired
        );
        events();
        go_to(last + 1);
        assert_eq!(emergency(), None);
        let (emergency, patient, subject, bond) = (FIRST, ALICE, CLINICIAN, BOND);
        let closed = Event::EmergencyClosed { emergency, patient, subject, bond, burned: true };
        assert!(events().contains(&closed));
        assert_eq!(RunningEmergencies::<Test>::get(ALICE, CLINICIAN), None);
        assert_ok!(break_glass(CLINICIAN));
    });
}

/// An older emergency that is rejected counts against the newer one of the same pair.
#[test]
fn one_rejection_stops_every_emergency_of_the_pair() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        go_to(2 + EMERGENCY_PERIOD);
        assert_ok!(break_glass(CLINICIAN));
        assert_ok!(review(ALICE, false));
        assert_eq!(RejectedPairs::<Test>::get(ALICE, CLINICIAN), 1);
        let refused = request_in_emergency(CLINICIAN, XRAY);
        assert_noop!(refused, Error::<Test>::EmergencyRejected);
        // Other pairs are not concerned.
        assert_ok!(break_glass(CONTACT));
        go_to(2 + REVIEW_PERIOD);
        assert_eq!(RejectedPairs::<Test>::get(ALICE, CLINICIAN), 0);
        assert_noop!(request_in_emergency(CLINICIAN, XRAY), Error::<Test>::EmergencyOver);
        assert_ok!(break_glass(CLINICIAN));
    });
}

#[test]
fn a_rejection_ends_no_grant_by_the_policy() {
    ExtBuilder::default().build_and_execute(|| {
        opened();
        go_to(2 + EMERGENCY_PERIOD);
        Policy::grant(ALICE, CLINICIAN, medchain_primitives::Action::View);
        let (purpose, other) = (Purpose::Treatment, other_reply(CLINICIAN));
        assert_ok!(Custody::request_access(signed(CLINICIAN), XRAY, purpose, other));
        assert_ok!(review(ALICE, false));
        assert!(grant(CLINICIAN).is_some());
    });
}

#[test]
fn nobody_else_reviews() {
    ExtBuilder::default().build_and_execute(|| {
        use medchain_primitives::RelationKind;
        broken();
        for action in medchain_primitives::Action::ALL {
            Policy::grant(ALICE, READER, action);
        }
        for who in [CLINICIAN, CONTACT, READER, BOB, STRANGER, CUSTODIAN, ETHICS] {
            for accepted in [true, false] {
                assert_noop!(review(who, accepted), Error::<Test>::NotReviewer);
            }
        }
        // A guardian of another patient, and one who broke the glass.
        assert_ok!(Emr::set_relation(signed(BOB), STRANGER, RelationKind::Guardian, true));
        assert_noop!(review(STRANGER, true), Error::<Test>::NotReviewer);
        assert_ok!(Emr::set_relation(signed(ALICE), CLINICIAN, RelationKind::Guardian, true));
        assert_noop!(review(CLINICIAN, true), Error::<Test>::NotReviewer);
        // Nor a guardian who is none any more.
        assert_ok!(Emr::remove_relation(signed(ALICE), GUARDIAN));
        assert_noop!(review(GUARDIAN, true), Error::<Test>::NotReviewer);
        let missing = Custody::review_emergency(signed(ALICE), SECOND, true);
        assert_noop!(missing, Error::<Test>::EmergencyNotFound);
        assert!(Emergencies::<Test>::contains_key(FIRST));
    });
}
