//! Policies, forks, nodes and keys that fail the custodian.

use super::*;
use crate::custody::world::{registered, subject_of};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_policy_refuses_no_share_is_sent_and_the_grant_remains() {
    let world = World::start();
    world.state().refused.insert(subject_of(20));
    let grant = world.grant(20, 1, LONG);
    let custodian = start(&world);
    until("it was refused", || ended(&custodian, "refused") >= 2).await;
    assert!(custodian.shows("grants{state=\"refused\"} 1"));
    assert_eq!(world.state().taken.len(), 0);
    assert_eq!(world.state().exposed, 0, "the grant is still stored");
    assert!(world.state().now.grants.contains_key(&grant));
    assert!(custodian.verdict().is_ok());
    world.state().refused.clear();
    until("it is served", || world.delivered(&grant) == [1].into()).await;
    assert_eq!(world.state().failed, 0);
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_share_that_is_refused_in_its_own_block_is_exposed_once() {
    let world = World::start();
    world.state().refused_at_execution.insert(subject_of(20));
    world.grant(20, 1, LONG);
    let custodian = start(&world);
    until("the share is exposed", || ended(&custodian, "exposed") == 1).await;
    until("it is forgotten", || custodian.shows("grants{state=\"exposed\"} 0")).await;
    sleep(BLOCK * 5).await;
    assert_eq!(world.state().exposed, 1);
    assert_eq!(world.state().taken.len(), 0);
    assert_eq!((ended(&custodian, "exposed"), ended(&custodian, "delivered")), (1, 0));
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_ended_in_the_meantime_gets_nothing() {
    let world = World::start();
    world.state().stop_at = Some(Stage::Asked);
    let custodian = start(&world);
    let grant = world.grant(20, 1, LONG);
    until("it has begun", || world.state().reached).await;
    custodian.kill().await;
    world.state().stop_at = None;
    // Revoked in a block that is not final.
    world.state().now.grants.remove(&grant);
    let custodian = start(&world);
    sleep(BLOCK * 10).await;
    assert_eq!(world.state().taken.len(), 0);
    assert_eq!(world.state().failed, 0, "no failing call was sent");
    custodian.kill().await;
}

/// Whether the pool takes the call again, or forgets it.
async fn fork(pool_forgets: bool) {
    let world = World::start();
    world.state().stalls_at_share = true;
    world.state().pool_forgets = pool_forgets;
    let grant = world.grant(20, 1, LONG);
    let custodian = start(&world);
    until("the share is in a block", || custodian.shows("grants{state=\"included\"} 1")).await;
    world.reorganise();
    assert_eq!(world.delivered(&grant), [].into());
    until("the share is final", || custodian.shows("grants{state=\"delivered\"} 1")).await;
    assert_eq!(world.delivered(&grant), [1].into());
    assert_eq!(world.state().taken.len(), 2, "once in each of the two forks");
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_share_that_a_fork_removed_is_sent_again() {
    fork(false).await;
    fork(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_share_that_cannot_be_opened_is_tried_once() {
    let world = World::start();
    world.state().cannot_open = true;
    world.grant(20, 1, LONG);
    let custodian = start(&world);
    until("it was tried", || ended(&custodian, "unopened") == 1).await;
    sleep(BLOCK * 20).await;
    assert_eq!(world.state().encrypted, 1, "once, not at every block");
    assert!(custodian.shows("grants{state=\"unopened\"} 1"));
    // Other grants are served as before.
    world.state().cannot_open = false;
    let other = world.grant(21, 1, LONG);
    until("it is served", || world.delivered(&other) == [1].into()).await;
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_was_replaced_gets_nothing() {
    let world = World::start();
    world.state().stop_at = Some(Stage::Asked);
    let custodian = start(&world);
    let first = world.request(20, [1; 32], 1, LONG);
    until("it has begun", || world.state().reached).await;
    custodian.kill().await;
    world.state().stop_at = None;
    // Not final yet when the next custodian reads the list.
    let second = world.request(20, [2; 32], 1, LONG);
    let custodian = start(&world);
    until("the second is served", || world.delivered(&second) == [1].into()).await;
    sleep(BLOCK * 5).await;
    {
        let state = world.state();
        assert_eq!((state.taken.len(), state.failed, state.exposed), (1, 0, 0));
        assert_eq!(state.taken[0].1.ephemeral.0, [2; 32]);
    }
    assert_eq!(world.delivered(&first), [].into());
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_the_node_is_down() {
    let world = World::start();
    let custodian = start(&world);
    until("it follows", || custodian.verdict().is_ok()).await;
    let grants: Vec<GrantId> = (0..5).map(|subject| world.grant(subject, 1, LONG)).collect();
    world.state().is_down = true;
    // A new connection notices it; the old one does not.
    custodian.kill().await;
    let custodian = start(&world);
    until("health tells", || custodian.verdict() == Err("the node is down".to_owned())).await;
    world.state().is_down = false;
    until("all are served", || grants.iter().all(|id| world.delivered(id) == [1].into())).await;
    assert!(custodian.verdict().is_ok());
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_delivered_while_the_witness_is_away() {
    let world = World::start();
    world.state().witness_is_away = true;
    let custodian = start(&world);
    let grant = world.grant(20, 1, LONG);
    let says = |what: &str| custodian.verdict().is_err_and(|said| said.contains(what));
    until("health tells", || says("the witness is away")).await;
    sleep(BLOCK * 10).await;
    assert_eq!(world.delivered(&grant), [].into());
    world.state().witness_is_away = false;
    until("it is served", || world.delivered(&grant) == [1].into()).await;
    until("health is well", || custodian.verdict().is_ok()).await;
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_that_the_witness_does_not_vouch_for_gets_nothing() {
    let world = World::start();
    world.state().invented.insert(subject_of(20));
    let invented = world.grant(20, 1, LONG);
    let granted = world.grant(21, 1, LONG);
    let custodian = start(&world);
    until("the other is served", || world.delivered(&granted) == [1].into()).await;
    until("it was tried again", || ended(&custodian, "lost") >= 2).await;
    assert_eq!(world.delivered(&invented), [].into());
    assert_eq!(world.state().failed, 0, "no call was sent");
    assert_eq!(world.state().exposed, 0);
    // The node was ahead of the witness, or tells the truth now.
    world.state().invented.clear();
    until("it is served", || world.delivered(&invented) == [1].into()).await;
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_the_pool_loses_is_sent_again() {
    let world = World::start();
    world.state().pool.drops = [0, 2].into();
    let grants: Vec<GrantId> = (0..5).map(|subject| world.grant(subject, 1, LONG)).collect();
    let custodian = start(&world);
    until("all are served", || grants.iter().all(|id| world.delivered(id) == [1].into())).await;
    assert_eq!(world.state().taken.len(), 5);
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_defect_with_one_grant_does_not_stop_the_others() {
    let world = World::start();
    world.state().panics = 1;
    let grants: Vec<GrantId> = (0..5).map(|subject| world.grant(subject, 1, LONG)).collect();
    let custodian = start(&world);
    until("all are served", || grants.iter().all(|id| world.delivered(id) == [1].into())).await;
    assert_eq!(ended(&custodian, "failed"), 1);
    custodian.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_tells_of_an_account_that_cannot_serve() {
    let world = World::start();
    let custodian = start(&world);
    let says = |part: &str| {
        let verdict = custodian.verdict();
        verdict.is_err_and(|reason| reason.starts_with("the account ") && reason.contains(part))
    };
    world.state().appointment.free = 0;
    until("funds are low", || says("has 0 MEDC left")).await;
    world.state().appointment.registered = Some(registered(9));
    until("the key differs", || says("has registered the custodian's key")).await;
    world.state().appointment.registered = None;
    until("it is not registered", || says("has not registered")).await;
    world.state().appointment.is_custodian = false;
    until("it is no custodian", || says("is not a custodian now")).await;
    // An account without the role sends nothing, because each attempt would cost a fee.
    world.grant(20, 1, LONG);
    until("it is held back", || ended(&custodian, "rejected") >= 1).await;
    assert_eq!(world.state().failed, 0);
    custodian.kill().await;
}
