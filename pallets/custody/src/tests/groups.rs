//! `set_custodians`.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::Role;
use sp_runtime::TokenError;

use super::world::*;
use crate::{mock::*, CustodianGroup, CustodianGroups, CustodiansOf, Error, Event, HoldReason};

fn named(custodians: &[u64]) -> Option<CustodiansOf<Test>> {
    Some(custodians.to_vec().try_into().expect("few"))
}

#[test]
fn a_patient_chooses_and_dismisses_custodians() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&CUSTODIANS, 2));
        let deposit = 3 * CUSTODY_DEPOSIT;
        let members: Vec<_> = CUSTODIANS.into_iter().zip(keys(&CUSTODIANS)).collect();
        let members = members.try_into().expect("three");
        let group = CustodianGroup { members, threshold: 2, deposit };
        assert_eq!(CustodianGroups::<Test>::get(ALICE), Some(group));
        assert_eq!(held(ALICE, HoldReason::Custody), deposit);
        let set = |old, new, threshold| {
            let (old, new): (Option<&[u64]>, Option<&[u64]>) = (old, new);
            let (old, new) = (old.and_then(named), new.and_then(named));
            Event::CustodiansSet { patient: ALICE, old, new, threshold }
        };
        assert_eq!(events(), [set(None, Some(&CUSTODIANS), 2)]);

        assert_ok!(choose(&[CUSTODIAN], 1));
        assert_eq!(held(ALICE, HoldReason::Custody), CUSTODY_DEPOSIT);
        assert_eq!(events(), [set(Some(&CUSTODIANS), Some(&[CUSTODIAN]), 1)]);

        assert_ok!(choose(&[], 0));
        assert_eq!(CustodianGroups::<Test>::get(ALICE), None);
        assert_eq!(held(ALICE, HoldReason::Custody), 0);
        assert_eq!(events(), [set(Some(&[CUSTODIAN]), None, 0)]);
    });
}

#[test]
fn choosing_fails() {
    ExtBuilder::default().build_and_execute(|| {
        // Has the role, and has not registered.
        appoint(STRANGER, Role::Custodian);
        for (custodians, threshold, error) in [
            (&[CUSTODIAN, CUSTODIAN][..], 1, Error::<Test>::DuplicateCustodian),
            (&[STRANGER], 1, Error::CustodianNotFound),
            (&[CUSTODIAN, CLINICIAN], 1, Error::CustodianNotFound),
            (&[CUSTODIAN], 0, Error::InvalidThreshold),
            (&[CUSTODIAN], 2, Error::InvalidThreshold),
            (&CUSTODIANS, u8::MAX, Error::InvalidThreshold),
            (&[], 1, Error::InvalidThreshold),
        ] {
            assert_noop!(choose(custodians, threshold), error);
        }
        let refused = choose_for(STRANGER, &[CUSTODIAN], 1);
        assert_noop!(refused, pallet_emr::Error::<Test>::PatientNotFound);
    });
}

#[test]
fn a_registered_custodian_needs_the_role_still() {
    ExtBuilder::default().build_and_execute(|| {
        dismiss(CUSTODIAN_2, Role::Custodian);
        assert_noop!(choose(&CUSTODIANS, 2), Error::<Test>::NotCustodian);
        System::set_block_number(TERM + 1);
        assert_noop!(choose(&[CUSTODIAN], 1), Error::<Test>::NotCustodian);
    });
}

#[test]
fn a_patient_is_not_their_own_custodian() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(choose(&[CUSTODIAN, ALICE], 1), Error::<Test>::SelfCustodian);
        appoint(ALICE, Role::Custodian);
        assert_ok!(register(ALICE));
        assert_noop!(choose(&[ALICE], 1), Error::<Test>::SelfCustodian);
        assert_ok!(choose_for(BOB, &[ALICE], 1));
    });
}

#[test]
fn a_group_that_cannot_be_paid_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&[CUSTODIAN], 1));
        let all = Balances::free_balance(ALICE);
        assert_ok!(Balances::transfer_keep_alive(signed(ALICE), BOB, all - 1));
        assert_noop!(choose(&CUSTODIANS, 1), TokenError::FundsUnavailable);
        let entrusted = entrust_record(ALICE, XRAY, Some(entrustment(ALICE, ALICE, cid(1))));
        assert_noop!(entrusted, TokenError::FundsUnavailable);
    });
}
