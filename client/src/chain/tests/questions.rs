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
/// What a question may take of a processor, the faked node's part included. It takes a fifth of
/// that; where metadata is decoded for each, it takes more.
const PROCESSOR: Duration = Duration::from_millis(2);

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

/// What this thread has had of a processor; `None` where the system does not say.
fn processor_time() -> Option<Duration> {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = spent.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// Prints how long it took one account after the other, sixteen accounts at once, and how long it
/// takes now. All of it is done by this thread.
#[tokio::test]
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
    let (started, spent_before) = (Instant::now(), processor_time());
    let answers = view.check_access_of(&PATIENT, questions()).await.unwrap();
    let (took, spent) = (started.elapsed(), processor_time());
    let most = fake.node().under_way.1;

    assert_eq!(answers.len(), usize::from(WORKERS) * QUESTIONS);
    let now: Vec<usize> = answers
        .chunks(QUESTIONS)
        .map(|answers| answers.iter().filter(|answer| answer.is_ok()).count())
        .collect();
    assert_eq!(now, before, "the answers are in the order of the questions");
    assert_eq!(most, QUESTIONS_AT_ONCE, "the window is full, and no more");

    let each = spent.zip(spent_before).map(|(spent, before)| {
        spent.saturating_sub(before) / u32::from(WORKERS) / QUESTIONS as u32
    });
    let shown = each.map_or_else(|| "?".to_owned(), |each| format!("{each:.2?}"));
    println!(
        "{WORKERS} workers, {QUESTIONS} questions each, 5 ms a round trip: {took_before:.2?} \
         before, {took:.2?} now, {most} under way at most; a question takes {shown} of a processor"
    );
    assert!(each.is_none_or(|each| each < PROCESSOR), "a question takes {shown} of a processor");
}
