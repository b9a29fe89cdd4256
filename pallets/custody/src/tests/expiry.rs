//! `expire_grant`, and grants that end before.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::EndReason;

use super::world::*;
use crate::{mock::*, Error, HoldReason};

#[test]
fn boundary_of_the_last_block() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 2);
        let last = 1 + ACCESS_PERIOD;
        let expire = || Custody::expire_grant(signed(STRANGER), XRAY, READER);
        System::set_block_number(last);
        assert_noop!(expire(), Error::<Test>::AccessNotExpired);
        assert_ok!(deliver(CUSTODIAN, READER));
        System::set_block_number(last + 1);
        events();
        assert_ok!(expire());
        assert_eq!(events(), [ended(READER, EndReason::Expired)]);
        assert_eq!(grant(READER), None, "and with it the shares");
        // Its share may be under way.
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT + DELIVERY_FEE);
        assert_noop!(expire(), Error::<Test>::AccessNotFound);
    });
}

#[test]
fn grants_expire_by_themselves() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        go_to(1 + ACCESS_PERIOD);
        assert!(grant(READER).is_some());
        go_to(2 + ACCESS_PERIOD);
        assert_eq!(grant(READER), None);
        assert_eq!(events(), [ended(READER, EndReason::Expired)]);
        assert_eq!(Balances::free_balance(READER), FUNDS - GRANT_DEPOSIT - DELIVERY_FEE);
        go_to(3 + ACCESS_PERIOD + LATE);
        assert_eq!(Balances::free_balance(READER), FUNDS, "nobody earned a fee");
    });
}

#[test]
fn the_patient_or_the_reader_ends_a_grant() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 2);
        assert_ok!(deliver(CUSTODIAN, READER));
        events();
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, READER));
        assert_eq!(events(), [ended(READER, EndReason::Revoked)]);
        assert_eq!(key_epoch(), Some(1), "the reader may know the key");
        assert_eq!(Balances::free_balance(READER), FUNDS - GRANT_DEPOSIT - DELIVERY_FEE);

        assert_ok!(request_with(READER, XRAY, other_reply(READER)));
        events();
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        assert_eq!(events(), [ended(READER, EndReason::GivenUp)]);
        assert_eq!(key_epoch(), Some(1));
        let nothing = Emr::remove_envelope(signed(READER), XRAY, READER);
        assert_noop!(nothing, pallet_emr::Error::<Test>::EnvelopeNotFound);
    });
}

#[test]
fn nobody_else_ends_a_grant() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        for who in [BOB, OTHER_READER, CUSTODIAN, GUARDIAN, CLINICIAN] {
            let refused = Emr::remove_envelope(signed(who), XRAY, READER);
            assert_noop!(refused, pallet_emr::Error::<Test>::NotPatientOrReader);
            let early = Custody::expire_grant(signed(who), XRAY, READER);
            assert_noop!(early, Error::<Test>::AccessNotExpired);
        }
    });
}

/// What `on_idle` had no room for.
#[test]
fn an_ended_grant_is_forgotten_by_hand() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        let forget = |reply| Custody::forget_grant(signed(STRANGER), XRAY, READER, reply);
        System::set_block_number(1 + LATE);
        assert_noop!(forget(reply(READER)), Error::<Test>::AccessNotExpired);
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT + DELIVERY_FEE);
        System::set_block_number(2 + LATE);
        assert_noop!(forget(other_reply(READER)), Error::<Test>::AccessNotFound);
        assert_ok!(forget(reply(READER)));
        assert_eq!(Balances::free_balance(READER), FUNDS);
        assert_noop!(forget(reply(READER)), Error::<Test>::AccessNotFound);
    });
}

/// Otherwise an account could fill the state for the fees of its calls.
#[test]
fn each_ended_grant_keeps_its_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        for request in 2..6 {
            assert_ok!(request_with(READER, XRAY, reply_secret(READER, request).public()));
        }
        assert_eq!(held(READER, HoldReason::Grant), 5 * (GRANT_DEPOSIT + DELIVERY_FEE));
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, READER));
        go_to(2 + LATE);
        assert_eq!(Balances::free_balance(READER), FUNDS);
    });
}
