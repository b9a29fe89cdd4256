//! Killed at every stage and restarted: exactly one share per grant.

use super::*;

async fn check(stage: Stage) {
    let world = World::start();
    world.state().stop_at = Some(stage);
    for subject in 0..3 {
        world.grant(subject, 1, LONG);
    }
    let first = start(&world);
    until(&format!("{stage:?} is reached"), || world.state().reached).await;
    for subject in 3..5 {
        world.grant(subject, 1, LONG);
    }
    sleep(BLOCK * 3).await;
    first.kill().await;
    world.state().stop_at = None;

    let second = start(&world);
    until(&format!("all are served after {stage:?}"), || {
        second.shows("grants{state=\"delivered\"} 5")
    })
    .await;
    // The calls that the dead one left in the pool are executed, too.
    sleep(BLOCK * 5).await;
    assert_eq!(world.state().taken.len(), 5, "{stage:?}");
    second.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_stage_it_serves_each_grant_once() {
    for stage in [
        Stage::ListRead,
        Stage::Asked,
        Stage::NonceRead,
        Stage::Signed,
        Stage::InPool,
        Stage::InBlock,
    ] {
        check(stage).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_it_still_serves_all() {
    let world = World::start();
    for subject in 0..30 {
        world.grant(subject, 1, LONG);
    }
    while world.state().taken.len() < 30 {
        let custodian = start(&world);
        sleep(Duration::from_millis(25)).await;
        custodian.kill().await;
    }
    sleep(BLOCK * 5).await;
    assert_eq!(world.state().taken.len(), 30);
}
