//! `draw_workers`.

use super::*;
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use medchain_primitives::FailureCause;
use sp_runtime::DispatchError;

const SEED: [u8; 32] = [5; 32];

/// A request whose seed is there.
fn ready(quorum: u8) -> RequestId {
    let id = request(order(quorum));
    pass(1);
    Dice::decide(SEED);
    id
}

/// All workers in the order in which they are asked.
fn ranks(id: RequestId) -> Vec<u64> {
    ranked(entry(id).record, SEED, WORKERS.to_vec())
}

fn ask(id: RequestId, asks: u8) -> DispatchResultWithPostInfo {
    Inference::draw_workers(signed(STRANGER), id, asks)
}

fn drawn_event(request: RequestId, list: &[u64], missing: u8) -> RuntimeEvent {
    Event::WorkersDrawn { request, record: XRAY, workers: workers(list), missing }.into()
}

#[test]
fn draw_workers_works() {
    ExtBuilder::default().build_and_execute(|| {
        let id = ready(2);
        let used = ask(id, 4).expect("the seed is there").actual_weight;
        // Two were asked, though four could have been.
        assert_eq!(used, Some(<() as WeightInfo>::draw_workers(4) + ASKED_WEIGHT * 2));
        let chosen = &ranks(id)[..2];
        assert_eq!(members(id), chosen);
        assert!(committee(id).members.iter().all(|member| member.step == Step::Chosen));
        assert_eq!(status(id), RequestStatus::Sealing);
        assert_eq!(entry(id).deadline, System::block_number() + SEAL);
        assert!(is_open(id));
        for who in WORKERS {
            assert_eq!(on_list(who, id), chosen.contains(&who));
            assert_eq!(worker(who).assigned, u32::from(chosen.contains(&who)));
        }
        let expected = [checked(chosen[0]), checked(chosen[1]), drawn_event(id, chosen, 0)];
        assert_eq!(events(), expected);
    });
}

#[test]
fn members_that_have_the_key_are_awaited_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        for who in WORKERS {
            assert_ok!(Emr::share_record(signed(PATIENT), XRAY, who, sealed_to(who)));
        }
        let id = ready(3);
        assert_ok!(ask(id, 4));
        assert_eq!(status(id), RequestStatus::Committing);
        let deadline = System::block_number() + COMMIT;
        assert_eq!(entry(id).deadline, deadline);
        let list = workers(&members(id));
        let awaited = Event::AnswersAwaited { request: id, record: XRAY, workers: list, deadline };
        assert_eq!(events().last(), Some(&awaited.into()));
    });
}

#[test]
fn the_records_of_one_seed_have_different_orders() {
    let order = |id| ranked(medchain_primitives::RecordId(id), SEED, WORKERS.to_vec());
    assert!((1..20).any(|id| order(id)[0] != order(0)[0]));
}

#[test]
fn candidates_that_the_policy_refuses_are_passed_over() {
    ExtBuilder::default().build_and_execute(|| {
        let id = ready(2);
        let order = ranks(id);
        Policy::revoke(order[0], Action::Infer);
        Policy::revoke(order[2], Action::Infer);
        let used = ask(id, 4).expect("there are two").actual_weight;
        assert_eq!(members(id), [order[1], order[3]]);
        // A no is paid as the most expensive question.
        let asked = ASKED_WEIGHT * 2 + POLICY_WEIGHT * 2;
        assert_eq!(used, Some(<() as WeightInfo>::draw_workers(4) + asked));
        let chosen = [order[1], order[3]];
        let expected = [checked(order[1]), checked(order[3]), drawn_event(id, &chosen, 0)];
        assert_eq!(events(), expected);
    });
}

#[test]
fn a_candidate_without_an_encryption_key_is_passed_over() {
    ExtBuilder::default().build_and_execute(|| {
        let id = ready(1);
        let order = ranks(id);
        assert_ok!(Emr::remove_encryption_key(signed(order[0])));
        let used = ask(id, 4).expect("there are others").actual_weight;
        assert_eq!(members(id), [order[1]]);
        // It costs no question.
        assert_eq!(used, Some(<() as WeightInfo>::draw_workers(4) + ASKED_WEIGHT));
    });
}

#[test]
fn boundary_a_draw_asks_as_many_as_it_was_told_and_goes_on_where_it_stopped() {
    ExtBuilder::default().build_and_execute(|| {
        let id = ready(3);
        let order = ranks(id);
        Policy::revoke(order[1], Action::Infer);
        let deadline = entry(id).deadline;
        assert_ok!(ask(id, 0));
        assert_eq!(events(), [drawn_event(id, &[], 3)]);
        assert_ok!(ask(id, 1));
        assert_eq!(events(), [checked(order[0]), drawn_event(id, &order[..1], 2)]);
        assert_ok!(ask(id, 1));
        assert_eq!(events(), [drawn_event(id, &[], 2)]);
        assert_eq!((status(id), entry(id).deadline), (RequestStatus::Drawing, deadline));
        // Whoever was refused is not asked again.
        Policy::grant(order[1], Action::Infer);
        assert_ok!(ask(id, 2));
        assert_eq!(members(id), [order[0], order[2], order[3]]);
        assert_eq!(status(id), RequestStatus::Sealing);
    });
}

#[test]
fn a_request_for_more_workers_than_there_are_fails() {
    ExtBuilder::default().build_and_execute(|| {
        let before = free_balance(PATIENT);
        let id = ready(5);
        assert_ok!(ask(id, 4));
        let cause = FailureCause::TooFewWorkers;
        assert_eq!(status(id), RequestStatus::Failed { cause });
        assert!(!is_open(id));
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before));
        assert!(WORKERS.into_iter().all(|who| !on_list(who, id) && worker(who).assigned == 0));
        let failed = Event::InferenceFailed { request: id, record: XRAY, cause }.into();
        let order = ranks(id);
        assert_eq!(events()[4..], [drawn_event(id, &order, 1), failed]);
    });
}

#[test]
fn a_request_for_which_there_is_nobody_fails() {
    ExtBuilder::default().build_and_execute(|| {
        let free = medchain_primitives::InferenceOrder { model: FREE, ..order(1) };
        let id = request(free);
        pass(1);
        Dice::decide(SEED);
        assert_ok!(ask(id, 0));
        let cause = FailureCause::TooFewWorkers;
        assert_eq!(status(id), RequestStatus::Failed { cause });
        assert_eq!(events().len(), 2);
    });
}

#[test]
fn only_candidates_before_the_request_are_drawn() {
    ExtBuilder::default().build_and_execute(|| {
        // In the same block, before and after the request.
        let old = WORKERS[0];
        replace_last_worker();
        let id = request(order(3));
        assert_ok!(Inference::set_worker_models(signed(old), models(&[FREE])));
        assert_ok!(Inference::set_worker_models(signed(old), models(&[FREE, VGG])));
        pass(1);
        Dice::decide(SEED);
        System::reset_events();
        assert_ok!(ask(id, 4));
        let cause = FailureCause::TooFewWorkers;
        assert_eq!(status(id), RequestStatus::Failed { cause });
        let order = ranked(XRAY, SEED, vec![12, 13]);
        assert!(events().contains(&drawn_event(id, &order, 1)));
        // Nor are they by a later request for the same record, whose order is known.
        assert_eq!(members(drawn(2)), order);
        // One for another record draws them.
        let id = NextRequestId::<Test>::get();
        assert_ok!(add_film(12, Some(self::order(4))));
        pass(1);
        Dice::decide(SEED);
        assert_ok!(ask(id, 4));
        let mut all = members(id);
        all.sort();
        assert_eq!(all, [11, 12, 13, NEWCOMER]);
    });
}

#[test]
fn fails_before_the_seed_is_there() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(order(1));
        assert_noop!(ask(id, 4), Error::<Test>::SeedNotReady);
        for _ in 0..=SEED_DELAY {
            pass(1);
            assert_noop!(ask(id, 4), Error::<Test>::SeedNotReady);
            Dice::roll(SEED);
        }
        assert_ok!(ask(id, 4));
    });
}

#[test]
fn fails_when_no_workers_are_to_be_drawn() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(ask(REQUEST, 4), Error::<Test>::RequestNotFound);
        let sealing = drawn(1);
        assert_noop!(ask(sealing, 4), Error::<Test>::WrongStatus);
        assert_ok!(Inference::cancel_request(signed(PATIENT), sealing));
        assert_noop!(ask(sealing, 4), Error::<Test>::RequestNotOpen);
        let named = request(named(WORKER));
        assert_noop!(ask(named, 4), Error::<Test>::WrongStatus);
    });
}

#[test]
fn boundary_the_last_block_of_the_draw() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(order(1));
        Dice::decide(SEED);
        pass(DRAW + 1);
        assert_noop!(ask(id, 4), Error::<Test>::DeadlinePassed);
        System::set_block_number(START + DRAW);
        assert_ok!(ask(id, 4));
    });
}

#[test]
fn fails_when_the_request_can_no_longer_be_answered() {
    ExtBuilder::default().build_and_execute(|| {
        let id = ready(1);
        retire_vgg();
        assert_noop!(ask(id, 4), Error::<Test>::ModelRetired);
        amend_xray();
        assert_noop!(ask(id, 4), Error::<Test>::RecordNotActive);
        erase_xray();
        assert_noop!(ask(id, 4), Error::<Test>::RecordNotActive);
    });
}

#[test]
fn whoever_draws_pays_for_the_questions() {
    let weight = |asks| {
        let request = REQUEST;
        Call::<Test>::draw_workers { request, asks }.get_dispatch_info().call_weight
    };
    // Where nobody is left, the request ends with the draw.
    let ending = <() as WeightInfo>::cancel_request();
    assert_eq!(weight(0), <() as WeightInfo>::draw_workers(0) + ending);
    assert_eq!(weight(4), <() as WeightInfo>::draw_workers(4) + ending + POLICY_WEIGHT * 4);
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = ready(1);
        let bad = DispatchError::BadOrigin;
        assert_noop!(Inference::draw_workers(RuntimeOrigin::root(), id, 4), bad);
    });
}
