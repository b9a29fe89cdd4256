//! Disputes with a worker that computed something else: the service wins them by itself.

use medchain_client::crypto;
use medchain_primitives::FailureCode;

use super::*;
use crate::prediction::{ports::StoreError, world::Lie};

/// Worker 1, of which two commit. Worker 2 lies, and the dispute begins.
async fn begin(world: &Arc<World>, lie: Lie) -> (RequestId, Running) {
    begin_with(world, lie, settings()).await
}

async fn begin_with(world: &Arc<World>, lie: Lie, settings: Settings) -> (RequestId, Running) {
    let id = world.ask_exact(b"a film", &[1, 2]);
    world.lie(2, id, lie);
    let service = start_with(&world.worker(1), settings);
    until("it has committed", || world.has_committed(1, id)).await;
    world.commit_lie(2, id);
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    world.reveal_lie(2, id);
    (id, service)
}

/// Waits until worker 1 alone has the verdict.
async fn win(world: &World, id: RequestId) {
    until("it has won", || world.status(id) != RequestStatus::Disputed).await;
    assert_eq!(world.status(id), RequestStatus::Answered);
    assert_eq!(world.verdict(id).unwrap().workers, [account(1)]);
}

/// The moves of the service that blocks accepted; the world makes those of liars.
fn moves(world: &World, id: RequestId) -> usize {
    let answers = world.answers_to(id);
    answers.iter().filter(|answer| matches!(answer, Answer::Move(_))).count()
}

/// What a worker loses when it can open the film no more.
fn lose_access(world: &World, id: RequestId) {
    let mut state = world.state();
    state.no_consent = true;
    state.no_envelope.insert(id);
    state.content.clear();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_other_lies_about_it_wins() {
    for (lie, expected) in [
        (Lie::Activation(0), 5),
        (Lie::Activation(2), 5),
        // The liar has no sums that make what it claims, and is silent.
        (Lie::Activation(5), 3),
        (Lie::Logit, 3),
        (Lie::Answer, 2),
    ] {
        let world = World::start();
        let (id, service) = begin(&world, lie).await;
        win(&world, id).await;
        assert_eq!(moves(&world, id), expected, "{lie:?}");
        assert_eq!(world.state().failed, 0, "{lie:?}: a move that is refused costs a fee");
        let metrics = service.monitor.metrics.clone();
        let counted = |how| metrics.disputes.with_label_values(&[how]).get() == 1;
        until("it has seen that it won", || counted("begun") && counted("won")).await;
        until("its verdict is seen", || service.shows("closed_total{how=\"verdict\"} 1")).await;
        until("nothing is open", || metrics.disputes_open.get() == 0).await;
        assert_eq!(metrics.moves.with_label_values(&["roots"]).get(), 1);
        assert_eq!(world.state().predictions_run, 1);
        service.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stops_in_any_round_loses_to_it() {
    // In the fifth, it opens the value alone.
    for round in 1..=4 {
        let world = World::start();
        let (id, service) = begin(&world, Lie::Silence(round)).await;
        win(&world, id).await;
        assert_eq!(moves(&world, id), round as usize, "silent from round {round}");
        assert_eq!(world.state().failed, 0, "{round}: a move that is refused costs a fee");
        let metrics = service.monitor.metrics.clone();
        until("it has seen that it won", || {
            metrics.disputes.with_label_values(&["won"]).get() == 1
        })
        .await;
        service.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_shows_while_it_is() {
    let world = World::start();
    let id = world.ask_exact(b"x", &[1, 2]);
    world.lie(2, id, Lie::Activation(1));
    world.state().stop_at = Some(Stage::Traced);
    let service = start(&world);
    let metrics = service.monitor.metrics.clone();
    until("it has committed", || world.has_committed(1, id)).await;
    world.commit_lie(2, id);
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    world.reveal_lie(2, id);
    until("the dispute shows", || metrics.disputes_open.get() == 1).await;
    world.state().stop_at = None;
    win(&world, id).await;
    until("it shows no more", || metrics.disputes_open.get() == 0).await;
    world.state().is_suspended = true;
    until("its suspension shows", || service.shows("medchain_worker_suspended 1")).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reveal_that_is_due_shows() {
    let world = World::start();
    let id = world.ask_exact(b"x", &[1, 2]);
    let service = start(&world);
    let pending = service.monitor.metrics.reveals_pending.clone();
    until("it has committed", || world.has_committed(1, id)).await;
    world.state().stop_at = Some(Stage::Signed);
    world.commit_as(2, id);
    until("the reveal is due", || pending.get() == 1).await;
    world.state().stop_at = None;
    service.kill().await;
    let service = start(&world);
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    let pending = service.monitor.metrics.reveals_pending.clone();
    // By the newest final block, which may still come.
    until("no reveal is due", || pending.get() == 0).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_it_wins_without_envelope_film_and_consent() {
    let world = World::start();
    let (id, service) = begin(&world, Lie::Activation(1)).await;
    until("it has made a move", || moves(&world, id) > 0).await;
    service.kill().await;
    assert!(world.dispute(id).is_some());
    lose_access(&world, id);
    let service = start(&world);
    win(&world, id).await;
    assert_eq!(world.state().predictions_run, 1);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_stage_of_a_move_it_wins() {
    for stage in [Stage::Traced, Stage::NonceRead, Stage::Signed, Stage::InPool, Stage::InBlock] {
        let world = World::start();
        world.state().stop_at = (stage == Stage::Traced).then_some(stage);
        let (id, service) = begin(&world, Lie::Activation(1)).await;
        world.state().stop_at = Some(stage);
        until(&format!("{stage:?} is reached"), || world.state().reached).await;
        lose_access(&world, id);
        sleep(BLOCK * 3).await;
        service.kill().await;
        world.state().stop_at = None;
        let service = start(&world);
        win(&world, id).await;
        service.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_what_it_kept_it_opens_the_film_again() {
    for damage in [false, true] {
        let world = World::start();
        let (id, service) = begin(&world, Lie::Activation(1)).await;
        service.kill().await;
        {
            let mut state = world.state();
            // The chain asks for its moves whatever the patient allows by now.
            state.no_consent = true;
            match damage {
                true => {
                    let film = state.films.get_mut(&account(1)).unwrap().get_mut(&id).unwrap();
                    film.square[100] ^= 1;
                }
                false => state.films.clear(),
            }
        }
        let service = start(&world);
        win(&world, id).await;
        service.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_cannot_open_the_film_it_reports_nothing() {
    let world = World::start();
    let (id, service) = begin(&world, Lie::Answer).await;
    service.kill().await;
    world.state().films.clear();
    world.set_content(id, Err(StoreError::Corrupt("not there".into())));
    let service = start(&world);
    let retries = &service.monitor.metrics;
    sleep(BLOCK * 10).await;
    assert_eq!(moves(&world, id), 0);
    assert_eq!(retries.answered.with_label_values(&[FailureCode::WrongHash.as_str()]).get(), 0);
    world.set_content(id, Ok(b"a film".to_vec()));
    win(&world, id).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_settles_with_one_liar_after_the_other() {
    let world = World::start();
    let id = world.ask_exact(b"x", &[1, 2, 3]);
    let service = start(&world);
    for (number, lie) in [(2, Lie::Activation(0)), (3, Lie::Answer)] {
        world.lie(number, id, lie);
        world.commit_lie(number, id);
    }
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    world.reveal_lie(2, id);
    world.reveal_lie(3, id);
    win(&world, id).await;
    let disputes = &service.monitor.metrics.disputes;
    until("it has won twice", || disputes.with_label_values(&["won"]).get() == 2).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_others_settle_it_waits() {
    let world = World::start();
    let id = world.ask_exact(b"x", &[1, 2, 9]);
    let service = start_with(&world.worker(9), settings());
    // Neither opens the value at the end: both have lost when the time is over.
    for (number, lie) in [(1, Lie::Activation(0)), (2, Lie::Answer)] {
        world.lie(number, id, lie);
        world.commit_lie(number, id);
    }
    until("it has shown its answer", || world.has_revealed(9, id)).await;
    world.reveal_lie(1, id);
    world.reveal_lie(2, id);
    let idle = || service.shows("jobs{state=\"idle\"} 1");
    until("others are to act", || world.dispute(id).is_some() && idle()).await;
    until("both have lost", || world.status(id) == RequestStatus::Answered).await;
    assert_eq!(world.verdict(id).unwrap().workers, [account(9)]);
    assert_eq!(moves(&world, id), 0, "it plays in no dispute");
    let metrics = service.monitor.metrics.clone();
    until("the verdict is seen", || service.shows("closed_total{how=\"verdict\"} 1")).await;
    assert_eq!(metrics.disputes.with_label_values(&["begun"]).get(), 0);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verdict_that_is_challenged_is_defended_with_what_was_kept() {
    let world = World::start();
    let id = world.ask_exact(b"x", &[1]);
    world.lie(2, id, Lie::Activation(1));
    let service = start(&world);
    until("it is answered", || world.status(id) == RequestStatus::Answered).await;
    service.kill().await;
    lose_access(&world, id);
    world.challenge(2, id);
    let service = start(&world);
    until("it has defended it", || world.status(id) == RequestStatus::Answered).await;
    let verdict = world.verdict(id).unwrap();
    assert_eq!(verdict.status, VerdictStatus::Standing);
    assert_eq!(verdict.workers, [account(1)]);
    assert_eq!(world.state().predictions_run, 1);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_is_kept_encrypted_and_only_while_its_verdict_can_be_challenged() {
    let world = World::start();
    let id = world.ask_exact(b"a film", &[1]);
    let service = start(&world);
    let kept = || world.kept(&account(1), id);
    until("it is answered", || world.status(id) == RequestStatus::Answered).await;
    let film = kept().unwrap();
    until("it shows", || service.shows("medchain_worker_films_kept 1")).await;
    // Rows of this square rise by one from pixel to pixel.
    let rises = |bytes: &[u8]| bytes.windows(2).all(|two| two[0].wrapping_add(1) == two[1]);
    assert!(film.square.len() > 224 * 224 && !film.square.windows(6).any(rises));
    let key = crypto::ContentKey::from_bytes([id.0 as u8; 32]);
    let square = crypto::decrypt(&key, &[7; 32], &film.square).unwrap();
    assert!(square.windows(6).any(rises));
    let until_block = world.verdict(id).unwrap().until;
    while world.state().block() < until_block {
        assert!(kept().is_some(), "at block {} of {until_block}", world.state().block());
        sleep(BLOCK).await;
    }
    until("it is forgotten", || kept().is_none()).await;
    until("it shows", || service.shows("medchain_worker_films_kept 0")).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_is_forgotten_with_its_record_and_the_answer_is_still_shown() {
    let world = World::start();
    let id = world.ask_exact(b"x", &[1, 2]);
    let service = start(&world);
    until("it has committed", || world.has_committed(1, id)).await;
    assert!(world.kept(&account(1), id).is_some());
    world.state().erased.insert(id);
    until("it is forgotten", || world.kept(&account(1), id).is_none()).await;
    assert!(!world.state().disks[&account(1)].is_empty());
    world.commit_as(2, id);
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    assert_eq!(world.state().predictions_run, 1);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_a_fork_drops_is_made_again() {
    let world = World::start();
    world.state().unfinal = 10;
    let (id, service) = begin(&world, Lie::Activation(1)).await;
    until("it has moved", || moves(&world, id) > 0).await;
    world.fork(|block| {
        if let Some(dispute) = block.disputes.get_mut(&id) {
            dispute.game.stage = medchain_disputes::Stage::Roots;
            dispute.game.said = None;
        }
        block.nonces.insert(account(1), 2);
    });
    until("the move is made again", || {
        let mut state = world.state();
        let nonce = state.now.nonces[&account(1)];
        // The next move may be on its way already: the pool drops what the fork left without
        // the call before it.
        if let Some(pool) = state.pools.get_mut(&account(1)).filter(|_| nonce == 2) {
            drop(pool.take(3));
        }
        nonce > 2
    })
    .await;
    win(&world, id).await;
    assert!(moves(&world, id) > 5, "{} moves", moves(&world, id));
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dispute_that_the_patient_ends_is_left_alone() {
    let world = World::start();
    world.state().stop_at = Some(Stage::Traced);
    let (id, service) = begin(&world, Lie::Activation(1)).await;
    until("it thinks about its move", || world.state().reached).await;
    world.annul(id);
    world.state().stop_at = None;
    until("it is closed", || service.shows("closed_total{how=\"annulled\"} 1")).await;
    until("it is told", || service.shows("disputes_total{how=\"abandoned\"} 1")).await;
    sleep(BLOCK * 5).await;
    assert_eq!((moves(&world, id), world.state().failed), (0, 0));
    until("the film is forgotten", || world.kept(&account(1), id).is_none()).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_erased_record_nothing_more_is_shown() {
    let world = World::start();
    world.state().stop_at = Some(Stage::Traced);
    let (id, service) = begin(&world, Lie::Activation(1)).await;
    until("it thinks about its move", || world.state().reached).await;
    world.state().erased.insert(id);
    world.state().stop_at = None;
    sleep(BLOCK * 20).await;
    assert_eq!((moves(&world, id), world.state().failed), (0, 0));
    service.kill().await;
}

/// Rounds have 100 blocks here.
fn patient_settings() -> Settings {
    let mut settings = settings();
    settings.rules.secret_margin = 40;
    settings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_of_a_record_is_shown_late_also_after_a_restart() {
    let world = World::start();
    let (id, service) = begin_with(&world, Lie::Answer, patient_settings()).await;
    let shows = |world: &World| {
        let dispute = world.dispute(id).expect("it goes on");
        matches!(dispute.game.stage, medchain_disputes::Stage::Answer { .. })
    };
    until("only the secret is left", || shows(&world)).await;
    let deadline = world.state().asked(id).deadline;
    sleep(BLOCK * 10).await;
    assert_eq!(moves(&world, id), 1);
    service.kill().await;
    let service = start_with(&world.worker(1), patient_settings());
    sleep(BLOCK * 10).await;
    assert_eq!(moves(&world, id), 1);
    assert!(world.state().block() + 40 < deadline, "the test was too slow to tell");
    win(&world, id).await;
    assert_eq!(moves(&world, id), 2);
    let block = world.state().block();
    assert!((deadline - 40..deadline).contains(&block), "{block}, deadline {deadline}");
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_who_ends_a_dispute_in_time_keeps_the_secret() {
    // The record's secret, or the logits.
    for lie in [Lie::Answer, Lie::Logit] {
        let world = World::start();
        let (id, service) = begin_with(&world, lie, patient_settings()).await;
        until("it has moved", || moves(&world, id) == 1).await;
        sleep(BLOCK * 20).await;
        world.annul(id);
        until("it is told", || service.shows("disputes_total{how=\"abandoned\"} 1")).await;
        sleep(BLOCK * 60).await;
        assert_eq!(moves(&world, id), 1, "{lie:?}");
        service.kill().await;
    }
}

/// Worker 2 alone gives a verdict that is a lie, and worker 1 challenges it in a block that is
/// not final for a while.
async fn challenge(world: &Arc<World>) -> RequestId {
    let id = world.ask_exact(b"a film", &[2]);
    world.lie(2, id, Lie::Activation(1));
    world.answer_lie(2, id);
    until("the verdict is final", || world.state().block() > 35).await;
    world.state().unfinal = 30;
    world.challenge_rightly(1, id);
    id
}

async fn win_challenge(world: &World, id: RequestId) {
    until("it is over", || world.status(id) == RequestStatus::Answered).await;
    assert_eq!(world.verdict(id).unwrap().status, VerdictStatus::Annulled);
    assert!(world.step(1, id).is_some() && world.step(2, id).is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_challenger_keeps_the_film_before_its_first_move() {
    let world = World::start();
    let id = challenge(&world).await;
    world.state().stop_at = Some(Stage::NonceRead);
    let service = start(&world);
    until("it has a move", || world.state().reached).await;
    assert_eq!(moves(&world, id), 0);
    assert!(world.kept(&account(1), id).is_some());
    lose_access(&world, id);
    // By the newest final block, it has nothing to do with the request.
    sleep(BLOCK * 15).await;
    assert!(world.kept(&account(1), id).is_some());
    service.kill().await;
    world.state().stop_at = None;
    let service = start(&world);
    win_challenge(&world, id).await;
    until("it is forgotten", || world.kept(&account(1), id).is_none()).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_a_full_disk_did_not_take_is_kept_once_there_is_room() {
    let world = World::start();
    let id = challenge(&world).await;
    world.state().no_disk = true;
    let service = start(&world);
    until("it moves all the same", || moves(&world, id) > 0).await;
    world.state().no_disk = false;
    until("it is kept", || world.kept(&account(1), id).is_some()).await;
    win_challenge(&world, id).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_for_the_film_it_does_not_answer() {
    for workers in [&[1][..], &[1, 2]] {
        let world = World::start();
        world.state().no_disk = true;
        let id = world.ask_exact(b"x", workers);
        let service = start(&world);
        let says = |part: &str| service.verdict().is_err_and(|reason| reason.contains(part));
        until("health says so", || says("the disk is full")).await;
        let retries = service.monitor.metrics.retries.with_label_values(&["passing"]);
        until("it tries again", || retries.get() >= 2).await;
        assert_eq!(world.answers_to(id), []);
        world.state().no_disk = false;
        until("it answers", || !world.answers_to(id).is_empty()).await;
        assert!(world.kept(&account(1), id).is_some());
        until("it is healthy", || service.verdict().is_ok()).await;
        service.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_for_the_film_it_leaves_before_the_deadline() {
    let world = World::start();
    world.state().no_disk = true;
    let id = world.ask_exact(b"x", &[1, 2]);
    let deadline = world.state().block() + 40;
    world.state().asked(id).deadline = deadline;
    let service = start(&world);
    until("it has left", || world.all_closed()).await;
    assert_eq!(world.answers_to(id), [Answer::Failure(FailureCode::Unavailable)]);
    assert!(world.state().block() >= deadline - 20);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_dispute_that_one_node_alone_tells_nothing_is_shown() {
    let world = World::start();
    let id = world.ask_exact(b"a film", &[1, 2]);
    world.lie(2, id, Lie::Activation(0));
    let service = start(&world);
    until("it has committed", || world.has_committed(1, id)).await;
    world.commit_lie(2, id);
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    world.state().is_unproven = true;
    world.reveal_lie(2, id);
    let retries = service.monitor.metrics.retries.clone();
    until("it was tried again", || retries.with_label_values(&["witness"]).get() > 1).await;
    assert_eq!(moves(&world, id), 0);
    world.state().is_unproven = false;
    win(&world, id).await;
    service.kill().await;
}
