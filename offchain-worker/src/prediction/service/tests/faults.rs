//! Bad content, lost calls, a node that goes away.

use medchain_primitives::{InputRoot, VerdictCommitment};

use super::*;
use crate::prediction::ports::StoreError;

async fn answer_to(world: &Arc<World>, id: RequestId) -> Answer {
    let service = start(world);
    until("it is answered", || world.all_closed()).await;
    service.kill().await;
    world.answers_to(id).remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_bad_content_has_its_code() {
    for (content, code) in [
        (&b"text"[..], FailureCode::NotAnImage),
        (b"bomb", FailureCode::TooLarge),
        (b"locked", FailureCode::CannotDecrypt),
        (b"exchanged", FailureCode::WrongHash),
        (&[9; 2_000], FailureCode::TooLarge),
    ] {
        let world = World::start();
        let id = world.upload(content);
        assert_eq!(answer_to(&world, id).await, Answer::Failure(code));
        assert_eq!(world.state().predictions_run, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrupt_block_is_reported_at_once() {
    let world = World::start();
    let id = world.upload(b"x");
    world.set_content(id, Err(StoreError::Corrupt("a bit is flipped".into())));
    assert_eq!(answer_to(&world, id).await, Answer::Failure(FailureCode::WrongHash));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_is_not_the_one_committed_to_is_reported() {
    let world = World::start();
    let id = world.upload(b"x");
    world.state().asked(id).commitments.input_root = InputRoot([0; 32]);
    assert_eq!(answer_to(&world, id).await, Answer::Failure(FailureCode::InputMismatch));
    assert_eq!(world.state().predictions_run, 0);
}

// The patient could not disclose a verdict under another root than the one committed to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verdict_root_that_is_not_the_one_committed_to_is_reported() {
    let world = World::start();
    let id = world.upload(b"x");
    world.state().asked(id).commitments.verdicts = VerdictCommitment([0; 32]);
    assert_eq!(answer_to(&world, id).await, Answer::Failure(FailureCode::InputMismatch));
    assert_eq!(world.state().predictions_run, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_envelope_is_reported_after_a_while() {
    let world = World::start();
    let id = world.upload(b"x");
    world.state().no_envelope.insert(id);
    let begun = world.state().block();
    assert_eq!(answer_to(&world, id).await, Answer::Failure(FailureCode::CannotDecrypt));
    assert!(world.state().block() >= begun + settings().rules.envelope_grace);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_content_is_tried_again() {
    let world = World::start();
    let id = world.upload(b"x");
    world.set_content(id, Err(StoreError::NotAvailable("nobody has it".into())));
    let service = start(&world);
    let retries = &service.monitor.metrics.retries;
    until("it was tried", || retries.with_label_values(&["content"]).get() >= 3).await;
    world.set_content(id, Ok(b"x".to_vec()));
    until("it is answered", || world.all_closed()).await;
    assert!(matches!(world.answers_to(id)[..], [Answer::Sealed(_)]));
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_content_is_reported_before_the_deadline() {
    let world = World::start();
    let id = world.upload(b"x");
    world.set_content(id, Err(StoreError::NotAvailable("nobody has it".into())));
    let deadline = world.state().block() + 40;
    world.state().asked(id).deadline = deadline;
    assert_eq!(answer_to(&world, id).await, Answer::Failure(FailureCode::Unavailable));
    let state = world.state();
    assert!((deadline - 20..deadline + 5).contains(&state.block()), "{}", state.block());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_for_a_model_that_it_cannot_run_is_reported_before_the_deadline() {
    let world = World::start();
    let id = world.upload(b"x");
    let deadline = world.state().block() + 40;
    world.state().asked(id).deadline = deadline;
    let service = start_serving(&world.worker(1), settings(), BTreeMap::new());
    until("it is answered", || world.all_closed()).await;
    assert_eq!(world.answers_to(id), [Answer::Failure(FailureCode::Unavailable)]);
    assert!(world.state().block() >= deadline - 20);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_consent_it_leaves_before_the_deadline() {
    let world = World::start();
    let id = world.ask(b"x", &[1, 2]);
    world.state().no_consent = true;
    let deadline = world.state().block() + 40;
    world.state().asked(id).deadline = deadline;
    assert_eq!(answer_to(&world, id).await, Answer::Failure(FailureCode::Unavailable));
    assert_eq!(world.state().predictions_run, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_call_does_not_hold_up_the_ones_after_it() {
    let world = World::start();
    world.state().pools.entry(account(1)).or_default().drops = [2, 3, 9, 17].into();
    for n in 0..30u8 {
        world.upload(&[n]);
    }
    let service = start(&world);
    until("all are answered", || world.all_closed()).await;
    assert_eq!(world.state().answers.len(), 30);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_costs_one_attempt() {
    let world = World::start();
    world.state().panics = 3;
    world.upload(b"x");
    let service = start(&world);
    until("it is answered", || world.all_closed()).await;
    assert_eq!(world.state().predictions_run, 4);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_comes_back_is_used_again() {
    let world = World::start();
    let mut quick = settings();
    quick.timing.reconnection.stall = Duration::from_millis(100);
    let service = start_with(&world.worker(1), quick);
    until("it is healthy", || service.verdict().is_ok()).await;
    world.state().is_down = true;
    until("it is unhealthy", || service.verdict().is_err()).await;
    world.state().is_down = false;
    world.upload(b"x");
    until("it is answered", || world.all_closed()).await;
    until("it is healthy again", || service.verdict().is_ok()).await;
    service.kill().await;
}

/// Most requests are newer than what two nodes call final. That is no failure, of which an alert
/// would tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_is_opened_once_a_second_node_vouches_for_its_request() {
    let world = World::start();
    let id = world.upload(b"x");
    world.state().is_unproven = true;
    let service = start(&world);
    let tried = |cause: &str| service.monitor.metrics.retries.with_label_values(&[cause]).get();
    until("it was tried again", || tried("witness") > 1).await;
    assert_eq!((world.state().predictions_run, tried("passing")), (0, 0));
    assert!(world.answers_to(id).is_empty());
    world.state().is_unproven = false;
    until("it is answered", || world.all_closed()).await;
    assert!(matches!(world.answers_to(id)[..], [Answer::Sealed(_)]));
    service.kill().await;
}
