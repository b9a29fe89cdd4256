//! `register_custodian`: keys that are proven, and stay.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::Role;
use medchain_sharing::{CustodianKey, CustodianSecret, KeyContext, KeyProof};
use sp_runtime::{DispatchResult, TokenError};

use super::world::*;
use crate::{mock::*, Custodian, Custodians, Error, Event, HoldReason};

/// Registers a key with a proof that the account makes for itself.
fn register_with(custodian: u64, secret: &CustodianSecret) -> DispatchResult {
    let proof = proof(custodian, secret);
    Custody::register_custodian(signed(custodian), secret.public(), proof)
}

fn any_secret(seed: u8) -> CustodianSecret {
    CustodianSecret::from_seed(&[seed; 32])
}

#[test]
fn a_custodian_registers_its_key() {
    ExtBuilder::default().build_and_execute(|| {
        appoint(STRANGER, Role::Custodian);
        let key = secret(STRANGER).public();
        assert_ok!(register(STRANGER));
        let expected = Custodian { key, bond: Some(CUSTODIAN_BOND) };
        assert_eq!(Custodians::<Test>::get(STRANGER), Some(expected));
        assert_eq!(held(STRANGER, HoldReason::Custodian), CUSTODIAN_BOND);
        let registered =
            Event::CustodianRegistered { custodian: STRANGER, key, bond: CUSTODIAN_BOND };
        assert_eq!(events(), [registered]);
        assert_noop!(register(STRANGER), Error::<Test>::CustodianAlreadyExists);
    });
}

#[test]
fn nobody_registers_without_the_role() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [ALICE, READER, STRANGER, CLINICIAN, TECHNICIAN] {
            assert_noop!(register(who), Error::<Test>::NotCustodian);
        }
        // Nor after the term.
        appoint(STRANGER, Role::Custodian);
        System::set_block_number(TERM + 1);
        assert_noop!(register(STRANGER), Error::<Test>::NotCustodian);
    });
}

#[test]
fn a_bond_that_cannot_be_paid_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        appoint(POOR, Role::Custodian);
        assert_noop!(register(POOR), TokenError::FundsUnavailable);
    });
}

/// Otherwise a custodian could choose its key as a combination of the others' keys.
#[test]
fn a_key_needs_a_proof_for_this_account_and_chain() {
    ExtBuilder::default().build_and_execute(|| {
        appoint(STRANGER, Role::Custodian);
        let own = secret(STRANGER);
        let prove = |secret: &CustodianSecret, genesis, custodian| {
            secret.prove(&KeyContext { genesis, custodian }, &mut rng()).expect("a point")
        };
        let other_chain = [7; 32];
        let proofs = [
            // Nothing, scalars above the order, another secret.
            KeyProof([0; 64]),
            KeyProof([0xff; 64]),
            prove(&any_secret(77), genesis(), STRANGER),
            // The proof that another custodian published, and one for another chain.
            prove(&own, genesis(), CUSTODIAN),
            prove(&own, other_chain, STRANGER),
        ];
        for proof in proofs {
            let refused = Custody::register_custodian(signed(STRANGER), own.public(), proof);
            assert_noop!(refused, Error::<Test>::InvalidCustodianKey);
        }
        // Another's key, with the proof that is public.
        let stolen = secret(CUSTODIAN).public();
        let copied = proof(CUSTODIAN, &secret(CUSTODIAN));
        let refused = Custody::register_custodian(signed(STRANGER), stolen, copied);
        assert_noop!(refused, Error::<Test>::InvalidCustodianKey);
        // No point, and the identity.
        for key in [CustodianKey(NO_POINT), CustodianKey([0; 32])] {
            let proof = proof(STRANGER, &own);
            let refused = Custody::register_custodian(signed(STRANGER), key, proof);
            assert_noop!(refused, Error::<Test>::InvalidCustodianKey);
        }
    });
}

/// Two accounts may share a secret, which the chain cannot forbid: but not in one group.
#[test]
fn one_key_is_not_twice_in_a_group() {
    ExtBuilder::default().build_and_execute(|| {
        appoint(STRANGER, Role::Custodian);
        assert_ok!(register_with(STRANGER, &secret(CUSTODIAN)));
        let refused = choose(&[CUSTODIAN, STRANGER], 2);
        assert_noop!(refused, Error::<Test>::DuplicateCustodian);
        assert_ok!(choose(&[CUSTODIAN_2, STRANGER], 2));
    });
}

#[test]
fn a_key_is_for_ever() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            register_with(CUSTODIAN, &any_secret(77)),
            // Registered already, whatever the key.
            Error::<Test>::CustodianAlreadyExists
        );
        assert_ok!(Custody::retire_custodian(signed(CUSTODIAN)));
        let other = register_with(CUSTODIAN, &any_secret(77));
        assert_noop!(other, Error::<Test>::CustodianKeyMismatch);
        events();
        assert_ok!(register(CUSTODIAN));
        let key = secret(CUSTODIAN).public();
        let again = Event::CustodianRegistered { custodian: CUSTODIAN, key, bond: CUSTODIAN_BOND };
        assert_eq!(events(), [again]);
        assert_eq!(held(CUSTODIAN, HoldReason::Custodian), CUSTODIAN_BOND);
    });
}
