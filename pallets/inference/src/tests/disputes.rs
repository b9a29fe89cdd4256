//! Answers that differ, challenges, and what the patient may do about it.

use super::*;
use frame_support::{assert_noop, assert_ok, traits::Hooks, weights::Weight};
use medchain_primitives::{FailureCause, Output, SlashReason, VerdictStatus};
use pallet_disputes::{Client, Disputes as Open};

/// A request to which the members in this order have shown these answers.
fn disputed(answers: &[Output]) -> (RequestId, Vec<u64>) {
    let id = awaiting(answers.len() as u8);
    let list = members(id);
    for (who, answer) in list.iter().zip(answers) {
        assert_ok!(commit(*who, id, answer));
    }
    for (who, answer) in list.iter().zip(answers) {
        assert_ok!(reveal(*who, id, answer));
    }
    (id, list)
}

/// A third output of [`VGG`].
fn ignore() -> Output {
    output(1, &[100_000, 700_000, 200_000])
}

fn players(id: RequestId) -> [u64; 2] {
    Open::<Test>::get(id).expect("there is a dispute").players
}

fn move_of(who: u64, id: RequestId) -> frame_support::dispatch::DispatchResult {
    Disputes::show_roots(signed(who), id, vec![[1; 32]; 5].try_into().expect("few layers"))
}

/// `who` moves in the open dispute, the other player does not, and the time passes.
fn stands(who: u64, id: RequestId) {
    assert_ok!(move_of(who, id));
    miss_deadline(id);
    System::reset_events();
    assert_ok!(settle(id));
}

/// All that a worker has: what is free and what is held.
fn owns(who: u64) -> u64 {
    let (fees, bond) = held(who);
    free_balance(who) + fees + bond
}

fn slashed(request: RequestId, worker: u64) -> RuntimeEvent {
    let reason = SlashReason::WrongAnswer;
    Event::WorkerSlashed { worker, request, reason, amount: BOND }.into()
}

/// Makes [`NEWCOMER`] a worker with an envelope of [`XRAY`].
fn challenger() -> u64 {
    replace_last_worker();
    Policy::grant(NEWCOMER, Action::Infer);
    if !pallet_emr::Envelopes::<Test>::contains_key(XRAY, NEWCOMER) {
        Policy::grant(NEWCOMER, Action::View);
        assert_ok!(Emr::share_record(signed(PATIENT), XRAY, NEWCOMER, sealed_to(NEWCOMER)));
    }
    System::reset_events();
    NEWCOMER
}

fn challenge(who: u64, id: RequestId, output: &Output) -> frame_support::dispatch::DispatchResult {
    let challenged = Inference::challenge_verdict(signed(who), id, sealed(id, output));
    challenged.map(|_| ()).map_err(|failed| failed.error)
}

fn verdict(id: RequestId) -> VerdictOf<Test> {
    Verdicts::<Test>::get(id).expect("there is a verdict")
}

#[test]
fn different_answers_are_a_dispute_between_two_workers() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        let answers = [covid(), normal()];
        for (who, answer) in list.iter().zip(&answers) {
            assert_ok!(commit(*who, id, answer));
        }
        assert_ok!(reveal(list[0], id, &answers[0]));
        System::reset_events();
        let before = owns(PATIENT);
        assert_ok!(reveal(list[1], id, &answers[1]));
        assert_eq!(status(id), RequestStatus::Disputed);
        assert!(is_open(id));
        assert_eq!((Verdicts::<Test>::get(id), held(PATIENT)), (None, (2 * FEE, 0)));
        assert_eq!(owns(PATIENT), before);
        let shown = list.iter().zip(&answers).map(|(who, answer)| (*who, sealed(id, answer)));
        let answers = AnswersOf::<Test>::truncate_from(shown.collect());
        let deadline = System::block_number() + ROUND;
        assert_eq!(entry(id).deadline, deadline);
        let revealed = Event::AnswerRevealed { request: id, worker: list[1] };
        let differ = Event::AnswersDiffer { request: id, record: XRAY, answers };
        let started = pallet_disputes::Event::DisputeStarted {
            request: id,
            players: [list[0], list[1]],
            deadline,
        };
        assert_eq!(events(), [revealed.into(), differ.into(), started.into()]);
    });
}

#[test]
fn a_round_has_a_deadline_of_its_own() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = disputed(&[covid(), normal()]);
        pass(ROUND);
        assert_ok!(move_of(list[0], id));
        let roots = vec![[2; 32]; 5].try_into().expect("few layers");
        assert_ok!(Disputes::show_roots(signed(list[1]), id, roots));
        assert_eq!(entry(id).deadline, System::block_number() + ROUND);
        assert!(is_open(id));
        pass(ROUND + 1);
        assert_noop!(move_of(list[0], id), pallet_disputes::Error::<Test>::DeadlinePassed);
    });
}

#[test]
fn whoever_stands_is_paid_by_whoever_lost() {
    ExtBuilder::default().build_and_execute(|| {
        let before = owns(PATIENT);
        let (id, list) = disputed(&[covid(), normal()]);
        let deposits = before - owns(PATIENT);
        stands(list[0], id);
        assert_eq!(status(id), RequestStatus::Answered);
        assert!(!is_open(id));
        let found = verdict(id);
        assert_eq!(found.workers, workers(&[list[0]]));
        assert_eq!((found.sealed, found.status), (sealed(id, &covid()), VerdictStatus::Standing));
        // One answer is paid, the fee of the other goes back.
        assert_eq!((held(PATIENT), before - owns(PATIENT)), ((0, 0), deposits + FEE));
        assert_eq!(owns(list[0]), FUNDS + FEE + REWARD);
        assert_eq!((owns(list[1]), held(list[1])), (FUNDS - BOND, (0, 0)));
        let loser = worker(list[1]);
        assert_eq!((loser.lost, loser.bond, loser.assigned), (1, 0, 0));
        assert_eq!(loser.status, WorkerStatus::Suspended);
        assert_eq!((worker(list[0]).lost, worker(list[0]).answered), (0, 1));
        let all = events();
        let settled = pallet_disputes::Event::DisputeSettled {
            request: id,
            winner: Some(list[0]),
            losers: vec![list[1]].try_into().expect("one"),
            timed_out: true,
        };
        assert_eq!(all[..2], [settled.into(), slashed(id, list[1])]);
        assert!(matches!(&all[2..], [RuntimeEvent::Inference(Event::VerdictReached { .. })]));
    });
}

#[test]
fn two_of_three_that_collude_both_lose() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = disputed(&[normal(), normal(), covid()]);
        assert_eq!(players(id), [list[0], list[2]]);
        stands(list[2], id);
        assert_eq!(status(id), RequestStatus::Disputed);
        assert_eq!(players(id), [list[1], list[2]]);
        stands(list[2], id);
        assert_eq!(status(id), RequestStatus::Answered);
        assert_eq!(verdict(id).workers, workers(&[list[2]]));
        assert_eq!(owns(list[2]), FUNDS + FEE + 2 * REWARD);
        assert_eq!([list[0], list[1]].map(owns), [FUNDS - BOND; 2]);
    });
}

#[test]
fn nobody_loses_by_another_worker_with_the_same_answer() {
    ExtBuilder::default().build_and_execute(|| {
        // The second has the honest answer too, and loses on purpose.
        let (id, list) = disputed(&[normal(), covid(), covid()]);
        stands(list[0], id);
        assert_eq!(players(id), [list[0], list[2]]);
        stands(list[2], id);
        assert_eq!(verdict(id).sealed, sealed(id, &covid()));
        assert_eq!(verdict(id).workers, workers(&[list[2]]));
        assert_eq!(owns(list[2]), FUNDS + FEE + REWARD);
    });
}

#[test]
fn where_nobody_stands_the_request_fails_and_the_fees_go_back() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = disputed(&[covid(), normal()]);
        miss_deadline(id);
        System::reset_events();
        assert_ok!(settle(id));
        let cause = FailureCause::NobodyRight;
        assert_eq!(status(id), RequestStatus::Failed { cause });
        assert_eq!(held(PATIENT), (0, 0));
        assert_eq!([list[0], list[1]].map(owns), [FUNDS - BOND; 2]);
        let failed = Event::InferenceFailed { request: id, record: XRAY, cause };
        let all = events();
        assert_eq!(all[1..], [slashed(id, list[0]), slashed(id, list[1]), failed.into()]);
        // The same can be asked again.
        assert_ok!(Inference::request_inference(signed(PATIENT), XRAY, order(2)));
    });
}

#[test]
fn three_different_answers_are_settled_one_after_another() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = disputed(&[covid(), normal(), ignore()]);
        stands(list[1], id);
        assert_eq!(players(id), [list[1], list[2]]);
        stands(list[1], id);
        assert_eq!(verdict(id).sealed, sealed(id, &normal()));
    });
}

#[test]
fn a_dispute_ends_at_the_end_of_a_block_if_nobody_calls() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = disputed(&[covid(), normal()]);
        assert_ok!(move_of(list[1], id));
        miss_deadline(id);
        Inference::on_idle(System::block_number(), Weight::MAX);
        assert_eq!(verdict(id).workers, workers(&[list[1]]));
    });
}

#[test]
fn a_dispute_does_not_begin_without_commitments() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        assert_ok!(commit(list[0], id, &covid()));
        assert_ok!(commit(list[1], id, &normal()));
        assert_ok!(reveal(list[0], id, &covid()));
        erase_xray();
        assert_ok!(reveal(list[1], id, &normal()));
        let cause = FailureCause::NotSettled;
        assert_eq!(status(id), RequestStatus::Failed { cause });
        // Erasing takes nothing from who has answered.
        assert_eq!([list[0], list[1]].map(owns), [FUNDS + FEE; 2]);
        assert_eq!(held(PATIENT), (0, 0));
    });
}

#[test]
fn nothing_more_is_shown_of_an_erased_record_and_nobody_loses() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = disputed(&[covid(), normal()]);
        assert_ok!(move_of(list[0], id));
        erase_xray();
        assert_noop!(move_of(list[1], id), pallet_disputes::Error::<Test>::DeadlinePassed);
        miss_deadline(id);
        assert_ok!(settle(id));
        assert_eq!(status(id), RequestStatus::Failed { cause: FailureCause::NotSettled });
        assert_eq!([list[0], list[1]].map(owns), [FUNDS + FEE; 2]);
        assert_eq!(Open::<Test>::get(id), None);
    });
}

#[test]
fn the_patient_ends_a_dispute() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = disputed(&[covid(), normal()]);
        let annul = |who| Inference::annul_dispute(signed(who), id);
        for who in [STRANGER, LAB, list[0]] {
            assert_noop!(annul(who), Error::<Test>::NotPatient);
        }
        System::reset_events();
        assert_ok!(annul(PATIENT));
        assert_eq!(status(id), RequestStatus::Cancelled);
        assert!(!is_open(id));
        // It costs no bond, and who has answered is paid.
        assert_eq!([list[0], list[1]].map(owns), [FUNDS + FEE; 2]);
        assert_eq!((held(PATIENT), Verdicts::<Test>::get(id)), ((0, 0), None));
        let abandoned = pallet_disputes::Event::DisputeAbandoned { request: id };
        let annulled = Event::DisputeAnnulled { request: id, record: XRAY };
        assert_eq!(events(), [abandoned.into(), annulled.into()]);
        assert_noop!(annul(PATIENT), Error::<Test>::RequestNotOpen);
    });
}

#[test]
fn what_is_not_disputed_cannot_be_annulled() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(2);
        let annul = |id| Inference::annul_dispute(signed(PATIENT), id);
        assert_noop!(annul(id), Error::<Test>::NotDisputed);
        assert_noop!(annul(RequestId(9)), Error::<Test>::RequestNotFound);
    });
}

#[test]
fn the_requester_cannot_cancel_a_dispute() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, _) = disputed(&[covid(), normal()]);
        assert_noop!(
            Inference::cancel_request(signed(PATIENT), id),
            Error::<Test>::AnswerCommitted
        );
    });
}

#[test]
fn a_bond_cannot_be_withdrawn_during_a_dispute() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, list) = disputed(&[covid(), normal()]);
        assert_ok!(Inference::deregister_worker(signed(list[0])));
        System::set_block_number(System::block_number() + UNBONDING + 1);
        assert_noop!(Inference::withdraw_bond(signed(list[0])), Error::<Test>::BondInUse);
        assert_ok!(settle(id));
        assert_eq!(owns(list[0]), FUNDS - BOND);
        assert_ok!(Inference::withdraw_bond(signed(list[0])));
    });
}

#[test]
fn a_challenge_opens_the_request_again() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        let who = challenger();
        let liar = verdict(id).workers[0];
        assert_ok!(challenge(who, id, &normal()));
        assert_eq!(status(id), RequestStatus::Disputed);
        assert_eq!(verdict(id).status, VerdictStatus::Challenged);
        assert_eq!((players(id), on_list(who, id), on_list(liar, id)), ([liar, who], true, true));
        let sealed = sealed(id, &normal());
        let challenged =
            Event::VerdictChallenged { request: id, record: XRAY, challenger: who, sealed };
        assert_eq!(events()[..2], [checked(who), challenged.into()]);
        check_invariants();
        // Another verdict can be asked for meanwhile, by more workers.
        assert_ok!(Inference::request_inference(signed(PATIENT), XRAY, order(2)));
    });
}

#[test]
fn a_verdict_that_nobody_defends_is_annulled_and_can_be_asked_for_anew() {
    ExtBuilder::default().build_and_execute(|| {
        let before = owns(PATIENT);
        let id = answered(1);
        let liar = verdict(id).workers[0];
        let who = challenger();
        let (paid, funds) = (owns(PATIENT), owns(who));
        assert_eq!(
            Inference::request_inference(signed(PATIENT), XRAY, order(1)),
            Err(Error::<Test>::VerdictAlreadyExists.into())
        );
        assert_ok!(challenge(who, id, &normal()));
        stands(who, id);
        assert_eq!(
            (status(id), verdict(id).status),
            (RequestStatus::Answered, VerdictStatus::Annulled)
        );
        let status = VerdictStatus::Annulled;
        let annulled = Event::VerdictAnnulled { request: id, record: XRAY, status };
        assert_eq!(events().last(), Some(&annulled.into()));
        assert!(!Committees::<Test>::contains_key(id));
        // The loser pays the winner, and the fee back.
        assert_eq!((owns(PATIENT), owns(who)), (paid + FEE, funds + REWARD));
        assert!(owns(PATIENT) <= before);
        assert_eq!((owns(liar), worker(liar).lost), (FUNDS + FEE - BOND, 1));
        assert_eq!(worker(who).assigned, 0);
        assert_ok!(Inference::request_inference(signed(PATIENT), XRAY, order(1)));
        assert_noop!(challenge(who, id, &normal()), Error::<Test>::NotChallengeable);
    });
}

#[test]
fn a_challenger_that_loses_pays_and_the_time_for_challenges_begins_anew() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(2);
        let list = verdict(id).workers;
        let who = challenger();
        assert_ok!(challenge(who, id, &normal()));
        stands(list[0], id);
        let found = verdict(id);
        let until = System::block_number() + PROVISIONAL;
        assert_eq!((found.status, found.challengeable_until), (VerdictStatus::Standing, until));
        assert_eq!(status(id), RequestStatus::Answered);
        let upheld = Event::VerdictUpheld { request: id, challengeable_until: until };
        assert_eq!(events().last(), Some(&upheld.into()));
        assert_eq!(owns(who), FUNDS - BOND);
        assert_eq!(worker(list[1]).assigned, 0);
    });
}

#[test]
fn all_workers_of_a_verdict_must_fail_before_it_falls() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(2);
        let list = verdict(id).workers;
        let who = challenger();
        assert_ok!(challenge(who, id, &normal()));
        // The first loses, perhaps on purpose; the second defends.
        stands(who, id);
        assert_eq!(players(id), [list[1], who]);
        stands(list[1], id);
        assert_eq!(verdict(id).status, VerdictStatus::Standing);
        assert_eq!((owns(list[0]), worker(who).lost), (FUNDS + FEE - BOND, 1));
    });
}

#[test]
fn the_patient_ends_a_challenge_and_the_verdict_with_it() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        let liar = verdict(id).workers[0];
        let who = challenger();
        assert_ok!(challenge(who, id, &normal()));
        System::reset_events();
        assert_ok!(Inference::annul_dispute(signed(PATIENT), id));
        assert_eq!(
            (status(id), verdict(id).status),
            (RequestStatus::Answered, VerdictStatus::Withdrawn)
        );
        let abandoned = pallet_disputes::Event::DisputeAbandoned { request: id };
        let withdrawn =
            Event::VerdictAnnulled { request: id, record: XRAY, status: verdict(id).status };
        let ended = Event::DisputeAnnulled { request: id, record: XRAY };
        assert_eq!(events(), [abandoned.into(), withdrawn.into(), ended.into()]);
        assert_eq!((held(liar), held(who)), ((0, BOND), (0, BOND)));
    });
}

#[test]
fn only_a_worker_with_the_key_and_another_answer_may_challenge_and_in_time() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        let own = verdict(id).workers[0];
        let other = WORKERS.into_iter().find(|who| *who != own).expect("there are more");
        assert_noop!(challenge(STRANGER, id, &normal()), Error::<Test>::WorkerNotFound);
        assert_noop!(challenge(own, id, &normal()), Error::<Test>::AlreadyAnswered);
        assert_noop!(challenge(other, id, &normal()), Error::<Test>::EnvelopeNotFound);
        let who = challenger();
        assert_noop!(challenge(who, RequestId(9), &normal()), Error::<Test>::VerdictNotFound);
        assert_noop!(challenge(who, id, &covid()), Error::<Test>::SameAnswer);
        let short = output(0, &[500_000, 500_000]);
        assert_noop!(challenge(who, id, &short), Error::<Test>::AnswerLengthMismatch);
        pass(verdict(id).challengeable_until + 1 - System::block_number());
        assert_noop!(challenge(who, id, &normal()), Error::<Test>::NotChallengeable);
    });
}

#[test]
fn a_verdict_on_an_erased_record_cannot_be_challenged() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        let who = challenger();
        erase_xray();
        assert_noop!(challenge(who, id, &normal()), Error::<Test>::NotChallengeable);
    });
}

#[test]
fn a_sham_challenge_costs_more_than_it_brings() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        let worker = verdict(id).workers[0];
        let who = challenger();
        let both = owns(worker) + owns(who);
        assert_ok!(challenge(who, id, &normal()));
        stands(worker, id);
        // One operator with both accounts loses a bond, less the reward.
        assert_eq!(owns(worker) + owns(who), both - BOND + REWARD);
        const { assert!(REWARD < BOND) };
    });
}

#[test]
fn an_unknown_dispute_settles_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(<Inference as Client<u64, u64>>::settled(RequestId(9), &[WORKER], None));
        assert_eq!(held(WORKER), (0, BOND));
        assert!(!<Inference as Client<u64, u64>>::is_overdue(RequestId(9)));
        let expected = <() as WeightInfo>::settle_dispute();
        assert_eq!(<Inference as Client<u64, u64>>::settled_weight(), expected);
    });
}
