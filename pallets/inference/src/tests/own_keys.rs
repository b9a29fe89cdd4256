//! Drawn workers that wait for a key, and seal one to themselves that custodians delivered.

use super::*;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use medchain_primitives::FailureCode;
use pallet_emr::Envelopes;

fn seal_as(who: u64, id: RequestId, list: &[u64]) -> DispatchResult {
    Inference::seal_to_workers(signed(who), id, keys(list))
}

fn waits(who: u64, id: RequestId) -> bool {
    Inference::key_place(&who, id).is_some()
}

#[test]
fn a_drawn_worker_waits_for_the_key_of_its_record() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(2);
        let list = members(id);
        for who in &list {
            assert_eq!(Inference::key_place(who, id), Some((XRAY, VGG, entry(id).deadline)));
        }
        let others = WORKERS.into_iter().filter(|who| !list.contains(who));
        for who in others.chain([PATIENT, LAB, STRANGER]) {
            assert!(!waits(who, id), "{who} was not drawn");
        }
        assert!(!waits(list[0], RequestId(9)), "there is no such request");
        // Whoever has the key does not wait for it, the others do.
        assert_ok!(seal_as(PATIENT, id, &list[..1]));
        assert!(!waits(list[0], id) && waits(list[1], id));
        assert_ok!(seal_as(PATIENT, id, &list[1..]));
        assert_eq!(status(id), RequestStatus::Committing);
        assert!(!waits(list[1], id));
    });
}

#[test]
fn before_the_draw_nobody_waits() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(order(1));
        for who in WORKERS {
            assert!(!waits(who, id));
        }
    });
}

/// Otherwise a requester without the key, whom the policy lets order verdicts, could name an
/// account of its own, and custodians would hand it the film.
#[test]
fn a_named_worker_does_not_wait() {
    ExtBuilder::default().build_and_execute(|| {
        Policy::grant(STRANGER, Action::Infer);
        assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, named(WORKER)));
        assert_eq!(status(REQUEST), RequestStatus::Sealing);
        assert!(!waits(WORKER, REQUEST));
        Keeper::deliver(XRAY, WORKER);
        assert_noop!(seal_as(WORKER, REQUEST, &[WORKER]), Error::<Test>::MayNotSeal);
    });
}

#[test]
fn whoever_left_does_not_wait() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(1);
        let who = members(id)[0];
        assert_ok!(Inference::report_failure(signed(who), id, FailureCode::Unavailable));
        assert!(!waits(who, id), "it was replaced");
        pass(1);
        assert_ok!(draw(id));
        let next = members(id)[0];
        assert!(waits(next, id) && !waits(who, id));
        assert_ok!(Inference::cancel_request(signed(PATIENT), id));
        assert!(!waits(next, id), "the request was cancelled");
    });
}

#[test]
fn after_its_answer_a_worker_does_not_wait() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let who = members(id)[0];
        assert_ok!(commit(who, id, &covid()));
        assert!(!waits(who, id));
        // Not even where its envelope is removed.
        assert_ok!(Emr::remove_envelope(signed(PATIENT), XRAY, who));
        assert!(!waits(who, id));
    });
}

#[test]
fn boundary_the_last_block_in_which_a_worker_waits() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(1);
        let who = members(id)[0];
        System::set_block_number(entry(id).deadline);
        assert!(waits(who, id));
        System::set_block_number(entry(id).deadline + 1);
        assert!(!waits(who, id));
    });
}

#[test]
fn nobody_waits_for_what_cannot_be_answered_about() {
    let ends: [fn(); 3] = [erase_xray, amend_xray, retire_vgg];
    for end in ends {
        ExtBuilder::default().build_and_execute(|| {
            let id = drawn(1);
            end();
            assert!(!waits(members(id)[0], id));
        });
    }
}

#[test]
fn a_worker_seals_to_itself_what_custodians_delivered() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(2);
        let list = members(id);
        for who in &list {
            Keeper::deliver(XRAY, *who);
            let before = free_balance(*who);
            assert_ok!(seal_as(*who, id, &[*who]));
            assert_eq!(free_balance(*who), before - 2, "the deposit is its own");
            let envelope = Envelopes::<Test>::get(XRAY, who).expect("it was sealed");
            assert_eq!(envelope.depositor, *who);
        }
        assert_eq!(status(id), RequestStatus::Committing);
        assert_ok!(commit(list[0], id, &covid()));
    });
}

/// Otherwise a worker without the key would pass for one with it.
#[test]
fn without_the_delivery_it_may_not() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(2);
        let list = members(id);
        let fails = |who, to: &[u64]| {
            assert_noop!(seal_as(who, id, to), Error::<Test>::MayNotSeal);
        };
        fails(list[0], &list[..1]);
        // A delivery of another record, or to another member, is none.
        Keeper::deliver(REPORT, list[0]);
        Keeper::deliver(XRAY, list[1]);
        fails(list[0], &list[..1]);
        // With its own, it seals to nobody else, and to all it does not either.
        Keeper::deliver(XRAY, list[0]);
        fails(list[0], &list);
        fails(list[0], &list[1..]);
        fails(list[0], &[]);
        // Nor does whoever has the key by custodians and was not drawn.
        Keeper::deliver(XRAY, STRANGER);
        fails(STRANGER, &[STRANGER]);
        fails(STRANGER, &list);
        assert_ok!(seal_as(list[0], id, &list[..1]));
        fails(list[0], &list[..1]);
    });
}
