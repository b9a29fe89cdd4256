use medchain_client::store::{cid_of, StoreError};
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

#[test]
fn what_nobody_needs_is_told_from_what_is_somebody_elses() {
    let unnamed = |cid: &str, known_as, what: Option<&str>| Unnamed {
        cid: cid.into(),
        known_as,
        what: what.map(str::to_owned),
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
        lost: vec![Lost { cid: "eight".into(), what: Some("the upload of b.png".into()) }],
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
    let known = [(erased.clone(), Known::Part, "the upload of a.png".to_owned())];
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
    assert_eq!(lost(&contents, &[]), [Lost { cid: "gone".into(), what: None }]);
    let report = CheckReport { lost: lost(&contents, &[]), ..report(Vec::new()) };
    assert_eq!(report.outcome(), Outcome::No);
}
