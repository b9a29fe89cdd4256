//! `commit_answer`, `reveal_answer` and `submit_answer`.

use super::*;
use frame_support::{
    assert_noop, assert_ok,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision},
        LockableCurrency, WithdrawReasons,
    },
};
use medchain_primitives::{
    receipt, receipt_of, Receipt, RecordContent, SealedAnswer, VerdictStatus,
};
use sp_runtime::DispatchError;

/// The receipt of an answer of [`VGG`] on [`XRAY`].
fn of(sealed: &SealedAnswer) -> Receipt {
    receipt(&[7; 32], &vgg().preprocessing, &cid(10), sealed)
}

fn reached(id: RequestId, list: &[u64]) -> RuntimeEvent {
    let sealed = sealed(id, &covid());
    Event::VerdictReached {
        request: id,
        record: XRAY,
        model: VGG,
        workers: workers(list),
        receipt: of(&sealed),
        sealed,
        challengeable_until: System::block_number() + PROVISIONAL,
    }
    .into()
}

fn verdict(id: RequestId, list: &[u64]) -> VerdictOf<Test> {
    let sealed = sealed(id, &covid());
    Verdict {
        record: XRAY,
        model: VGG,
        workers: workers(list),
        receipt: of(&sealed),
        sealed,
        reached_at: System::block_number(),
        challengeable_until: System::block_number() + PROVISIONAL,
        status: VerdictStatus::Standing,
        previous: None,
    }
}

/// The state does not have the CID any more, so the receipt names its hash.
#[test]
fn a_verdict_that_is_reached_after_an_erasure_names_the_hash_of_the_cid() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(1);
        let list = members(id);
        erase_xray();
        assert_ok!(reveal(list[0], id, &covid()));
        let verdict = Verdicts::<Test>::get(id).expect("its only worker has answered");
        let content = RecordContent::Erased(cid(10).hashed());
        let expected = receipt_of(&[7; 32], &vgg().preprocessing, &content, &verdict.sealed);
        assert_eq!(verdict.receipt, expected);
        assert_ne!(verdict.receipt, of(&verdict.sealed));
    });
}

#[test]
fn commit_answer_works() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        let used = commit(list[1], id, &covid()).expect("a member may commit").actual_weight;
        assert_eq!(used, Some(<() as WeightInfo>::commit_answer() + ASKED_WEIGHT));
        let steps: Vec<_> = committee(id).members.into_iter().map(|member| member.step).collect();
        let committed = Step::Committed(commitment(list[1], id, &covid()));
        assert_eq!(steps, [Step::Chosen, committed]);
        assert_eq!(status(id), RequestStatus::Committing);
        let event = Event::AnswerCommitted { request: id, worker: list[1] };
        assert_eq!(events(), [checked(list[1]), event.into()]);

        pass(3);
        let deadline = System::block_number() + REVEAL;
        assert_ok!(commit(list[0], id, &covid()));
        assert_eq!((status(id), entry(id).deadline), (RequestStatus::Revealing, deadline));
        assert!(is_open(id));
        let event = Event::AnswerCommitted { request: id, worker: list[0] };
        let started = Event::RevealStarted { request: id, deadline };
        assert_eq!(events(), [checked(list[0]), event.into(), started.into()]);
    });
}

#[test]
fn equal_answers_are_the_verdict_and_each_is_paid() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(3);
        let list = members(id);
        let before = free_balance(PATIENT);
        for who in &list[..2] {
            assert_ok!(reveal(*who, id, &covid()));
            let event = Event::AnswerRevealed { request: id, worker: *who };
            assert_eq!(events(), [event.into()]);
        }
        let shown = Step::Revealed(sealed(id, &covid()));
        assert_eq!(committee(id).members[0].step, shown);
        assert_eq!((is_open(id), held(PATIENT)), (true, (3 * FEE, 0)));

        assert_ok!(reveal(list[2], id, &covid()));
        assert_eq!(status(id), RequestStatus::Answered);
        assert!(!is_open(id));
        assert_eq!(Verdicts::<Test>::get(id), Some(verdict(id, &list)));
        assert_eq!(LatestVerdict::<Test>::get(XRAY, VGG), Some(id));
        // The fees that were held have gone to the workers, and nothing else.
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before));
        for who in WORKERS {
            let part = u64::from(list.contains(&who));
            let entry = worker(who);
            assert_eq!((entry.assigned, entry.missed), (0, 0));
            assert_eq!(u64::from(entry.answered), part);
            assert_eq!((held(who), free_balance(who)), ((0, BOND), FUNDS - BOND + part * FEE));
            assert!(!on_list(who, id));
        }
        let event = Event::AnswerRevealed { request: id, worker: list[2] };
        assert_eq!(events(), [event.into(), reached(id, &list)]);
    });
}

#[test]
fn submit_answer_works() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, who) = (awaiting_named(), WORKER);
        let before = free_balance(PATIENT);
        let used = submit(who, id, &covid()).expect("the worker may answer").actual_weight;
        assert_eq!(used, Some(<() as WeightInfo>::submit_answer() + ASKED_WEIGHT));
        assert_eq!(Verdicts::<Test>::get(id), Some(verdict(id, &[who])));
        assert_eq!(status(id), RequestStatus::Answered);
        assert!(!is_open(id));
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before));
        assert_eq!((held(who), free_balance(who)), ((0, BOND), FUNDS - BOND + FEE));
        assert_eq!((worker(who).assigned, worker(who).answered), (0, 1));
        assert_eq!(events(), [checked(who), reached(id, &[who])]);
    });
}

#[test]
fn a_single_worker_that_was_drawn_commits_and_reveals() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(1);
        let who = members(id)[0];
        assert_noop!(submit(who, id, &covid()), Error::<Test>::WrongStatus);
        assert_ok!(reveal(who, id, &covid()));
        assert_eq!(Verdicts::<Test>::get(id), Some(verdict(id, &[who])));
    });
}

#[test]
fn a_patient_may_be_the_worker_and_asks_no_policy() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Inference::deregister_worker(signed(WORKER)));
        assert_ok!(Inference::register_worker(signed(PATIENT), models(&[VGG])));
        let before = free_balance(PATIENT);
        let id = request(named(PATIENT));
        assert_ok!(seal(id));
        let used = submit(PATIENT, id, &covid()).expect("the patient may answer");
        assert_eq!(used.actual_weight, Some(<() as WeightInfo>::submit_answer()));
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, BOND), before - 2));
    });
}

#[test]
fn a_free_answer_works() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Inference::set_worker_models(signed(WORKER), models(&[FREE])));
        let order = medchain_primitives::InferenceOrder { model: FREE, ..named(WORKER) };
        let id = request(order);
        assert_ok!(seal(id));
        assert_ok!(submit(WORKER, id, &output(0, &[500_000, 500_000])));
        assert_eq!(free_balance(WORKER), FUNDS - BOND);
    });
}

#[test]
fn a_lock_is_no_way_out_of_paying() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        Balances::set_lock(*b"out     ", &PATIENT, u64::MAX, WithdrawReasons::all());
        assert_ok!(answer_alone(who, id, &covid()));
        assert_eq!(free_balance(who), FUNDS - BOND + FEE);
    });
}

#[test]
fn fails_when_the_answer_is_not_the_one_committed_to() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(2);
        let who = members(id)[0];
        let show = |answer, salt| Inference::reveal_answer(signed(who), id, answer, salt);
        let mismatch = Error::<Test>::CommitmentMismatch;
        assert_noop!(show(sealed(id, &normal()), salt(who, id)), mismatch);
        let mismatch = Error::<Test>::CommitmentMismatch;
        assert_noop!(show(sealed(id, &covid()), salt(who + 1, id)), mismatch);
        assert_ok!(reveal(who, id, &covid()));
    });
}

#[test]
fn boundary_an_answer_has_the_length_of_the_models() {
    ExtBuilder::default().build_and_execute(|| {
        let (one, other) = (awaiting_named(), 16 + 1 + 1 + 3 * 4);
        let who = WORKER;
        for length in [0, other - 1, other + 1, 64] {
            let answer = SealedAnswer::truncate_from(vec![1; length]);
            assert_noop!(
                Inference::submit_answer(signed(who), one, answer),
                Error::<Test>::AnswerLengthMismatch
            );
        }
        // The chain cannot tell what is inside.
        let garbage = SealedAnswer::truncate_from(vec![1; other]);
        assert_ok!(Inference::submit_answer(signed(who), one, garbage));

        let id = revealing(2);
        let who = members(id)[0];
        let short = SealedAnswer::truncate_from(vec![1; other - 1]);
        assert_noop!(
            Inference::reveal_answer(signed(who), id, short, salt(who, id)),
            Error::<Test>::AnswerLengthMismatch
        );
    });
}

#[test]
fn fails_when_answered_already() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        assert_ok!(commit(list[0], id, &covid()));
        assert_noop!(commit(list[0], id, &normal()), Error::<Test>::AlreadyAnswered);
        assert_ok!(commit(list[1], id, &covid()));
        assert_ok!(reveal(list[0], id, &covid()));
        assert_noop!(reveal(list[0], id, &covid()), Error::<Test>::AlreadyAnswered);
        assert_ok!(reveal(list[1], id, &covid()));
        assert_noop!(reveal(list[1], id, &covid()), Error::<Test>::RequestNotOpen);
    });
}

#[test]
fn fails_when_not_chosen() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        let others = WORKERS.into_iter().filter(|other| *other != who);
        let others: Vec<_> = others.chain([PATIENT, STRANGER]).collect();
        for other in &others {
            assert_noop!(commit(*other, id, &covid()), Error::<Test>::NotChosen);
        }
        assert_ok!(commit(who, id, &covid()));
        for other in others {
            assert_noop!(reveal(other, id, &covid()), Error::<Test>::NotChosen);
        }
    });
}

#[test]
fn fails_when_another_worker_is_named() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting_named();
        for other in [WORKERS[1], PATIENT, STRANGER] {
            assert_noop!(submit(other, id, &covid()), Error::<Test>::NotChosen);
            assert_noop!(commit(other, id, &covid()), Error::<Test>::NotChosen);
        }
    });
}

#[test]
fn fails_when_the_quorum_is_not_one() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let who = members(id)[0];
        assert_noop!(submit(who, id, &covid()), Error::<Test>::QuorumNotOne);
    });
}

#[test]
fn fails_when_the_only_worker_was_drawn() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        for who in [members(id)[0], STRANGER] {
            assert_noop!(submit(who, id, &covid()), Error::<Test>::WorkerNotNamed);
        }
        assert_eq!(held(PATIENT).0, FEE);
    });
}

#[test]
fn fails_when_no_answers_are_awaited() {
    ExtBuilder::default().build_and_execute(|| {
        let check = |id, error: Error<Test>| {
            let error = DispatchError::from(error);
            assert_noop!(commit(WORKER, id, &covid()), error);
            assert_noop!(reveal(WORKER, id, &covid()), error);
            assert_noop!(submit(WORKER, id, &covid()), error);
        };
        check(REQUEST, Error::RequestNotFound);
        let id = request(named(WORKER));
        check(id, Error::WrongStatus);
        assert_ok!(Inference::cancel_request(signed(PATIENT), id));
        check(id, Error::RequestNotOpen);
        let drawing = request(order(1));
        check(drawing, Error::WrongStatus);
        assert_ok!(Inference::cancel_request(signed(PATIENT), drawing));

        let committing = awaiting(2);
        let list = members(committing);
        assert_noop!(reveal(list[0], committing, &covid()), Error::<Test>::WrongStatus);
        for who in &list {
            assert_ok!(commit(*who, committing, &covid()));
        }
        assert_noop!(commit(list[0], committing, &covid()), Error::<Test>::WrongStatus);
    });
}

#[test]
fn boundary_the_last_blocks_for_answers() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        let last = entry(id).deadline;
        miss_deadline(id);
        assert_noop!(commit(who, id, &covid()), Error::<Test>::DeadlinePassed);
        assert_noop!(submit(who, id, &covid()), Error::<Test>::DeadlinePassed);
        System::set_block_number(last);
        assert_ok!(commit(who, id, &covid()));

        let last = entry(id).deadline;
        miss_deadline(id);
        assert_noop!(reveal(who, id, &covid()), Error::<Test>::DeadlinePassed);
        System::set_block_number(last);
        assert_ok!(reveal(who, id, &covid()));
    });
}

#[test]
fn fails_when_the_request_can_no_longer_be_answered() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        retire_vgg();
        assert_noop!(commit(who, id, &covid()), Error::<Test>::ModelRetired);
        amend_xray();
        assert_noop!(commit(who, id, &covid()), Error::<Test>::RecordNotActive);
    });
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting_named();
        retire_vgg();
        assert_noop!(submit(WORKER, id, &covid()), Error::<Test>::ModelRetired);
    });
}

#[test]
fn an_account_that_is_gone_does_not_stop_the_others() {
    ExtBuilder::default().build_and_execute(|| {
        // Less than an account that does not exist can receive.
        Models::<Test>::mutate_extant(VGG, |model| model.fee = MINIMUM - 1);
        let id = revealing(2);
        let list = members(id);
        assert_ok!(reveal(list[0], id, &covid()));
        // As after several penalties: no bond. Then it empties its account.
        let reason = RuntimeHoldReason::Inference(HoldReason::WorkerBond);
        let (exact, force) = (Precision::Exact, Fortitude::Force);
        assert_ok!(Balances::burn_held(&reason, &list[0], BOND, exact, force));
        Workers::<Test>::mutate_extant(list[0], |worker| worker.bond = 0);
        assert_ok!(Balances::transfer_all(signed(list[0]), STRANGER, false));
        assert!(!System::account_exists(&list[0]));

        let before = free_balance(PATIENT);
        assert_ok!(reveal(list[1], id, &covid()));
        assert_eq!(status(id), RequestStatus::Answered);
        assert_eq!(free_balance(list[1]), FUNDS - BOND + MINIMUM - 1);
        // What cannot be paid goes back.
        assert_eq!((held(PATIENT), free_balance(PATIENT)), ((0, 0), before + MINIMUM - 1));
    });
}

#[test]
fn fails_when_not_signed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let (root, bad) = (RuntimeOrigin::root, DispatchError::BadOrigin);
        let (answer, salt) = (sealed(id, &covid()), salt(WORKER, id));
        let commitment = commitment(WORKER, id, &covid());
        assert_noop!(Inference::commit_answer(root(), id, commitment), bad);
        assert_noop!(Inference::reveal_answer(root(), id, answer.clone(), salt), bad);
        assert_noop!(Inference::submit_answer(root(), id, answer), bad);
    });
}
