//! Ten questions each about many workers, to a node that is some way off.

use std::time::{Duration, Instant};

use futures::{stream, StreamExt, TryStreamExt};
use medchain_primitives::Action;

use super::submit::fake::Fake;
use crate::{
    chain::{view::QUESTIONS_AT_ONCE, AccessQuestion, ChainError},
    AccountId32,
};

const WORKERS: u16 = 60;
const QUESTIONS: usize = 10;
const PATIENT: AccountId32 = AccountId32([9; 32]);

fn worker(number: u16) -> AccountId32 {
    let mut account = [0; 32];
    account[..2].copy_from_slice(&number.to_le_bytes());
    AccountId32(account)
}

fn questions() -> impl Iterator<Item = (AccountId32, AccessQuestion)> {
    (0..WORKERS).flat_map(|number| {
        (0..QUESTIONS).map(move |_| (worker(number), AccessQuestion::about(Action::View)))
    })
}

/// Prints how long it took one account after the other, sixteen accounts at once, and how long it
/// takes now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_workers_are_asked_about_in_a_bounded_window() {
    let fake = Fake::new();
    let chain = fake.chain().await;
    let view = chain.best().await.unwrap();
    fake.node().round_trip = Duration::from_millis(5);

    let started = Instant::now();
    let asked = (0..WORKERS).map(|number| {
        let view = &view;
        async move {
            let mut yes = 0;
            for _ in 0..QUESTIONS {
                let question = AccessQuestion::about(Action::View);
                let answer = view.check_access(&PATIENT, &worker(number), question).await?;
                yes += usize::from(answer.is_ok());
            }
            Ok::<usize, ChainError>(yes)
        }
    });
    let before: Vec<usize> = stream::iter(asked).buffered(16).try_collect().await.unwrap();
    let took_before = started.elapsed();

    fake.node().under_way = (0, 0);
    let started = Instant::now();
    let answers = view.check_access_of(&PATIENT, questions()).await.unwrap();
    let took = started.elapsed();
    let most = fake.node().under_way.1;

    println!(
        "{WORKERS} workers, {QUESTIONS} questions each, 5 ms a round trip: {took_before:.2?} \
         before, {took:.2?} now, {most} under way at most"
    );
    assert_eq!(answers.len(), usize::from(WORKERS) * QUESTIONS);
    let now: Vec<usize> = answers
        .chunks(QUESTIONS)
        .map(|answers| answers.iter().filter(|answer| answer.is_ok()).count())
        .collect();
    assert_eq!(now, before, "the answers are in the order of the questions");
    assert!((2..=QUESTIONS_AT_ONCE).contains(&most), "{most} under way");
}
