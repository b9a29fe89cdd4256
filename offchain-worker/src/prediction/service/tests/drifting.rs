//! The drift alarm: what shows and when, and what a worker does that stops.

use medchain_primitives::{FailureCode, Output};

use super::*;
use crate::{prediction::world::Lie, shared::metrics::DutyMetrics};

/// How the honest model of the world answers: normal, and certain.
const AS_EXPECTED: &str = "covid=2,ignore=8,normal=990,uncertain=20";
const FILMS: u32 = 10;

fn start_expecting(world: &Arc<World>, known: &str, is_stopping: bool) -> Running {
    let desk = world.worker(1);
    let served = served(&desk, Some(&known.parse().unwrap()));
    let drift = drift::Rules { films: FILMS, odds: 1_000, is_stopping };
    let settings = Settings { drift, ..settings() };
    start_serving(&desk, settings, BTreeMap::from([(MODEL, served)]))
}

/// Uploads films, one after the other, and waits for the answer to each.
async fn answer(world: &World, films: u32) {
    for _ in 0..films {
        let id = world.upload(b"a film");
        until("it is answered", || world.status(id) != RequestStatus::Committing).await;
    }
}

/// From now on, every film is covid and uncertain.
fn drift(world: &World) {
    world.state().says = Some(Output::quantise(&[0.4, 0.3, 0.3]).unwrap());
}

/// What a batch changes in the metrics.
fn shown(service: &Running) -> Vec<String> {
    let text = service.monitor.metrics.common().text().unwrap();
    let of_batch = |line: &&str| {
        line.starts_with("medchain_worker_drift") || line.starts_with("medchain_worker_declining")
    };
    text.lines().filter(of_batch).map(str::to_owned).collect()
}

async fn sounds(service: &Running) {
    let alarm = "medchain_worker_drift_alarm{model=\"0\"} 1";
    until("the alarm sounds", || service.shows(alarm)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_shows_before_a_batch_is_complete() {
    let world = World::start();
    let service = start_expecting(&world, AS_EXPECTED, true);
    drift(&world);
    until("it runs", || service.verdict().is_ok()).await;
    let before = shown(&service);
    for line in ["share{class=\"covid\",model=\"0\",of=\"seen\"} NaN", "alarm{model=\"0\"} 0"] {
        assert!(before.iter().any(|shown| shown.ends_with(line)), "{line}: {before:?}");
    }
    for film in 1..FILMS {
        answer(&world, 1).await;
        assert_eq!(shown(&service), before, "after {film} films");
        assert!(service.verdict().is_ok());
    }
    world.upload(b"the last");
    sounds(&service).await;
    for line in [
        "drift_share{class=\"covid\",model=\"0\",of=\"seen\"} 1",
        "drift_share{class=\"normal\",model=\"0\",of=\"seen\"} 0",
        "drift_share{class=\"normal\",model=\"0\",of=\"expected\"} 0.99",
        "drift_share{class=\"uncertain\",model=\"0\",of=\"seen\"} 1",
        "drift_share{class=\"uncertain\",model=\"0\",of=\"expected\"} 0.02",
        "drift_distance{model=\"0\"} 0.998",
        "drift_chance{model=\"0\"} 0.000000001",
        "drift_batches_total{model=\"0\"} 1",
        "declining 1",
    ] {
        until(line, || service.shows(&format!("medchain_worker_{line}"))).await;
    }
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_as_expected_sound_no_alarm() {
    let world = World::start();
    let service = start_expecting(&world, AS_EXPECTED, true);
    answer(&world, 3 * FILMS).await;
    until("all are counted", || service.shows("drift_batches_total{model=\"0\"} 3")).await;
    assert!(service.shows("medchain_worker_drift_alarm{model=\"0\"} 0"));
    assert!(service.shows("drift_share{class=\"normal\",model=\"0\",of=\"seen\"} 1"));
    assert!(service.shows("medchain_worker_declining 0") && service.verdict().is_ok());
    assert_eq!(world.state().answers.len(), 3 * FILMS as usize);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_unless_it_is_told_to_stop() {
    let world = World::start();
    let service = start_expecting(&world, AS_EXPECTED, false);
    drift(&world);
    answer(&world, FILMS).await;
    sounds(&service).await;
    assert!(service.shows("medchain_worker_declining 0") && service.verdict().is_ok());
    world.state().says = None;
    answer(&world, FILMS).await;
    until("it is over", || service.shows("medchain_worker_drift_alarm{model=\"0\"} 0")).await;
    let sealed = |(.., answer): &(_, _, Answer)| matches!(answer, Answer::Sealed(_));
    assert!(world.state().answers.iter().all(sealed));
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_it_declines_until_it_is_restarted() {
    let world = World::start();
    let service = start_expecting(&world, AS_EXPECTED, true);
    drift(&world);
    answer(&world, FILMS - 1).await;
    let last = world.upload(b"a film");
    let declined = [Answer::Failure(FailureCode::Unavailable)];
    until("it declines", || world.answers_to(last) == declined).await;
    let problem = service.verdict().unwrap_err();
    for part in ["covid 100.0 % instead of 0.2 %", "stop_on_drift", "restarted"] {
        assert!(problem.contains(part), "{problem}");
    }
    let run = world.state().predictions_run;
    let next = world.upload(b"another");
    until("it declines", || world.answers_to(next) == declined).await;
    assert_eq!(world.state().predictions_run, run, "it does not even look");
    assert!(service.verdict().is_err());
    assert_eq!(world.state().failed, 0);
    let reports = "answers_included_total{kind=\"unavailable\"} 2";
    until("both reports are counted", || service.shows(reports)).await;
    service.kill().await;
    world.state().says = None;
    let service = start_expecting(&world, AS_EXPECTED, true);
    let id = world.upload(b"a third");
    until("it answers again", || matches!(world.answers_to(id)[..], [Answer::Sealed(_)])).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_alarm_it_shows_what_it_committed_to_and_defends_it() {
    let world = World::start();
    let disputed = world.ask_exact(b"a film", &[1, 2]);
    world.lie(2, disputed, Lie::Activation(1));
    let service = start_expecting(&world, AS_EXPECTED, true);
    until("it has committed", || world.has_committed(1, disputed)).await;
    drift(&world);
    answer(&world, FILMS - 1).await;
    sounds(&service).await;
    let late = world.ask_exact(b"another", &[1, 2]);
    let declined = [Answer::Failure(FailureCode::Unavailable)];
    until("it declines", || world.answers_to(late) == declined).await;
    world.commit_lie(2, disputed);
    until("it has shown its answer", || world.has_revealed(1, disputed)).await;
    world.reveal_lie(2, disputed);
    until("it has won", || world.status(disputed) == RequestStatus::Answered).await;
    assert_eq!(world.verdict(disputed).unwrap().workers, [account(1)]);
    until("its moves are counted", || service.shows("moves_total{kind=\"roots\"} 1")).await;
    assert_eq!(world.state().failed, 0);
    assert!(service.verdict().unwrap_err().contains("drift"));
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_is_computed_again_counts_once() {
    let world = World::start();
    world.state().no_consent_at_submission = true;
    let service = start_expecting(&world, AS_EXPECTED, false);
    world.upload(b"a film");
    until("it is computed again", || world.state().predictions_run > FILMS as usize).await;
    assert!(service.shows("medchain_worker_drift_batches_total{model=\"0\"} 0"));
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_known_films_shares_show_and_no_alarm_sounds() {
    let world = World::start();
    let service = start(&world);
    drift(&world);
    answer(&world, FILMS).await;
    until("a batch shows", || service.shows("drift_batches_total{model=\"0\"} 1")).await;
    assert!(service.shows("drift_share{class=\"covid\",model=\"0\",of=\"seen\"} 1"));
    assert!(!service.shows("of=\"expected\""));
    assert!(service.shows("medchain_worker_drift_alarm{model=\"0\"} 0"));
    service.kill().await;
}
