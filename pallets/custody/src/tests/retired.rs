//! `retire_custodian`: nothing new comes, and what is there stays.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use medchain_primitives::{Action, Role};

use super::world::*;
use crate::{mock::*, Custodian, Custodians, Error, Event, HoldReason};

fn retire(custodian: u64) {
    assert_ok!(Custody::retire_custodian(signed(custodian)));
    System::reset_events();
}

#[test]
fn retiring_returns_the_bond_and_keeps_the_key() {
    ExtBuilder::default().build_and_execute(|| {
        let before = Custodians::<Test>::get(CUSTODIAN).expect("registered");
        assert_ok!(Custody::retire_custodian(signed(CUSTODIAN)));
        let after = Custodians::<Test>::get(CUSTODIAN);
        assert_eq!(after, Some(Custodian { bond: None, ..before }));
        assert_eq!(held(CUSTODIAN, HoldReason::Custodian), 0);
        assert_eq!(Balances::free_balance(CUSTODIAN), FUNDS);
        let retired = Event::CustodianRetired { custodian: CUSTODIAN, bond: CUSTODIAN_BOND };
        assert_eq!(events(), [retired]);
    });
}

#[test]
fn only_a_registered_custodian_retires() {
    ExtBuilder::default().build_and_execute(|| {
        retire(CUSTODIAN);
        // Nor one that has the role alone.
        appoint(STRANGER, Role::Custodian);
        for who in [CUSTODIAN, STRANGER, ALICE] {
            let refused = Custody::retire_custodian(signed(who));
            assert_noop!(refused, Error::<Test>::CustodianNotFound);
        }
    });
}

/// A registrar that dismisses a custodian does not take its bond.
#[test]
fn a_custodian_without_the_role_can_retire() {
    ExtBuilder::default().build_and_execute(|| {
        dismiss(CUSTODIAN, Role::Custodian);
        retire(CUSTODIAN);
        assert_eq!(Balances::free_balance(CUSTODIAN), FUNDS);
    });
}

#[test]
fn nobody_chooses_or_entrusts_to_a_retired_custodian() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&CUSTODIANS, 2));
        let before = entrustment(ALICE, ALICE, cid(1));
        retire(CUSTODIAN_3);
        assert_noop!(choose(&CUSTODIANS, 2), Error::<Test>::CustodianNotFound);
        // It is in the group still, from when it was a custodian.
        let entrusted = entrust_record(ALICE, XRAY, Some(before.clone()));
        assert_noop!(entrusted, Error::<Test>::CustodianNotFound);
        let added = add_record(ALICE, ALICE, cid(2), Some(entrustment(ALICE, ALICE, cid(2))));
        assert_noop!(added, Error::<Test>::CustodianNotFound);

        assert_ok!(register(CUSTODIAN_3));
        assert_ok!(entrust_record(ALICE, XRAY, Some(before)));
    });
}

#[test]
fn a_retired_custodian_delivers_what_it_keeps() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 2);
        retire(CUSTODIAN);
        let delivery = delivery_of(CUSTODIAN, XRAY, READER);
        assert_eq!(submit(CUSTODIAN, XRAY, READER, delivery), Ok(Pays::No));
        assert_eq!(events(), [delivered(READER, CUSTODIAN, 1, 2)]);
        assert_eq!(Balances::free_balance(CUSTODIAN), FUNDS + DELIVERY_FEE);
        assert_ok!(deliver(CUSTODIAN_2, READER));
        assert_eq!(recover(XRAY, READER), Some(CONTENT_KEY));

        // Its records can still be opened by later requests, while it has the role.
        Policy::grant(ALICE, OTHER_READER, Action::View);
        assert_ok!(request(OTHER_READER));
        dismiss(CUSTODIAN, Role::Custodian);
        events();
        assert_ok!(deliver(CUSTODIAN, OTHER_READER));
        assert_eq!(events(), [exposed(OTHER_READER, CUSTODIAN)]);
        assert_eq!(grant(OTHER_READER).map(|grant| grant.deliveries.len()), Some(0));
    });
}
