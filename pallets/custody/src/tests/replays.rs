//! Deliveries and dealings that were made for something else.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use medchain_primitives::Action;
use medchain_sharing::{DealingContext, Delivery, DeliveryContext, Entrustment};
use sp_runtime::DispatchResult;

use super::world::*;
use crate::{mock::*, Error};

#[track_caller]
fn refused(custodian: u64, delivery: Delivery) {
    let result = submit(custodian, XRAY, READER, delivery);
    assert_eq!(result, Err((Error::<Test>::InvalidDelivery.into(), Pays::Yes)));
}

#[test]
fn a_delivery_is_for_one_custodian_record_subject_chain_and_key() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 2);
        let honest = || delivery_context(CUSTODIAN, XRAY, READER);
        for context in [
            DeliveryContext { genesis: [7; 32], ..honest() },
            DeliveryContext { record: NEXT, ..honest() },
            DeliveryContext { custodian: CUSTODIAN_2, ..honest() },
            DeliveryContext { subject: OTHER_READER, ..honest() },
            DeliveryContext { reply: other_reply(READER), ..honest() },
        ] {
            refused(CUSTODIAN, share_of(CUSTODIAN, XRAY, &context));
        }
        // Nor does a custodian pass the share of another off as its own.
        refused(CUSTODIAN, share_of(CUSTODIAN_2, XRAY, &honest()));
        refused(CUSTODIAN, delivery_of(CUSTODIAN_2, XRAY, READER));
        refused(CUSTODIAN_2, delivery_of(CUSTODIAN, XRAY, READER));
    });
}

#[test]
fn a_delivery_of_one_record_is_none_of_another() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        let other = add_entrusted(2);
        assert_ok!(request_with(READER, other, reply(READER)));
        // Both grants have one subject and one reply key.
        refused(CUSTODIAN, delivery_of(CUSTODIAN, other, READER));
        let crossed = submit(CUSTODIAN, other, READER, delivery_of(CUSTODIAN, XRAY, READER));
        assert_eq!(crossed, Err((Error::<Test>::InvalidDelivery.into(), Pays::Yes)));
        assert_ok!(deliver_of(CUSTODIAN, other, READER));
        assert_eq!(recover(other, READER), Some(CONTENT_KEY));
    });
}

#[test]
fn a_delivery_of_a_former_dealing_is_void() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        let other = other_reply(READER);
        let former = delivery_to(CUSTODIAN, XRAY, READER, other);
        assert_ok!(entrust_record(ALICE, XRAY, Some(entrustment(ALICE, ALICE, cid(1)))));
        assert_ok!(request_with(READER, XRAY, other));
        let refused = submit_to(CUSTODIAN, XRAY, READER, other, former);
        assert_eq!(refused, Err((Error::<Test>::InvalidDelivery.into(), Pays::Yes)));
        let honest = delivery_to(CUSTODIAN, XRAY, READER, other);
        assert_eq!(submit_to(CUSTODIAN, XRAY, READER, other, honest), Ok(Pays::No));
    });
}

/// Where a reply key is used again, so can the delivery be: it tells the account nothing new.
#[test]
fn an_earlier_delivery_to_the_same_key_is_a_delivery() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        let delivery = delivery_of(CUSTODIAN, XRAY, READER);
        assert_eq!(submit(CUSTODIAN, XRAY, READER, delivery), Ok(Pays::No));
        go_to(50);
        go_to(100);
        assert_ok!(request(READER));
        assert_eq!(submit(CUSTODIAN, XRAY, READER, delivery), Ok(Pays::No));
        assert_eq!(recover(XRAY, READER), Some(CONTENT_KEY));
    });
}

/// Has [`TECHNICIAN`] add a record with a dealing that was made for something else.
fn add(dealing_for: &DealingContext<u64>) -> DispatchResult {
    let dealing = dealing(&[CUSTODIAN, CUSTODIAN_2], 2, dealing_for);
    let custody = Entrustment { threshold: 2, dealing };
    add_record(TECHNICIAN, ALICE, cid(2), Some(custody))
}

/// Everybody can copy a dealing from the chain. Under a record of their own, an attacker would
/// be granted access to it, and honest custodians would deliver.
#[test]
fn a_dealing_is_for_one_patient_dealer_content_and_chain() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, TECHNICIAN, Action::Append);
        entrust(&[CUSTODIAN, CUSTODIAN_2], 2);
        let honest = || context(ALICE, TECHNICIAN, cid(2));
        for other in [
            DealingContext { genesis: [7; 32], ..honest() },
            DealingContext { patient: BOB, ..honest() },
            // The dealing that the patient signed, copied by a lab.
            DealingContext { dealer: ALICE, ..honest() },
            DealingContext { cid: cid(1), ..honest() },
        ] {
            assert_noop!(add(&other), Error::<Test>::InvalidDealing);
        }
        assert_ok!(add(&honest()));
    });
}

#[test]
fn an_attacker_does_not_entrust_a_copy_of_a_strangers_dealing() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&[CUSTODIAN, CUSTODIAN_2], 2));
        let copied = entrustment(ALICE, ALICE, cid(1));
        assert_ok!(entrust_record(ALICE, XRAY, Some(copied.clone())));
        // A patient with the same custodians, and a record with the same content or another.
        assert_ok!(choose_for(BOB, &[CUSTODIAN, CUSTODIAN_2], 2));
        for cid in [cid(1), cid(2)] {
            let stolen = add_record(BOB, BOB, cid, Some(copied.clone()));
            assert_noop!(stolen, Error::<Test>::InvalidDealing);
        }
    });
}
