use super::*;
use frame_support::{
    assert_noop, assert_ok,
    traits::{fungible::MutateHold, tokens::Precision},
};
use medchain_primitives::{EncryptionKey, ModelId, SlashReason};
use sp_runtime::{DispatchError, TokenError};

fn register(who: u64, list: &[ModelId]) -> frame_support::dispatch::DispatchResult {
    Inference::register_worker(signed(who), models(list))
}

fn set_models(who: u64, list: &[ModelId]) -> frame_support::dispatch::DispatchResult {
    Inference::set_worker_models(signed(who), models(list))
}

/// The candidates of a model, each with the block since which it is one.
fn candidates(model: ModelId) -> Vec<(u64, u64)> {
    Candidates::<Test>::get(model).into_iter().map(|one| (one.worker, one.since)).collect()
}

fn fresh(list: &[ModelId]) -> WorkerOf<Test> {
    Worker {
        models: models(list),
        bond: BOND,
        status: WorkerStatus::Active,
        assigned: 0,
        answered: 0,
        declined: 0,
        missed: 0,
        lost: 0,
    }
}

/// Makes the first member of a request for two workers lose a part of its bond.
fn suspended() -> u64 {
    let id = awaiting(2);
    let list = members(id);
    assert_ok!(commit(list[1], id, &covid()));
    miss_deadline(id);
    assert_ok!(settle(id));
    assert_eq!(worker(list[0]).status, WorkerStatus::Suspended);
    System::reset_events();
    list[0]
}

#[test]
fn register_worker_works() {
    ExtBuilder::default().build_and_execute(|| {
        let runs = models(&[FREE]);
        assert_ok!(Inference::register_worker(signed(NEWCOMER), runs.clone()));
        assert_eq!(worker(NEWCOMER), fresh(&[FREE]));
        assert_eq!(candidates(FREE), [(NEWCOMER, START)]);
        assert_eq!((held(NEWCOMER), free_balance(NEWCOMER)), ((0, BOND), FUNDS - BOND));
        let event = Event::WorkerRegistered { worker: NEWCOMER, models: runs };
        assert_eq!(events(), [event.into()]);
    });
}

#[test]
fn candidates_are_in_the_order_of_their_accounts() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [NEWCOMER, LAB, STRANGER] {
            pass(1);
            assert_ok!(register(who, &[FREE]));
        }
        let listed = [(LAB, START + 2), (STRANGER, START + 3), (NEWCOMER, START + 1)];
        assert_eq!(candidates(FREE), listed);
    });
}

#[test]
fn fails_when_registered_already() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(register(WORKER, &[VGG]), Error::<Test>::WorkerAlreadyExists);
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        assert_noop!(register(WORKER, &[VGG]), Error::<Test>::WorkerAlreadyExists);
    });
}

#[test]
fn fails_without_an_encryption_key() {
    ExtBuilder::bare().build_and_execute(|| {
        assert_ok!(vgg().register());
        assert_noop!(register(WORKER, &[VGG]), Error::<Test>::EncryptionKeyNotFound);
        assert_ok!(Emr::set_encryption_key(signed(WORKER), EncryptionKey([1; 32])));
        assert_ok!(register(WORKER, &[VGG]));
    });
}

#[test]
fn fails_when_the_bond_cannot_be_held() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(register(POOR, &[FREE]), TokenError::FundsUnavailable);
    });
}

#[test]
fn fails_when_the_list_of_models_is_bad() {
    ExtBuilder::default().build_and_execute(|| {
        let retired = ModelStatus::Retired;
        assert_ok!(Inference::set_model_status(RuntimeOrigin::root(), FREE, retired));
        System::reset_events();
        let check = |list: &[_], error: Error<Test>| {
            let error = DispatchError::from(error);
            assert_noop!(register(NEWCOMER, list), error);
            assert_noop!(set_models(WORKER, list), error);
        };
        check(&[], Error::NoModels);
        check(&[VGG, VGG], Error::DuplicateModel);
        check(&[VGG, NO_MODEL], Error::ModelNotFound);
        check(&[VGG, FREE], Error::ModelRetired);
    });
}

#[test]
fn boundary_as_many_workers_as_can_be_drawn_run_a_model() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(candidates(VGG).len(), 4);
        // Neither bond nor the place among the candidates of another model stays.
        assert_noop!(register(NEWCOMER, &[FREE, VGG]), Error::<Test>::MaxCandidatesExceeded);
        assert_ok!(register(NEWCOMER, &[FREE]));
        assert_noop!(set_models(NEWCOMER, &[FREE, VGG]), Error::<Test>::MaxCandidatesExceeded);
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        assert_ok!(set_models(NEWCOMER, &[FREE, VGG]));
    });
}

#[test]
fn set_worker_models_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(set_models(WORKER, &[FREE]));
        assert_eq!(worker(WORKER), fresh(&[FREE]));
        assert_eq!(candidates(FREE), [(WORKER, START)]);
        assert!(candidates(VGG).iter().all(|(who, _)| *who != WORKER));
        let event =
            Event::WorkerModelsSet { worker: WORKER, old: models(&[VGG]), new: models(&[FREE]) };
        assert_eq!(events(), [event.into()]);
    });
}

#[test]
fn a_model_that_stays_in_the_list_keeps_its_block() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(set_models(WORKER, &[FREE, VGG]));
        assert_eq!(candidates(VGG)[0], (WORKER, START - 1));
        assert_eq!(candidates(FREE), [(WORKER, START)]);
        assert_ok!(set_models(WORKER, &[FREE]));
        assert_ok!(set_models(WORKER, &[FREE, VGG]));
        assert_eq!(candidates(VGG)[0], (WORKER, START));
    });
}

#[test]
fn deregister_worker_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        let until = START + UNBONDING;
        let status = WorkerStatus::Leaving { until };
        assert_eq!(worker(WORKER), Worker { status, ..fresh(&[VGG]) });
        assert!(candidates(VGG).iter().all(|(who, _)| *who != WORKER));
        assert_eq!((held(WORKER), free_balance(WORKER)), ((0, BOND), FUNDS - BOND));
        assert_eq!(events(), [Event::WorkerLeaving { worker: WORKER, until }.into()]);
        assert_noop!(Inference::deregister_worker(signed(WORKER)), Error::<Test>::WorkerNotActive);
        assert_noop!(set_models(WORKER, &[VGG]), Error::<Test>::WorkerNotActive);
    });
}

#[test]
fn withdraw_bond_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        System::set_block_number(START + UNBONDING + 1);
        System::reset_events();
        assert_ok!(Inference::withdraw_bond(signed(WORKER)));
        assert_eq!(Workers::<Test>::get(WORKER), None);
        assert_eq!((held(WORKER), free_balance(WORKER)), ((0, 0), FUNDS));
        assert_eq!(events(), [Event::BondWithdrawn { worker: WORKER, amount: BOND }.into()]);
        // It may come back.
        assert_ok!(register(WORKER, &[VGG]));
    });
}

#[test]
fn boundary_the_bond_is_held_for_the_whole_period() {
    ExtBuilder::default().build_and_execute(|| {
        let withdraw = || Inference::withdraw_bond(signed(WORKER));
        assert_noop!(withdraw(), Error::<Test>::WorkerNotLeaving);
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        for block in [START, START + 1, START + UNBONDING] {
            System::set_block_number(block);
            assert_noop!(withdraw(), Error::<Test>::BondInUse);
        }
        System::set_block_number(START + UNBONDING + 1);
        assert_ok!(withdraw());
    });
}

#[test]
fn the_bond_that_was_held_comes_back() {
    ExtBuilder::default().build_and_execute(|| {
        // As if the bond had been cheaper when the worker registered.
        Workers::<Test>::mutate_extant(WORKER, |worker| worker.bond = BOND / 2);
        let reason = RuntimeHoldReason::Inference(HoldReason::WorkerBond);
        assert_ok!(Balances::release(&reason, &WORKER, BOND / 2, Precision::Exact));
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        System::set_block_number(START + UNBONDING + 1);
        assert_ok!(Inference::withdraw_bond(signed(WORKER)));
        assert_eq!(free_balance(WORKER), FUNDS);
    });
}

#[test]
fn top_up_bond_works() {
    ExtBuilder::default().build_and_execute(|| {
        let who = suspended();
        assert_eq!(held(who), (0, BOND - ABSENCE));
        let top_up = || Inference::top_up_bond(signed(who));
        // Four minus the one that was suspended.
        assert_eq!(candidates(VGG).len(), 3);
        assert_noop!(set_models(who, &[VGG]), Error::<Test>::WorkerNotActive);

        assert_ok!(top_up());
        let expected = Worker { missed: 1, ..fresh(&[VGG]) };
        assert_eq!(worker(who), expected);
        assert!(candidates(VGG).contains(&(who, System::block_number())));
        assert_eq!((held(who), free_balance(who)), ((0, BOND), FUNDS - BOND - ABSENCE));
        let amount = ABSENCE;
        assert_eq!(events(), [Event::BondToppedUp { worker: who, amount }.into()]);
        assert_noop!(top_up(), Error::<Test>::WorkerNotSuspended);
    });
}

#[test]
fn fails_when_a_suspended_worker_has_no_place_or_no_funds() {
    ExtBuilder::default().build_and_execute(|| {
        let who = suspended();
        assert_ok!(register(NEWCOMER, &[VGG]));
        assert_noop!(Inference::top_up_bond(signed(who)), Error::<Test>::MaxCandidatesExceeded);
        assert_ok!(Inference::deregister_worker(signed(NEWCOMER)));
        let spare = free_balance(who) - MINIMUM;
        assert_ok!(Balances::transfer_allow_death(signed(who), STRANGER, spare));
        assert_noop!(Inference::top_up_bond(signed(who)), TokenError::FundsUnavailable);
    });
}

#[test]
fn a_suspended_worker_may_leave_with_the_rest() {
    ExtBuilder::default().build_and_execute(|| {
        let who = suspended();
        assert_ok!(Inference::deregister_worker(signed(who)));
        assert_noop!(Inference::top_up_bond(signed(who)), Error::<Test>::WorkerNotSuspended);
        pass(UNBONDING + 1);
        System::reset_events();
        assert_ok!(Inference::withdraw_bond(signed(who)));
        let amount = BOND - ABSENCE;
        assert_eq!(events(), [Event::BondWithdrawn { worker: who, amount }.into()]);
        assert_eq!(free_balance(who), FUNDS - ABSENCE);
    });
}

#[test]
fn a_worker_that_is_leaving_is_slashed_and_goes_on_leaving() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        assert_ok!(Inference::deregister_worker(signed(who)));
        let until = System::block_number() + UNBONDING;
        miss_deadline(id);
        System::reset_events();
        assert_ok!(settle(id));
        let reason = SlashReason::Absent;
        let slashed = Event::WorkerSlashed { worker: who, request: id, reason, amount: ABSENCE };
        assert!(events().contains(&slashed.into()));
        let status = WorkerStatus::Leaving { until };
        let bond = BOND - ABSENCE;
        assert_eq!(worker(who), Worker { status, bond, missed: 1, ..fresh(&[VGG]) });
    });
}

#[test]
fn the_largest_penalty_is_the_bond() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        // As after several penalties at once.
        let reason = RuntimeHoldReason::Inference(HoldReason::WorkerBond);
        assert_ok!(Balances::release(&reason, &who, BOND - 40, Precision::Exact));
        Workers::<Test>::mutate_extant(who, |worker| worker.bond = 40);
        miss_deadline(id);
        System::reset_events();
        assert_ok!(settle(id));
        let reason = SlashReason::Absent;
        let slashed = Event::WorkerSlashed { worker: who, request: id, reason, amount: 40 };
        assert!(events().contains(&slashed.into()));
        assert_eq!((worker(who).bond, held(who)), (0, (0, 0)));
    });
}

#[test]
fn fails_when_not_a_worker() {
    ExtBuilder::default().build_and_execute(|| {
        let error = Error::<Test>::WorkerNotFound;
        let who = || signed(STRANGER);
        assert_noop!(set_models(STRANGER, &[VGG]), error);
        assert_noop!(Inference::deregister_worker(who()), Error::<Test>::WorkerNotFound);
        assert_noop!(Inference::withdraw_bond(who()), Error::<Test>::WorkerNotFound);
        assert_noop!(Inference::top_up_bond(who()), Error::<Test>::WorkerNotFound);
    });
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        let root = RuntimeOrigin::root;
        let bad = DispatchError::BadOrigin;
        assert_noop!(Inference::register_worker(root(), models(&[VGG])), bad);
        assert_noop!(Inference::set_worker_models(root(), models(&[VGG])), bad);
        assert_noop!(Inference::deregister_worker(root()), bad);
        assert_noop!(Inference::withdraw_bond(root()), bad);
        assert_noop!(Inference::top_up_bond(root()), bad);
    });
}

#[test]
fn a_verdict_outlives_its_worker() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        let who = Verdicts::<Test>::get(id).expect("it was reached").workers[0];
        assert_ok!(Inference::deregister_worker(signed(who)));
        pass(UNBONDING + 1);
        assert_ok!(Inference::withdraw_bond(signed(who)));
        assert_eq!(free_balance(who), FUNDS + FEE);
        assert!(Verdicts::<Test>::contains_key(id));
    });
}
