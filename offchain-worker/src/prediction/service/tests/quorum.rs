//! Requests of several workers: commitment, then reveal.

use super::*;

/// Waits until worker 1 has committed, and kills it.
async fn commit_and_die(world: &Arc<World>, id: RequestId) {
    let service = start(world);
    until("it has committed", || world.has_committed(1, id)).await;
    service.kill().await;
}

/// The other worker commits, and worker 1 starts again and shows its answer.
async fn finish(world: &Arc<World>, id: RequestId) {
    world.commit_as(2, id);
    let service = start(world);
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    world.reveal_as(2, id);
    until("it is answered", || world.status(id) == RequestStatus::Answered).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_commit_then_show_the_same_bytes() {
    let world = World::start();
    let id = world.ask(b"x", &[1, 2]);
    let services = [1, 2].map(|number| start_with(&world.worker(number), settings()));
    until("it is answered", || world.all_closed()).await;
    assert_eq!(world.status(id), RequestStatus::Answered);
    assert_eq!(shown_by(&world, 1, id), shown_by(&world, 2, id));
    assert_eq!(shown_by(&world, 1, id), sealed(id));
    let answers = world.answers_to(id);
    let [Answer::Commitment(one), Answer::Commitment(other), Answer::Reveal { salt: a, .. }, Answer::Reveal { salt: b, .. }] =
        &answers[..]
    else {
        panic!("{answers:?}");
    };
    assert!(one != other && a != b, "nobody can repeat the commitment of another");
    for service in services {
        let metrics = service.monitor.metrics.clone();
        until("the verdict is seen", || metrics.closed.with_label_values(&["verdict"]).get() == 1)
            .await;
        for kind in ["commitment", "reveal"] {
            // The block may be seen before its outcome.
            until(kind, || metrics.answered.with_label_values(&[kind]).get() == 1).await;
        }
        service.kill().await;
    }
    assert_eq!(world.state().predictions_run, 2);
    assert_eq!(world.state().failed, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_shown_before_all_have_committed() {
    let world = World::start();
    let id = world.ask(b"x", &[1, 2]);
    let service = start(&world);
    until("it has committed", || world.has_committed(1, id)).await;
    let jobs = &service.monitor.metrics.jobs;
    until("it waits", || jobs.with_label_values(&["idle"]).get() == 1).await;
    sleep(BLOCK * 20).await;
    assert!(world.has_committed(1, id));
    assert_eq!(world.state().answers.len(), 1);
    assert_eq!(world.state().failed, 0, "it does not even try");
    world.commit_as(2, id);
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_shown_before_a_final_block_asks_for_it() {
    let world = World::start();
    world.state().unfinal = 15;
    let id = world.ask(b"x", &[1, 2]);
    let service = start(&world);
    until("it has committed", || world.has_committed(1, id)).await;
    world.commit_as(2, id);
    let begun = world.state().block();
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    assert!(world.state().block() > begun + 15, "a fork could have taken the commitment back");
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_the_commitment_it_shows_the_same_answer() {
    let world = World::start();
    let id = world.ask(b"x", &[1, 2]);
    commit_and_die(&world, id).await;
    finish(&world, id).await;
    assert_eq!(shown_by(&world, 1, id), sealed(id));
    assert_eq!(world.state().predictions_run, 1, "it remembers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_what_it_remembered_it_computes_the_same_answer_again() {
    let world = World::start();
    let id = world.ask(b"x", &[1, 2]);
    commit_and_die(&world, id).await;
    world.state().disks.clear();
    finish(&world, id).await;
    assert_eq!(shown_by(&world, 1, id), sealed(id));
    assert_eq!(world.state().predictions_run, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_remembers_wrongly_is_computed_again() {
    let world = World::start();
    let id = world.ask(b"x", &[1, 2]);
    commit_and_die(&world, id).await;
    let wrong = SealedAnswer::truncate_from(vec![0; 30]);
    world.state().disks.get_mut(&account(1)).unwrap().insert(id, wrong);
    finish(&world, id).await;
    assert_eq!(world.state().failed, 0, "a wrong reveal costs a fee");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_does_not_keep_it_from_answering() {
    let world = World::start();
    world.state().no_disk = true;
    let id = world.ask(b"x", &[1, 2]);
    commit_and_die(&world, id).await;
    finish(&world, id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoked_after_the_commitment_it_still_shows_its_answer() {
    let world = World::start();
    let id = world.ask(b"x", &[1, 2]);
    commit_and_die(&world, id).await;
    world.commit_as(2, id);
    {
        let mut state = world.state();
        state.no_consent = true;
        state.no_envelope.insert(id);
        state.content.clear();
    }
    let service = start(&world);
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    assert_eq!(world.state().predictions_run, 1);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_stage_it_commits_and_shows_once() {
    for stage in [
        Stage::Predicted,
        Stage::Remembered,
        Stage::NonceRead,
        Stage::Signed,
        Stage::InPool,
        Stage::InBlock,
    ] {
        let world = World::start();
        world.state().stop_at = Some(stage);
        let id = world.ask(b"x", &[1, 2]);
        let service = start(&world);
        until(&format!("{stage:?} is reached"), || world.state().reached).await;
        sleep(BLOCK * 3).await;
        service.kill().await;
        world.state().stop_at = None;
        let service = start(&world);
        until("it has committed", || world.has_committed(1, id)).await;
        service.kill().await;
        finish(&world, id).await;
        let ours = world.state().answers.iter().filter(|(who, ..)| *who == account(1)).count();
        assert_eq!(ours, 2, "{stage:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commitment_that_a_fork_drops_is_made_again() {
    let world = World::start();
    world.state().unfinal = 15;
    let id = world.ask(b"x", &[1, 2]);
    let service = start(&world);
    until("it has committed", || world.has_committed(1, id)).await;
    world.fork(|block| {
        if let Some(asked) = block.requests.get_mut(&id) {
            asked.members.insert(account(1), Progress::Chosen);
        }
        block.nonces.insert(account(1), 0);
    });
    until("it has committed again", || world.has_committed(1, id)).await;
    world.commit_as(2, id);
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    assert_eq!(world.state().predictions_run, 1);
    let answers = world.answers_to(id);
    assert_eq!(answers[0], answers[1]);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_forgotten_once_its_request_is_closed() {
    let world = World::start();
    let id = world.ask(b"x", &[1, 2]);
    let service = start(&world);
    let remembers = || world.state().disks.get(&account(1)).is_some_and(|disk| !disk.is_empty());
    until("it has committed", || world.has_committed(1, id)).await;
    sleep(settings().timing.check_interval * 3).await;
    assert!(remembers());
    world.commit_as(2, id);
    until("it has shown its answer", || world.has_revealed(1, id)).await;
    sleep(settings().timing.check_interval * 3).await;
    assert!(remembers(), "the request is open");
    world.reveal_as(2, id);
    until("it has forgotten", || !remembers()).await;
    service.kill().await;
}
