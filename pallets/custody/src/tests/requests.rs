//! `request_access`: the policy's answer, and the grant that follows a yes.

use frame_support::{assert_noop, assert_ok};
use medchain_primitives::{Action, Basis, Denied, DenyReason, EndReason, Purpose, RecordId};
use medchain_sharing::ReplyKey;
use pallet_emr::DefaultPolicy;
use sp_runtime::TokenError;

use super::world::*;
use crate::{mock::*, AccessGrant, Error, Event, HoldReason, WeightInfo};

fn denied(subject: u64, reason: Denied) -> Event<Test> {
    let (record, patient, purpose) = (XRAY, ALICE, PURPOSE);
    Event::AccessDenied { record, patient, subject, purpose, reason }
}

fn granted_until(subject: u64, until: Option<u64>) -> Event<Test> {
    let (record, patient, purpose) = (XRAY, ALICE, PURPOSE);
    Event::AccessGranted { record, patient, subject, purpose, until }
}

#[test]
fn without_custodians_the_answer_is_logged() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(request(READER));
        let question = (ALICE, READER, Some(XRAY), Action::View, Some(PURPOSE));
        assert_eq!(Policy::asked(), [question], "the policy learns the purpose");
        assert_eq!(events(), [granted_until(READER, None)]);
        assert_eq!(grant(READER), None);
        assert_eq!(Balances::free_balance(READER), FUNDS);
    });
}

#[test]
fn with_custodians_a_grant_is_stored() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&CUSTODIANS, 2);
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(request(READER));
        let until = 1 + ACCESS_PERIOD;
        let expected = AccessGrant {
            basis: Basis::Policy { purpose: PURPOSE },
            reply: reply(READER),
            granted_at: 1,
            until,
            deliveries: Default::default(),
            deposit: GRANT_DEPOSIT,
            fees: 2 * DELIVERY_FEE,
        };
        assert_eq!(grant(READER), Some(expected));
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT + 2 * DELIVERY_FEE);
        assert_eq!(events(), [granted_until(READER, Some(until))]);
    });
}

#[test]
fn a_denial_is_logged_with_its_reason_and_changes_nothing() {
    let reasons = [
        Denied::PolicyTrapped,
        Denied::PolicyOutOfGas,
        Denied::Refused(DenyReason::Expired),
        Denied::Refused(DenyReason::Other(42)),
    ];
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        let before = root_without_logs();
        for reason in reasons {
            Policy::answer(ALICE, STRANGER, Action::View, Err(reason));
            assert_ok!(request(STRANGER));
            assert_eq!(events(), [denied(STRANGER, reason)]);
        }
        assert_eq!(before, root_without_logs());
        DefaultPolicy::<Test>::kill();
        assert_ok!(request(STRANGER));
        assert_eq!(events(), [denied(STRANGER, Denied::NoPolicy)]);
        assert_eq!(held(STRANGER, HoldReason::Grant), 0);
    });
}

#[test]
fn an_erased_record_is_denied() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(ALICE, READER, Action::View);
        assert_ok!(Emr::erase_record(signed(ALICE), XRAY));
        events();
        for who in [READER, ALICE] {
            assert_ok!(request(who));
            assert_eq!(events(), [denied(who, Denied::RecordErased)]);
        }
    });
}

#[test]
fn what_the_question_did_not_use_is_refunded() {
    ExtBuilder::default().build_and_execute(|| {
        let weight = |who| {
            let info = Custody::request_access(signed(who), XRAY, PURPOSE, reply(who));
            info.expect("it is logged").actual_weight
        };
        // Also what it costs where a drawn worker's access is replaced.
        let base = <() as WeightInfo>::request_access() + DRAW_WEIGHT + NOTE_WEIGHT;
        assert_eq!(weight(ALICE), Some(base), "a patient needs no policy");
        assert_eq!(weight(STRANGER), Some(base + ASKED_WEIGHT));
    });
}

#[test]
fn a_patient_requests_without_the_policy() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        assert_ok!(request(ALICE));
        assert_ok!(deliver(CUSTODIAN, ALICE));
        assert_eq!(Policy::asked(), []);
        assert_eq!(recover(XRAY, ALICE), Some(CONTENT_KEY));
    });
}

#[test]
fn requesting_again_replaces_the_purpose() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 2);
        assert_ok!(deliver(CUSTODIAN, READER));
        go_to(5);
        let before = grant(READER);
        assert_ok!(request(READER));
        assert_eq!(grant(READER), before);
        let (other, own) = (Purpose::SecondOpinion, reply(READER));
        assert_ok!(Custody::request_access(signed(READER), XRAY, other, own));
        let basis = Basis::Policy { purpose: other };
        assert_eq!(grant(READER), before.map(|grant| AccessGrant { basis, ..grant }));
        let fees = GRANT_DEPOSIT + DELIVERY_FEE;
        assert_eq!(held(READER, HoldReason::Grant), fees, "paid once");
        // At the next delivery, the policy is asked about what it has just allowed.
        Policy::asked();
        assert_ok!(deliver(CUSTODIAN_2, READER));
        let question = (ALICE, READER, Some(XRAY), Action::View, Some(other));
        assert_eq!(Policy::asked(), [question]);
    });
}

/// Otherwise a reader could end the grant with a request that is denied, and keep shares that are
/// under way without paying for them.
#[test]
fn a_denial_for_another_purpose_ends_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        let before = grant(READER);
        Policy::revoke(ALICE, READER, Action::View);
        events();
        let (other, own) = (Purpose::SecondOpinion, reply(READER));
        assert_ok!(Custody::request_access(signed(READER), XRAY, other, own));
        let denied = events();
        assert!(matches!(denied[..], [Event::AccessDenied { .. }]), "{denied:?}");
        assert_eq!(grant(READER), before);
        assert_ok!(request(READER));
        assert_eq!(events().first(), Some(&ended(READER, EndReason::Refused)));
        assert_eq!(grant(READER), None);
    });
}

#[test]
fn another_reply_key_replaces_the_grant() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN, CUSTODIAN_2], 2);
        assert_ok!(deliver(CUSTODIAN, READER));
        go_to(5);
        events();
        assert_ok!(request_with(READER, XRAY, other_reply(READER)));
        let until = 5 + ACCESS_PERIOD;
        let replaced = ended(READER, EndReason::Replaced);
        assert_eq!(events(), [replaced, granted_until(READER, Some(until))]);
        let new = grant(READER).expect("granted");
        assert_eq!((new.reply, new.granted_at, new.until), (other_reply(READER), 5, until));
        assert!(new.deliveries.is_empty(), "shares for another key are of no use");
        // One fee was paid, and one waits for a share that may be under way.
        assert_eq!(held(READER, HoldReason::Grant), 2 * GRANT_DEPOSIT + 3 * DELIVERY_FEE);
        assert_eq!(Balances::free_balance(READER) + 2 * GRANT_DEPOSIT + 4 * DELIVERY_FEE, FUNDS);
    });
}

#[test]
fn a_reply_key_is_a_point() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        Policy::grant(ALICE, READER, Action::View);
        Policy::grant(ALICE, CLINICIAN, Action::Emergency);
        assert_ok!(break_glass(CLINICIAN));
        for bytes in [NO_POINT, [0; 32]] {
            let key = ReplyKey(bytes);
            assert_noop!(request_with(READER, XRAY, key), Error::<Test>::InvalidReplyKey);
            let refused = Custody::request_in_emergency(signed(CLINICIAN), XRAY, key);
            assert_noop!(refused, Error::<Test>::InvalidReplyKey);
        }
    });
}

#[test]
fn a_denial_of_a_second_request_ends_the_grant() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        Policy::revoke(ALICE, READER, Action::View);
        // Whichever key it comes with.
        assert_ok!(request_with(READER, XRAY, other_reply(READER)));
        assert_eq!(grant(READER), None);
        assert_eq!(held(READER, HoldReason::Grant), GRANT_DEPOSIT, "a share may be under way");
        assert_eq!(events(), [ended(READER, EndReason::Refused), denied(READER, REVOKED)]);
    });
}

#[test]
fn access_is_granted_again_after_expiry() {
    ExtBuilder::default().build_and_execute(|| {
        granted(&[CUSTODIAN], 1);
        assert_ok!(deliver(CUSTODIAN, READER));
        events();
        // Before a block has processed what is due.
        let now = 2 + ACCESS_PERIOD;
        System::set_block_number(now);
        assert_ok!(request_with(READER, XRAY, other_reply(READER)));
        let (expired, until) = (ended(READER, EndReason::Expired), now + ACCESS_PERIOD);
        assert_eq!(events(), [expired, granted_until(READER, Some(until))]);
        let new = grant(READER).expect("granted");
        assert_eq!((new.granted_at, new.deliveries.len()), (now, 0));
        assert_eq!(held(READER, HoldReason::Grant), 2 * GRANT_DEPOSIT + DELIVERY_FEE);
    });
}

#[test]
fn requesting_fails() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        let missing = request_with(READER, RecordId(9), reply(READER));
        assert_noop!(missing, pallet_emr::Error::<Test>::RecordNotFound);
        Policy::grant(ALICE, POOR, Action::View);
        assert_noop!(request(POOR), TokenError::FundsUnavailable);
    });
}

#[test]
fn boundary_of_the_number_of_grants() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        for who in [READER, OTHER_READER, STRANGER, BOB, CONTACT] {
            Policy::grant(ALICE, who, Action::View);
        }
        for who in [READER, OTHER_READER, STRANGER] {
            assert_ok!(request(who));
        }
        assert_noop!(request(BOB), Error::<Test>::MaxGrantsExceeded);
        // The last place is for emergencies.
        assert_ok!(break_glass(CONTACT));
        assert_ok!(request_in_emergency(CONTACT, XRAY));
        assert_ok!(break_glass(CLINICIAN));
        assert_noop!(request_in_emergency(CLINICIAN, XRAY), Error::<Test>::MaxGrantsExceeded);
        // Places are counted again when grants end.
        assert_ok!(Emr::remove_envelope(signed(ALICE), XRAY, READER));
        assert_noop!(request(BOB), Error::<Test>::MaxGrantsExceeded);
        assert_ok!(Emr::remove_envelope(signed(OTHER_READER), XRAY, OTHER_READER));
        assert_ok!(request(BOB));
    });
}

/// A grant by the policy that is replaced frees its place first.
#[test]
fn the_last_place_can_be_renewed() {
    ExtBuilder::default().build_and_execute(|| {
        entrust(&[CUSTODIAN], 1);
        for who in [READER, OTHER_READER, STRANGER] {
            Policy::grant(ALICE, who, Action::View);
            assert_ok!(request(who));
        }
        assert_ok!(request_with(STRANGER, XRAY, other_reply(STRANGER)));
    });
}
