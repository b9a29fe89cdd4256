//! `deliver_share` among honest people.

use frame_support::{
    assert_noop, assert_ok,
    dispatch::{GetDispatchInfo, Pays},
};
use medchain_primitives::{Action, Denied, DenyReason, EndReason};

use super::world::*;
use crate::{mock::*, Call, Error, Event, HoldReason};

#[test]
fn any_custodians_of_the_threshold_open_the_key() {
    for pair in [[CUSTODIAN, CUSTODIAN_2], [CUSTODIAN_3, CUSTODIAN], [CUSTODIAN_2, CUSTODIAN_3]] {
        ExtBuilder::default().build_and_execute(|| {
            granted(&CUSTODIANS, 2);
            for (custodian, count) in pair.into_iter().zip(1..) {
                assert_eq!(recover(XRAY, READER), None);
                let delivery = delivery_of(custodian, XRAY, READER);
                assert_eq!(submit(custodian, XRAY, READER, delivery), Ok(Pays::No));
                assert_eq!(events(), [delivered(READER, custodian, count, 2)]);
                let stored = grant(READER).and_then(|grant| grant.deliveries.last().copied());
                let stored = stored.expect("it was delivered");
                assert_eq!(CUSTODIANS[usize::from(stored.number) - 1], custodian);
                assert_eq!(stored.delivery.ephemeral, delivery.ephemeral);
                assert_eq!(stored.delivery.share, delivery.share);
            }
            assert_eq!(recover(XRAY, READER), Some(CONTENT_KEY));
            let question = (ALICE, READER, Some(XRAY), Action::View, Some(PURPOSE));
            assert_eq!(Policy::asked(), [question; 2], "asked again at each delivery");
        });
    }
}

#[test]
fn more_shares_than_needed_do_no_harm() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&CUSTODIANS, 2);
        for custodian in CUSTODIANS {
            assert_ok!(deliver(custodian, READER));
        }
        assert_eq!(events().last(), Some(&delivered(READER, CUSTODIAN_3, 3, 2)));
        assert_eq!(recover(XRAY, READER), Some(CONTENT_KEY));
    });
}

#[test]
fn a_share_is_delivered_once() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&CUSTODIANS, 2);
        let delivery = delivery_of(CUSTODIAN, XRAY, READER);
        assert_eq!(submit(CUSTODIAN, XRAY, READER, delivery), Ok(Pays::No));
        // Neither the same bytes nor others.
        let again = submit(CUSTODIAN, XRAY, READER, delivery);
        assert_eq!(again, Err((Error::<Test>::ShareAlreadyDelivered.into(), Pays::Yes)));
        assert_noop!(deliver(CUSTODIAN, READER), Error::<Test>::ShareAlreadyDelivered);
        assert_eq!(grant(READER).map(|grant| grant.deliveries.len()), Some(1));
    });
}

#[test]
fn a_delivery_uses_no_more_than_its_weight() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&CUSTODIANS, 2);
        let used = |custodian| {
            let delivery = delivery_of(custodian, XRAY, READER);
            let (record, subject, reply) = (XRAY, READER, reply(READER));
            let call = Call::<Test>::deliver_share { record, subject, reply, delivery };
            let most = call.get_dispatch_info().call_weight;
            let info = Custody::deliver_share(signed(custodian), record, subject, reply, delivery);
            let actual = info.expect("delivered").actual_weight.expect("it is known");
            assert!(actual.all_lte(most), "{actual} of {most}");
            actual
        };
        let (first, second) = (used(CUSTODIAN), used(CUSTODIAN_2));
        assert_eq!(first, second);
        // A refusal ends the grant in addition.
        Policy::revoke(ALICE, READER, Action::View);
        assert!(used(CUSTODIAN_3).all_gt(second));
    });
}

#[test]
fn a_denial_at_the_delivery_ends_the_grant() {
    let reasons = [REVOKED, Denied::PolicyTrapped, Denied::Refused(DenyReason::Expired)];
    for reason in reasons {
        ExtBuilder::default().build_and_execute(|| {
            granted(&CUSTODIANS, 2);
            assert_ok!(deliver(CUSTODIAN, READER));
            events();
            Policy::answer(ALICE, READER, Action::View, Err(reason));
            let delivery = delivery_of(CUSTODIAN_2, XRAY, READER);
            // It is not the custodian's fault, so the call is free.
            assert_eq!(submit(CUSTODIAN_2, XRAY, READER, delivery), Ok(Pays::No));
            assert_eq!(grant(READER), None);
            // The fee returns: the reader has no use for what comes now.
            assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT);
            assert_eq!(Balances::free_balance(READER) + GRANT_DEPOSIT + DELIVERY_FEE, FUNDS);
            let (record, patient, subject, purpose) = (XRAY, ALICE, READER, PURPOSE);
            let denied = Event::AccessDenied { record, patient, subject, purpose, reason };
            // The bytes stand in the block: the log says so.
            let refused = ended(READER, EndReason::Refused);
            assert_eq!(events(), [refused, denied, exposed(READER, CUSTODIAN_2)]);
        });
    }
}
