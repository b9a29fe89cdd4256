//! `request_as_worker`: the draw is the grant, and whoever was not drawn gets nothing by it.

use frame_support::{assert_noop, assert_ok, dispatch::Pays, weights::Weight};
use medchain_primitives::{
    Action, Basis, Denied, DenyReason, EndReason, Purpose, RecordId, RequestId,
};
use medchain_sharing::ReplyKey;
use pallet_emr::Error as EmrError;
use sp_runtime::{DispatchError, DispatchResult, TokenError};

use super::world::*;
use crate::{mock::*, AccessGrant, EndedGrants, Error, Event, HoldReason, WeightInfo};

/// The account that was drawn.
pub(super) const WORKER: u64 = READER;
pub(super) const REQUEST: RequestId = RequestId(7);
/// The last block of its place.
pub(super) const UNTIL: u64 = 9;

pub(super) fn ask_with(worker: u64, request: RequestId, reply: ReplyKey) -> DispatchResult {
    let done = Custody::request_as_worker(signed(worker), request, reply);
    done.map(|_| ()).map_err(|failed| failed.error)
}

fn ask(worker: u64) -> DispatchResult {
    ask_with(worker, REQUEST, reply(worker))
}

/// [`XRAY`] is kept by these custodians, and the worker was drawn and may `Infer`.
fn drawn(custodians: &[u64], threshold: u8) {
    entrust(custodians, threshold);
    Policy::grant(ALICE, WORKER, Action::Infer);
    Draws::draw(WORKER, REQUEST, XRAY, UNTIL);
}

/// The same, and it has asked in block 1.
pub(super) fn asked(custodians: &[u64], threshold: u8) {
    drawn(custodians, threshold);
    assert_ok!(ask(WORKER));
    events();
    Policy::asked();
}

/// What the custodian sends now is logged as exposed, not stored, and access ends.
fn is_refused(custodian: u64, reason: EndReason) {
    let delivery = delivery_of(custodian, XRAY, WORKER);
    assert_eq!(submit(custodian, XRAY, WORKER, delivery), Ok(Pays::No));
    assert_eq!(events(), [ended(WORKER, reason), exposed(WORKER, custodian)]);
    assert_eq!(grant(WORKER), None);
}

#[test]
fn the_draw_is_the_grant() {
    ExtBuilder::default().build_and_execute(|| {
        drawn(&CUSTODIANS, 2);
        assert_ok!(ask(WORKER));
        let question = (ALICE, WORKER, Some(XRAY), Action::Infer, None);
        assert_eq!(Policy::asked(), [question], "the policy is not asked for `View`");
        let expected = AccessGrant {
            basis: Basis::Draw { request: REQUEST },
            reply: reply(WORKER),
            granted_at: 1,
            until: UNTIL,
            deliveries: Default::default(),
            deposit: GRANT_DEPOSIT,
            fees: 2 * DELIVERY_FEE,
        };
        assert_eq!(grant(WORKER), Some(expected));
        let (request, record, patient, worker) = (REQUEST, XRAY, ALICE, WORKER);
        let event = Event::WorkerAccess { request, record, patient, worker, until: UNTIL };
        assert_eq!(events(), [event]);
        assert_ok!(deliver(CUSTODIAN, WORKER));
        assert_eq!(Policy::asked(), [question], "it is asked again");
        assert_eq!(recover(XRAY, WORKER), None);
        assert_ok!(deliver(CUSTODIAN_3, WORKER));
        assert_eq!(
            events(),
            [delivered(WORKER, CUSTODIAN, 1, 2), delivered(WORKER, CUSTODIAN_3, 2, 2)]
        );
        assert_eq!(recover(XRAY, WORKER), Some(CONTENT_KEY));
    });
}

#[test]
fn the_worker_pays_and_gets_the_rest_back() {
    ExtBuilder::default().build_and_execute(|| {
        asked(&CUSTODIANS, 2);
        assert_eq!(held(WORKER, HoldReason::Grant), GRANT_DEPOSIT + 2 * DELIVERY_FEE);
        assert_ok!(deliver(CUSTODIAN, WORKER));
        assert_eq!(Balances::free_balance(CUSTODIAN) + CUSTODIAN_BOND, FUNDS + DELIVERY_FEE);
        go_to(UNTIL + 1);
        assert_eq!(events().last(), Some(&ended(WORKER, EndReason::Expired)));
        go_to(UNTIL + 2 + LATE);
        assert_eq!(held(WORKER, HoldReason::Grant), 0);
        assert_eq!(Balances::free_balance(WORKER), FUNDS - DELIVERY_FEE);
    });
}

#[test]
fn who_was_not_drawn_gets_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        drawn(&[CUSTODIAN], 1);
        for who in [STRANGER, OTHER_READER, CUSTODIAN_2, CLINICIAN, ALICE] {
            Policy::grant(ALICE, who, Action::Infer);
            assert_noop!(ask(who), Error::<Test>::NotDrawn);
        }
        // Nor does who was drawn for another request.
        assert_noop!(ask_with(WORKER, RequestId(8), reply(WORKER)), Error::<Test>::NotDrawn);
        let unsigned = Custody::request_as_worker(root(), REQUEST, reply(WORKER));
        assert_eq!(unsigned.map_err(|failed| failed.error), Err(DispatchError::BadOrigin));
    });
}

/// The draw for one record opens no other.
#[test]
fn a_worker_of_another_record_gets_that_one_alone() {
    ExtBuilder::default().build_and_execute(|| {
        drawn(&[CUSTODIAN], 1);
        let other = add_entrusted(2);
        assert_ok!(ask(WORKER));
        assert_eq!(crate::Grants::<Test>::get(other, WORKER), None);
        let delivery = delivery_of(CUSTODIAN, other, WORKER);
        let refused = Err((Error::<Test>::AccessNotFound.into(), Pays::Yes));
        assert_eq!(submit(CUSTODIAN, other, WORKER, delivery), refused);
        // Not even if the request should one day be about another record.
        events();
        Draws::draw(WORKER, REQUEST, other, UNTIL);
        is_refused(CUSTODIAN, EndReason::PlaceEnded);
    });
}

/// Replaced, with the key or an answer, cancelled or closed: the seam answers `None`.
#[test]
fn with_the_place_the_access_ends() {
    ExtBuilder::default().build_and_execute(|| {
        asked(&CUSTODIANS, 2);
        assert_ok!(deliver(CUSTODIAN, WORKER));
        events();
        Draws::end(WORKER, REQUEST);
        is_refused(CUSTODIAN_2, EndReason::PlaceEnded);
        assert_noop!(ask_with(WORKER, REQUEST, other_reply(WORKER)), Error::<Test>::NotDrawn);
    });
}

#[test]
fn boundary_the_last_block_of_the_place() {
    for (block, holds) in [(UNTIL, true), (UNTIL + 1, false)] {
        ExtBuilder::default().build_and_execute(|| {
            drawn(&[CUSTODIAN, CUSTODIAN_2], 1);
            System::set_block_number(block);
            if !holds {
                assert_noop!(ask(WORKER), Error::<Test>::NotDrawn);
                return;
            }
            assert_ok!(ask(WORKER));
            assert_ok!(deliver(CUSTODIAN, WORKER));
            events();
            // Without `on_idle`.
            System::set_block_number(block + 1);
            is_refused(CUSTODIAN_2, EndReason::Expired);
        });
    }
}

/// Nobody has to wait for the last block where the place has ended before.
#[test]
fn anybody_may_end_what_has_no_place_any_more() {
    ExtBuilder::default().build_and_execute(|| {
        asked(&[CUSTODIAN], 1);
        let expire = |who| Custody::expire_grant(signed(who), XRAY, WORKER);
        assert_noop!(expire(STRANGER), Error::<Test>::AccessNotExpired);
        Draws::end(WORKER, REQUEST);
        assert_ok!(expire(STRANGER));
        assert_eq!(events(), [ended(WORKER, EndReason::PlaceEnded)]);
        // What was under way is logged, and paid for: the worker may have ended the place itself.
        let delivery = delivery_of(CUSTODIAN, XRAY, WORKER);
        assert_eq!(submit(CUSTODIAN, XRAY, WORKER, delivery), Ok(Pays::No));
        assert_eq!(events(), [exposed(WORKER, CUSTODIAN)]);
        assert_eq!(Balances::free_balance(CUSTODIAN) + CUSTODIAN_BOND, FUNDS + DELIVERY_FEE);
        // A grant by the policy is not ended so.
        Policy::grant(ALICE, OTHER_READER, Action::View);
        assert_ok!(request(OTHER_READER));
        let other = Custody::expire_grant(signed(STRANGER), XRAY, OTHER_READER);
        assert_noop!(other, Error::<Test>::AccessNotExpired);
    });
}

#[test]
fn after_erasure_nothing_is_delivered() {
    ExtBuilder::default().build_and_execute(|| {
        asked(&[CUSTODIAN], 1);
        let delivery = delivery_of(CUSTODIAN, XRAY, WORKER);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        assert_eq!(grant(WORKER), None);
        events();
        assert_eq!(submit(CUSTODIAN, XRAY, WORKER, delivery), Ok(Pays::No));
        assert_eq!(events(), [exposed(WORKER, CUSTODIAN)]);
        let again = ask_with(WORKER, REQUEST, other_reply(WORKER));
        assert_noop!(again, Error::<Test>::RecordNotEntrusted);
    });
}

#[test]
fn without_infer_nothing_is_delivered() {
    let denials = [
        (REVOKED, EmrError::<Test>::GrantRevoked),
        (Denied::Refused(DenyReason::Expired), EmrError::<Test>::GrantExpired),
        (Denied::PolicyTrapped, EmrError::<Test>::PolicyTrapped),
    ];
    for (denied, error) in denials {
        ExtBuilder::default().build_and_execute(|| {
            asked(&CUSTODIANS, 2);
            // To see films is not to run models on them.
            Policy::grant(ALICE, WORKER, Action::View);
            Policy::answer(ALICE, WORKER, Action::Infer, Err(denied));
            is_refused(CUSTODIAN, EndReason::Refused);
            assert_eq!(held(WORKER, HoldReason::Grant), GRANT_DEPOSIT, "fees go back at once");
            assert_noop!(ask_with(WORKER, REQUEST, other_reply(WORKER)), error);
        });
    }
}

#[test]
fn a_patient_who_allows_nobody_is_asked_by_no_worker() {
    ExtBuilder::default().build_and_execute(|| {
        asked(&[CUSTODIAN], 1);
        assert_ok!(Emr::allow_nobody(signed(ALICE)));
        let delivery = delivery_of(CUSTODIAN, XRAY, WORKER);
        assert_eq!(submit(CUSTODIAN, XRAY, WORKER, delivery), Ok(Pays::No));
        assert_eq!(events(), [ended(WORKER, EndReason::Refused), exposed(WORKER, CUSTODIAN)]);
    });
}

#[test]
fn the_patient_ends_the_access_of_a_worker_too() {
    ExtBuilder::default().build_and_execute(|| {
        asked(&[CUSTODIAN], 1);
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, WORKER));
        assert_eq!(events(), [ended(WORKER, EndReason::Revoked)]);
        assert_eq!(grant(WORKER), None);
    });
}

#[test]
fn without_custodians_the_error_says_so() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, WORKER, Action::Infer);
        Draws::draw(WORKER, REQUEST, XRAY, UNTIL);
        assert_noop!(ask(WORKER), Error::<Test>::RecordNotEntrusted);
    });
}

/// Otherwise a worker could have custodians send shares for nothing, again and again.
#[test]
fn a_worker_asks_once() {
    ExtBuilder::default().build_and_execute(|| {
        asked(&CUSTODIANS, 2);
        for key in [reply(WORKER), other_reply(WORKER)] {
            let again = ask_with(WORKER, REQUEST, key);
            assert_noop!(again, Error::<Test>::AccessAlreadyGranted);
        }
        // Nor for another model on the same record.
        Draws::draw(WORKER, RequestId(8), XRAY, UNTIL);
        let again = ask_with(WORKER, RequestId(8), other_reply(WORKER));
        assert_noop!(again, Error::<Test>::AccessAlreadyGranted);
        // Whoever gives up and asks again pays for what comes late, and holds one more deposit.
        let under_way = delivery_of(CUSTODIAN, XRAY, WORKER);
        assert_ok!(Emr::remove_envelope(signed(WORKER), XRAY, WORKER));
        assert_noop!(ask(WORKER), Error::<Test>::ReplyKeyUsed);
        assert_ok!(ask_with(WORKER, REQUEST, other_reply(WORKER)));
        assert_eq!(held(WORKER, HoldReason::Grant), 2 * (GRANT_DEPOSIT + 2 * DELIVERY_FEE));
        assert_eq!(submit(CUSTODIAN, XRAY, WORKER, under_way), Ok(Pays::No));
        assert_eq!(Balances::free_balance(CUSTODIAN) + CUSTODIAN_BOND, FUNDS + DELIVERY_FEE);
    });
}

/// A place for another model counts once the first has ended.
#[test]
fn another_place_follows_one_that_ended() {
    ExtBuilder::default().build_and_execute(|| {
        asked(&[CUSTODIAN], 1);
        let other = RequestId(8);
        Draws::end(WORKER, REQUEST);
        Draws::draw(WORKER, other, XRAY, UNTIL + 1);
        assert_ok!(ask_with(WORKER, other, other_reply(WORKER)));
        assert_eq!(events().first(), Some(&ended(WORKER, EndReason::PlaceEnded)));
        let basis = grant(WORKER).map(|grant| grant.basis);
        assert_eq!(basis, Some(Basis::Draw { request: other }));
    });
}

#[test]
fn what_the_account_had_otherwise_is_replaced_unless_it_is_an_emergency() {
    ExtBuilder::default().build_and_execute(|| {
        drawn(&[CUSTODIAN], 1);
        Policy::grant(ALICE, WORKER, Action::View);
        assert_ok!(request(WORKER));
        assert_ok!(ask_with(WORKER, REQUEST, other_reply(WORKER)));
        assert_eq!(grant(WORKER).map(|grant| grant.basis), Some(Basis::Draw { request: REQUEST }));
        // And the other way round.
        let third = reply_secret(WORKER, 3).public();
        assert_ok!(request_with(WORKER, XRAY, third));
        let purpose = Purpose::Treatment;
        assert_eq!(grant(WORKER).map(|grant| grant.basis), Some(Basis::Policy { purpose }));

        Policy::grant(ALICE, WORKER, Action::Emergency);
        assert_ok!(break_glass(WORKER));
        let fourth = reply_secret(WORKER, 4).public();
        let emergency = Custody::request_in_emergency(signed(WORKER), XRAY, fourth);
        assert_ok!(emergency.map(|_| ()).map_err(|failed| failed.error));
        let fifth = reply_secret(WORKER, 5).public();
        let refused = ask_with(WORKER, REQUEST, fifth);
        assert_noop!(refused, Error::<Test>::EmergencyAccessRuns);
    });
}

#[test]
fn workers_take_no_place_of_an_emergency() {
    ExtBuilder::default().build_and_execute(|| {
        drawn(&[CUSTODIAN], 1);
        for who in [OTHER_READER, STRANGER, BOB] {
            Policy::grant(ALICE, who, Action::View);
            assert_ok!(request(who));
        }
        assert_noop!(ask(WORKER), Error::<Test>::MaxGrantsExceeded);
    });
}

#[test]
fn asking_fails() {
    ExtBuilder::default().build_and_execute(|| {
        drawn(&[CUSTODIAN], 1);
        for bytes in [NO_POINT, [0; 32]] {
            let refused = ask_with(WORKER, REQUEST, ReplyKey(bytes));
            assert_noop!(refused, Error::<Test>::InvalidReplyKey);
        }
        Policy::grant(ALICE, POOR, Action::Infer);
        Draws::draw(POOR, REQUEST, XRAY, UNTIL);
        assert_noop!(ask(POOR), TokenError::FundsUnavailable);
        Draws::draw(WORKER, REQUEST, RecordId(9), UNTIL);
        assert_noop!(ask(WORKER), EmrError::<Test>::RecordNotFound);
    });
}

#[test]
fn garbage_is_refused_under_a_draw_too() {
    ExtBuilder::default().build_and_execute(|| {
        asked(&[CUSTODIAN, CUSTODIAN_2], 2);
        let theirs = delivery_of(CUSTODIAN_2, XRAY, WORKER);
        let garbage = submit(CUSTODIAN, XRAY, WORKER, theirs);
        assert_eq!(garbage, Err((Error::<Test>::InvalidDelivery.into(), Pays::Yes)));
    });
}

/// What another pallet asks before it lets a worker seal the key to itself.
#[test]
fn the_key_is_delivered_with_the_last_share_and_until_access_is_over() {
    use pallet_emr::KeyCustody;
    ExtBuilder::default().build_and_execute(|| {
        asked(&CUSTODIANS, 2);
        let is_delivered = || <Custody as KeyCustody<u64>>::is_delivered(XRAY, &WORKER);
        assert!(!is_delivered());
        assert_ok!(deliver(CUSTODIAN, WORKER));
        assert!(!is_delivered());
        assert_ok!(deliver(CUSTODIAN_2, WORKER));
        assert!(is_delivered());
        assert!(!<Custody as KeyCustody<u64>>::is_delivered(XRAY, &STRANGER));
        System::set_block_number(UNTIL + 1);
        assert!(!is_delivered());
    });
}

#[test]
fn what_the_questions_did_not_use_is_refunded() {
    ExtBuilder::default().build_and_execute(|| {
        drawn(&[CUSTODIAN, CUSTODIAN_2], 2);
        let info = Custody::request_as_worker(signed(WORKER), REQUEST, reply(WORKER));
        let used = info.expect("it was drawn").actual_weight;
        let placed = <() as WeightInfo>::request_as_worker() + DRAW_WEIGHT * 3;
        assert_eq!(used, Some(placed + ASKED_WEIGHT));
        let of = |custodian| -> Option<Weight> {
            let delivery = delivery_of(custodian, XRAY, WORKER);
            let key = reply(WORKER);
            let sent = Custody::deliver_share(signed(custodian), XRAY, WORKER, key, delivery);
            sent.expect("it is logged").actual_weight
        };
        let base = <() as WeightInfo>::deliver_share();
        assert_eq!(of(CUSTODIAN), Some(base + DRAW_WEIGHT + ASKED_WEIGHT + NOTE_WEIGHT));
        Draws::end(WORKER, REQUEST);
        let ending = base + <() as WeightInfo>::expire_grant();
        assert_eq!(of(CUSTODIAN_2), Some(ending + DRAW_WEIGHT * 2));
        assert!(EndedGrants::<Test>::contains_key(XRAY, (WORKER, reply(WORKER))));
    });
}
