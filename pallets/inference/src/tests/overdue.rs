//! `settle_overdue`: what a missed deadline means in each status.

use super::*;
use frame_support::{assert_noop, assert_ok, traits::Hooks, weights::Weight};
use medchain_primitives::{FailureCause, SlashReason};

fn missed(request: RequestId, worker: u64) -> RuntimeEvent {
    Event::WorkerMissed { request, worker }.into()
}

fn slashed(request: RequestId, worker: u64, reason: SlashReason) -> RuntimeEvent {
    let amount = match reason {
        SlashReason::Absent => ABSENCE,
        SlashReason::NotRevealed => NOT_REVEALED,
        SlashReason::WrongAnswer => BOND,
    };
    Event::WorkerSlashed { worker, request, reason, amount }.into()
}

fn failed(request: RequestId, cause: FailureCause) -> RuntimeEvent {
    Event::InferenceFailed { request, record: XRAY, cause }.into()
}

/// Settles a request whose deadline has just passed.
fn miss(id: RequestId) {
    miss_deadline(id);
    System::reset_events();
    assert_ok!(settle(id));
}

#[test]
fn a_request_that_nobody_draws_or_seals_expires() {
    ExtBuilder::default().build_and_execute(|| {
        let scenes: [fn() -> RequestId; 3] =
            [|| request(order(2)), || drawn(2), || request(named(WORKER))];
        for scene in scenes {
            let before = free_balance(PATIENT);
            let id = scene();
            miss(id);
            assert_eq!(status(id), RequestStatus::Expired);
            assert!(!is_open(id));
            assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before));
            assert_eq!(free_balance(STRANGER), FUNDS);
            for who in WORKERS {
                assert_eq!((worker(who).assigned, worker(who).missed), (0, 0));
                assert_eq!(held(who), (0, BOND));
            }
            assert_eq!(events(), [Event::RequestExpired { request: id }.into()]);
        }
    });
}

#[test]
fn boundary_a_request_is_overdue_after_its_last_block() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(order(1));
        for block in [START, START + DRAW] {
            System::set_block_number(block);
            assert_noop!(settle(id), Error::<Test>::DeadlineNotPassed);
        }
        System::set_block_number(START + DRAW + 1);
        assert_ok!(settle(id));
    });
}

#[test]
fn an_absent_member_is_slashed_suspended_and_replaced() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        assert_ok!(commit(list[0], id, &covid()));
        let issued = Balances::total_issuance();
        miss(id);
        let absent = list[1];
        assert_eq!((status(id), members(id)), (RequestStatus::Drawing, vec![list[0]]));
        let deadline = System::block_number() + DRAW;
        assert_eq!(entry(id).deadline, deadline);
        assert_eq!(committee(id).lost.into_inner(), [absent]);
        assert!(is_open(id) && !on_list(absent, id));
        let entry = worker(absent);
        assert_eq!((entry.assigned, entry.missed, entry.declined), (0, 1, 0));
        assert_eq!((entry.status, entry.bond), (WorkerStatus::Suspended, BOND - ABSENCE));
        assert_eq!((held(absent), free_balance(absent)), ((0, BOND - ABSENCE), FUNDS - BOND));
        // It is burned, not paid to anybody.
        assert_eq!(Balances::total_issuance(), issued - ABSENCE);
        let reopened = Event::DrawReopened { request: id, missing: 1, deadline };
        let reason = SlashReason::Absent;
        let expected = [missed(id, absent), slashed(id, absent, reason), reopened.into()];
        assert_eq!(events(), expected);

        // The next in the order takes over; the commitment of the other still counts.
        assert_ok!(draw(id));
        let ranks = ranked(XRAY, [5; 32], WORKERS.to_vec());
        assert_eq!(members(id), [list[0], ranks[2]]);
        assert_ok!(seal(id));
        assert_ok!(commit(ranks[2], id, &covid()));
        for who in members(id) {
            assert_ok!(reveal(who, id, &covid()));
        }
        assert_eq!(status(id), RequestStatus::Answered);
    });
}

#[test]
fn the_only_worker_that_could_answer_is_slashed_and_the_request_fails() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let id = request(named(WORKER));
        assert_ok!(seal(id));
        miss(id);
        let cause = FailureCause::NotAnswered;
        assert_eq!(status(id), RequestStatus::Failed { cause });
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before - 2));
        let reason = SlashReason::Absent;
        let expected = [missed(id, WORKER), slashed(id, WORKER, reason), failed(id, cause)];
        assert_eq!(events(), expected);
    });
}

#[test]
fn boundary_a_request_that_has_lost_a_quorum_fails() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(3);
        let list = members(id);
        // Three at once, though there is a fourth.
        miss(id);
        let cause = FailureCause::NotAnswered;
        assert_eq!(status(id), RequestStatus::Failed { cause });
        let reason = SlashReason::Absent;
        let mut expected: Vec<_> =
            list.iter().flat_map(|who| [missed(id, *who), slashed(id, *who, reason)]).collect();
        expected.push(failed(id, cause));
        assert_eq!(events(), expected);
    });
}

#[test]
fn a_request_in_three_rounds_fails_after_the_third() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        for lost in 1..3 {
            miss(id);
            assert_eq!(committee(id).lost.len(), lost);
            assert_ok!(draw(id));
            assert_ok!(seal(id));
        }
        miss(id);
        assert!(matches!(status(id), RequestStatus::Failed { .. }));
    });
}

#[test]
fn a_member_without_the_key_at_the_deadline_loses_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        assert_ok!(Emr::remove_envelope(signed(PATIENT), XRAY, who));
        miss(id);
        assert_eq!(status(id), RequestStatus::Drawing);
        assert_eq!((held(who), worker(who).missed), ((0, BOND), 0));
        assert_eq!(worker(who).status, WorkerStatus::Active);
        let (missing, deadline) = (1, entry(id).deadline);
        let reopened = Event::DrawReopened { request: id, missing, deadline };
        assert_eq!(events(), [reopened.into()]);
    });
}

#[test]
fn whoever_could_not_answer_because_of_others_loses_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        for gone in [retire_vgg, amend_xray, erase_xray] {
            ExtBuilder::default().build_and_execute(|| {
                let id = awaiting(1);
                let who = members(id)[0];
                gone();
                miss(id);
                let cause = FailureCause::NotAnswered;
                assert_eq!(status(id), RequestStatus::Failed { cause });
                assert_eq!((held(who), worker(who).missed), ((0, BOND), 0));
                assert_eq!((worker(who).assigned, held(PATIENT)), (0, (0, 0)));
                assert_eq!(events(), [failed(id, cause)]);
            });
        }
    });
}

#[test]
fn a_member_that_does_not_reveal_pays_those_that_did() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let id = revealing(3);
        let list = members(id);
        for who in &list[..2] {
            assert_ok!(reveal(*who, id, &covid()));
        }
        let issued = Balances::total_issuance();
        miss(id);
        let cause = FailureCause::NotRevealed;
        assert_eq!(status(id), RequestStatus::Failed { cause });
        assert!(!is_open(id));
        for who in &list[..2] {
            assert_eq!((held(*who), free_balance(*who)), ((0, BOND), FUNDS - BOND + FEE));
            assert_eq!((worker(*who).answered, worker(*who).missed), (0, 0));
        }
        let entry = worker(list[2]);
        assert_eq!((entry.missed, entry.status), (1, WorkerStatus::Suspended));
        assert_eq!(held(list[2]), (0, BOND - NOT_REVEALED));
        // The requester gets the fees back; what is left of the penalty is burned.
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before - 3 * 2));
        assert_eq!(Balances::total_issuance(), issued - (NOT_REVEALED - 2 * FEE));
        let reason = SlashReason::NotRevealed;
        let expected = [missed(id, list[2]), slashed(id, list[2], reason), failed(id, cause)];
        assert_eq!(events(), expected);
    });
}

#[test]
fn the_penalties_of_all_pay_a_fee_that_one_does_not_reach_for() {
    ExtBuilder::default().build_and_execute(|| {
        // With less than the least penalty of today, as where a bond has lost a part before.
        let (fee, penalty) = (200, 250);
        RevealPenalty::set(penalty);
        Models::<Test>::mutate_extant(VGG, |model| model.fee = fee);
        let id = revealing(4);
        let list = members(id);
        for who in &list[..2] {
            assert_ok!(reveal(*who, id, &covid()));
        }
        let issued = Balances::total_issuance();
        miss(id);
        for who in &list[..2] {
            assert_eq!(free_balance(*who), FUNDS - BOND + fee);
        }
        assert_eq!(Balances::total_issuance(), issued - (2 * penalty - 2 * fee));
    });
}

#[test]
fn if_nobody_reveals_all_lose_and_nobody_is_paid() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(2);
        let list = members(id);
        let issued = Balances::total_issuance();
        miss(id);
        assert_eq!(Balances::total_issuance(), issued - 2 * NOT_REVEALED);
        for who in list {
            assert_eq!((held(who), free_balance(who)), ((0, BOND - NOT_REVEALED), FUNDS - BOND));
        }
    });
}

#[test]
fn whoever_committed_is_still_bound_when_a_replacement_is_not_sealed_to() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        assert_ok!(commit(list[0], id, &covid()));
        miss(id);
        assert_ok!(draw(id));
        miss(id);
        // It costs them nothing, and pays nothing.
        assert_eq!(status(id), RequestStatus::Expired);
        assert_eq!((held(list[0]), worker(list[0]).missed), ((0, BOND), 0));
        assert_eq!(worker(list[0]).assigned, 0);
    });
}

#[test]
fn a_request_without_a_verdict_leaves_the_state_after_a_time() {
    ExtBuilder::default().build_and_execute(|| {
        let scenes: [fn() -> RequestId; 2] = [
            || {
                let id = request(order(2));
                miss(id);
                id
            },
            || {
                let id = request(order(2));
                assert_ok!(Inference::cancel_request(signed(PATIENT), id));
                id
            },
        ];
        for scene in scenes {
            let id = scene();
            let last = System::block_number() + CLOSED;
            System::set_block_number(last);
            assert_noop!(settle(id), Error::<Test>::DeadlineNotPassed);
            System::set_block_number(last + 1);
            System::reset_events();
            assert_ok!(settle(id));
            assert_eq!(events(), [Event::RequestRemoved { request: id }.into()]);
            assert_eq!(Requests::<Test>::get(id), None);
            assert_noop!(settle(id), Error::<Test>::RequestNotFound);
        }
    });
}

#[test]
fn a_request_with_a_verdict_stays() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(2);
        System::set_block_number(System::block_number() + 10 * CLOSED);
        assert_noop!(settle(id), Error::<Test>::RequestNotOpen);
        Inference::on_idle(System::block_number(), Weight::MAX);
        assert_eq!(status(id), RequestStatus::Answered);
    });
}
