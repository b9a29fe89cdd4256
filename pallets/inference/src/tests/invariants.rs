//! Random calls in random order: the invariants hold, a failing call changes nothing, no funds
//! appear, none disappear but what is burned, and every request comes to an end.

use super::*;
use codec::Encode;
use frame_support::{
    dispatch::DispatchResult,
    traits::{fungible::Inspect, Hooks},
    weights::Weight,
};
use medchain_primitives::{
    log_topic, ContentDigest, EncryptionKey, FailureCode, InferenceOrder, LogHead, ModelId,
    RecordId, SealedAnswer,
};
use proptest::prelude::*;
use sp_runtime::StateVersion;

/// What a worker answers.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Honest,
    False,
    Short,
}

#[derive(Clone, Debug)]
enum Step {
    Request(u64, RecordId, InferenceOrder<u64>),
    Cancel(u64, RequestId),
    Draw(RequestId, u8),
    Roll(u8),
    Seal(u64, RequestId, usize),
    Commit(usize, RequestId, Answer),
    Reveal(usize, RequestId, Answer),
    Submit(usize, RequestId, Answer),
    Fail(usize, RequestId),
    Pay(usize, RequestId, u64),
    Settle(RequestId),
    Disclose(u64, RequestId),
    /// One of the two players makes the first move of a dispute.
    Move(bool, RequestId, u8),
    Challenge(u64, RequestId, Answer),
    Annul(u64, RequestId),
    /// What comes next, done by whoever is to do it.
    Forward(RequestId),
    Register(u64, Vec<ModelId>),
    SetModels(u64, Vec<ModelId>),
    Deregister(u64),
    Withdraw(u64),
    TopUp(u64),
    SetStatus(ModelId, ModelStatus),
    Consent(u64, bool),
    Key(u64, bool),
    TakeKey(RecordId, u64),
    Add(Option<InferenceOrder<u64>>),
    Amend(RecordId),
    Erase(RecordId),
    Wait(u64, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || proptest::sample::select(ACCOUNTS.to_vec());
    let some_worker = || prop_oneof![6 => WORKER..=NEWCOMER, 1 => who()];
    let payer = || prop_oneof![4 => Just(PATIENT), 1 => who()];
    let model = || prop_oneof![8 => Just(VGG), 2 => Just(FREE), 1 => Just(NO_MODEL)];
    let list = || proptest::collection::vec(model(), 0..3);
    let record = || prop_oneof![3 => Just(0u64), 2 => 2..5u64, 1 => Just(1)].prop_map(RecordId);
    // The newest, or one before it.
    let request = || prop_oneof![4 => Just(0u64), 2 => Just(1), 1 => 2..6u64].prop_map(RequestId);
    let seat = || 0usize..4;
    let name = proptest::option::weighted(0.3, some_worker());
    let order = (model(), 1u8..=4, name).prop_map(|(model, quorum, worker)| {
        let quorum = if worker.is_some() && quorum < 4 { 1 } else { quorum };
        InferenceOrder { model, quorum, worker }
    });
    let order = || order.clone();
    let answer = || prop_oneof![6 => Just(Answer::Honest), 2 => Just(Answer::False), 1 => Just(Answer::Short)];
    let state = prop_oneof![3 => Just(ModelStatus::Active), 1 => Just(ModelStatus::Retired)];
    let requests = prop_oneof![
        10 => (payer(), record(), order()).prop_map(|(w, r, o)| Step::Request(w, r, o)),
        1 => (payer(), request()).prop_map(|(w, r)| Step::Cancel(w, r)),
        3 => (request(), 0u8..6).prop_map(|(r, asks)| Step::Draw(r, asks)),
        3 => any::<u8>().prop_map(Step::Roll),
        3 => (payer(), request(), seat()).prop_map(|(w, r, n)| Step::Seal(w, r, n)),
        2 => request().prop_map(Step::Settle),
        1 => (payer(), request()).prop_map(|(w, r)| Step::Disclose(w, r)),
        50 => request().prop_map(Step::Forward),
        // Often with too little room at the end of the block to move every request on.
        1 => (0..=COMMIT + 2, 0..=60u64).prop_map(|(b, room)| Step::Wait(b, room)),
        6 => (1..=3u64, 0..=4u64).prop_map(|(b, room)| Step::Wait(b, room)),
    ];
    let answers = prop_oneof![
        5 => (seat(), request(), answer()).prop_map(|(w, r, a)| Step::Commit(w, r, a)),
        5 => (seat(), request(), answer()).prop_map(|(w, r, a)| Step::Reveal(w, r, a)),
        3 => (seat(), request(), answer()).prop_map(|(w, r, a)| Step::Submit(w, r, a)),
        3 => (any::<bool>(), request(), 0u8..3).prop_map(|(f, r, b)| Step::Move(f, r, b)),
        3 => (some_worker(), request(), answer()).prop_map(|(w, r, a)| Step::Challenge(w, r, a)),
        1 => (payer(), request()).prop_map(|(w, r)| Step::Annul(w, r)),
        2 => (seat(), request()).prop_map(|(w, r)| Step::Fail(w, r)),
        6 => (seat(), request(), 0..2 * FEE).prop_map(|(w, r, a)| Step::Pay(w, r, a)),
    ];
    let people = prop_oneof![
        3 => (some_worker(), list()).prop_map(|(w, l)| Step::Register(w, l)),
        2 => (some_worker(), list()).prop_map(|(w, l)| Step::SetModels(w, l)),
        1 => some_worker().prop_map(Step::Deregister),
        1 => some_worker().prop_map(Step::Withdraw),
        4 => some_worker().prop_map(Step::TopUp),
        1 => (model(), state).prop_map(|(m, s)| Step::SetStatus(m, s)),
        3 => (who(), proptest::bool::weighted(0.8)).prop_map(|(w, yes)| Step::Consent(w, yes)),
        2 => (some_worker(), proptest::bool::weighted(0.8)).prop_map(|(w, yes)| Step::Key(w, yes)),
        1 => (record(), some_worker()).prop_map(|(r, w)| Step::TakeKey(r, w)),
        3 => proptest::option::of(order()).prop_map(Step::Add),
        1 => record().prop_map(Step::Amend),
        1 => record().prop_map(Step::Erase),
    ];
    prop_oneof![6 => requests, 2 => answers, 2 => people]
}

/// The member in this place, or somebody else.
fn seat(place: usize, id: RequestId) -> u64 {
    let committee = Committees::<Test>::get(id);
    let member = committee.as_ref().and_then(|found| found.members.get(place));
    member.map_or(STRANGER, |member| member.worker)
}

/// The answer of [`VGG`] or [`FREE`] to a request.
fn answer(id: RequestId, answer: Answer) -> SealedAnswer {
    let model = Requests::<Test>::get(id).map_or(VGG, |request| request.model);
    let output = match (model == FREE, answer) {
        (true, Answer::Honest) => output(1, &[100_000, 900_000]),
        (true, _) => output(0, &[900_000, 100_000]),
        (false, Answer::Honest) => covid(),
        (false, _) => normal(),
    };
    let mut bytes = sealed(id, &output).into_inner();
    if matches!(answer, Answer::Short) {
        bytes.pop();
    }
    SealedAnswer::truncate_from(bytes)
}

fn commit_to(who: u64, id: RequestId, sealed: &SealedAnswer) -> DispatchResult {
    let worker = codec::Encode::encode(&who);
    let commitment = medchain_verdicts::answer_commitment(id, &worker, sealed, &salt(who, id));
    done(Inference::commit_answer(signed(who), id, commitment))
}

fn show(who: u64, id: RequestId, sealed: SealedAnswer) -> DispatchResult {
    Inference::reveal_answer(signed(who), id, sealed, salt(who, id))
}

fn done(result: DispatchResultWithPostInfo) -> DispatchResult {
    result.map(|_| ()).map_err(|failed| failed.error)
}

/// Seals to the first `count` members that have no envelope for their key.
fn seal_some(who: u64, id: RequestId, count: usize) -> DispatchResult {
    let record = Requests::<Test>::get(id).map_or(XRAY, |request| request.record);
    let committee = Committees::<Test>::get(id);
    let missing = committee.into_iter().flat_map(|found| found.members).map(|m| m.worker);
    let missing = missing.filter(|who| !Emr::has_current_envelope(record, who));
    let list: Vec<_> = missing.take(count).collect();
    Inference::seal_to_workers(signed(who), id, keys(&list))
}

fn forward(id: RequestId) -> DispatchResult {
    let Some(request) = Requests::<Test>::get(id) else { return Ok(()) };
    let mut next = Committees::<Test>::get(id).into_iter().flat_map(|found| found.members);
    match request.status {
        RequestStatus::Drawing => {
            Dice::decide([id.0 as u8; 32]);
            done(draw(id))
        }
        RequestStatus::Sealing => seal_some(PATIENT, id, 7),
        RequestStatus::Committing => {
            let who = next.rfind(|member| member.step == crate::Step::Chosen);
            who.map_or(Ok(()), |who| commit_to(who.worker, id, &answer(id, Answer::Honest)))
        }
        RequestStatus::Revealing => {
            let who = next.rfind(|member| matches!(member.step, crate::Step::Committed(_)));
            who.map_or(Ok(()), |who| show(who.worker, id, answer(id, Answer::Honest)))
        }
        RequestStatus::Disputed => {
            let dispute = pallet_disputes::Disputes::<Test>::get(id);
            let who = dispute.map_or(STRANGER, |found| found.players[0]);
            let roots = vec![[9; 32]; 5].try_into().expect("few layers");
            Disputes::show_roots(signed(who), id, roots)
        }
        RequestStatus::Answered => Inference::disclose_verdict(signed(PATIENT), id, root()),
        _ => Ok(()),
    }
}

/// Lets a step that counts requests from the newest one back name it.
fn recent(mut step: Step) -> Step {
    if let Step::Cancel(_, id)
    | Step::Draw(id, _)
    | Step::Seal(_, id, _)
    | Step::Commit(_, id, _)
    | Step::Reveal(_, id, _)
    | Step::Submit(_, id, _)
    | Step::Fail(_, id)
    | Step::Pay(_, id, _)
    | Step::Settle(id)
    | Step::Disclose(_, id)
    | Step::Move(_, id, _)
    | Step::Challenge(_, id, _)
    | Step::Annul(_, id)
    | Step::Forward(id) = &mut step
    {
        id.0 = NextRequestId::<Test>::get().0.saturating_sub(1).saturating_sub(id.0);
    }
    step
}

fn play(step: Step) -> DispatchResult {
    let byte = 30 + pallet_emr::NextRecordId::<Test>::get().0 as u8;
    match step {
        Step::Request(who, record, order) => {
            done(Inference::request_inference(signed(who), record, order))
        }
        Step::Cancel(who, id) => Inference::cancel_request(signed(who), id),
        Step::Draw(id, asks) => done(Inference::draw_workers(signed(STRANGER), id, asks)),
        Step::Roll(seed) => {
            Dice::roll([seed; 32]);
            Ok(())
        }
        Step::Seal(who, id, count) => seal_some(who, id, count),
        Step::Commit(place, id, what) => commit_to(seat(place, id), id, &answer(id, what)),
        Step::Reveal(place, id, what) => show(seat(place, id), id, answer(id, what)),
        Step::Submit(place, id, what) => {
            done(Inference::submit_answer(signed(seat(place, id)), id, answer(id, what)))
        }
        Step::Fail(place, id) => {
            let who = signed(seat(place, id));
            done(Inference::report_failure(who, id, FailureCode::Unavailable))
        }
        Step::Pay(place, id, amount) => {
            // A custodian delivers to whoever waits for the key, and to nobody else.
            let who = seat(place, id);
            if Inference::key_place(&who, id).is_some() {
                Inference::note_key_cost(&who, id, amount);
            }
            Ok(())
        }
        Step::Settle(id) => settle(id),
        Step::Disclose(who, id) => Inference::disclose_verdict(signed(who), id, root()),
        Step::Move(first, id, byte) => {
            let dispute = pallet_disputes::Disputes::<Test>::get(id);
            let who = dispute.map_or(STRANGER, |found| found.players[usize::from(!first)]);
            let roots = vec![[byte; 32]; 5].try_into().expect("few layers");
            Disputes::show_roots(signed(who), id, roots)
        }
        Step::Challenge(who, id, what) => {
            done(Inference::challenge_verdict(signed(who), id, answer(id, what)))
        }
        Step::Annul(who, id) => Inference::annul_dispute(signed(who), id),
        Step::Forward(id) => forward(id),
        Step::Register(who, list) => Inference::register_worker(signed(who), models(&list)),
        Step::SetModels(who, list) => Inference::set_worker_models(signed(who), models(&list)),
        Step::Deregister(who) => Inference::deregister_worker(signed(who)),
        Step::Withdraw(who) => Inference::withdraw_bond(signed(who)),
        Step::TopUp(who) => Inference::top_up_bond(signed(who)),
        Step::SetStatus(model, status) => {
            Inference::set_model_status(RuntimeOrigin::root(), model, status)
        }
        Step::Consent(who, true) => {
            Policy::grant(who, Action::Infer);
            Ok(())
        }
        Step::Consent(who, false) => {
            Policy::revoke(who, Action::Infer);
            Ok(())
        }
        Step::Key(who, true) => Emr::set_encryption_key(signed(who), EncryptionKey([3; 32])),
        Step::Key(who, false) => Emr::remove_encryption_key(signed(who)),
        Step::TakeKey(record, reader) => Emr::remove_envelope(signed(PATIENT), record, reader),
        Step::Add(order) => done(add_film(byte, order)),
        Step::Amend(record) => {
            let (digest, film, none) =
                (ContentDigest([byte; 32]), Some(film()), Default::default());
            let who = signed(PATIENT);
            done(Emr::amend_record(who, record, cid(byte), digest, film, none, None))
        }
        Step::Erase(record) => done(Emr::erase_record(signed(PATIENT), record)),
        Step::Wait(blocks, room) => {
            pass(blocks);
            let step = <() as WeightInfo>::process_due();
            // One read more, for the next due block.
            let read = <Test as frame_system::Config>::DbWeight::get().reads(1);
            let room = step.saturating_mul(room).saturating_add(read);
            Inference::on_idle(System::block_number(), room);
            Ok(())
        }
    }
}

/// What was burned since the events were last cleared, and what the events of the pallet say.
fn burned() -> u64 {
    let of = |event: &RuntimeEvent| match event {
        RuntimeEvent::Balances(pallet_balances::Event::BurnedHeld { amount, .. }) => *amount,
        _ => 0,
    };
    System::events().iter().map(|record| of(&record.event)).sum()
}

/// The most that may be burned according to the events of the pallet.
fn penalties() -> u64 {
    let of = |event: &RuntimeEvent| match event {
        RuntimeEvent::Inference(Event::WorkerSlashed { amount, .. }) => *amount,
        _ => 0,
    };
    System::events().iter().map(|record| of(&record.event)).sum()
}

/// Whatever was issued belongs to somebody.
fn check_funds(issued: u64) {
    assert_eq!(Balances::total_issuance(), issued);
    let all: u64 = ACCOUNTS.into_iter().map(|who| Balances::total_balance(&who)).sum();
    assert_eq!(all, issued);
}

/// Lets time pass until nothing is open, and every worker leave. Then nothing is held.
fn wind_up() {
    for _ in 0..COMMIT + DRAW + SEAL + 3 * ROUND {
        pass(1);
        Inference::on_idle(System::block_number(), Weight::MAX);
    }
    assert!(Requests::<Test>::iter_values().all(|request| !request.status.is_open()));
    assert_eq!(Committees::<Test>::iter().count() + Assignments::<Test>::iter().count(), 0);
    check_invariants();
    let workers: Vec<_> = Workers::<Test>::iter_keys().collect();
    for worker in &workers {
        // Some are leaving already.
        let _ = Inference::deregister_worker(signed(*worker));
    }
    System::set_block_number(System::block_number() + UNBONDING + 1);
    for worker in workers {
        Inference::withdraw_bond(signed(worker)).expect("every worker may leave");
    }
    for who in ACCOUNTS {
        assert_eq!(held(who), (0, 0));
    }
    assert!(Candidates::<Test>::iter_values().all(|list| list.is_empty()));
}

/// Holds that the random test below can reach verdicts, disputes, and penalties.
#[test]
fn a_sequence_of_steps_reaches_every_end() {
    let ask = |quorum| Step::Request(PATIENT, XRAY, order(quorum));
    let forward = || Step::Forward(REQUEST);
    let run = |steps: Vec<Step>| {
        ExtBuilder::default().build_and_execute(|| {
            for step in steps {
                play(step.clone()).unwrap_or_else(|error| panic!("{step:?}: {error:?}"));
            }
        });
    };
    let state = |steps: Vec<Step>, check: fn(RequestStatus) -> bool| {
        ExtBuilder::default().build_and_execute(|| {
            for step in steps {
                play(step.clone()).unwrap_or_else(|error| panic!("{step:?}: {error:?}"));
            }
            assert!(check(status(REQUEST)), "{:?}", status(REQUEST));
        });
    };
    run([vec![ask(2)], vec![forward(); 7]].concat());
    state([vec![ask(2)], vec![forward(); 6]].concat(), |s| s == RequestStatus::Answered);
    let lie = [Step::Commit(0, REQUEST, Answer::False), forward()];
    let show = [Step::Reveal(0, REQUEST, Answer::False), forward()];
    let steps = [&[ask(2), forward(), forward()][..], &lie, &show].concat();
    state(steps.clone(), |s| s == RequestStatus::Disputed);
    let wait = Step::Wait(ROUND + 1, 60);
    state([steps.clone(), vec![wait.clone()]].concat(), |s| {
        matches!(s, RequestStatus::Failed { .. })
    });
    state([steps, vec![forward(), wait]].concat(), |s| s == RequestStatus::Answered);
    let wait = Step::Wait(REVEAL + 1, 60);
    let steps = [vec![ask(2)], vec![forward(); 5], vec![wait]].concat();
    state(steps, |s| matches!(s, RequestStatus::Failed { .. }));
    state(vec![ask(2), Step::Wait(DRAW + 1, 60)], |s| s == RequestStatus::Expired);
}

/// The end of the patient's log.
fn head() -> LogHead<u64> {
    pallet_emr::Logs::<Test>::get(PATIENT).unwrap_or_default()
}

/// The end of the patient's log after the events of this block.
fn linked(before: LogHead<u64>) -> LogHead<u64> {
    let topic = log_topic(&PATIENT);
    let events = System::events().into_iter();
    let entries = events.filter(|record| record.topics.iter().any(|one| one.0 == topic));
    let now = System::block_number();
    entries.fold(before, |head, record| head.after(now, &record.event.encode()))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn hold_after_every_step(steps in proptest::collection::vec(step(), 1..150)) {
        ExtBuilder::default().build_and_execute(|| {
            let mut issued = Balances::total_issuance();
            for step in steps {
                System::reset_events();
                let before = sp_io::storage::root(StateVersion::V1);
                let (block, begin) = (System::block_number(), head());
                if play(recent(step.clone())).is_err() {
                    let after = sp_io::storage::root(StateVersion::V1);
                    assert_eq!(before, after, "{step:?} failed and left a trace");
                }
                if System::block_number() == block {
                    assert_eq!(linked(begin), head(), "{step:?}");
                }
                check_invariants();
                assert!(burned() <= penalties(), "{step:?} burned more than the penalties");
                issued -= burned();
                check_funds(issued);
            }
            System::reset_events();
            wind_up();
            check_funds(issued - burned());
        });
    }
}
