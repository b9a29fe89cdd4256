//! Ordinary grants, and many at once.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_grant_gets_the_share_once_encrypted_to_its_reply_key() {
    let world = World::start();
    let early = world.grant(20, 1, LONG);
    let custodian = start(&world);
    let mut grants = vec![early];
    for subject in 21..25 {
        grants.push(world.grant(subject, 1, LONG));
        sleep(BLOCK).await;
    }
    until("all are final", || custodian.shows("grants{state=\"delivered\"} 5")).await;
    {
        let state = world.state();
        assert_eq!((state.taken.len(), state.failed, state.encrypted), (5, 0, 5));
        for (grant, delivery) in &state.taken {
            assert!(grants.contains(grant));
            assert_eq!(delivery.share.0, [1; 32], "the number of the share");
            assert_eq!(delivery.ephemeral.0, grant.reply);
        }
    }
    assert_eq!(custodian.monitor.metrics.seen.get(), 5);
    assert_eq!(ended(&custodian, "delivered"), 5);
    for line in ["balance_medc 34", "blocks_behind 2", "build_info{", "delivery_seconds_count 5"] {
        assert!(custodian.shows(&format!("medchain_custodian_{line}")), "{line}");
    }
    assert!(custodian.verdict().is_ok());
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_is_sent_without_waiting_for_each() {
    let world = World::start();
    for subject in 0..200 {
        world.grant(subject, 1, LONG);
    }
    let custodian = start(&world);
    until("all are served", || world.state().taken.len() == 200).await;
    assert_eq!(world.state().failed, 0);
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_before_the_grant_is_final() {
    let world = World::start();
    let custodian = start(&world);
    until("it follows", || custodian.verdict().is_ok()).await;
    world.state().finality_stalls = true;
    let grant = world.grant(20, 1, LONG);
    until("it is in a block", || world.state().best() > grant.granted_at + 5).await;
    assert_eq!(world.state().encrypted, 0);
    world.reorganise();
    sleep(BLOCK * 10).await;
    assert_eq!(world.state().encrypted, 0);
    assert_eq!(custodian.monitor.metrics.seen.get(), 0);
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn custodians_behind_take_over_and_leave_served_grants_alone() {
    let world = World::start();
    // The threshold is 1, so about a third is this custodian's at once.
    let grants: Vec<GrantId> = (0..30).map(|subject| world.grant(subject, 3, LONG)).collect();
    for grant in &grants[..10] {
        world.deliver_other(grant, 2);
    }
    let custodian = start(&world);
    until("all are served", || grants.iter().all(|grant| !world.delivered(grant).is_empty())).await;
    sleep(BLOCK * 5).await;
    for grant in &grants[..10] {
        assert_eq!(world.delivered(grant), [2].into(), "another was first");
    }
    assert_eq!(world.state().taken.len(), 20, "it covers for the two that are dead");
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_share_that_the_newest_block_has_is_not_sent() {
    let world = World::start();
    world.state().stop_at = Some(Stage::Asked);
    let custodian = start(&world);
    let grant = world.grant(20, 1, LONG);
    until("it has begun", || world.state().reached).await;
    custodian.kill().await;
    world.state().stop_at = None;
    // It is not final yet when the next custodian reads the list.
    world.deliver_other(&grant, 1);
    let custodian = start(&world);
    until("it knows", || custodian.shows("grants{state=\"delivered\"} 1")).await;
    assert_eq!(world.state().taken.len(), 0);
    assert_eq!(world.state().failed, 0);
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_lets_work_in_progress_end() {
    let world = World::start();
    for subject in 0..40 {
        world.grant(subject, 1, LONG);
    }
    let custodian = start(&world);
    until("it has begun", || world.state().encrypted > 0).await;
    custodian.terminate().await;
    let state = world.state();
    assert_eq!(state.taken.len(), state.encrypted);
    assert!(state.pool.is_empty());
}
