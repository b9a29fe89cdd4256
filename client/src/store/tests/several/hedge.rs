//! A store that hangs is not waited for where another one answers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::fake::{Asked, Does, Fake, ABC, PATIENCE};
use crate::store::{cid_of, SeveralStores, Store, StoreError};

/// As long as a store that hangs may take.
const LONG: Duration = Duration::from_secs(20);

fn several(all: &[Does]) -> (SeveralStores, Asked) {
    let asked = Asked::default();
    let fakes = all.iter().zip(["A", "B", "C"]).map(|(does, name)| {
        let fake: Arc<dyn Store> = Arc::new(Fake(name, *does, asked.clone()));
        fake
    });
    let store = SeveralStores::new(fakes.collect());
    (store.with_patience(LONG).with_hedge(PATIENCE), asked)
}

#[tokio::test]
async fn the_next_one_is_asked_as_well_and_the_first_answer_counts() {
    let (store, asked) = several(&[Does::Hang, Does::Work, Does::Work]);
    let begun = Instant::now();
    assert_eq!(store.get(&cid_of(ABC), 3).await.unwrap(), ABC);
    let took = begun.elapsed();
    println!("a store that hangs: {LONG:?} before, {took:?} now");
    assert!(took >= PATIENCE && took < LONG / 4, "{took:?}");
    assert_eq!(*asked.lock().unwrap(), ["A", "B"]);
}

#[tokio::test]
async fn a_slow_store_that_makes_progress_is_the_only_one_that_is_asked() {
    // It needs three times as long as one without progress is waited for.
    let (store, asked) = several(&[Does::Crawl, Does::Work]);
    assert_eq!(store.get(&cid_of(ABC), 3).await.unwrap(), ABC);
    assert_eq!(*asked.lock().unwrap(), ["A"], "the content is not fetched twice");
}

#[tokio::test]
async fn no_more_than_two_are_asked_at_once() {
    let (store, asked) = several(&[Does::Hang, Does::Hang, Does::Work]);
    assert_eq!(store.copies(), 2);
    let waiting = store.get_within(&cid_of(ABC), 3, 5 * PATIENCE).await;
    assert_eq!(waiting.unwrap(), ABC, "once the first has had its time");
    assert_eq!(*asked.lock().unwrap(), ["A", "B", "C"]);
}

#[tokio::test]
async fn a_store_that_hung_or_refused_is_asked_last_the_next_time() {
    for does in [Does::Hang, Does::Refuse, Does::Break, Does::TimeOut] {
        let (store, asked) = several(&[does, Does::Work, Does::Miss]);
        for _ in 0..2 {
            assert_eq!(store.get(&cid_of(ABC), 3).await.unwrap(), ABC);
        }
        assert_eq!(*asked.lock().unwrap(), ["A", "B", "B"], "{does:?}");
        // A copy of it knows as well.
        assert_eq!(store.clone().get(&cid_of(ABC), 3).await.unwrap(), ABC);
        assert_eq!(asked.lock().unwrap().last(), Some(&"B"), "{does:?}");
    }
    // What it does not have says nothing about it.
    let (store, asked) = several(&[Does::Miss, Does::Work]);
    for _ in 0..2 {
        assert_eq!(store.get(&cid_of(ABC), 3).await.unwrap(), ABC);
    }
    assert_eq!(*asked.lock().unwrap(), ["A", "B", "A", "B"]);
}

#[tokio::test]
async fn a_quick_store_is_the_only_one_that_is_asked() {
    let (store, asked) = several(&[Does::Work, Does::Work]);
    assert_eq!(store.get(&cid_of(ABC), 3).await.unwrap(), ABC);
    assert_eq!(*asked.lock().unwrap(), ["A"]);
}

#[tokio::test]
async fn where_all_fail_the_error_names_them_in_their_order() {
    let (store, _) = several(&[Does::Crawl, Does::Miss, Does::Break]);
    assert_eq!(store.get(&cid_of(ABC), 3).await.unwrap(), ABC);
    let (store, _) = several(&[Does::Hang, Does::Miss, Does::Break]);
    let error = store.get_within(&cid_of(ABC), 3, 3 * PATIENCE).await.unwrap_err();
    let StoreError::AllFailed { failures, .. } = error else { panic!("{error}") };
    let names: Vec<&str> = failures.iter().map(|failure| failure.store.as_str()).collect();
    assert_eq!(names, ["store A", "store B", "store C"]);
}
