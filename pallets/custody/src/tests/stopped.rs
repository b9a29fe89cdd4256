//! A drawn worker that others keep from answering pays for nothing that is under way; and what it has
//! paid with its place is noted.

use frame_support::{assert_ok, dispatch::Pays};
use medchain_primitives::{Action, RequestId};

use super::{
    draws::{ask_with, asked, REQUEST, UNTIL, WORKER},
    world::*,
};
use crate::{mock::*, HoldReason};

/// Whoever cancels could have friends among the custodians, who send their shares right then.
#[test]
fn a_worker_that_others_stopped_pays_for_no_share_that_is_under_way() {
    let late: [fn(); 4] = [
        || {},
        || Custody::expire_grant(signed(STRANGER), XRAY, WORKER).expect("anybody may"),
        // Without `on_idle`, and with it.
        || System::set_block_number(UNTIL + 1),
        || go_to(UNTIL + 1),
    ];
    for pass in late {
        ExtBuilder::default().build_and_execute(|| {
            asked(&CUSTODIANS, 2);
            assert_ok!(deliver(CUSTODIAN, WORKER));
            Draws::stop(WORKER, REQUEST);
            pass();
            for custodian in [CUSTODIAN_2, CUSTODIAN_3] {
                let delivery = delivery_of(custodian, XRAY, WORKER);
                assert_eq!(submit(custodian, XRAY, WORKER, delivery), Ok(Pays::No));
                assert_eq!(Balances::free_balance(custodian) + CUSTODIAN_BOND, FUNDS);
            }
            assert_eq!(held(WORKER, HoldReason::Grant), GRANT_DEPOSIT, "fees go back at once");
            assert_eq!(Draws::paid(WORKER, REQUEST), DELIVERY_FEE);
        });
    }
}

#[test]
fn the_next_place_begins_with_the_fees_of_one_that_others_took() {
    ExtBuilder::default().build_and_execute(|| {
        asked(&[CUSTODIAN], 1);
        let other = RequestId(8);
        Draws::stop(WORKER, REQUEST);
        Draws::draw(WORKER, other, XRAY, UNTIL + 1);
        assert_ok!(ask_with(WORKER, other, other_reply(WORKER)));
        assert_eq!(held(WORKER, HoldReason::Grant), 2 * GRANT_DEPOSIT + DELIVERY_FEE);
    });
}

/// To the last part of the fees, and nothing that comes beyond them or too late.
#[test]
fn what_a_worker_with_a_place_pays_is_noted() {
    ExtBuilder::default().build_and_execute(|| {
        asked(&CUSTODIANS, 2);
        for (custodian, shares) in [(CUSTODIAN, 1), (CUSTODIAN_2, 2), (CUSTODIAN_3, 2)] {
            assert_ok!(deliver(custodian, WORKER));
            assert_eq!(Draws::paid(WORKER, REQUEST), shares * DELIVERY_FEE);
        }
    });
    ExtBuilder::default().build_and_execute(|| {
        asked(&CUSTODIANS, 2);
        Draws::end(WORKER, REQUEST);
        let delivery = delivery_of(CUSTODIAN, XRAY, WORKER);
        assert_eq!(submit(CUSTODIAN, XRAY, WORKER, delivery), Ok(Pays::No));
        assert_eq!(Balances::free_balance(CUSTODIAN) + CUSTODIAN_BOND, FUNDS + DELIVERY_FEE);
        assert_eq!(Draws::paid(WORKER, REQUEST), 0, "it left by itself");
    });
}

/// Otherwise it could ask again and again, and have a friend among the custodians paid each time,
/// at the expense of whoever ordered the verdict.
#[test]
fn what_a_worker_has_paid_for_access_that_it_gives_up_is_its_own_affair() {
    let scene = |end: fn(), noted: u64| {
        ExtBuilder::default().build_and_execute(|| {
            asked(&CUSTODIANS, 2);
            assert_ok!(deliver(CUSTODIAN, WORKER));
            Policy::grant(ALICE, WORKER, Action::View);
            end();
            assert_eq!(Draws::paid(WORKER, REQUEST), noted);
        });
    };
    let give_up = || Emr::remove_envelope(signed(WORKER), XRAY, WORKER).expect("it is its own");
    scene(give_up, 0);
    scene(|| request_with(WORKER, XRAY, other_reply(WORKER)).expect("it may view"), 0);
    // Others have taken the access, or the place, before.
    let take = || Emr::remove_envelope(signed(ALICE), XRAY, WORKER).expect("it is the patient's");
    scene(take, DELIVERY_FEE);
    let tidy_up = || {
        Draws::stop(WORKER, REQUEST);
        Emr::remove_envelope(signed(WORKER), XRAY, WORKER).expect("it is its own");
    };
    scene(tidy_up, DELIVERY_FEE);
}
