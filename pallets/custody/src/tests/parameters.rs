//! Bonds, fees and periods that change: what is held or running stays as it was.

use frame_support::assert_ok;
use medchain_primitives::Action;

use super::world::*;
use crate::{mock::*, CustodianGroups, EmergencyStatus, EndedGrants, Grants, HoldReason};

/// Once with values that are larger than what is held, once with smaller ones.
fn with_each_change(test: fn()) {
    for factor in [0, 3] {
        ExtBuilder::default().build_and_execute(|| {
            FACTOR.set(factor);
            test();
        });
    }
}

thread_local! {
    static FACTOR: std::cell::Cell<u64> = const { std::cell::Cell::new(1) };
}

/// Changes every amount.
fn change_amounts() {
    let factor = FACTOR.get();
    CustodianBond::set(factor * CUSTODIAN_BOND);
    CustodyDeposit::set(factor * CUSTODY_DEPOSIT);
    GrantDeposit::set(factor * GRANT_DEPOSIT);
    DeliveryFee::set(factor * DELIVERY_FEE);
    EmergencyBond::set(factor * BOND);
}

/// Changes every period.
fn change_periods() {
    let factor = FACTOR.get();
    AccessPeriod::set(factor * ACCESS_PERIOD);
    EmergencyPeriod::set(factor * EMERGENCY_PERIOD);
    ReviewPeriod::set(factor * REVIEW_PERIOD);
    EthicsPeriod::set(factor * ETHICS_PERIOD);
}

#[test]
fn a_custodian_gets_the_bond_that_it_paid() {
    with_each_change(|| {
        change_amounts();
        assert_ok!(Custody::retire_custodian(signed(CUSTODIAN)));
        assert_eq!(Balances::free_balance(CUSTODIAN), FUNDS);
        // A new one pays what it is now.
        assert_ok!(register(CUSTODIAN));
        assert_eq!(held(CUSTODIAN, HoldReason::Custodian), CustodianBond::get());
    });
}

#[test]
fn deposits_for_custody_come_back_as_they_were_paid() {
    with_each_change(|| {
        entrust(&[CUSTODIAN, CUSTODIAN_2], 2);
        assert_ok!(Custody::set_declined(signed(CUSTODIAN), BOB, true));
        let own = Balances::free_balance(ALICE) + 4 * CUSTODY_DEPOSIT;
        change_amounts();
        assert_ok!(Custody::set_declined(signed(CUSTODIAN), BOB, false));
        assert_eq!(Balances::free_balance(CUSTODIAN), FUNDS - CUSTODIAN_BOND);
        assert_ok!(choose(&[], 0));
        assert_eq!(CustodianGroups::<Test>::get(ALICE), None);
        assert_ok!(entrust_record(ALICE, XRAY, None));
        assert_eq!(held(ALICE, HoldReason::Custody), 0);
        assert_eq!(Balances::free_balance(ALICE), own);
    });
}

#[test]
fn a_grant_pays_the_fee_that_was_held_for_it() {
    with_each_change(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 2);
        change_amounts();
        assert_ok!(deliver(CUSTODIAN, READER));
        assert_eq!(Balances::free_balance(CUSTODIAN), FUNDS - CUSTODIAN_BOND + DELIVERY_FEE);
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT + DELIVERY_FEE);
        go_to(2 + ACCESS_PERIOD);
        go_to(3 + ACCESS_PERIOD + LATE);
        assert_eq!(EndedGrants::<Test>::iter().count(), 0);
        assert_eq!(Balances::free_balance(READER), FUNDS - DELIVERY_FEE);
    });
}

#[test]
fn a_grant_lasts_as_long_as_it_was_given_for() {
    with_each_change(|| {
        granted(&[CUSTODIAN], 1);
        change_periods();
        assert_eq!(grant(READER).map(|grant| grant.until), Some(1 + ACCESS_PERIOD));
        go_to(1 + ACCESS_PERIOD);
        assert_ok!(deliver(CUSTODIAN, READER));
        go_to(2 + ACCESS_PERIOD);
        assert_eq!(Grants::<Test>::iter().count(), 0);
        // A new one lasts as long as grants do now.
        Policy::grant(ALICE, OTHER_READER, Action::View);
        assert_ok!(request(OTHER_READER));
        let until = 2 + ACCESS_PERIOD + AccessPeriod::get();
        assert_eq!(grant(OTHER_READER).map(|grant| grant.until), Some(until));
    });
}

#[test]
fn the_bond_of_an_emergency_is_the_one_that_was_held() {
    for accepted in [true, false] {
        ExtBuilder::default().build_and_execute(|| {
            opened();
            EmergencyBond::set(3 * BOND);
            let issued = Balances::total_issuance();
            assert_ok!(review(ALICE, accepted));
            go_to(2 + EMERGENCY_PERIOD);
            go_to(3 + REVIEW_PERIOD);
            assert_eq!(held(CLINICIAN, HoldReason::Emergency), 0);
            let burned = if accepted { 0 } else { BOND };
            assert_eq!(Balances::total_issuance(), issued - burned);
            let left = FUNDS - burned - DELIVERY_FEE;
            assert_eq!(Balances::free_balance(CLINICIAN), left);
        });
    }
}

/// Neither the time in which it opens records nor that in which it is reviewed; and what it is
/// judged in is that of the block in which the judging begins.
#[test]
fn an_emergency_keeps_its_last_blocks() {
    with_each_change(|| {
        opened();
        let before = emergency().expect("it runs");
        change_periods();
        go_to(before.until);
        assert_ok!(Custody::request_in_emergency(
            signed(CLINICIAN),
            add_later(),
            other_reply(CLINICIAN)
        ));
        go_to(before.review_until);
        assert_eq!(status(), Some(EmergencyStatus::Open));
        assert_eq!(emergency().map(|entry| entry.review_until), Some(1 + REVIEW_PERIOD));
        go_to(before.review_until + 1);
        assert_eq!(status(), Some(EmergencyStatus::Escalated));
        let judged = before.review_until + 1 + EthicsPeriod::get();
        assert_eq!(emergency().map(|entry| entry.review_until), Some(judged));
        EthicsPeriod::set(1_000);
        go_to(judged);
        assert_eq!(status(), Some(EmergencyStatus::Escalated));
        go_to(judged + 1);
        assert_eq!(emergency(), None);
    });
}

/// A record of [`ALICE`] that is entrusted.
fn add_later() -> medchain_primitives::RecordId {
    add_entrusted(77)
}
