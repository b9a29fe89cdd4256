//! Dealings that nobody could open, or that others could.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::Role;
use medchain_sharing::{
    deal, CustodianSecret, Custodians as Shared, DealingProof, EncryptedShare, Entrustment,
    EphemeralKey, WrappedKey,
};
use sp_runtime::DispatchResult;

use super::world::*;
use crate::{mock::*, Error};

fn try_entrust(entrustment: Entrustment) -> DispatchResult {
    entrust_record(ALICE, XRAY, Some(entrustment))
}

#[test]
fn shares_for_other_keys_are_refused() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&[CUSTODIAN, CUSTODIAN_2], 2));
        appoint(STRANGER, Role::Custodian);
        assert_ok!(register(STRANGER));
        let own = context(ALICE, ALICE, cid(1));
        let others = [
            [CUSTODIAN, CUSTODIAN_3],
            // In another order: each would hold the other's share.
            [CUSTODIAN_2, CUSTODIAN],
            // A custodian that the author chose.
            [STRANGER, CUSTODIAN_2],
        ];
        for custodians in others {
            let dealing = dealing(&custodians, 2, &own);
            let refused = try_entrust(Entrustment { threshold: 2, dealing });
            assert_noop!(refused, Error::<Test>::InvalidDealing);
        }
        // Keys that no custodian has.
        let keys: Vec<_> =
            [70, 71].map(|seed| CustodianSecret::from_seed(&[seed; 32]).public()).to_vec();
        let shared = Shared { threshold: 2, keys: &keys };
        let dealing = deal(&CONTENT_KEY, &shared, &own, &mut rng()).expect("dealt");
        let refused = try_entrust(Entrustment { threshold: 2, dealing });
        assert_noop!(refused, Error::<Test>::InvalidDealing);
    });
}

/// With t = n, nearly any points are of a polynomial of the right degree: here, the shares are bound
/// to the proof.
#[test]
fn shares_that_are_garbage_are_refused() {
    for threshold in [1, 2, 3] {
        ExtBuilder::default().build_and_execute(|| {
            assert_ok!(choose(&CUSTODIANS, threshold));
            let honest = entrustment(ALICE, ALICE, cid(1));
            let point = reply(STRANGER).0;
            let mut garbled = Vec::new();
            for bytes in [point, NO_POINT, [0; 32]] {
                for place in 0..3 {
                    let mut one = honest.clone();
                    one.dealing.shares[place] = EncryptedShare(bytes);
                    garbled.push(one);
                }
                let mut one = honest.clone();
                one.dealing.ephemeral = EphemeralKey(bytes);
                garbled.push(one);
            }
            for bytes in [[0; 96], [0xff; 96]] {
                let mut one = honest.clone();
                one.dealing.proof = DealingProof(bytes);
                garbled.push(one);
            }
            let mut one = honest.clone();
            one.dealing.shares.as_mut().swap(0, 1);
            garbled.push(one);
            // What is wrapped is not seen, but bound: nobody exchanges it on its way.
            let mut one = honest.clone();
            one.dealing.wrapped = WrappedKey([1; 48]);
            garbled.push(one);
            for one in garbled {
                assert_noop!(try_entrust(one), Error::<Test>::InvalidDealing);
            }
            assert_ok!(try_entrust(honest));
        });
    }
}

/// The number of shares counts before anything is verified.
#[test]
fn more_shares_than_custodians_are_refused() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&CUSTODIANS, 2));
        let mut custody = entrustment(ALICE, ALICE, cid(1));
        while custody.dealing.shares.try_push(EncryptedShare(NO_POINT)).is_ok() {}
        assert_noop!(try_entrust(custody.clone()), Error::<Test>::ThresholdMismatch);
        custody.dealing.shares.clear();
        assert_noop!(try_entrust(custody), Error::<Test>::ThresholdMismatch);
    });
}
