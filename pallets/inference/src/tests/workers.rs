use super::*;
use frame_support::{
    assert_noop, assert_ok,
    traits::{fungible::MutateHold, tokens::Precision},
};
use medchain_primitives::EncryptionKey;
use sp_runtime::{DispatchError, TokenError};

fn retire(model: medchain_primitives::ModelId) {
    assert_ok!(Inference::set_model_status(RuntimeOrigin::root(), model, ModelStatus::Retired));
    System::reset_events();
}

#[test]
fn register_worker_works() {
    ExtBuilder::default().build_and_execute(|| {
        let runs = models(&[VGG, FREE]);
        assert_ok!(Inference::register_worker(signed(STRANGER), runs.clone()));
        let expected = Worker { models: runs.clone(), bond: BOND };
        assert_eq!(Workers::<Test>::get(STRANGER), Some(expected));
        assert_eq!(held(STRANGER), (0, BOND));
        assert_eq!(free_balance(STRANGER), FUNDS - BOND);
        let event = Event::WorkerRegistered { worker: STRANGER, models: runs };
        assert_eq!(events(), [event.into()]);
    });
}

#[test]
fn fails_when_registered_already() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Inference::register_worker(signed(WORKER), models(&[VGG])),
            Error::<Test>::WorkerAlreadyExists
        );
    });
}

#[test]
fn fails_without_an_encryption_key() {
    ExtBuilder::bare().build_and_execute(|| {
        assert_ok!(vgg().register());
        let register = || Inference::register_worker(signed(WORKER), models(&[VGG]));
        assert_noop!(register(), Error::<Test>::EncryptionKeyNotFound);
        assert_ok!(Emr::set_encryption_key(signed(WORKER), EncryptionKey([1; 32])));
        assert_ok!(register());
    });
}

#[test]
fn fails_when_the_bond_cannot_be_held() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Inference::register_worker(signed(POOR), models(&[VGG])),
            TokenError::FundsUnavailable
        );
    });
}

#[test]
fn fails_when_the_list_of_models_is_bad() {
    ExtBuilder::default().build_and_execute(|| {
        retire(FREE);
        let check = |list: &[_], error: Error<Test>| {
            let error = DispatchError::from(error);
            let list = models(list);
            let register = || Inference::register_worker(signed(STRANGER), list.clone());
            assert_noop!(register(), error);
            let set = || Inference::set_worker_models(signed(WORKER), list.clone());
            assert_noop!(set(), error);
        };
        check(&[], Error::NoModels);
        check(&[VGG, VGG], Error::DuplicateModel);
        check(&[VGG, NO_MODEL], Error::ModelNotFound);
        check(&[VGG, FREE], Error::ModelRetired);
    });
}

#[test]
fn set_worker_models_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Inference::set_worker_models(signed(WORKER), models(&[FREE])));
        let expected = Worker { models: models(&[FREE]), bond: BOND };
        assert_eq!(Workers::<Test>::get(WORKER), Some(expected));
        let event =
            Event::WorkerModelsSet { worker: WORKER, old: models(&[VGG]), new: models(&[FREE]) };
        assert_eq!(events(), [event.into()]);
    });
}

#[test]
fn deregister_worker_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        assert_eq!(Workers::<Test>::get(WORKER), None);
        assert_eq!(held(WORKER), (0, 0));
        assert_eq!(free_balance(WORKER), FUNDS);
        let event = Event::WorkerDeregistered { worker: WORKER };
        assert_eq!(events(), [event.into()]);
    });
}

#[test]
fn the_bond_that_was_held_comes_back() {
    ExtBuilder::default().build_and_execute(|| {
        // As if the bond had been cheaper when the worker registered.
        Workers::<Test>::mutate(WORKER, |worker| {
            worker.as_mut().expect("it is registered").bond = BOND / 2;
        });
        let reason = RuntimeHoldReason::Inference(HoldReason::WorkerBond);
        assert_ok!(Balances::release(&reason, &WORKER, BOND / 2, Precision::Exact));
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        assert_eq!(free_balance(WORKER), FUNDS);
    });
}

#[test]
fn fails_when_not_a_worker() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Inference::set_worker_models(signed(STRANGER), models(&[VGG])),
            Error::<Test>::WorkerNotFound
        );
        assert_noop!(Inference::deregister_worker(signed(STRANGER)), Error::<Test>::WorkerNotFound);
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
    });
}

#[test]
fn open_requests_outlive_the_worker() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        assert_noop!(answer(WORKER, id), Error::<Test>::WorkerNotFound);
        assert!(is_open(id));
        assert_ok!(answer(OTHER_WORKER, id));
        assert_eq!(status(id), RequestStatus::Answered { worker: OTHER_WORKER });
    });
}

#[test]
fn predictions_outlive_the_worker() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(answer(WORKER, request()));
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        assert_eq!(free_balance(WORKER), FUNDS + FEE);
        assert!(Predictions::<Test>::contains_key(XRAY, VGG));
    });
}

#[test]
fn a_worker_may_come_back() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        assert_ok!(Inference::register_worker(signed(WORKER), models(&[VGG])));
        assert_ok!(answer(WORKER, request()));
    });
}
