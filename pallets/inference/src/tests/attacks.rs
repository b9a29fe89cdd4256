//! What somebody might try, one test for each attack.

use super::*;
use codec::Encode;
use frame_support::{assert_noop, assert_ok, traits::fungible::Mutate};
use medchain_primitives::{
    AnswerCommitment, EncryptionKey, FailureCause, FailureCode, RecordId, SealedAnswer,
};
use medchain_verdicts::{answer_commitment, Wrong};

/// The seed of [`drawn`].
const SEED: [u8; 32] = [5; 32];

/// An account with funds, a key and the patient's consent.
fn equip(who: u64) -> u64 {
    assert_ok!(Balances::mint_into(&who, FUNDS));
    assert_ok!(Emr::set_encryption_key(signed(who), EncryptionKey([9; 32])));
    Policy::grant(who, Action::Infer);
    who
}

/// Accounts that would come before every worker in the order of the seed.
fn grind(record: RecordId, seed: [u8; 32], count: usize) -> Vec<u64> {
    let place = |who| place(record, seed, who);
    let first = WORKERS.into_iter().map(place).min().expect("there are workers");
    (1_000..).filter(|who| place(*who) < first).take(count).map(equip).collect()
}

fn make_room() {
    assert_ok!(Inference::deregister_worker(signed(WORKERS[3])));
}

/// A worker that lost a part of its bond for being absent.
fn make_suspended() -> u64 {
    let id = awaiting(1);
    let who = members(id)[0];
    miss_deadline(id);
    assert_ok!(settle(id));
    assert_ok!(Inference::cancel_request(signed(PATIENT), id));
    assert_eq!(worker(who).status, WorkerStatus::Suspended);
    who
}

#[test]
fn a_member_answers_without_having_the_key() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(1);
        let who = members(id)[0];
        assert_noop!(commit(who, id, &covid()), Error::<Test>::WrongStatus);
        assert_ok!(seal(id));
        assert_ok!(Emr::remove_envelope(signed(PATIENT), XRAY, who));
        assert_noop!(commit(who, id, &covid()), Error::<Test>::EnvelopeNotFound);
    });
}

#[test]
fn a_member_copies_the_commitment_of_another() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        let (honest, copier) = (list[0], list[1]);
        assert_ok!(commit(honest, id, &covid()));
        let copied = commitment(honest, id, &covid());
        assert_ok!(Inference::commit_answer(signed(copier), id, copied));
        assert_ok!(reveal(honest, id, &covid()));
        // Now it knows the answer and the salt, but its commitment is not of its account.
        assert_noop!(
            Inference::reveal_answer(signed(copier), id, sealed(id, &covid()), salt(honest, id)),
            Error::<Test>::CommitmentMismatch
        );
        miss_deadline(id);
        assert_ok!(settle(id));
        assert_eq!(held(copier), (0, BOND - NOT_REVEALED));
        assert_eq!(free_balance(honest), FUNDS - BOND + FEE);
    });
}

#[test]
fn a_member_commits_to_nothing_and_copies_the_answer() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let list = members(id);
        assert_ok!(commit(list[0], id, &covid()));
        let anything = AnswerCommitment([3; 32]);
        assert_ok!(Inference::commit_answer(signed(list[1]), id, anything));
        assert_ok!(reveal(list[0], id, &covid()));
        assert_noop!(reveal(list[1], id, &covid()), Error::<Test>::CommitmentMismatch);
    });
}

#[test]
fn somebody_reveals_for_another() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(2);
        let list = members(id);
        let show = |who| {
            let (answer, salt) = (sealed(id, &covid()), salt(list[0], id));
            Inference::reveal_answer(signed(who), id, answer, salt)
        };
        for who in [STRANGER, PATIENT] {
            assert_noop!(show(who), Error::<Test>::NotChosen);
        }
        assert_noop!(show(list[1]), Error::<Test>::CommitmentMismatch);
        assert!(is_open(id));
    });
}

#[test]
fn a_commitment_is_used_for_another_request() {
    ExtBuilder::default().build_and_execute(|| {
        let first = revealing(1);
        let who = members(first)[0];
        assert_ok!(add_film(12, Some(named(who))));
        let second = RequestId(first.0 + 1);
        assert_ok!(seal(second));
        assert_ok!(Inference::commit_answer(signed(who), second, commitment(who, first, &covid())));
        let replayed = Inference::reveal_answer(
            signed(who),
            second,
            sealed(first, &covid()),
            salt(who, first),
        );
        assert_noop!(replayed, Error::<Test>::CommitmentMismatch);
    });
}

#[test]
fn workers_replay_an_old_verdict() {
    ExtBuilder::default().build_and_execute(|| {
        let old = Verdicts::<Test>::get(answered(1)).expect("it was reached").sealed;
        let id = awaiting(2);
        let list = members(id);
        for who in &list {
            let commitment = answer_commitment(id, &who.encode(), &old, &salt(*who, id));
            assert_ok!(Inference::commit_answer(signed(*who), id, commitment));
        }
        for who in &list {
            let salt = salt(*who, id);
            assert_ok!(Inference::reveal_answer(signed(*who), id, old.clone(), salt));
        }
        // The chain sees equal bytes, but nobody takes them for a verdict: the key is another.
        let verdict = Verdicts::<Test>::get(id).expect("they are equal");
        assert_eq!(verdict_key(id).open(&verdict.sealed), Err(Wrong));
        assert_noop!(
            Inference::disclose_verdict(signed(PATIENT), id, root()),
            Error::<Test>::VerdictUnreadable
        );
    });
}

#[test]
fn the_requester_looks_at_the_committee_before_it_asks() {
    ExtBuilder::default().build_and_execute(|| {
        Dice::roll([7; 32]);
        let early = request(order(1));
        assert_noop!(draw(early), Error::<Test>::SeedNotReady);
        // A request later in the same block, when the seed is known, gets the next one too.
        assert_ok!(add_film(12, Some(order(1))));
        let late = RequestId(early.0 + 1);
        assert_noop!(draw(late), Error::<Test>::SeedNotReady);
        pass(1);
        // So does one in a later block with the same seed.
        assert_ok!(add_film(13, Some(order(1))));
        let later = RequestId(late.0 + 1);
        assert_noop!(draw(later), Error::<Test>::SeedNotReady);
        pass(1);
        // Whoever watches the relay chain may have known the next one before.
        Dice::roll([8; 32]);
        for id in [early, late, later] {
            assert_noop!(draw(id), Error::<Test>::SeedNotReady);
        }
        Dice::roll([9; 32]);
        for id in [early, late, later] {
            assert_ok!(draw(id));
            let order = ranked(entry(id).record, [9; 32], WORKERS.to_vec());
            assert_eq!(members(id), order[..1]);
        }
    });
}

#[test]
fn the_requester_waits_for_a_better_seed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(order(2));
        for seed in [8, 9, 10] {
            pass(1);
            Dice::roll([seed; 32]);
        }
        assert_ok!(draw(id));
        assert_eq!(members(id), ranked(XRAY, [9; 32], WORKERS.to_vec())[..2]);
    });
}

#[test]
fn somebody_registers_accounts_that_a_known_seed_draws() {
    ExtBuilder::default().build_and_execute(|| {
        make_room();
        let id = request(order(2));
        pass(1);
        Dice::decide(SEED);
        let sybil = grind(XRAY, SEED, 1)[0];
        assert_ok!(Inference::register_worker(signed(sybil), models(&[VGG])));
        assert_ok!(draw(id));
        assert_eq!(members(id), ranked(XRAY, SEED, WORKERS[..3].to_vec())[..2]);
    });
}

#[test]
fn somebody_adds_a_model_or_a_bond_once_the_seed_is_known() {
    ExtBuilder::default().build_and_execute(|| {
        make_room();
        let suspended = make_suspended();
        let honest: Vec<_> = WORKERS[..3].iter().copied().filter(|who| *who != suspended).collect();
        // Not the record for which the workers are drawn already.
        let next = pallet_emr::NextRecordId::<Test>::get();
        let sybil = grind(next, SEED, 1)[0];
        assert_ok!(Inference::register_worker(signed(sybil), models(&[FREE])));
        pass(1);
        let id = NextRequestId::<Test>::get();
        assert_ok!(add_film(12, Some(order(2))));
        assert_eq!(entry(id).record, next);
        pass(1);
        Dice::decide(SEED);
        assert_ok!(Inference::set_worker_models(signed(sybil), models(&[FREE, VGG])));
        assert_ok!(Inference::top_up_bond(signed(suspended)));
        assert_ok!(draw(id));
        assert_eq!(members(id), ranked(next, SEED, honest)[..2]);
    });
}

#[test]
fn somebody_registers_accounts_that_replace_whoever_leaves() {
    ExtBuilder::default().build_and_execute(|| {
        make_room();
        let id = drawn(2);
        let list = members(id);
        // After the last one that was drawn, before the next.
        let place = |who| place(XRAY, SEED, who);
        let after = list.iter().map(|who| place(*who)).max().expect("there are two");
        let sybil = (1_000..).find(|who| place(*who) > after).map(equip).expect("there is one");
        assert_ok!(Inference::register_worker(signed(sybil), models(&[VGG])));
        assert_ok!(Inference::report_failure(signed(list[0]), id, FailureCode::Unavailable));
        assert_ok!(draw(id));
        assert!(!members(id).contains(&sybil));
    });
}

#[test]
fn a_requester_asks_again_until_it_likes_the_workers() {
    ExtBuilder::default().build_and_execute(|| {
        let chosen = ranked(XRAY, SEED, WORKERS.to_vec());
        let first = drawn(2);
        assert_eq!(members(first), chosen[..2]);
        let ends: [fn(RequestId); 3] = [
            |id| {
                assert_ok!(Inference::cancel_request(signed(PATIENT), id));
            },
            // It does not seal.
            |id| {
                miss_deadline(id);
                assert_ok!(settle(id));
            },
            // All that were drawn leave.
            |id| {
                for _ in 0..FAILURE_QUORUM {
                    let (who, code) = (members(id)[0], FailureCode::Unavailable);
                    assert_ok!(Inference::report_failure(signed(who), id, code));
                    let _ = draw(id);
                }
            },
        ];
        ends[0](first);
        for end in ends {
            Dice::decide([9; 32]);
            pass(1);
            // It need not wait for a seed.
            let id = request(order(1));
            assert_eq!(committee(id).choice, Choice::Seeded { seed: SEED, last: None });
            assert_ok!(draw(id));
            assert_eq!(members(id), chosen[..1]);
            end(id);
            assert!(!is_open(id));
        }
        // Neither another quorum nor another requester changes the order.
        Policy::grant(STRANGER, Action::Infer);
        let id = NextRequestId::<Test>::get();
        assert_ok!(Inference::request_inference(signed(STRANGER), XRAY, order(3)));
        assert_ok!(draw(id));
        assert_eq!(members(id), chosen[..3]);
    });
}

#[test]
fn a_requester_withdraws_when_it_sees_the_seed_and_asks_again() {
    // It may see the seed before this chain does, and before anybody draws.
    for seen in [0, 1, 2] {
        ExtBuilder::default().build_and_execute(|| {
            let first = request(order(2));
            let number = Dice::number();
            for seed in [8, 9].into_iter().take(seen) {
                pass(1);
                Dice::roll([seed; 32]);
            }
            assert_ok!(Inference::cancel_request(signed(PATIENT), first));
            pass(1);
            let again = request(order(2));
            assert_eq!(committee(again).choice, Choice::After { number });
            for seed in [8, 9, 10, 11].into_iter().skip(seen) {
                pass(1);
                Dice::roll([seed; 32]);
            }
            assert_ok!(draw(again));
            assert_eq!(members(again), ranked(XRAY, [9; 32], WORKERS.to_vec())[..2]);
        });
    }
}

#[test]
fn somebody_registers_accounts_for_the_next_request_on_a_record() {
    ExtBuilder::default().build_and_execute(|| {
        make_room();
        let first = drawn(2);
        let honest = members(first);
        let sybil = grind(XRAY, SEED, 1)[0];
        assert_ok!(Inference::register_worker(signed(sybil), models(&[VGG])));
        assert_ok!(Inference::cancel_request(signed(PATIENT), first));
        pass(100);
        assert_eq!(members(drawn(2)), honest);
    });
}

#[test]
fn a_requester_asks_about_another_record_of_the_same_film() {
    ExtBuilder::default().build_and_execute(|| {
        // Encrypted again, it is a throw of its own. They stay in the patient's history.
        assert_ok!(Inference::cancel_request(signed(PATIENT), drawn(1)));
        let id = NextRequestId::<Test>::get();
        assert_ok!(add_film(12, Some(order(1))));
        assert_noop!(draw(id), Error::<Test>::SeedNotReady);
        Dice::decide([9; 32]);
        assert_ok!(draw(id));
        let record = entry(id).record;
        assert_eq!(members(id), ranked(record, [9; 32], WORKERS.to_vec())[..1]);
    });
}

#[test]
fn a_worker_takes_its_bond_before_it_can_be_slashed() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        let who = members(id)[0];
        let other = members(id)[1];
        assert_ok!(commit(who, id, &covid()));
        assert_ok!(Inference::deregister_worker(signed(who)));
        let withdraw = || Inference::withdraw_bond(signed(who));
        assert_noop!(withdraw(), Error::<Test>::BondInUse);
        assert_ok!(commit(other, id, &covid()));
        assert_ok!(reveal(other, id, &covid()));
        // Not even after the period, as long as the request awaits it.
        let revealed_by = entry(id).deadline;
        System::set_block_number(START + 2 * UNBONDING);
        assert_noop!(withdraw(), Error::<Test>::BondInUse);
        System::set_block_number(revealed_by + 1);
        assert_ok!(settle(id));
        assert_eq!(held(who), (0, BOND - NOT_REVEALED));
        assert_noop!(withdraw(), Error::<Test>::BondInUse);
        pass(UNBONDING + 1);
        assert_ok!(withdraw());
        assert_eq!(free_balance(who), FUNDS - NOT_REVEALED);
    });
}

#[test]
fn a_worker_that_leaves_after_it_committed_is_paid() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(2);
        for who in members(id) {
            assert_ok!(commit(who, id, &covid()));
            assert_ok!(Inference::deregister_worker(signed(who)));
        }
        for who in members(id) {
            assert_ok!(reveal(who, id, &covid()));
        }
        assert_eq!(status(id), RequestStatus::Answered);
        assert_eq!(WORKERS.into_iter().filter(|who| worker(*who).answered == 1).count(), 2);
    });
}

#[test]
fn the_requester_takes_the_fee_back_once_the_work_is_done() {
    let evasions: [fn(); 4] = [
        || {
            for who in WORKERS {
                Policy::revoke(who, Action::Infer);
            }
        },
        erase_xray,
        amend_xray,
        retire_vgg,
    ];
    // A single worker that commits first is as safe.
    for (evade, quorum) in evasions.into_iter().flat_map(|evade| [(evade, 1), (evade, 3)]) {
        ExtBuilder::default().build_and_execute(|| {
            let id = revealing(quorum);
            let list = members(id);
            evade();
            for who in &list {
                assert_ok!(reveal(*who, id, &covid()));
            }
            assert_eq!(status(id), RequestStatus::Answered);
            for who in list {
                assert_eq!(free_balance(who), FUNDS - BOND + FEE);
            }
        });
    }
}

#[test]
fn a_patient_lets_workers_be_slashed_by_revoking_consent() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        Policy::revoke(who, Action::Infer);
        assert_noop!(commit(who, id, &covid()), pallet_emr::Error::<Test>::GrantRevoked);
        // It need not wait for the deadline.
        assert_ok!(Inference::report_failure(signed(who), id, FailureCode::Unavailable));
        assert_eq!((held(who), worker(who).missed), ((0, BOND), 0));
    });
}

/// A requester and a worker of the committee read what the others show, and show nothing: the fees
/// go back. It must not be cheaper than to pay them.
#[test]
fn a_requester_and_a_member_have_the_answers_of_the_others() {
    ExtBuilder::default().build_and_execute(|| {
        let fee = |fee| Models::<Test>::mutate_extant(VGG, |model| model.fee = fee);
        let others = WORKERS.len() as u64 - 1;
        let most = NOT_REVEALED / others;
        fee(most + 1);
        let ask = Inference::request_inference(signed(PATIENT), XRAY, order(4));
        assert_eq!(ask.map_err(|failed| failed.error), Err(Error::<Test>::MaxFeeExceeded.into()));
        fee(most);
        let id = revealing(4);
        let list = members(id);
        let owns = |who| free_balance(who) + held(who).0 + held(who).1;
        let together = || owns(PATIENT) + owns(list[0]);
        let before = together();
        for who in &list[1..] {
            assert_ok!(reveal(*who, id, &covid()));
        }
        miss_deadline(id);
        assert_ok!(settle(id));
        assert_eq!(status(id), RequestStatus::Failed { cause: FailureCause::NotRevealed });
        assert!(before - together() >= others * most);
    });
}

#[test]
fn the_requester_never_seals() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(3);
        let list = members(id);
        miss_deadline(id);
        assert_ok!(settle(id));
        assert_eq!(status(id), RequestStatus::Expired);
        for who in list {
            let entry = worker(who);
            assert_eq!((entry.missed, entry.assigned, held(who)), (0, 0, (0, BOND)));
        }
    });
}

#[test]
fn the_requester_seals_garbage() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(1);
        let who = members(id)[0];
        let garbage = KeysOf::<Test>::truncate_from(vec![(who, sealed_to(who))]);
        assert_ok!(Inference::seal_to_workers(signed(PATIENT), id, garbage));
        assert_ok!(Inference::report_failure(signed(who), id, FailureCode::CannotDecrypt));
        assert_eq!((held(who), worker(who).declined), ((0, BOND), 1));
    });
}

#[test]
fn a_worker_gives_its_key_back_instead_of_answering() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting(1);
        let who = members(id)[0];
        assert_ok!(Emr::remove_envelope(signed(who), XRAY, who));
        miss_deadline(id);
        assert_ok!(settle(id));
        // As if it had reported a failure: it costs nothing, pays nothing, and another comes.
        assert_eq!((held(who), free_balance(who)), ((0, BOND), FUNDS - BOND));
        assert_ok!(draw(id));
        assert!(!members(id).contains(&who));
    });
}

#[test]
fn a_worker_that_was_absent_is_drawn_again() {
    ExtBuilder::default().build_and_execute(|| {
        let absent = make_suspended();
        pass(1);
        assert_noop!(
            Inference::request_inference(signed(PATIENT), XRAY, named(absent)),
            Error::<Test>::WorkerNotActive
        );
        let id = drawn(3);
        assert!(!members(id).contains(&absent));
        // Not even into the rest of an old request, once its bond is complete.
        assert_ok!(Inference::top_up_bond(signed(absent)));
        let code = FailureCode::Unavailable;
        assert_ok!(Inference::report_failure(signed(members(id)[0]), id, code));
        let cause = FailureCause::Reported(code);
        assert_eq!(status(id), RequestStatus::Failed { cause });
    });
}

#[test]
fn a_worker_commits_to_see_the_answers_of_others_and_shows_none() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(3);
        let list = members(id);
        for who in &list[1..] {
            assert_ok!(reveal(*who, id, &covid()));
        }
        miss_deadline(id);
        assert_ok!(settle(id));
        for who in &list[1..] {
            assert_eq!(free_balance(*who), FUNDS - BOND + FEE);
        }
        assert_eq!(held(list[0]), (0, BOND - NOT_REVEALED));
        // It is not paid for it with another request.
        assert_eq!(worker(list[0]).status, WorkerStatus::Suspended);
    });
}

#[test]
fn a_worker_that_never_saw_the_film_takes_the_place_of_one_that_did_not_reveal() {
    ExtBuilder::default().build_and_execute(|| {
        let id = revealing(2);
        let list = members(id);
        assert_ok!(reveal(list[0], id, &covid()));
        // Nobody is drawn any more once an answer was shown.
        let code = FailureCode::Unavailable;
        assert_noop!(
            Inference::report_failure(signed(list[1]), id, code),
            Error::<Test>::WrongStatus
        );
        assert_noop!(draw(id), Error::<Test>::WrongStatus);
        miss_deadline(id);
        assert_ok!(settle(id));
        assert!(!is_open(id));
    });
}

#[test]
fn somebody_floods_the_chain_with_open_requests() {
    ExtBuilder::default().build_and_execute(|| {
        for who in [STRANGER, LAB, NEWCOMER] {
            Policy::grant(who, Action::Infer);
        }
        let id = request(order(1));
        for who in [PATIENT, STRANGER, LAB, NEWCOMER] {
            assert_noop!(
                Inference::request_inference(signed(who), XRAY, order(2)),
                Error::<Test>::RequestAlreadyExists
            );
        }
        assert_ok!(Inference::cancel_request(signed(PATIENT), id));
        // Closed requests leave nothing but themselves.
        for _ in 0..20 {
            let id = drawn(4);
            assert_ok!(Inference::cancel_request(signed(PATIENT), id));
        }
        assert_eq!(Committees::<Test>::iter().count(), 0);
        assert_eq!(Assignments::<Test>::iter().count(), 0);
        // They wait for their removal.
        assert_eq!(Due::<Test>::iter().count(), 21);
        // But the one draw of them all.
        assert_eq!(Seeds::<Test>::iter().count() + AwaitedSeed::<Test>::get().len(), 0);
        assert_eq!(DrawnBy::<Test>::iter().count(), 1);
    });
}

#[test]
fn a_stranger_seals_or_the_patient_seals_to_a_friend() {
    ExtBuilder::default().build_and_execute(|| {
        let id = drawn(1);
        let list = members(id);
        assert_noop!(
            Inference::seal_to_workers(signed(STRANGER), id, keys(&list)),
            Error::<Test>::MayNotSeal
        );
        let friend = WORKERS.into_iter().find(|who| *who != list[0]).expect("there are four");
        assert_noop!(
            Inference::seal_to_workers(signed(PATIENT), id, keys(&[friend])),
            Error::<Test>::NotChosen
        );
        // The friend does not become a member by having the key.
        assert_ok!(Emr::share_record(signed(PATIENT), XRAY, friend, sealed_to(friend)));
        assert_ok!(seal(id));
        assert_noop!(commit(friend, id, &covid()), Error::<Test>::NotChosen);
    });
}

#[test]
fn somebody_else_discloses_a_verdict_or_shows_a_false_root() {
    ExtBuilder::default().build_and_execute(|| {
        let id = answered(1);
        let worker = Verdicts::<Test>::get(id).expect("it was reached").workers[0];
        // The worker knows the root, because it has the key.
        for who in [worker, STRANGER, OTHER_PATIENT] {
            assert_noop!(
                Inference::disclose_verdict(signed(who), id, root()),
                Error::<Test>::NotPatient
            );
        }
        // The patient cannot show a verdict that the workers did not reach.
        let forged = medchain_verdicts::verdict_root(&[1; 32]);
        assert_noop!(
            Inference::disclose_verdict(signed(PATIENT), id, forged),
            Error::<Test>::VerdictRootMismatch
        );
    });
}

#[test]
fn a_worker_seals_garbage() {
    ExtBuilder::default().build_and_execute(|| {
        let id = awaiting_named();
        let garbage = SealedAnswer::truncate_from(vec![0; 30]);
        assert_ok!(Inference::submit_answer(signed(WORKER), id, garbage));
        assert_noop!(
            Inference::disclose_verdict(signed(PATIENT), id, root()),
            Error::<Test>::VerdictUnreadable
        );
        // The patient can ask more workers.
        let id = answered(2);
        assert_ok!(Inference::disclose_verdict(signed(PATIENT), id, root()));
    });
}

#[test]
fn somebody_draws_early_so_that_fewer_candidates_are_asked() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request(order(3));
        pass(1);
        Dice::decide(SEED);
        // Small draws only split the work: nobody is skipped, and the request stays open.
        for _ in 0..2 {
            assert_ok!(Inference::draw_workers(signed(STRANGER), id, 1));
        }
        assert_eq!(status(id), RequestStatus::Drawing);
        assert_ok!(draw(id));
        assert_eq!(members(id), ranked(XRAY, SEED, WORKERS.to_vec())[..3]);
    });
}
