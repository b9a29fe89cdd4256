//! What drawn workers pay custodians for the key: where others keep them from answering, whoever
//! ordered the verdict bears it. Otherwise a requester or a patient with friends among the custodians
//! could ask, have workers pay, end the request, and ask again.

use super::*;
use frame_support::{
    assert_ok,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision},
    },
    weights::Weight,
};
use medchain_primitives::{EncryptionKey, FailureCode};

/// What each worker has paid, if a test says nothing else.
const COST: u64 = 20;

/// Makes a request whose workers have paid, and returns it with them.
type Scene = fn() -> (RequestId, Vec<u64>);

/// A request of [`STRANGER`] about [`XRAY`] whose two workers were drawn, and have each paid
/// custodians this much.
fn paid(cost: u64) -> (RequestId, Vec<u64>) {
    Policy::grant(STRANGER, Action::Infer);
    let id = NextRequestId::<Test>::get();
    assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, order(2)));
    pass(1);
    Dice::decide([5; 32]);
    assert_ok!(draw(id));
    let list = members(id);
    for who in &list {
        Inference::note_key_cost(who, id, cost);
    }
    System::reset_events();
    (id, list)
}

/// The same, and they have sealed the key to themselves: answers are awaited.
fn served() -> (RequestId, Vec<u64>) {
    let (id, list) = paid(COST);
    for who in &list {
        Keeper::deliver(XRAY, *who);
        assert_ok!(Inference::seal_to_workers(signed(*who), id, keys(&[*who])));
    }
    assert_eq!(status(id), RequestStatus::Committing);
    System::reset_events();
    (id, list)
}

fn report(who: u64, id: RequestId) -> Option<Weight> {
    let report = Inference::report_failure(signed(who), id, FailureCode::Unavailable);
    report.expect("a member may report").actual_weight
}

fn cancel(who: u64, id: RequestId) {
    assert_ok!(Inference::cancel_request(signed(who), id));
}

/// Lets the deadline of a request pass, as often as there is another one.
fn run_out(id: RequestId) {
    while is_open(id) {
        miss_deadline(id);
        assert_ok!(settle(id));
    }
}

/// Who got what back, in this block.
fn repaid() -> Vec<(u64, u64)> {
    let events = System::events().into_iter();
    let repaid = events.filter_map(|record| match record.event {
        RuntimeEvent::Inference(Event::KeyCostRepaid { worker, amount, .. }) => {
            Some((worker, amount))
        }
        _ => None,
    });
    repaid.collect()
}

/// What a closed request has cost [`STRANGER`].
fn borne() -> u64 {
    assert_eq!(held(STRANGER), (0, 0));
    assert_eq!(KeyCosts::<Test>::iter().count(), 0);
    FUNDS - free_balance(STRANGER)
}

fn to_both(list: &[u64]) -> Vec<(u64, u64)> {
    list.iter().map(|who| (*who, COST)).collect()
}

#[test]
fn whoever_ordered_bears_what_a_cancelled_request_has_cost() {
    let scenes: [Scene; 2] = [|| paid(COST), served];
    for (scene, who) in scenes.into_iter().flat_map(|scene| [(scene, STRANGER), (scene, PATIENT)]) {
        ExtBuilder::default().build_and_execute(|| {
            let (id, list) = scene();
            let before: Vec<_> = list.iter().map(|worker| free_balance(*worker)).collect();
            cancel(who, id);
            let repaid =
                |worker| Event::<Test>::KeyCostRepaid { request: id, worker, amount: COST };
            let cancelled = Event::<Test>::RequestCancelled { request: id };
            let expected = [repaid(list[0]), repaid(list[1]), cancelled];
            assert_eq!(events(), expected.map(RuntimeEvent::from));
            for (worker, before) in list.into_iter().zip(before) {
                assert_eq!(free_balance(worker), before + COST);
            }
            assert_eq!(borne(), 2 * COST);
        });
    }
}

/// Whether they report it or wait.
#[test]
fn and_where_the_record_or_the_model_is_gone() {
    let gone: [fn(); 3] = [erase_xray, amend_xray, retire_vgg];
    let scenes: [Scene; 2] = [|| paid(COST), served];
    for (gone, scene) in gone.into_iter().flat_map(|gone| scenes.map(|scene| (gone, scene))) {
        for reports in [0, 1, 2] {
            ExtBuilder::default().build_and_execute(|| {
                let (id, list) = scene();
                gone();
                for who in &list[..reports] {
                    // No policy is asked about what is gone.
                    assert_eq!(report(*who, id), Some(<() as WeightInfo>::report_failure()));
                }
                run_out(id);
                assert_eq!(repaid(), to_both(&list));
                assert_eq!(borne(), 2 * COST);
                assert!(list.iter().all(|who| held(*who) == (0, BOND)));
            });
        }
    }
}

#[test]
fn and_where_consent_was_revoked() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = served();
        Policy::revoke(list[0], Action::Infer);
        let weight = <() as WeightInfo>::report_failure() + ASKED_WEIGHT;
        assert_eq!(report(list[0], id), Some(weight));
        assert_eq!((repaid(), held(STRANGER).0), (vec![], 2 * FEE), "a verdict may come");
        cancel(PATIENT, id);
        assert_eq!(repaid(), to_both(&list));
        assert_eq!(borne(), 2 * COST);
    });
}

#[test]
fn and_where_the_key_was_taken_back() {
    for reports in [true, false] {
        ExtBuilder::default().build_and_execute(|| {
            let (id, list) = served();
            assert_ok!(Emr::remove_envelope(signed(PATIENT), XRAY, list[0]));
            assert_ok!(commit(list[1], id, &covid()));
            if reports {
                assert_eq!(report(list[0], id), Some(<() as WeightInfo>::report_failure()));
            }
            run_out(id);
            assert_eq!(status(id), RequestStatus::Expired, "nobody draws another");
            assert_eq!(repaid(), to_both(&list));
            assert_eq!(borne(), 2 * COST);
        });
    }
}

/// It had the key, and gave it back in the place of an answer: with a custodian as a friend, it
/// would have the fee for nothing.
#[test]
fn but_not_where_the_worker_gave_it_back() {
    for reports in [true, false] {
        ExtBuilder::default().build_and_execute(|| {
            let (id, list) = served();
            assert_ok!(Emr::remove_envelope(signed(list[0]), XRAY, list[0]));
            assert_ok!(commit(list[1], id, &covid()));
            if reports {
                let weight = <() as WeightInfo>::report_failure() + ASKED_WEIGHT;
                assert_eq!(report(list[0], id), Some(weight));
            }
            run_out(id);
            assert_eq!(status(id), RequestStatus::Expired, "nobody draws another");
            assert_eq!((repaid(), borne()), (vec![(list[1], COST)], COST));
        });
    }
    // Unless the patient has revoked consent as well: then it could not answer.
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = served();
        assert_ok!(Emr::remove_envelope(signed(list[0]), XRAY, list[0]));
        Policy::revoke(list[0], Action::Infer);
        report(list[0], id);
        cancel(PATIENT, id);
        assert_eq!(repaid(), to_both(&list));
        assert_eq!(borne(), 2 * COST);
    });
}

/// A friend of whoever asks may be among the workers, and never get the key.
#[test]
fn and_where_another_worker_did_not_come() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = paid(COST);
        Keeper::deliver(XRAY, list[0]);
        let own = keys(&list[..1]);
        assert_ok!(Inference::seal_to_workers(signed(list[0]), id, own));
        run_out(id);
        assert_eq!(status(id), RequestStatus::Expired);
        assert_eq!((repaid(), borne()), (vec![(list[0], COST)], COST));
    });
}

/// Or it leaves, which costs it nothing: then nobody has to cancel.
#[test]
fn and_where_another_worker_left() {
    // The last candidate, so that the request fails; or the next one is not drawn in time.
    for is_last in [true, false] {
        ExtBuilder::default().build_and_execute(|| {
            let (id, list) = paid(COST);
            if is_last {
                for worker in WORKERS.into_iter().filter(|worker| !list.contains(worker)) {
                    assert_ok!(Inference::deregister_worker(signed(worker)));
                }
            }
            report(list[1], id);
            assert_eq!(status(id) == RequestStatus::Drawing, !is_last);
            run_out(id);
            assert_eq!((repaid(), borne()), (vec![(list[0], COST)], COST));
        });
    }
}

/// Its envelope is for a former key: the request waits for this worker, not for the others.
#[test]
fn but_not_where_the_worker_changed_its_key_and_the_request_waits_for_it() {
    let changes: [fn(u64); 2] = [
        |who| Emr::set_encryption_key(signed(who), EncryptionKey([9; 32])).expect("it may"),
        |who| Emr::remove_encryption_key(signed(who)).expect("it may"),
    ];
    for change in changes {
        ExtBuilder::default().build_and_execute(|| {
            let (id, list) = paid(COST);
            for (place, who) in list.iter().enumerate() {
                Keeper::deliver(XRAY, *who);
                assert_ok!(Inference::seal_to_workers(signed(*who), id, keys(&[*who])));
                if place == 0 {
                    change(*who);
                }
            }
            assert_eq!(status(id), RequestStatus::Sealing);
            run_out(id);
            assert_eq!(status(id), RequestStatus::Expired);
            assert_eq!((repaid(), borne()), (vec![(list[1], COST)], COST));
        });
    }
}

#[test]
fn a_verdict_pays_its_workers_alone() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = served();
        Policy::revoke(list[0], Action::Infer);
        report(list[0], id);
        assert_ok!(draw(id));
        assert_ok!(seal(id));
        let answering = members(id);
        for who in &answering {
            assert_ok!(commit(*who, id, &covid()));
        }
        for who in &answering {
            assert_ok!(reveal(*who, id, &covid()));
        }
        assert_eq!((status(id), repaid()), (RequestStatus::Answered, vec![]));
        assert_eq!(borne(), 2 * FEE);
    });
}

/// Otherwise workers and custodians could have it from whoever asks.
#[test]
fn whoever_leaves_by_itself_bears_its_own() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = paid(COST);
        // Nor does a worker that says later that it could not have answered.
        report(list[0], id);
        Policy::revoke(list[0], Action::Infer);
        cancel(STRANGER, id);
        assert_eq!((repaid(), borne()), (vec![(list[1], COST)], COST));
    });
    // Who had the key, and was silent.
    ExtBuilder::default().build_and_execute(|| {
        let (id, _) = served();
        miss_deadline(id);
        assert_ok!(settle(id));
        assert_eq!(status(id), RequestStatus::Drawing);
        cancel(PATIENT, id);
        assert_eq!((repaid(), borne()), (vec![], 0));
    });
    // Who never got enough shares: nobody knows why.
    ExtBuilder::default().build_and_execute(|| {
        let (id, _) = paid(COST);
        run_out(id);
        assert_eq!((status(id), repaid(), borne()), (RequestStatus::Expired, vec![], 0));
    });
    // Who does not show what it has committed to, whatever became of the record.
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = served();
        for who in &list {
            assert_ok!(commit(*who, id, &covid()));
        }
        erase_xray();
        run_out(id);
        assert_eq!((repaid(), borne()), (vec![], 0));
    });
}

#[test]
fn who_has_committed_is_paid_or_repaid() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = served();
        assert_ok!(commit(list[0], id, &covid()));
        let before = free_balance(list[0]);
        cancel(PATIENT, id);
        assert_eq!((repaid(), borne()), (vec![(list[1], COST)], FEE + COST));
        assert_eq!(free_balance(list[0]), before + FEE);
    });
    // Without the other's answer there is no verdict.
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = served();
        assert_ok!(commit(list[0], id, &covid()));
        erase_xray();
        run_out(id);
        assert_eq!((repaid(), borne()), (to_both(&list), 2 * COST));
    });
}

#[test]
fn a_requester_bears_no_more_than_the_fees() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = paid(3 * FEE);
        cancel(PATIENT, id);
        assert_eq!((repaid(), borne()), (list.iter().map(|who| (*who, FEE)).collect(), 2 * FEE));
    });
    // Of three workers for two answers.
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = paid(FEE - 1);
        Policy::revoke(list[0], Action::Infer);
        report(list[0], id);
        assert_ok!(draw(id));
        let third = members(id)[1];
        Inference::note_key_cost(&third, id, FEE - 1);
        System::reset_events();
        cancel(STRANGER, id);
        assert_eq!(repaid(), [(list[0], FEE - 1), (list[1], FEE - 1), (third, 2)]);
        assert_eq!(borne(), 2 * FEE);
    });
}

#[test]
fn what_is_noted_adds_up_and_nothing_is_not_noted() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = paid(0);
        assert!(!KeyCosts::<Test>::contains_key(id));
        for cost in [5, 0, 7] {
            Inference::note_key_cost(&list[1], id, cost);
        }
        let noted = KeyCost { worker: list[1], paid: 12, epoch: 0 };
        assert_eq!(KeyCosts::<Test>::get(id).into_inner(), [noted]);
        report(list[1], id);
        assert!(!KeyCosts::<Test>::contains_key(id));
        assert_eq!(report(list[0], id), Some(<() as WeightInfo>::report_failure()));
    });
}

/// A worker that is gone altogether cannot keep the request open.
#[test]
fn what_cannot_be_repaid_goes_back() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = paid(MINIMUM - 1);
        // As after several penalties: no bond. Then it empties its account.
        let reason = RuntimeHoldReason::Inference(HoldReason::WorkerBond);
        let (exact, force) = (Precision::Exact, Fortitude::Force);
        assert_ok!(Balances::burn_held(&reason, &list[0], BOND, exact, force));
        Workers::<Test>::mutate_extant(list[0], |worker| worker.bond = 0);
        assert_ok!(Balances::transfer_all(signed(list[0]), LAB, false));
        assert!(!System::account_exists(&list[0]));
        cancel(STRANGER, id);
        assert_eq!((repaid(), borne()), (vec![(list[1], MINIMUM - 1)], MINIMUM - 1));
    });
}

/// Whether a worker without its place pays for shares that are under way.
#[test]
fn others_stop_a_worker_that_does_not_leave_by_itself() {
    let scene = |end: fn(RequestId, &[u64]), stopped: bool| {
        ExtBuilder::default().build_and_execute(|| {
            let (id, list) = paid(COST);
            end(id, &list);
            assert_eq!(Inference::is_stopped(&list[0], id), stopped);
            assert_eq!(Inference::key_place(&list[0], id), None);
        });
    };
    scene(|id, _| cancel(STRANGER, id), true);
    scene(|id, _| cancel(PATIENT, id), true);
    scene(|id, _| seal(id).expect("the patient may seal"), true);
    scene(|_, _| erase_xray(), true);
    scene(|_, _| amend_xray(), true);
    scene(|_, _| retire_vgg(), true);
    scene(|id, list| assert!(report(list[1], id).is_some()), true);
    scene(|id, list| assert!(report(list[0], id).is_some()), false);
    scene(|id, _| miss_deadline(id), false);
    scene(|id, _| run_out(id), false);
}
