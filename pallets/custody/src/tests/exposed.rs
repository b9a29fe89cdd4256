//! Shares that arrive after access ended: they stand in a block, and the log says so.
//!
//! Otherwise an account could have shares sent, end its access just before they are included,
//! and hold them without a trace.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use medchain_primitives::{Action, EndReason};
use sp_runtime::DispatchResult;

use super::world::*;
use crate::{mock::*, Due, EndedCustodies, EndedGrants, Error, Event, HoldReason};

fn logged(event: &Event<Test>) -> bool {
    events().contains(event)
}

#[test]
fn whoever_ended_it_the_share_is_logged() {
    let ends: [fn() -> DispatchResult; 9] = [
        // The account itself, in four ways.
        || Emr::remove_envelope(signed(READER), XRAY, READER),
        || request_with(READER, XRAY, other_reply(READER)),
        || {
            Policy::grant(ALICE, READER, Action::Emergency);
            assert_ok!(break_glass(READER));
            let other = other_reply(READER);
            let done = Custody::request_in_emergency(signed(READER), XRAY, other);
            done.map(|_| ()).map_err(|failed| failed.error)
        },
        || {
            Policy::revoke(ALICE, READER, Action::View);
            request(READER)
        },
        // The patient, in four ways, and time.
        || Emr::remove_envelope(signed(ALICE), XRAY, READER),
        || entrust_record(ALICE, XRAY, None),
        || entrust_record(ALICE, XRAY, Some(entrustment(ALICE, ALICE, cid(1)))),
        || Emr::erase_record(signed(ALICE), XRAY).map(|_| ()).map_err(|failed| failed.error),
        || {
            go_to(2 + ACCESS_PERIOD);
            Ok(())
        },
    ];
    for end in ends {
        ExtBuilder::default().build_and_execute(|| {
            granted(&CUSTODIANS, 2);
            assert_ok!(deliver(CUSTODIAN, READER));
            let under_way = delivery_of(CUSTODIAN_2, XRAY, READER);
            let early = delivery_of(CUSTODIAN, XRAY, READER);
            assert_ok!(end());
            events();
            let before = grant(READER);
            assert_eq!(submit(CUSTODIAN_2, XRAY, READER, under_way), Ok(Pays::No));
            assert_eq!(events(), [exposed(READER, CUSTODIAN_2)]);
            assert_eq!(grant(READER), before, "it is not stored");
            // Once, and not what was delivered before.
            let again = submit(CUSTODIAN_2, XRAY, READER, under_way);
            assert_eq!(again, Err((Error::<Test>::ShareAlreadyDelivered.into(), Pays::Yes)));
            let earlier = submit(CUSTODIAN, XRAY, READER, early);
            assert_eq!(earlier, Err((Error::<Test>::ShareAlreadyDelivered.into(), Pays::Yes)));
        });
    }
}

#[test]
fn a_grant_that_is_over_and_still_stored_exposes() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 2);
        // Before a block has processed what is due.
        System::set_block_number(2 + ACCESS_PERIOD);
        let delivery = delivery_of(CUSTODIAN, XRAY, READER);
        assert_eq!(submit(CUSTODIAN, XRAY, READER, delivery), Ok(Pays::No));
        assert_eq!(events(), [ended(READER, EndReason::Expired), exposed(READER, CUSTODIAN)]);
        assert_eq!(Policy::asked(), [], "there is nothing to ask");
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT + DELIVERY_FEE);
        assert_ok!(deliver(CUSTODIAN_2, READER));
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT);
        assert!(logged(&exposed(READER, CUSTODIAN_2)));
    });
}

#[test]
fn boundary_of_the_late_delivery() {
    for (late, is_logged) in [(LATE, true), (LATE + 1, false)] {
        ExtBuilder::default().build_and_execute(|| {
            granted(&[CUSTODIAN], 1);
            let delivery = delivery_of(CUSTODIAN, XRAY, READER);
            assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
            let name = (READER, reply(READER));
            assert!(EndedGrants::<Test>::contains_key(XRAY, name));
            go_to(1 + late);
            events();
            let result = submit(CUSTODIAN, XRAY, READER, delivery);
            if is_logged {
                assert_eq!(result, Ok(Pays::No));
                assert_eq!(events(), [exposed(READER, CUSTODIAN)]);
                go_to(2 + late);
            } else {
                // It must be mortal, and expire earlier.
                assert_eq!(result, Err((Error::<Test>::AccessNotFound.into(), Pays::Yes)));
            }
            assert!(!EndedGrants::<Test>::contains_key(XRAY, name), "it is forgotten");
        });
    }
}

/// Where the chain is behind with what is due, custodians earn nothing by being late.
#[test]
fn a_share_after_the_late_period_is_logged_and_not_paid() {
    for (late, earned) in [(LATE, DELIVERY_FEE), (LATE + 1, 0)] {
        ExtBuilder::default().build_and_execute(|| {
            granted(&[CUSTODIAN], 1);
            let delivery = delivery_of(CUSTODIAN, XRAY, READER);
            assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
            // Without `on_idle`.
            System::set_block_number(1 + late);
            events();
            assert_eq!(submit(CUSTODIAN, XRAY, READER, delivery), Ok(Pays::No));
            assert_eq!(events(), [exposed(READER, CUSTODIAN)]);
            assert_eq!(Balances::free_balance(CUSTODIAN) + CUSTODIAN_BOND, FUNDS + earned);
        });
    }
}

/// A custody that ends is remembered as long as its grants are.
#[test]
fn the_memory_outlives_the_custody() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 2);
        let first = delivery_of(CUSTODIAN, XRAY, READER);
        let last = delivery_of(CUSTODIAN_2, XRAY, READER);
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        go_to(5);
        // To others, and from them.
        assert_ok!(choose(&[CUSTODIAN_3], 1));
        assert_ok!(entrust_record(ALICE, XRAY, Some(entrustment(ALICE, ALICE, cid(1)))));
        assert_ok!(entrust_record(ALICE, XRAY, None));
        assert_eq!(EndedCustodies::<Test>::iter_prefix(XRAY).count(), 2);
        events();
        assert_eq!(submit(CUSTODIAN, XRAY, READER, first), Ok(Pays::No));
        assert_eq!(events(), [exposed(READER, CUSTODIAN)]);
        let not_kept = submit(CUSTODIAN_3, XRAY, READER, last);
        assert_eq!(not_kept, Err((Error::<Test>::ShareNotFound.into(), Pays::Yes)));
        let garbled = submit(CUSTODIAN_2, XRAY, READER, first);
        assert_eq!(garbled, Err((Error::<Test>::InvalidDelivery.into(), Pays::Yes)));
        go_to(1 + LATE);
        assert_eq!(submit(CUSTODIAN_2, XRAY, READER, last), Ok(Pays::No));
        go_to(2 + LATE);
        assert_eq!(EndedGrants::<Test>::iter().count(), 0);
        assert_eq!(EndedCustodies::<Test>::iter().count(), 2);
        go_to(6 + LATE);
        assert_eq!(EndedCustodies::<Test>::iter().count(), 0);
        assert_eq!(Due::<Test>::iter().count(), 0);
    });
}

/// The same dealing, entrusted and withdrawn twice.
#[test]
fn a_custody_that_ends_twice_is_remembered_once() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(choose(&[CUSTODIAN], 1));
        Policy::grant(ALICE, READER, Action::View);
        let same = entrustment(ALICE, ALICE, cid(1));
        for request in 1..3 {
            assert_ok!(entrust_record(ALICE, XRAY, Some(same.clone())));
            assert_ok!(request_with(READER, XRAY, reply_secret(READER, request).public()));
            if request == 2 {
                // While it is entrusted again, what ended before is verified with it.
                let delivery = delivery_of(CUSTODIAN, XRAY, READER);
                assert_eq!(submit(CUSTODIAN, XRAY, READER, delivery), Ok(Pays::No));
            }
            assert_ok!(entrust_record(ALICE, XRAY, None));
            assert_ok!(Custody::do_try_state());
            System::set_block_number(3);
        }
        assert_eq!(EndedCustodies::<Test>::iter().count(), 1);
        go_to(4 + LATE);
        assert_eq!(EndedCustodies::<Test>::iter().count(), 0);
    });
}

/// Nothing is remembered where nobody waits for shares.
#[test]
fn a_custody_without_grants_is_not_remembered() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        assert_ok!(entrust_record(ALICE, XRAY, None));
        assert_eq!(EndedCustodies::<Test>::iter().count(), 0);
        assert_eq!(Due::<Test>::iter().count(), 0);
    });
}

/// What is held of the fees stays until no share can be under way.
#[test]
fn fees_wait_for_late_shares() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&CUSTODIANS, 2);
        let under_way = delivery_of(CUSTODIAN, XRAY, READER);
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        // Whoever ends access cannot spend what is due.
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT + 2 * DELIVERY_FEE);
        assert_eq!(submit(CUSTODIAN, XRAY, READER, under_way), Ok(Pays::No));
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT + DELIVERY_FEE);
        go_to(1 + LATE);
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT + DELIVERY_FEE);
        go_to(2 + LATE);
        assert_eq!(Balances::free_balance(READER), FUNDS - DELIVERY_FEE);
    });
}

/// An account that ends its emergency access just before the share arrives has no void emergency.
#[test]
fn a_late_share_counts_for_the_review() {
    let ends: [fn() -> DispatchResult; 4] = [
        || Emr::remove_envelope(signed(CLINICIAN), XRAY, CLINICIAN),
        || {
            let other = other_reply(CLINICIAN);
            let done = Custody::request_in_emergency(signed(CLINICIAN), XRAY, other);
            done.map(|_| ()).map_err(|failed| failed.error)
        },
        || {
            go_to(2 + EMERGENCY_PERIOD);
            Ok(())
        },
        || review(ALICE, false),
    ];
    for end in ends {
        ExtBuilder::default().build_and_execute(|| {
            broken();
            let under_way = delivery_of(CUSTODIAN, XRAY, CLINICIAN);
            assert_ok!(end());
            events();
            assert_eq!(submit(CUSTODIAN, XRAY, CLINICIAN, under_way), Ok(Pays::No));
            assert_eq!(events(), [exposed(CLINICIAN, CUSTODIAN)]);
            assert_eq!(emergency().map(|entry| entry.deliveries), Some(1));
        });
    }
}

/// A share that arrives after the access by an emergency is none for a grant by the policy.
#[test]
fn a_later_grant_does_not_take_what_was_sent_to_another_key() {
    ExtBuilder::default().build_and_execute(|| {
        broken();
        let under_way = delivery_of(CUSTODIAN, XRAY, CLINICIAN);
        go_to(2 + EMERGENCY_PERIOD);
        Policy::grant(ALICE, CLINICIAN, Action::View);
        assert_ok!(request_with(CLINICIAN, XRAY, other_reply(CLINICIAN)));
        events();
        assert_eq!(submit(CUSTODIAN, XRAY, CLINICIAN, under_way), Ok(Pays::No));
        assert!(logged(&exposed(CLINICIAN, CUSTODIAN)));
        assert!(grant(CLINICIAN).is_some_and(|grant| grant.deliveries.is_empty()));
    });
}

/// A share for the ended grant would otherwise count for the new one, or be logged for neither.
#[test]
fn a_reply_key_is_not_used_again_while_shares_may_be_under_way() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        assert_ok!(Emr::remove_envelope(signed(READER), XRAY, READER));
        assert_noop!(request(READER), Error::<Test>::ReplyKeyUsed);
        Policy::grant(ALICE, READER, Action::Emergency);
        assert_ok!(break_glass(READER));
        assert_noop!(request_in_emergency(READER, XRAY), Error::<Test>::ReplyKeyUsed);
        // Nor by taking the place of the grant that has it.
        assert_ok!(request_with(READER, XRAY, other_reply(READER)));
        let same = Custody::request_in_emergency(signed(READER), XRAY, other_reply(READER));
        assert_noop!(same, Error::<Test>::ReplyKeyUsed);
        // Other records and other accounts are not concerned.
        let other = add_entrusted(2);
        assert_ok!(request_in_emergency(READER, other));
        Policy::grant(ALICE, OTHER_READER, Action::View);
        assert_ok!(request_with(OTHER_READER, XRAY, reply(READER)));
        go_to(2 + LATE);
        assert_ok!(request(READER));
    });
}
