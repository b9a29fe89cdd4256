//! One emergency opens all records of a patient that are needed: one bond, one reason, one review.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{EndReason, RecordId};

use super::world::*;
use crate::{
    mock::*, EmergencyGrants, EmergencyStatus, Error, Event, Grants, HoldReason, OpenEmergencies,
};

/// Three films of [`ALICE`], requested by the clinician, and opened.
fn films() -> [RecordId; 3] {
    entrust(&[CUSTODIAN], 1);
    let films = [XRAY, add_entrusted(2), add_entrusted(3)];
    assert_ok!(break_glass(CLINICIAN));
    for film in films {
        assert_ok!(request_in_emergency(CLINICIAN, film));
        assert_ok!(deliver_of(CUSTODIAN, film, CLINICIAN));
        assert_eq!(recover(film, CLINICIAN), Some(CONTENT_KEY));
    }
    events();
    films
}

fn opened_films() -> usize {
    Grants::<Test>::iter().count()
}

#[test]
fn three_films_cost_one_bond_and_one_slot() {
    ExtBuilder::default().build_and_execute(|| {
        films();
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), BOND);
        assert_eq!(held(CLINICIAN, HoldReason::Grant), 3 * GRANT_DEPOSIT);
        assert_eq!(OpenEmergencies::<Test>::get(CLINICIAN), 1);
        assert_eq!(opened_films(), 3);
        let entry = emergency().expect("under review");
        assert_eq!((entry.grants, entry.requested, entry.deliveries), (3, 3, 3));
        assert_ok!(review(ALICE, true));
        assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
    });
}

#[test]
fn one_rejection_ends_access_to_all() {
    ExtBuilder::default().build_and_execute(|| {
        let films = films();
        let issued = Balances::total_issuance();
        let info = Custody::review_emergency(signed(ALICE), FIRST, false).expect("the patient");
        let weight = <() as crate::WeightInfo>::review_emergency(3);
        assert_eq!(info.actual_weight, Some(weight));
        let logged = events();
        for record in films {
            let (patient, subject, reason) = (ALICE, CLINICIAN, EndReason::Rejected);
            let ended = Event::AccessEnded { record, patient, subject, reason };
            assert!(logged.contains(&ended), "{logged:?}");
            assert!(!Grants::<Test>::contains_key(record, CLINICIAN));
        }
        assert_eq!(opened_films(), 0);
        assert_eq!(key_epoch(), Some(1));
        assert_eq!(emergency().map(|entry| (entry.grants, entry.requested)), Some((0, 3)));
        assert_eq!(EmergencyGrants::<Test>::iter().count(), 3);
        System::set_block_number(2 + REVIEW_PERIOD);
        let info = Custody::close_emergency(signed(STRANGER), FIRST).expect("its time is over");
        let weight = <() as crate::WeightInfo>::close_emergency(3);
        assert_eq!(info.actual_weight, Some(weight));
        assert_eq!(Balances::total_issuance(), issued - BOND, "burned once");
        assert_eq!(EmergencyGrants::<Test>::iter().count(), 0);
    });
}

#[test]
fn boundary_of_the_number_of_records() {
    ExtBuilder::default().build_and_execute(|| {
        films();
        let fourth = add_entrusted(4);
        let request = || request_in_emergency(CLINICIAN, fourth);
        assert_noop!(request(), Error::<Test>::MaxEmergencyRecordsExceeded);
        // What is given up was seen all the same: it makes no room.
        assert_ok!(Emr::remove_envelope(signed(CLINICIAN), XRAY, CLINICIAN));
        assert_eq!(opened_films(), 2);
        assert_noop!(request(), Error::<Test>::MaxEmergencyRecordsExceeded);
        // Requesting the same record again needs none.
        for number in 2..4 {
            let other = reply_secret(CLINICIAN, number).public();
            assert_ok!(Custody::request_in_emergency(signed(CLINICIAN), XRAY, other));
        }
        assert_eq!(opened_films(), 3);
        assert_eq!(emergency().map(|entry| entry.requested), Some(3));
        // Another emergency has its own.
        go_to(2 + EMERGENCY_PERIOD);
        assert_ok!(break_glass(CLINICIAN));
        assert_ok!(request());
    });
}

#[test]
fn a_film_that_is_erased_or_entrusted_again_leaves_the_others() {
    ExtBuilder::default().build_and_execute(|| {
        let [first, second, third] = films();
        assert_ok!(Emr::erase_record(signed(ALICE), first));
        assert_ok!(entrust_record(ALICE, second, Some(entrustment(ALICE, ALICE, cid(2)))));
        assert!(Grants::<Test>::contains_key(third, CLINICIAN));
        assert_eq!(opened_films(), 1);
        let entry = emergency().expect("under review");
        assert_eq!((entry.grants, entry.deliveries), (1, 3), "what was delivered counts");
        assert_eq!(entry.status, EmergencyStatus::Open);
        let other = other_reply(CLINICIAN);
        assert_ok!(Custody::request_in_emergency(signed(CLINICIAN), second, other));
    });
}
