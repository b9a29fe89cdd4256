//! Several stores, each of which answers as a test wants.

mod fake;
mod heal;
mod hedge;

use std::{
    io,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::net::TcpSocket;

use self::fake::{Asked, Does, Fake, ABC, PATIENCE};
use crate::store::{
    cid_of, IpfsStore, LetGo, LocalStore, ProgressUpdate, SeveralStores, Store, StoreError,
};

fn several(all: &[Does]) -> (SeveralStores, Asked) {
    let asked = Asked::default();
    let names = ["A", "B", "C", "D"];
    let fakes = all.iter().zip(names).map(|(does, name)| {
        let fake: Arc<dyn Store> = Arc::new(Fake(name, *does, asked.clone()));
        fake
    });
    (SeveralStores::new(fakes.collect()).with_patience(PATIENCE), asked)
}

async fn get(all: &[Does]) -> (Result<Vec<u8>, StoreError>, Vec<&'static str>) {
    let (store, asked) = several(all);
    let answer = store.get(&cid_of(ABC), 3).await;
    let asked = asked.lock().unwrap().clone();
    (answer, asked)
}

async fn error(all: &[Does]) -> StoreError {
    get(all).await.0.unwrap_err()
}

#[tokio::test]
async fn the_first_that_has_it_is_the_last_that_is_asked() {
    let (answer, asked) = get(&[Does::Work, Does::Work]).await;
    assert_eq!((answer.unwrap().as_slice(), asked), (ABC, vec!["A"]));
    let (answer, asked) = get(&[Does::Miss, Does::Break, Does::Work, Does::Work]).await;
    // The first one lacks it, and is not asked to keep it.
    assert_eq!((answer.unwrap().as_slice(), asked), (ABC, vec!["A", "B", "C"]));
}

#[tokio::test]
async fn whatever_is_wrong_with_one_store_the_next_is_asked() {
    for does in [
        Does::Miss,
        Does::NoFolder,
        Does::Break,
        Does::Refuse,
        Does::TimeOut,
        Does::Damage,
        Does::Hang,
    ] {
        let (answer, asked) = get(&[does, Does::Work]).await;
        assert_eq!(answer.unwrap(), ABC, "{does:?}");
        let is_put_back = matches!(does, Does::Damage);
        let asked_for = if is_put_back { &["A", "B", "A"][..] } else { &["A", "B"] };
        assert_eq!(asked, asked_for, "{does:?}");
    }
}

#[tokio::test]
async fn what_verified_blocks_say_is_the_last_word() {
    let (answer, asked) = get(&[Does::Break, Does::TooLarge, Does::Work]).await;
    assert!(matches!(answer, Err(StoreError::TooLarge { limit: 2 })), "{answer:?}");
    assert_eq!(asked, ["A", "B"]);
    let (answer, asked) = get(&[Does::Unsupported, Does::Work]).await;
    assert!(matches!(answer, Err(StoreError::Unsupported { .. })), "{answer:?}");
    assert_eq!(asked, ["A"]);
}

#[tokio::test]
async fn a_store_that_hangs_takes_nothing_from_the_next() {
    let started = Instant::now();
    // The third needs more than the patience in total, but always makes progress.
    let (answer, asked) = get(&[Does::Hang, Does::Hang, Does::Crawl]).await;
    assert_eq!((answer.unwrap().as_slice(), asked), (ABC, vec!["A", "B", "C"]));
    assert!(started.elapsed() >= 5 * PATIENCE && started.elapsed() < 30 * PATIENCE);

    // A limit for the whole ends what crawls as well, and the next has all of it.
    let (store, asked) = several(&[Does::Crawl, Does::Crawl, Does::Work]);
    let answer = store.get_within(&cid_of(ABC), 3, 2 * PATIENCE).await;
    assert_eq!(answer.unwrap(), ABC);
    assert_eq!(*asked.lock().unwrap(), ["A", "B", "C"]);
    let (store, _) = several(&[Does::Crawl]);
    assert!(store.get_within(&cid_of(ABC), 3, 10 * PATIENCE).await.is_ok());
}

#[tokio::test]
async fn one_store_alone_has_a_time_limit_too() {
    let hangs = Fake("A", Does::Hang, Asked::default());
    let error = hangs.get_within(&cid_of(ABC), 3, PATIENCE).await.unwrap_err();
    assert!(matches!(error, StoreError::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn the_error_names_every_store_with_its_own_cause_on_one_line() {
    let all = [Does::Break, Does::Refuse, Does::TimeOut, Does::Damage];
    assert_eq!(
        error(&all).await.to_string(),
        "none of 4 stores delivered the content: store A: cannot be reached: no route; \
         store B: refused: not today; store C: did not answer within 35 s; \
         store D: the content of bafy is corrupt: a bit is flipped"
    );
}

#[tokio::test]
async fn it_may_succeed_later_where_it_may_with_one_of_them() {
    assert!(error(&[Does::Damage, Does::Break]).await.is_retryable());
    assert!(error(&[Does::Miss, Does::Damage]).await.is_retryable());
    assert!(error(&[Does::Hang, Does::Damage]).await.is_retryable());
    assert!(!error(&[Does::Damage, Does::Damage]).await.is_retryable());
}

#[tokio::test]
async fn content_is_put_into_all_of_them() {
    let (store, asked) = several(&[Does::Work, Does::Work]);
    let seen = Mutex::new(Vec::new());
    let note = |update: ProgressUpdate| seen.lock().unwrap().push(update);
    let stored = store.put_with_progress(ABC, &note).await.unwrap();
    assert_eq!(stored.cid, cid_of(ABC));
    assert_eq!(stored.places, ["store A", "store B"]);
    assert!(stored.missed.is_empty());
    assert_eq!(*asked.lock().unwrap(), ["A", "B"]);
    let seen = seen.lock().unwrap();
    assert!(seen.is_sorted_by_key(|update| update.done), "{seen:?}");
    assert_eq!(seen.last(), Some(&ProgressUpdate { done: 3, total: Some(3) }));
}

#[tokio::test]
async fn one_that_took_it_is_enough_and_the_others_are_named() {
    let (store, asked) = several(&[Does::Hang, Does::Break, Does::Work, Does::Lie]);
    let stored = store.put_with_progress(ABC, &|_| ()).await.unwrap();
    assert_eq!(stored.places, ["store C"]);
    assert_eq!(*asked.lock().unwrap(), ["A", "B", "C", "D"]);
    let missed: Vec<String> = stored.missed.iter().map(ToString::to_string).collect();
    assert_eq!(missed[0], "store A: did not answer within 0 s");
    assert_eq!(missed[1], "store B: cannot be reached: no route");
    assert!(missed[2].starts_with("store D: the store reports the CID"), "{missed:?}");
    assert_eq!(store.put(ABC).await.unwrap(), cid_of(ABC));
}

#[tokio::test]
async fn none_that_took_it_is_an_error_that_names_all() {
    let (store, _) = several(&[Does::Break, Does::Refuse]);
    let error = store.put(ABC).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "none of 2 stores stored the content: store A: cannot be reached: no route; \
         store B: refused: not today"
    );
}

#[tokio::test]
async fn each_is_asked_to_let_go_and_its_answer_is_its_own() {
    let (store, asked) = several(&[Does::Hang, Does::Work, Does::Break]);
    let answers = store.unpin(&cid_of(ABC)).await;
    let said = answers.iter().map(|answer| {
        let outcome = answer.outcome.as_ref().map_err(StoreError::cause);
        (answer.store.as_str(), outcome.copied())
    });
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            ("store A", Err("did not answer within 0 s".to_owned())),
            ("store B", Ok(LetGo::Unpinned)),
            ("store C", Err("cannot be reached: no route".to_owned())),
        ]
    );
    assert_eq!(*asked.lock().unwrap(), ["A", "B", "C"]);
}

#[tokio::test]
async fn each_says_how_it_is() {
    let (store, _) = several(&[Does::Break, Does::Work, Does::Hang]);
    let states = store.states().await;
    let answers: Vec<bool> = states.iter().map(|state| state.problem.is_none()).collect();
    assert_eq!(answers, [false, true, false]);
    assert_eq!(states[0].store, "store A");
    assert!(store.ping().await.is_ok());
    let (store, _) = several(&[Does::Break, Does::Hang]);
    let error = store.ping().await.unwrap_err().to_string();
    assert!(error.starts_with("none of 2 stores answers: store A: cannot be reached"), "{error}");
}

#[tokio::test]
async fn a_damaged_folder_is_helped_out_by_another_and_reports_never_fall() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| LocalStore::open(folder.path().join(name)).unwrap();
    let (bad, good) = (open("bad"), open("good"));
    let store = SeveralStores::new(vec![Arc::new(bad.clone()), Arc::new(good)]);
    let bytes: Vec<u8> = (0..600_000u32).map(|at| (at / 1000) as u8).collect();
    let cid = store.put(&bytes).await.unwrap();
    // The last leaf of three.
    let leaf = cid_of(&bytes[2 * 262_144..]).to_string();
    std::fs::write(bad.path_of(&leaf.parse().unwrap()), b"noise").unwrap();
    assert!(matches!(bad.get(&cid, 1 << 20).await, Err(StoreError::Corrupt { .. })));

    let seen = Mutex::new(Vec::new());
    let note = |update: ProgressUpdate| seen.lock().unwrap().push(update.done);
    assert_eq!(store.get_with_progress(&cid, 1 << 20, &note).await.unwrap(), bytes);
    assert!(seen.lock().unwrap().is_sorted(), "{seen:?}");
    let error = store.get(&cid, 1000).await.unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
}

/// A port that neither accepts nor refuses a connection.
#[tokio::test]
async fn a_black_hole_is_passed_over_in_a_few_seconds() -> io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind("127.0.0.1:0".parse().unwrap())?;
    let listener = socket.listen(1)?;
    let address = listener.local_addr()?;
    // Once the queue is full, the system drops what knocks.
    let mut queue = Vec::new();
    for _ in 0..4 {
        let knock = tokio::net::TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(300), knock).await {
            Ok(knocked) => queue.push(knocked?),
            Err(_) => break,
        }
    }
    let hole = IpfsStore::open(&format!("http://{address}")).unwrap();
    let folder = tempfile::tempdir()?;
    let local = LocalStore::open(folder.path()).unwrap();
    let cid = local.put(ABC).await.unwrap();
    let store = SeveralStores::new(vec![Arc::new(hole.clone()), Arc::new(local)]);
    let started = Instant::now();
    assert_eq!(store.get(&cid, 3).await.unwrap(), ABC);
    let waited = started.elapsed();
    assert!(waited > Duration::from_secs(3) && waited < Duration::from_secs(9), "{waited:?}");
    let error = hole.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    Ok(())
}

#[tokio::test]
async fn each_store_says_what_it_has() {
    use crate::store::{Depth, Found};
    let (store, _) = several(&[Does::Work, Does::Miss, Does::Damage, Does::Hang]);
    let looked = store.look(&cid_of(ABC), Depth::Present).await;
    let names: Vec<&str> = looked.iter().map(|one| one.store.as_str()).collect();
    assert_eq!(names, ["store A", "store B", "store C", "store D"]);
    assert!(matches!(looked[0].found, Ok(Found::Whole)));
    // Its error names another block.
    assert!(matches!(looked[1].found, Ok(Found::Damaged(_))));
    assert!(matches!(looked[2].found, Ok(Found::Damaged(_))));
    assert!(matches!(looked[3].found, Err(StoreError::Timeout { .. })));
}

#[tokio::test]
async fn a_store_that_hangs_holds_up_one_look_and_not_each() {
    use crate::store::{Depth, Found};
    let silent = |looked: &[crate::store::Looked]| {
        assert!(matches!(looked[0].found, Ok(Found::Whole)), "{looked:?}");
        matches!(looked[1].found, Err(StoreError::Timeout { .. } | StoreError::Unreachable { .. }))
    };
    let (store, asked) = several(&[Does::Work, Does::Hang]);
    assert!(silent(&store.look(&cid_of(ABC), Depth::Present).await));
    assert_eq!(*asked.lock().unwrap(), ["A", "B"]);
    // Read block by block, it has no time-out as a whole: it would hang for ever here.
    for depth in [Depth::Present, Depth::Verified] {
        assert!(silent(&store.look(&cid_of(ABC), depth).await));
    }
    assert_eq!(*asked.lock().unwrap(), ["A", "B", "A", "A"]);
    // It is not asked either where it did not say what it keeps.
    let (store, asked) = several(&[Does::Work, Does::Hang]);
    assert!(store.kept().await[1].cids.is_err());
    assert!(silent(&store.look(&cid_of(ABC), Depth::Present).await));
    assert_eq!(*asked.lock().unwrap(), ["A", "B", "A"]);
    // One that refuses has answered.
    let (store, asked) = several(&[Does::Refuse]);
    for _ in 0..2 {
        assert!(store.look(&cid_of(ABC), Depth::Present).await[0].found.is_err());
    }
    assert_eq!(*asked.lock().unwrap(), ["A", "A"]);
}
