//! A custodian that requests a key of which it keeps a share: its own is not counted.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use medchain_primitives::{Action, RelationKind, Role};

use super::world::*;
use crate::{mock::*, Error};

#[test]
fn a_custodian_delivers_nothing_to_itself() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&CUSTODIANS, 2);
        Policy::grant(ALICE, CUSTODIAN, Action::View);
        assert_ok!(request(CUSTODIAN));
        let own = submit(CUSTODIAN, XRAY, CUSTODIAN, delivery_of(CUSTODIAN, XRAY, CUSTODIAN));
        assert_eq!(own, Err((Error::<Test>::OwnShare.into(), Pays::Yes)));
        assert_eq!(grant(CUSTODIAN).map(|grant| grant.deliveries.len()), Some(0));
        // With the policy's consent it gets as many shares as anybody else, in the log.
        assert_ok!(deliver(CUSTODIAN_2, CUSTODIAN));
        assert_eq!(recover(XRAY, CUSTODIAN), None);
        assert_ok!(deliver(CUSTODIAN_3, CUSTODIAN));
        assert_eq!(recover(XRAY, CUSTODIAN), Some(CONTENT_KEY));
    });
}

/// A clinician who is a custodian too holds one share already: the log would say one less than
/// it has.
#[test]
fn a_custodian_has_no_emergency_over_what_it_keeps() {
    ExtBuilder::default().build_and_execute(|| {
        appoint(CUSTODIAN, Role::Clinician);
        assert_ok!(Emr::set_relation(signed(ALICE), CUSTODIAN_2, RelationKind::Sibling, true));
        Policy::grant(ALICE, CUSTODIAN_3, Action::Emergency);
        entrust(&CUSTODIANS, 2);
        for who in CUSTODIANS {
            assert_noop!(break_glass(who), Error::<Test>::CustodianOfPatient);
        }
        // Once it is dismissed, it may: but not over records that it keeps still.
        assert_ok!(choose(&[CUSTODIAN_2, CUSTODIAN_3], 2));
        assert_ok!(break_glass(CUSTODIAN));
        assert_noop!(request_in_emergency(CUSTODIAN, XRAY), Error::<Test>::OwnShare);
        let record = add_entrusted(2);
        assert_ok!(request_in_emergency(CUSTODIAN, record));
        // Nor over those that it is given afterwards.
        assert_ok!(choose(&CUSTODIANS, 2));
        let later = add_entrusted(3);
        assert_noop!(request_in_emergency(CUSTODIAN, later), Error::<Test>::OwnShare);
    });
}

/// Given a share while its emergency access runs, it counts no more than the others deliver.
#[test]
fn a_custodian_that_is_chosen_later_delivers_nothing_to_itself_either() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN_2], 1);
        appoint(CUSTODIAN, Role::Clinician);
        assert_ok!(break_glass(CUSTODIAN));
        assert_ok!(request_in_emergency(CUSTODIAN, XRAY));
        assert_ok!(choose(&[CUSTODIAN, CUSTODIAN_2], 2));
        assert_ok!(entrust_record(ALICE, XRAY, Some(entrustment(ALICE, ALICE, cid(1)))));
        assert_eq!(grant(CUSTODIAN), None, "entrusting again ends every grant");
        assert_noop!(request_in_emergency(CUSTODIAN, XRAY), Error::<Test>::OwnShare);
    });
}
