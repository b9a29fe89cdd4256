//! A film that kills the process that opens it.

use std::{
    path::Path,
    process::{Command, ExitStatus},
};

use super::*;
use crate::prediction::adapters::AnswerFiles;

/// A film has ended so many processes of worker 1.
fn note(world: &World, film: RequestId, count: u32) {
    world.state().fatalities.insert((account(1), cid(film).to_string()), count);
}

/// Names the state folder of the process that is to die.
const FOLDER: &str = "MEDCHAIN_TEST_POISON";
/// How many good films there are beside it.
const GOOD: u8 = 5;

/// Not a test by itself: what the worker does in a process of its own, where there is a folder.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let world = World::start();
    let poison = world.upload(b"poison");
    let good: Vec<RequestId> = (0..GOOD).map(|n| world.upload(&[n])).collect();
    let desk = world.worker(1);
    let files = AnswerFiles::open(Path::new(&folder), &[0; 32], &account(1)).unwrap();
    let models = BTreeMap::from([(MODEL, served(&desk, None))]);
    let service = start_remembering(&desk, settings(), models, Arc::new(files));
    until("all are closed", || world.all_closed()).await;
    let failure = Answer::Failure(FailureCode::Unavailable);
    assert_eq!(world.answers_to(poison), [failure]);
    for id in good {
        assert!(matches!(world.answers_to(id)[..], [Answer::Sealed(_)]), "request {}", id.0);
    }
    assert!(service.shows("medchain_worker_skipped_films_total 1"));
    service.terminate().await;
}

fn run(folder: &Path) -> ExitStatus {
    let name = "prediction::service::tests::poison::process";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]).env(FOLDER, folder).status().unwrap()
}

#[test]
fn a_film_that_kills_the_worker_again_and_again_is_skipped_and_nothing_else() {
    use std::os::unix::process::ExitStatusExt;

    let folder = tempfile::tempdir().unwrap();
    for time in 1..=3 {
        let status = run(folder.path());
        assert_eq!(status.signal(), Some(9), "time {time}: {status}");
    }
    let status = run(folder.path());
    assert!(status.success(), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_was_open_when_the_process_was_killed_is_answered_later() {
    let world = World::start();
    let ids: Vec<RequestId> = (0..4u8).map(|n| world.upload(&[n])).collect();
    for id in &ids {
        // As many as somebody could have killed it at just that time, and it is not to blame.
        note(&world, *id, 2);
    }
    let service = start(&world);
    until("all are answered", || world.all_closed()).await;
    for id in ids {
        assert!(matches!(world.answers_to(id)[..], [Answer::Sealed(_)]), "request {}", id.0);
    }
    until("nothing is noted any more", || world.state().fatalities.is_empty()).await;
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_films_only_those_that_the_threads_take_next_are_noted() {
    let world = World::start();
    (0..60u8).for_each(|n| _ = world.upload(&[n]));
    let many = Settings { rules: Rules { max_running: 60, ..settings().rules }, ..settings() };
    let service = start_with(&world.worker(1), many);
    until("all are answered", || world.all_closed()).await;
    let most = world.state().most_noted;
    assert!((1..=many.threads + many.queue).contains(&most), "{most} were noted at a time");
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_ends_in_an_error_or_a_panic_is_not_noted() {
    let world = World::start();
    world.upload(b"text");
    world.state().panics = 1;
    world.upload(b"x");
    let service = start(&world);
    until("all are closed", || world.all_closed()).await;
    until("nothing is noted", || world.state().fatalities.is_empty()).await;
    assert!(service.shows("medchain_worker_skipped_films_total 0"));
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_ends_its_decoder_is_tried_thrice_and_the_worker_goes_on() {
    let world = World::start();
    let glutton = world.upload(b"glutton");
    let good: Vec<RequestId> = (0..GOOD).map(|n| world.upload(&[n])).collect();
    let service = start(&world);
    until("all are closed", || world.all_closed()).await;
    assert_eq!(world.answers_to(glutton), [Answer::Failure(FailureCode::Unavailable)]);
    for id in good {
        assert!(matches!(world.answers_to(id)[..], [Answer::Sealed(_)]), "request {}", id.0);
    }
    let noted = (account(1), cid(glutton).to_string());
    assert_eq!(world.state().fatalities.clone(), BTreeMap::from([(noted, 3)]));
    assert!(service.shows("medchain_worker_skipped_films_total 1"));
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_is_skipped_is_skipped_under_any_request() {
    let world = World::start();
    let first = world.upload(b"poison");
    note(&world, first, 3);
    let service = start(&world);
    until("the first is closed", || world.all_closed()).await;
    // Longer than it takes to forget what is not needed any more.
    sleep(settings().timing.check_interval * 3).await;
    let again = world.upload_again(first);
    // This process would end with it.
    until("both are closed", || world.all_closed()).await;
    for id in [first, again] {
        assert_eq!(world.answers_to(id), [Answer::Failure(FailureCode::Unavailable)]);
    }
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_was_open_when_the_process_ended_is_opened_after_all_others() {
    let world = World::start();
    let suspected = world.upload(b"suspected");
    note(&world, suspected, 1);
    let others: Vec<RequestId> = (0..GOOD).map(|n| world.upload(&[n])).collect();
    // Longer than the others take: between two attempts at one of them, it could be its turn.
    let later = Duration::from_millis(500);
    let mut settings = settings();
    settings.rules.retry = Backoff { first: later, longest: later };
    let service = start_with(&world.worker(1), settings);
    until("all are answered", || world.all_closed()).await;
    let decoded = world.state().decoded.clone();
    assert_eq!(decoded.len(), others.len() + 1);
    assert_eq!(decoded.last().map(Vec::as_slice), Some(&b"suspected"[..]));
    service.kill().await;
}

/// What it could end are answers that are not given yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_that_was_open_when_the_process_ended_waits_while_others_are_predicted() {
    let world = World::start();
    world.state().stop_at = Some(Stage::Predicted);
    let other = world.upload(b"x");
    let service = start(&world);
    until("the other is being predicted", || world.state().predictions_run == 1).await;
    let suspected = RequestId(other.0 + 1);
    note(&world, suspected, 1);
    assert_eq!(world.upload(b"suspected"), suspected);
    // At the first attempt it is put off in any case.
    let attempts = || world.state().attempts.iter().filter(|id| **id == suspected).count();
    until("it is attempted again", || attempts() >= 4).await;
    assert_eq!(world.state().decoded, [b"x".to_vec()]);
    world.state().stop_at = None;
    until("both are answered", || world.all_closed()).await;
    assert_eq!(world.state().decoded.len(), 2);
    service.kill().await;
}
