//! Bonds, penalties and periods that change: what is held or running stays as it was.

use super::*;
use frame_support::{assert_noop, assert_ok};
use medchain_primitives::VerdictStatus;

fn leave(who: u64) {
    assert_ok!(Inference::deregister_worker(signed(who)));
}

/// All that a worker has: what is free and what is held.
fn owns(who: u64) -> u64 {
    free_balance(who) + held(who).1
}

#[test]
fn a_worker_gets_the_bond_that_it_paid() {
    for bond in [BOND / 2, 3 * BOND] {
        ExtBuilder::default().build_and_execute(|| {
            WorkerBond::set(bond);
            leave(WORKER);
            pass(UNBONDING + 1);
            assert_ok!(Inference::withdraw_bond(signed(WORKER)));
            assert_eq!(free_balance(WORKER), FUNDS);
            // A new one pays what it is now.
            assert_ok!(Inference::register_worker(signed(NEWCOMER), models(&[VGG])));
            assert_eq!(held(NEWCOMER), (0, bond));
        });
    }
}

/// A larger bond suspends nobody. Whoever completes a bond pays the difference to the present one.
#[test]
fn a_bond_is_completed_to_what_it_is_now() {
    for bond in [BOND / 2, BOND - ABSENCE, 3 * BOND] {
        ExtBuilder::default().build_and_execute(|| {
            let id = awaiting(1);
            let absent = members(id)[0];
            WorkerBond::set(bond);
            assert_eq!(worker(absent).status, WorkerStatus::Active);
            miss_deadline(id);
            assert_ok!(settle(id));
            assert_eq!(worker(absent).status, WorkerStatus::Suspended);
            assert_ok!(Inference::top_up_bond(signed(absent)));
            assert_eq!(worker(absent).status, WorkerStatus::Active);
            assert_eq!(held(absent), (0, bond.max(BOND - ABSENCE)), "nothing is released");
        });
    }
}

/// The more so a reward: it is a part of what is held.
#[test]
fn nobody_loses_more_than_is_held() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let absent = members(id)[0];
        AbsencePenalty::set(10 * BOND);
        let before = owns(absent);
        miss_deadline(id);
        assert_ok!(settle(id));
        assert_eq!((worker(absent).bond, held(absent).1), (0, 0));
        assert_eq!(owns(absent), before - BOND);
    });
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        for (who, answer) in list.iter().zip([covid(), normal()]) {
            assert_ok!(commit(*who, id, &answer));
        }
        for (who, answer) in list.iter().zip([covid(), normal()]) {
            assert_ok!(reveal(*who, id, &answer));
        }
        DisputeReward::set(10 * BOND);
        let moves = vec![[1; 32]; 5].try_into().expect("few layers");
        assert_ok!(Disputes::show_roots(signed(list[0]), id, moves));
        miss_deadline(id);
        let before = owns(list[0]);
        assert_ok!(settle(id));
        assert_eq!(held(list[1]), (0, 0));
        assert_eq!(owns(list[0]), before + BOND + FEE);
    });
}

#[test]
fn a_status_keeps_its_deadline() {
    for factor in [0, 5] {
        ExtBuilder::default().build_and_execute(|| {
            let id = request(order(2));
            let deadline = System::block_number() + DRAW;
            DrawPeriod::set(factor * DRAW);
            SealPeriod::set(factor * SEAL);
            CommitPeriod::set(factor * COMMIT);
            RevealPeriod::set(factor * REVEAL);
            assert_eq!(entry(id).deadline, deadline);
            pass(DRAW);
            assert_noop!(settle(id), Error::<Test>::DeadlineNotPassed);
            Dice::decide([5; 32]);
            assert_ok!(draw(id));
            // The next one takes the period of its first block.
            assert_eq!(status(id), RequestStatus::Sealing);
            assert_eq!(entry(id).deadline, System::block_number() + factor * SEAL);
            check_invariants();
        });
    }
}

#[test]
fn a_verdict_can_be_challenged_as_long_as_it_said() {
    for period in [0, 5 * PROVISIONAL] {
        ExtBuilder::default().build_and_execute(|| {
            let id = answered(1);
            let until = Verdicts::<Test>::get(id).map(|verdict| verdict.challengeable_until);
            ProvisionalPeriod::set(period);
            replace_last_worker();
            Policy::grant(NEWCOMER, medchain_primitives::Action::Infer);
            assert_ok!(Emr::share_record(signed(PATIENT), XRAY, NEWCOMER, sealed_to(NEWCOMER)));
            pass(PROVISIONAL);
            assert_eq!(until, Some(System::block_number()));
            let other = sealed(id, &normal());
            assert_ok!(Inference::challenge_verdict(signed(NEWCOMER), id, other));
            let verdict = Verdicts::<Test>::get(id).expect("it is challenged");
            assert_eq!(verdict.status, VerdictStatus::Challenged);
        });
    }
}

#[test]
fn a_worker_that_leaves_keeps_its_last_block() {
    for period in [UNBONDING / 2, 4 * UNBONDING] {
        ExtBuilder::default().build_and_execute(|| {
            leave(WORKER);
            let until = System::block_number() + UNBONDING;
            UnbondingPeriod::set(period);
            assert_eq!(worker(WORKER).status, WorkerStatus::Leaving { until });
            pass(UNBONDING);
            assert_noop!(Inference::withdraw_bond(signed(WORKER)), Error::<Test>::BondInUse);
            pass(1);
            assert_ok!(Inference::withdraw_bond(signed(WORKER)));
        });
    }
}

/// Whatever governance does with the other periods.
#[test]
fn a_bond_outlasts_the_longest_request() {
    ExtBuilder::default().build_and_execute(|| {
        CommitPeriod::set(1_000 * COMMIT);
        leave(WORKER);
        let least = System::block_number() + Pallet::<Test>::longest_request() + 1;
        assert_eq!(worker(WORKER).status, WorkerStatus::Leaving { until: least });
        assert!(least > System::block_number() + UnbondingPeriod::get());
    });
}

#[test]
fn a_closed_request_is_removed_when_it_was_to_be() {
    for period in [1, 5 * CLOSED] {
        ExtBuilder::default().build_and_execute(|| {
            let id = request(order(2));
            assert_ok!(Inference::cancel_request(signed(PATIENT), id));
            ClosedPeriod::set(period);
            pass(CLOSED);
            assert_noop!(settle(id), Error::<Test>::DeadlineNotPassed);
            pass(1);
            assert_ok!(settle(id));
            assert_eq!(Requests::<Test>::get(id), None);
        });
    }
}
