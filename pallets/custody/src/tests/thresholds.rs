//! Keys that are shared with another threshold than the patient chose.

use frame_support::{assert_noop, assert_ok};
use medchain_sharing::Entrustment;

use super::world::*;
use crate::{mock::*, Error};

fn shared(custodians: &[u64], dealt: u8, stated: u8) -> Entrustment {
    let dealing = dealing(custodians, dealt, &context(ALICE, ALICE, cid(1)));
    Entrustment { threshold: stated, dealing }
}

#[test]
fn the_threshold_is_the_patients() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&CUSTODIANS, 2));
        for other in [0, 1, 3, 16, u8::MAX] {
            let dealt = if (1..=3).contains(&other) { other } else { 2 };
            let entrusted = entrust_record(ALICE, XRAY, Some(shared(&CUSTODIANS, dealt, other)));
            assert_noop!(entrusted, Error::<Test>::ThresholdMismatch);
        }
        assert_ok!(entrust_record(ALICE, XRAY, Some(shared(&CUSTODIANS, 2, 2))));
    });
}

/// With a lower one, fewer custodians could open the key than the patient believes; with a
/// higher one, the key could not be opened by those who should.
#[test]
fn what_is_stated_is_what_was_dealt() {
    for (chosen, dealt) in [(2, 1), (2, 3), (1, 2), (3, 2)] {
        ExtBuilder::default().build_and_execute(|| {
            assert_ok!(choose(&CUSTODIANS, chosen));
            let custody = shared(&CUSTODIANS, dealt, chosen);
            let entrusted = entrust_record(ALICE, XRAY, Some(custody));
            assert_noop!(entrusted, Error::<Test>::InvalidDealing);
        });
    }
}

#[test]
fn there_is_one_share_for_each_custodian() {
    ExtBuilder::default().build_and_execute(|| {
        for (chosen, dealt) in [
            (&[CUSTODIAN, CUSTODIAN_2][..], &CUSTODIANS[..]),
            (&CUSTODIANS, &[CUSTODIAN, CUSTODIAN_2]),
        ] {
            assert_ok!(choose(chosen, 2));
            let entrusted = entrust_record(ALICE, XRAY, Some(shared(dealt, 2, 2)));
            assert_noop!(entrusted, Error::<Test>::ThresholdMismatch);
        }
    });
}

/// The patient changed the group while the call was under way.
#[test]
fn a_dealing_is_for_the_group_at_its_inclusion() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&CUSTODIANS, 2));
        let under_way = entrustment(ALICE, ALICE, cid(1));
        assert_ok!(choose(&CUSTODIANS, 3));
        let entrusted = entrust_record(ALICE, XRAY, Some(under_way.clone()));
        assert_noop!(entrusted, Error::<Test>::ThresholdMismatch);
        assert_ok!(choose(&[CUSTODIAN_2, CUSTODIAN, CUSTODIAN_3], 2));
        let entrusted = entrust_record(ALICE, XRAY, Some(under_way.clone()));
        assert_noop!(entrusted, Error::<Test>::InvalidDealing);
        assert_ok!(choose(&CUSTODIANS, 2));
        assert_ok!(entrust_record(ALICE, XRAY, Some(under_way)));
    });
}
