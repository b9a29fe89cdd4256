//! Killed at every stage and restarted: exactly one answer to each request.

use super::*;

/// Five uploads come in, the service dies at `stage`, a new one starts.
async fn check(stage: Stage) {
    let world = World::start();
    world.state().stop_at = Some(stage);
    let ids: Vec<RequestId> = (0..3u8).map(|n| world.upload(&[n])).collect();
    let first = start(&world);
    until(&format!("{stage:?} is reached"), || world.state().reached).await;
    let late: Vec<RequestId> = (3..5u8).map(|n| world.upload(&[n])).collect();
    sleep(BLOCK * 3).await;
    first.kill().await;
    world.state().stop_at = None;

    let second = start(&world);
    until("all are answered", || world.all_closed()).await;
    // The calls that the dead one left in the pool are executed, too.
    sleep(BLOCK * 5).await;
    for id in ids.into_iter().chain(late) {
        let answers = world.answers_to(id);
        assert!(
            matches!(answers[..], [Answer::Sealed(_)]),
            "{stage:?}, request {}: {answers:?}",
            id.0
        );
    }
    assert_eq!(world.state().answers.len(), 5, "{stage:?}");
    second.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_stage_it_answers_each_request_once() {
    for stage in [
        Stage::ListRead,
        Stage::ConsentAsked,
        Stage::Fetched,
        Stage::Opened,
        Stage::Predicted,
        Stage::NonceRead,
        Stage::Signed,
        Stage::InPool,
        Stage::InBlock,
    ] {
        check(stage).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_it_still_answers_all() {
    let world = World::start();
    for n in 0..30u8 {
        world.upload(&[n]);
    }
    while !world.all_closed() {
        let service = start(&world);
        // Films that were open at a kill are opened again after a first wait.
        sleep(Duration::from_millis(60)).await;
        service.kill().await;
    }
    assert_eq!(world.state().answers.len(), 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_lets_work_in_progress_end() {
    let world = World::start();
    for n in 0..4u8 {
        world.upload(&[n]);
    }
    let service = start(&world);
    until("work has begun", || world.state().predictions_run > 0).await;
    service.terminate().await;
    assert!(!world.state().answers.is_empty());
    assert!(world.state().pools[&account(1)].is_empty());
}
