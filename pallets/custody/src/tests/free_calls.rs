//! Which deliveries cost their custodian a fee: those that fail.

use frame_support::{assert_ok, dispatch::Pays};
use medchain_primitives::{Action, RecordId};
use medchain_sharing::ReplyKey;

use super::world::*;
use crate::{mock::*, Error};

#[test]
fn what_succeeds_is_free() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 1);
        let delivery = delivery_of(CUSTODIAN, XRAY, READER);
        assert_eq!(submit(CUSTODIAN, XRAY, READER, delivery), Ok(Pays::No));
        // Also where the policy has changed its mind.
        Policy::revoke(ALICE, READER, Action::View);
        let delivery = delivery_of(CUSTODIAN_2, XRAY, READER);
        assert_eq!(submit(CUSTODIAN_2, XRAY, READER, delivery), Ok(Pays::No));
        assert_eq!(grant(READER), None);
    });
}

/// Otherwise accounts that request and give up could have honest custodians pay.
#[test]
fn what_comes_too_late_is_free() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&CUSTODIANS, 2);
        let deliveries = CUSTODIANS.map(|custodian| delivery_of(custodian, XRAY, READER));
        let send = |index: usize| submit(CUSTODIANS[index], XRAY, READER, deliveries[index]);
        // The grant has ended, then the custody, and a custodian has retired.
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        assert_eq!(send(0), Ok(Pays::No));
        assert_ok!(Custody::retire_custodian(signed(CUSTODIAN_2)));
        assert_eq!(send(1), Ok(Pays::No));
        assert_ok!(entrust_record(ALICE, XRAY, None));
        assert_eq!(send(2), Ok(Pays::No));
    });
}

/// No call that fails is free: nobody fills blocks for nothing.
#[test]
fn what_fails_is_paid_for() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        let delivery = delivery_of(CUSTODIAN, XRAY, READER);
        let not_found = Err((Error::<Test>::AccessNotFound.into(), Pays::Yes));
        let gone = || submit(CUSTODIAN, XRAY, READER, delivery);
        assert_eq!(gone(), not_found);
        // With another reply key than the grant's.
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(request_with(READER, XRAY, other_reply(READER)));
        assert_eq!(gone(), not_found);
        assert_ok!(entrust_record(ALICE, XRAY, None));
        for who in [CUSTODIAN, CUSTODIAN_2, STRANGER, READER, ALICE] {
            assert_eq!(submit(who, XRAY, READER, delivery), not_found);
        }
    });
}

/// Its share is out, and logged; but it could send it again and again.
#[test]
fn without_the_role_a_delivery_is_paid_for() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        dismiss(CUSTODIAN, medchain_primitives::Role::Custodian);
        for _ in 0..2 {
            let delivery = delivery_of(CUSTODIAN, XRAY, READER);
            assert_eq!(submit(CUSTODIAN, XRAY, READER, delivery), Ok(Pays::Yes));
            assert_eq!(events(), [exposed(READER, CUSTODIAN)]);
        }
    });
}

#[test]
fn whatever_the_cause_a_failure_is_paid_for() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 2);
        let delivery = delivery_of(CUSTODIAN, XRAY, READER);
        // It keeps no share: also with a bond, and with another's delivery.
        for who in [CUSTODIAN_3, ALICE, BOB, READER, STRANGER, TECHNICIAN] {
            let refused = submit(who, XRAY, READER, delivery);
            assert_eq!(refused, Err((Error::<Test>::ShareNotFound.into(), Pays::Yes)));
        }
        let missing = submit(CUSTODIAN, RecordId(9), READER, delivery);
        let not_found = pallet_emr::Error::<Test>::RecordNotFound.into();
        assert_eq!(missing, Err((not_found, Pays::Yes)));
        assert_ok!(deliver(CUSTODIAN, READER));
        let again = submit(CUSTODIAN, XRAY, READER, delivery);
        assert_eq!(again, Err((Error::<Test>::ShareAlreadyDelivered.into(), Pays::Yes)));
        let garbled = submit(CUSTODIAN_2, XRAY, READER, delivery);
        assert_eq!(garbled, Err((Error::<Test>::InvalidDelivery.into(), Pays::Yes)));
    });
}

/// A grant that another account has, or that has another key, is none.
#[test]
fn a_grant_is_for_its_subject_record_and_key_alone() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        let other = add_entrusted(2);
        let not_found = Err((Error::<Test>::AccessNotFound.into(), Pays::Yes));
        let to_other = delivery_of(CUSTODIAN, XRAY, OTHER_READER);
        assert_eq!(submit(CUSTODIAN, XRAY, OTHER_READER, to_other), not_found);
        let of_other = delivery_of(CUSTODIAN, other, READER);
        assert_eq!(submit(CUSTODIAN, other, READER, of_other), not_found);
        for key in [other_reply(READER), reply(OTHER_READER), ReplyKey(NO_POINT)] {
            let delivery = delivery_of(CUSTODIAN, XRAY, READER);
            assert_eq!(submit_to(CUSTODIAN, XRAY, READER, key, delivery), not_found);
        }
        assert!(grant(READER).is_some_and(|grant| grant.deliveries.is_empty()));
    });
}
