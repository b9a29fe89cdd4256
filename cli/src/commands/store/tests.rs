use std::sync::Arc;

use async_trait::async_trait;
use medchain_client::store::{cid_of, LocalStore, Progress, SeveralStores, Stored, Unpinned};
use medchain_primitives::RecordId;

use super::*;

fn store(name: &str) -> StoreReport {
    StoreReport {
        store: name.into(),
        kept: 0,
        unnamed: Vec::new(),
        damaged: Vec::new(),
        lacks: Vec::new(),
        problem: None,
    }
}

fn report(stores: Vec<StoreReport>) -> CheckReport {
    CheckReport {
        stores,
        lost: Vec::new(),
        verified: false,
        unpinned: Vec::new(),
        healed: Vec::new(),
    }
}

/// Else each check, also one that a machine does, would want the key for nothing.
#[test]
fn nothing_is_said_of_content_that_is_as_it_should_be() {
    let content = |naming, all: Vec<Result<Found, StoreError>>| {
        let looked = all.into_iter().map(|found| Looked { store: "one".into(), found });
        Content { naming, looked: looked.collect() }
    };
    assert!(!content(Naming::Named, vec![Ok(Found::Whole)]).is_told());
    assert!(!content(Naming::Named, vec![Ok(Found::Whole), Ok(Found::Nothing)]).is_told());
    assert!(!content(Naming::Named, Vec::new()).is_told(), "no store answers");
    assert!(!content(Naming::Erased(RecordId(3)), Vec::new()).is_told());
    assert!(content(Naming::Named, vec![Ok(Found::Nothing)]).is_told());
    assert!(content(Naming::Nothing, Vec::new()).is_told());
}

#[test]
fn what_nobody_needs_is_told_from_what_is_somebody_elses() {
    let unnamed = |cid: &str, known_as, what: Option<&str>| Unnamed {
        cid: cid.into(),
        known_as,
        what: what.map(str::to_owned),
    };
    let lost = |cid: &str, what: Option<&str>, command: Option<&str>| Lost {
        cid: cid.into(),
        what: what.map(str::to_owned),
        command: command.map(str::to_owned),
    };
    let full = StoreReport {
        kept: 4,
        unnamed: vec![
            unnamed("one", Known::Orphan, Some("the upload of a.png")),
            unnamed("two", Known::Unknown, None),
            unnamed("five", Known::Erased, Some("record 3")),
        ],
        damaged: vec![Damaged { cid: "six".into(), how: "a bit is flipped".into() }],
        lacks: vec!["seven".into()],
        ..store("the folder store")
    };
    let down = StoreReport {
        problem: Some("cannot be reached".into()),
        ..store("the IPFS node at http://127.0.0.1:1")
    };
    let report = CheckReport {
        lost: vec![
            lost("eight", Some("the upload of b.png"), Some("upload")),
            lost("nine", Some("the rotation of record 5"), Some("rotate")),
            lost("ten", Some("the model m"), Some("model")),
            lost("eleven", None, None),
        ],
        unpinned: vec!["three".into()],
        healed: vec!["four".into()],
        ..report(vec![full, down])
    };
    let text = report.to_string();
    for words in [
        "keeps 4 files, 3 of them",
        "one  needed by nobody; --unpin deletes it the upload of a.png",
        "two  not in your journal; left alone",
        "five  erased on chain and still stored here; `medchain erase`",
        "record 3",
        "six  damaged: a bit is flipped",
        "seven  is not in this store",
        "127.0.0.1:1: cannot be reached",
        "--verify reads them all",
        "deleted three",
        "put four into",
        "LOST eight (the upload of b.png)",
    ] {
        assert!(text.contains(words), "no '{words}' in {text}");
    }
    let line = |cid: &str| text.lines().find(|line| line.starts_with(&format!("LOST {cid}")));
    // Repeated, the upload puts back the version that it added, and no other.
    for (cid, words) in [
        ("eight", "or repeat the upload with the film"),
        ("nine", "`medchain restore`"),
        ("ten", "`ipfs add --cid-version=1`"),
        ("eleven", "if it is a film"),
    ] {
        let line = line(cid).unwrap();
        assert!(line.contains("--store") && line.contains(words), "{line}");
        let is_upload = matches!(cid, "eight" | "eleven");
        assert_eq!(line.contains("repeat the upload"), is_upload, "{line}");
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["stores"][0]["unnamed"][2]["known_as"], "erased");
}

/// The contents of three stores: the first has all, the second lost one and damaged one, the
/// third does not answer.
fn contents(erased: &Cid) -> (Vec<Kept>, BTreeMap<String, Content>) {
    let cid = |byte: u8| cid_of(&[byte]);
    let names = ["A", "B", "C"];
    let looked = |second: Found| {
        let found = [
            Ok(Found::Whole),
            Ok(second),
            Err(StoreError::Timeout { store: "C".into(), seconds: 1 }),
        ];
        let looked = names.into_iter().zip(found);
        looked.map(|(store, found)| Looked { store: store.into(), found }).collect()
    };
    let named = |second| Content { naming: Naming::Named, looked: looked(second) };
    let contents = BTreeMap::from([
        (cid(1).to_string(), named(Found::Whole)),
        (cid(2).to_string(), named(Found::Nothing)),
        (cid(3).to_string(), named(Found::Damaged("it is cut short".into()))),
        (erased.to_string(), Content { naming: Naming::Erased(RecordId(9)), looked: Vec::new() }),
    ]);
    let kept = |store: &str, cids: Result<Vec<Cid>, StoreError>| Kept { store: store.into(), cids };
    let down = Err(StoreError::Timeout { store: "C".into(), seconds: 1 });
    let all = vec![
        kept("A", Ok(vec![cid(1), cid(2), cid(3), erased.clone()])),
        kept("B", Ok(vec![cid(1), cid(3)])),
        kept("C", down),
    ];
    (all, contents)
}

#[test]
fn what_one_store_lacks_or_damaged_is_healed_and_a_store_that_is_down_lacks_nothing() {
    let erased = cid_of(b"erased");
    let known = [Noted {
        cid: erased.clone(),
        how: Known::Part,
        what: "the upload of a.png".into(),
        command: Some("upload".into()),
    }];
    let (kept, contents) = contents(&erased);
    let stores: Vec<StoreReport> =
        kept.into_iter().map(|one| of_store(one, &contents, &known)).collect();
    // Erased content is not a part of anything, although the journal published it.
    let [one] = &stores[0].unnamed[..] else { panic!("{:?}", stores[0].unnamed) };
    assert_eq!((one.known_as, one.what.as_deref()), (Known::Erased, Some("record 9")));
    let (lost_by_b, damaged) = (cid_of(&[2]).to_string(), cid_of(&[3]).to_string());
    assert_eq!(stores[1].lacks, std::slice::from_ref(&lost_by_b));
    assert_eq!(stores[1].damaged[0].cid, damaged);
    for whole in [&stores[0], &stores[2]] {
        assert!(whole.lacks.is_empty() && whole.damaged.is_empty(), "{whole:?}");
    }
    assert!(stores[2].problem.is_some());
    let mut report = report(stores);
    assert_eq!(report.to_heal(), BTreeSet::from([lost_by_b, damaged.clone()]));
    assert_eq!(report.outcome(), Outcome::No);
    report.healed.push(damaged);
    assert_eq!(report.outcome(), Outcome::Done);
}

#[test]
fn lost_is_what_every_store_says_it_has_not() {
    let content = |found: Vec<Result<Found, StoreError>>| Content {
        naming: Naming::Named,
        looked: found.into_iter().map(|found| Looked { store: "a store".into(), found }).collect(),
    };
    let down = || Err(StoreError::Timeout { store: "C".into(), seconds: 1 });
    let damaged = || Ok(Found::Damaged("it is cut short".into()));
    let contents = BTreeMap::from([
        ("gone".to_owned(), content(vec![Ok(Found::Nothing), damaged()])),
        ("perhaps".to_owned(), content(vec![Ok(Found::Nothing), down()])),
        ("there".to_owned(), content(vec![damaged(), Ok(Found::Whole)])),
        ("erased".to_owned(), content(Vec::new())),
    ]);
    assert_eq!(lost(&contents, &[]), [Lost { cid: "gone".into(), what: None, command: None }]);
    let report = CheckReport { lost: lost(&contents, &[]), ..report(Vec::new()) };
    assert_eq!(report.outcome(), Outcome::No);
}

/// A store that says that it took what it did not write, as one does that believes that it has it.
#[derive(Debug)]
struct Deaf(LocalStore);

#[async_trait]
impl Store for Deaf {
    async fn put_with_progress(&self, bytes: &[u8], _: Progress<'_>) -> Result<Stored, StoreError> {
        let places = vec![self.describe()];
        Ok(Stored { cid: cid_of(bytes), places, missed: Vec::new() })
    }

    async fn get_with_progress(
        &self,
        cid: &Cid,
        limit: u64,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, StoreError> {
        self.0.get_with_progress(cid, limit, progress).await
    }

    async fn unpin(&self, cid: &Cid) -> Vec<Unpinned> {
        self.0.unpin(cid).await
    }

    async fn kept(&self) -> Vec<Kept> {
        self.0.kept().await
    }

    async fn look(&self, cid: &Cid, depth: Depth) -> Vec<Looked> {
        self.0.look(cid, depth).await
    }

    fn describe(&self) -> String {
        self.0.describe()
    }
}

#[tokio::test]
async fn healed_is_what_a_second_look_finds_whole() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| LocalStore::open(folder.path().join(name)).unwrap();
    let (good, bad) = (open("good"), open("bad"));
    let cid = good.put(b"film").await.unwrap();
    let deaf: Arc<dyn Store> = Arc::new(Deaf(bad.clone()));
    for depth in [Depth::Present, Depth::Verified] {
        let stores = SeveralStores::new(vec![Arc::new(good.clone()), deaf.clone()]);
        assert!(!heal_one(&stores, &cid, depth).await, "{depth:?}");
    }
    let stores = SeveralStores::new(vec![Arc::new(good), Arc::new(bad)]);
    assert!(heal_one(&stores, &cid, Depth::Verified).await);
    assert!(!heal_one(&stores, &cid_of(b"nobody has it"), Depth::Present).await);
}
