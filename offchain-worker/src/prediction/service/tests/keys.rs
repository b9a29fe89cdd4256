//! Requests whose uploader is gone: drawn by a worker, and opened with what custodians deliver.

use super::*;

/// Both custodians that are needed deliver to a worker.
fn serve(world: &World, number: u8, id: RequestId) {
    for _ in 0..2 {
        world.deliver_share(number, id);
    }
}

fn kinds(world: &World, id: RequestId) -> Vec<&'static str> {
    world.answers_to(id).iter().map(crate::prediction::metrics::kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn custodians_are_asked_and_the_answer_follows() {
    let world = World::start();
    let id = world.ask_unsealed(b"x", &[1]);
    let begun = world.state().block();
    let service = start(&world);
    until("it has asked", || world.asked_custodians(1, id).is_some()).await;
    assert!(world.state().block() >= begun + settings().rules.uploader_grace);
    let retries = &service.monitor.metrics.retries;
    until("it waits", || retries.with_label_values(&["shares"]).get() >= 2).await;
    world.deliver_share(1, id);
    sleep(BLOCK * 10).await;
    assert_eq!(world.status(id), RequestStatus::Sealing, "one share is not enough");
    world.deliver_share(1, id);
    until("it is answered", || world.all_closed()).await;
    assert_eq!(kinds(&world, id), ["key-request", "key", "commitment", "reveal"]);
    assert_eq!(world.state().failed, 0);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_worker_asks_for_itself() {
    let world = World::start();
    let id = world.ask_unsealed(b"x", &[1, 2]);
    let services = [1, 2].map(|number| start_with(&world.worker(number), settings()));
    for number in [1, 2] {
        until("it has asked", || world.asked_custodians(number, id).is_some()).await;
        serve(&world, number, id);
    }
    until("it is answered", || world.all_closed()).await;
    assert_eq!(world.status(id), RequestStatus::Answered);
    assert_eq!(shown_by(&world, 1, id), sealed(id));
    assert_ne!(world.asked_custodians(1, id), world.asked_custodians(2, id));
    for service in services {
        service.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_uploader_seals_in_time_nobody_is_asked() {
    let world = World::start();
    let patient =
        Settings { rules: Rules { uploader_grace: 40, ..settings().rules }, ..settings() };
    let id = world.ask_unsealed(b"x", &[1]);
    let service = start_with(&world.worker(1), patient);
    sleep(BLOCK * 5).await;
    world.seal_as_uploader(id);
    until("it is answered", || world.all_closed()).await;
    sleep(BLOCK * 50).await;
    assert_eq!(kinds(&world, id), ["commitment", "reveal"]);
    assert_eq!(world.asked_custodians(1, id), None);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_custodians_it_waits_for_the_uploader() {
    let world = World::start();
    let id = world.ask_unsealed(b"x", &[1]);
    world.state().asked(id).custody = None;
    let service = start(&world);
    sleep(BLOCK * 30).await;
    assert_eq!(kinds(&world, id), [""; 0]);
    world.seal_as_uploader(id);
    until("it is answered", || world.all_closed()).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_consent_nobody_is_asked() {
    let world = World::start();
    let id = world.ask_unsealed(b"x", &[1]);
    world.state().no_consent = true;
    let service = start(&world);
    let jobs = &service.monitor.metrics.jobs;
    until("it is parked", || jobs.with_label_values(&["parked"]).get() == 1).await;
    assert_eq!(world.asked_custodians(1, id), None);
    world.state().no_consent = false;
    until("it has asked", || world.asked_custodians(1, id).is_some()).await;
    service.kill().await;
}

/// Killed at `stage`, while it asks or while it collects; the next process goes on with the same
/// reply key.
async fn check(stage: Stage, is_asked: bool) {
    let world = World::start();
    let id = world.ask_unsealed(b"x", &[1]);
    if is_asked {
        let service = start(&world);
        until("it has asked", || world.asked_custodians(1, id).is_some()).await;
        service.kill().await;
    }
    world.state().stop_at = Some(stage);
    let first = start(&world);
    if is_asked {
        serve(&world, 1, id);
    }
    until(&format!("{stage:?} is reached"), || world.state().reached).await;
    first.kill().await;
    world.state().stop_at = None;
    let second = start(&world);
    until("it has asked", || world.asked_custodians(1, id).is_some()).await;
    serve(&world, 1, id);
    until("it is answered", || world.all_closed()).await;
    sleep(BLOCK * 5).await;
    assert_eq!(kinds(&world, id), ["key-request", "key", "commitment", "reveal"], "{stage:?}");
    second.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_stage_it_asks_once_and_answers() {
    let stages = [
        Stage::ListRead,
        Stage::ConsentAsked,
        Stage::NonceRead,
        Stage::Signed,
        Stage::InPool,
        Stage::InBlock,
    ];
    for stage in stages {
        check(stage, false).await;
        check(stage, true).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_nobody_draws_is_drawn_by_a_candidate() {
    let world = World::start();
    let id = world.ask_undrawn(b"x", &[1, 2]);
    let services = [1, 2].map(|number| start_with(&world.worker(number), settings()));
    for number in [1, 2] {
        until("it has asked", || world.asked_custodians(number, id).is_some()).await;
        serve(&world, number, id);
    }
    until("it is answered", || world.all_closed()).await;
    assert_eq!(kinds(&world, id).first(), Some(&"draw"));
    let draws = kinds(&world, id).iter().filter(|kind| **kind == "draw").count();
    assert_eq!(draws, 1);
    for service in services {
        service.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_entrusted_late_is_drawn_then() {
    let world = World::start();
    let id = world.ask_undrawn(b"x", &[1]);
    world.state().asked(id).custody = None;
    let service = start(&world);
    // It has looked, and found that nobody keeps the key.
    sleep(BLOCK * 30).await;
    assert_eq!(world.status(id), RequestStatus::Drawing);
    world.state().asked(id).custody = Some(BTreeMap::new());
    until("it has asked", || world.asked_custodians(1, id).is_some()).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_was_suspended_at_first_draws_once_it_is_not() {
    let world = World::start();
    let id = world.ask_undrawn(b"x", &[1]);
    world.state().is_suspended = true;
    let service = start(&world);
    sleep(BLOCK * 30).await;
    assert_eq!(world.status(id), RequestStatus::Drawing);
    world.state().is_suspended = false;
    until("it has asked", || world.asked_custodians(1, id).is_some()).await;
    service.kill().await;
}
