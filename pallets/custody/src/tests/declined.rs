//! `set_declined`: custodians that do not want a patient's keys.

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchResult, TokenError};

use super::world::*;
use crate::{mock::*, Declined, Error, Event, HoldReason};

fn decline(custodian: u64, declined: bool) -> DispatchResult {
    Custody::set_declined(signed(custodian), ALICE, declined)
}

#[test]
fn a_custodian_declines_a_patient_and_accepts_again() {
    ExtBuilder::default().build_and_execute(|| {
        let set = |declined| Event::DeclinedSet { custodian: CUSTODIAN, patient: ALICE, declined };
        assert_ok!(decline(CUSTODIAN, true));
        assert_eq!(events(), [set(true)]);
        assert_eq!(Declined::<Test>::get(CUSTODIAN, ALICE), Some(CUSTODY_DEPOSIT));
        assert_eq!(held(CUSTODIAN, HoldReason::Decline), CUSTODY_DEPOSIT);
        // The log says it once.
        assert_noop!(decline(CUSTODIAN, true), Error::<Test>::DeclineUnchanged);

        assert_ok!(decline(CUSTODIAN, false));
        assert_eq!(events(), [set(false)]);
        assert_eq!(Declined::<Test>::get(CUSTODIAN, ALICE), None);
        assert_eq!(held(CUSTODIAN, HoldReason::Decline), 0);
        assert_noop!(decline(CUSTODIAN, false), Error::<Test>::DeclineUnchanged);
        assert_ok!(choose(&[CUSTODIAN], 1));
    });
}

#[test]
fn a_declined_patient_entrusts_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&CUSTODIANS, 2));
        let before = entrustment(ALICE, ALICE, cid(1));
        assert_ok!(decline(CUSTODIAN_2, true));
        assert_noop!(choose(&CUSTODIANS, 2), Error::<Test>::CustodianDeclined);
        // Not even with a group from earlier.
        let entrusted = entrust_record(ALICE, XRAY, Some(before));
        assert_noop!(entrusted, Error::<Test>::CustodianDeclined);
        let added = add_record(ALICE, ALICE, cid(2), Some(entrustment(ALICE, ALICE, cid(2))));
        assert_noop!(added, Error::<Test>::CustodianDeclined);
        assert_ok!(choose(&[CUSTODIAN, CUSTODIAN_3], 2));
        // Other patients are not concerned.
        assert_ok!(choose_for(BOB, &CUSTODIANS, 2));
    });
}

#[test]
fn what_a_declining_custodian_keeps_it_delivers() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        assert_ok!(decline(CUSTODIAN, true));
        assert_ok!(deliver(CUSTODIAN, READER));
        assert_eq!(recover(XRAY, READER), Some(CONTENT_KEY));
    });
}

#[test]
fn only_custodians_decline_and_only_patients() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [ALICE, READER, CLINICIAN] {
            assert_noop!(decline(who, true), Error::<Test>::CustodianNotFound);
            assert_noop!(decline(who, false), Error::<Test>::DeclineUnchanged);
        }
        let refused = Custody::set_declined(signed(CUSTODIAN), READER, true);
        assert_noop!(refused, pallet_emr::Error::<Test>::PatientNotFound);
        let all = Balances::free_balance(CUSTODIAN);
        assert_ok!(Balances::transfer_keep_alive(signed(CUSTODIAN), BOB, all - 1));
        assert_noop!(decline(CUSTODIAN, true), TokenError::FundsUnavailable);
    });
}

/// Its deposits must not be locked in.
#[test]
fn a_custodian_that_retired_gets_its_deposits_back() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(decline(CUSTODIAN, true));
        assert_ok!(Custody::retire_custodian(signed(CUSTODIAN)));
        assert_noop!(decline(CUSTODIAN, true), Error::<Test>::CustodianNotFound);
        assert_ok!(decline(CUSTODIAN, false));
        assert_eq!(Balances::free_balance(CUSTODIAN), FUNDS);
    });
}
