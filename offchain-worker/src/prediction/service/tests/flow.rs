//! Ordinary requests, and many at once.

use super::*;
use crate::prediction::ports::StoreError;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_uploads_are_five_answers() {
    let world = World::start();
    world.upload(b"before the start");
    let service = start(&world);
    for n in 0..4u8 {
        world.upload(&[n]);
        sleep(BLOCK).await;
    }
    until("all are answered", || world.all_closed()).await;
    assert_eq!(world.state().answers.len(), 5);
    assert_eq!(world.state().failed, 0);
    let metrics = &service.monitor.metrics;
    until("all are final", || metrics.closed.with_label_values(&["verdict"]).get() == 5).await;
    assert_eq!(metrics.seen.get(), 5);
    assert_eq!(metrics.answered.with_label_values(&["answer"]).get(), 5);
    for name in ["balance_medc 34", "build_info{", "block_read_timestamp_seconds{view=\"final"] {
        assert!(service.shows(&format!("medchain_worker_{name}")), "{name}");
    }
    assert!(service.verdict().is_ok());
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_newest_blocks_the_final_ones_suffice() {
    let world = World::start();
    world.upload(b"x");
    let service = start_with(&world.worker(1), Settings { follow_best: false, ..settings() });
    until("it is answered", || world.all_closed()).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_is_sent_without_waiting_for_each() {
    let world = World::start();
    for n in 0..200u8 {
        world.upload(&[n, n]);
    }
    let service = start(&world);
    until("all are answered", || world.all_closed()).await;
    service.kill().await;
    let state = world.state();
    assert_eq!(state.answers.len(), 200);
    assert_eq!(state.failed, 0);
    assert_eq!(state.predictions_run, 200);
    assert!(state.pools[&account(1)].largest > 1, "never more than one on its way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_film_is_predicted_the_next_ones_are_opened() {
    let world = World::start();
    world.state().stop_at = Some(Stage::Predicted);
    (0..4u8).for_each(|n| _ = world.upload(&[n]));
    let service = start_with(&world.worker(1), Settings { threads: 1, ..settings() });
    until("one is being predicted", || world.state().predictions_run == 1).await;
    until("as many as may wait are opened", || world.state().decoded.len() == 3).await;
    sleep(BLOCK * 5).await;
    assert_eq!(world.state().decoded.len(), 3, "one is predicted, and two wait");
    assert_eq!(world.state().predictions_run, 1, "one thread predicts");
    assert_eq!(world.state().fatalities.len(), 3, "and all three are open");
    world.state().stop_at = None;
    until("all are answered", || world.all_closed()).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoked_consent_parks_the_request_until_it_is_granted_again() {
    let world = World::start();
    world.state().no_consent = true;
    world.upload(b"x");
    let service = start(&world);
    let jobs = &service.monitor.metrics.jobs;
    until("it is parked", || jobs.with_label_values(&["parked"]).get() == 1).await;
    sleep(BLOCK * 10).await;
    assert_eq!(world.state().predictions_run, 0, "nothing is opened without consent");
    world.state().no_consent = false;
    until("it is answered", || world.all_closed()).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consent_revoked_before_the_submission_gives_no_answer() {
    let world = World::start();
    world.state().no_consent_at_submission = true;
    world.upload(b"x");
    let service = start(&world);
    until("the chain has refused", || world.state().failed > 0).await;
    assert!(world.state().answers.is_empty());
    world.state().no_consent_at_submission = false;
    until("it is answered", || world.all_closed()).await;
    assert_eq!(world.state().answers.len(), 1);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_cancelled_meanwhile_is_left_alone() {
    let world = World::start();
    world.state().stop_at = Some(Stage::Predicted);
    let id = world.upload(b"x");
    let service = start(&world);
    until("it is being predicted", || world.state().reached).await;
    world.cancel(id);
    let closed = &service.monitor.metrics.closed;
    until("it is closed", || closed.with_label_values(&["cancelled"]).get() == 1).await;
    world.state().stop_at = None;
    sleep(BLOCK * 5).await;
    assert_eq!(world.state().failed, 0, "no fee is paid for an answer that is not wanted");
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_of_another_worker_is_ignored() {
    let world = World::start();
    let id = world.ask(b"x", &[2]);
    let service = start(&world);
    sleep(BLOCK * 20).await;
    assert_eq!(world.answers_to(id), []);
    assert_eq!(world.state().predictions_run, 0);
    assert_eq!(service.monitor.metrics.seen.get(), 0);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missed_request_shows_with_its_price() {
    let world = World::start();
    let id = world.upload(b"x");
    world.set_content(id, Err(StoreError::NotAvailable("nobody has it".into())));
    let service = start(&world);
    let metrics = &service.monitor.metrics;
    until("it is seen", || metrics.seen.get() == 1).await;
    world.miss(1, id);
    let missed = || metrics.closed.with_label_values(&["missed"]).get() == 1;
    until("it is missed", missed).await;
    until("it is paid for", || service.shows("slashed_medc_total{reason=\"absent\"} 1")).await;
    assert_eq!(metrics.closed.with_label_values(&["failed"]).get(), 0);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_read_only_of_blocks_in_which_something_has_changed() {
    let world = World::start();
    let id = world.ask(b"x", &[1, 2]);
    let services = [1, 2].map(|number| start_with(&world.worker(number), settings()));
    for service in &services {
        until("the verdict is seen", || service.shows("closed_total{how=\"verdict\"} 1")).await;
    }
    assert!(world.all_closed(), "request {}", id.0);
    // Two locks of the same state, one after the other.
    let read = world.state().events_read.len();
    let blocks = world.state().block();
    sleep(BLOCK * 50).await;
    assert_eq!(world.state().events_read.len(), read, "nothing has happened since");
    assert!(world.state().block() > blocks + 20);
    let mut read = world.state().events_read.clone();
    read.sort_unstable();
    assert!(read.len() <= 20, "{read:?} of {blocks} blocks, by two workers");
    for service in services {
        service.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_lost_while_no_block_was_final_is_told_once_they_are() {
    let world = World::start();
    world.state().unfinal = 200;
    let id = world.upload(b"x");
    world.set_content(id, Err(StoreError::NotAvailable("nobody has it".into())));
    let service = start(&world);
    let metrics = &service.monitor.metrics;
    until("it is seen", || metrics.seen.get() == 1).await;
    world.miss(1, id);
    let missed = world.state().block();
    // More blocks than are read after one list.
    until("it is long ago", || world.state().block() > missed + 100).await;
    assert_eq!(metrics.closed.with_label_values(&["missed"]).get(), 0, "it is not final");
    world.state().unfinal = 0;
    until("it is paid for", || service.shows("slashed_medc_total{reason=\"absent\"} 1")).await;
    assert_eq!(metrics.closed.with_label_values(&["missed"]).get(), 1);
    service.kill().await;
}
