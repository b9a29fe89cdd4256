use super::*;
use crate::{Block, Class, Film, Model, Outcome, Record, Report, Request};

fn outcome(covid: u32) -> Outcome {
    let class = |(label, probability): (&str, u32)| Class { label: label.into(), probability };
    Outcome::Verdict {
        label: "covid".into(),
        probabilities: [("covid", covid), ("normal", 1_000_000 - covid)].map(class).to_vec(),
        provisional_until: None,
        challengeable_until: None,
        challenged: false,
    }
}

fn printed(change: impl FnOnce(&mut Report)) -> Printed {
    let mut report = Report {
        genesis: Hash([1; 32]),
        block: Block { number: 12, hash: Hash([2; 32]), time: 1_000 },
        record: Record {
            id: 3,
            patient: "5Patient".into(),
            patient_name: None,
            author: "5Author".into(),
            added_at: 1,
            cid: "bafk".into(),
            digest: Hash([3; 32]),
            superseded_by: None,
        },
        outcome: outcome(994_200),
        model: Some(Model {
            id: 0,
            name: "vgg".into(),
            version: "3".into(),
            sha256: Hash([4; 32]),
            threshold: 989_000,
            card: None,
        }),
        request: Some(Request {
            id: 9,
            requester: "5Author".into(),
            workers: vec!["5Worker".into()],
            reached_at: Some(8),
            receipt: Some(Hash([5; 32])),
        }),
        salt: Hash([6; 32]),
    };
    change(&mut report);
    Printed::new(&report, Some(&Film::new(1, 1, vec![7]).unwrap())).unwrap()
}

/// The names of what differs.
fn differing(page: &Printed, chain: &Printed, opened: bool) -> Vec<String> {
    let checks = compare(page, chain, opened);
    let differs = checks.into_iter().filter(|check| check.finding == Finding::Differs);
    differs.map(|check| check.what).collect()
}

fn not_compared(page: &Printed, chain: &Printed, opened: bool) -> Vec<String> {
    let checks = compare(page, chain, opened);
    let left = checks.into_iter().filter(|check| check.finding == Finding::NotCompared);
    left.map(|check| check.what).collect()
}

#[test]
fn equal_values_agree() {
    let page = printed(|_| ());
    assert_eq!(differing(&page, &page, true), [""; 0]);
    assert_eq!(not_compared(&page, &page, true), [""; 0]);
}

#[test]
fn every_forged_value_is_named() {
    let chain = printed(|_| ());
    let check = |change: fn(&mut Report), what: &str| {
        assert_eq!(differing(&printed(change), &chain, true), [what]);
    };
    check(|report| report.genesis = Hash([9; 32]), "genesis hash");
    check(|report| report.block.time += 1, "block whose state is reported");
    check(|report| report.record.patient.push('x'), "patient's account");
    check(|report| report.record.author.push('x'), "account that added the film");
    check(|report| report.record.added_at += 1, "block in which it was added");
    check(|report| report.record.cid.push('x'), "CID of the encrypted film");
    check(|report| report.record.digest = Hash([9; 32]), "SHA-256 of the encrypted film");
    check(|report| report.record.superseded_by = Some(4), "newer version of the record");
    check(|report| report.outcome = outcome(994_300), "result");
    check(|report| report.outcome = Outcome::Annulled, "result");
    check(|report| report.model.as_mut().unwrap().name.push('x'), "name of the model");
    check(|report| report.model.as_mut().unwrap().threshold -= 100, "threshold");
    check(|report| report.request.as_mut().unwrap().workers.clear(), "request");
    check(|report| report.salt = Hash([9; 32]), "salt of the code");
    let mut other = chain.clone();
    other.film.as_mut().unwrap().sha256 = Hash([9; 32]);
    assert_eq!(differing(&other, &chain, true), ["film"]);
}

fn left(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.values().any(left),
        value => !value.is_null(),
    }
}

#[test]
fn no_value_is_left_out() {
    let mut all = serde_json::to_value(printed(|report| {
        report.record.patient_name = Some("A".into());
    }))
    .unwrap();
    for (pointer, ..) in VALUES {
        *all.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = Value::Null;
    }
    assert!(!left(&all), "{all}");
}

#[test]
fn without_a_key_what_is_sealed_is_not_compared() {
    let sealed = |outcome: Outcome| {
        let mut chain = printed(|report| {
            report.outcome = outcome;
            report.salt = Hash([0; 32]);
        });
        chain.film = None;
        chain
    };
    let page = printed(|_| ());
    let chain = sealed(Outcome::Sealed);
    assert_eq!(differing(&page, &chain, false), [""; 0]);
    assert_eq!(not_compared(&page, &chain, false), ["result", "salt of the code", "film"]);
    // What became of a verdict is public.
    for outcome in [Outcome::Annulled, Outcome::Withdrawn, Outcome::Disputed { until: 9 }] {
        assert_eq!(differing(&page, &sealed(outcome.clone()), false), ["result"]);
        let page = printed(|report| report.outcome = outcome);
        assert_eq!(differing(&page, &chain, false), ["result"]);
    }
}

#[test]
fn a_name_is_not_on_the_chain() {
    let page = printed(|report| report.record.patient_name = Some("Ana".into()));
    let chain = printed(|_| ());
    assert_eq!(not_compared(&page, &chain, true), ["patient's name"]);
    assert_eq!(differing(&page, &chain, true), [""; 0]);
}

#[test]
fn a_card_that_is_missing_on_one_side_is_no_difference() {
    let card = crate::Card { cid: "bafk".into(), measured_on: "test".into(), measures: Vec::new() };
    let with = printed(|report| report.model.as_mut().unwrap().card = Some(card.clone()));
    let without = printed(|_| ());
    for (page, chain) in [(&with, &without), (&without, &with)] {
        assert_eq!(not_compared(page, chain, true), ["numbers of the model card"]);
        assert_eq!(differing(page, chain, true), [""; 0]);
    }
}

#[test]
fn a_line_says_what_differs_in_words_and_on_one_line() {
    let page = printed(|report| report.outcome = outcome(994_300));
    let checks = compare(&page, &printed(|_| ()), true);
    let line = checks.iter().find(|check| check.what == "result").unwrap().to_string();
    assert!(line.starts_with("NO   result: the page says "), "{line}");
    assert!(line.contains("covid 99.43 %") && line.contains("covid 99.42 %"), "{line}");
    let nasty = Check::agrees("result", "a\u{1b}[2J\nb").to_string();
    assert!(!nasty.contains(['\n', '\u{1b}']), "{nasty:?}");
}

/// What comes of comparing a code alone: its printed values, and the names of what differs.
fn scanned(code: &Code, chain: &Printed, opened: bool, is_then: bool) -> (Finding, Vec<String>) {
    let checks = compare_code(code, chain, opened, is_then);
    let values = checks.last().map(|check| check.finding.clone()).unwrap();
    let differs = checks.into_iter().filter(|check| check.finding == Finding::Differs);
    (values, differs.map(|check| check.what).collect())
}

#[test]
fn a_code_without_its_page_binds_every_printed_value() {
    let chain = printed(|_| ());
    let none = Vec::<String>::new();
    for opened in [true, false] {
        assert_eq!(scanned(&chain.code(), &chain, opened, true), (Finding::Agrees, none.clone()));
    }
    // The code of a page with another verdict: only who can open the film can tell.
    let forged = printed(|report| report.outcome = outcome(6_000)).code();
    let differs = (Finding::Differs, vec!["printed values".to_owned()]);
    assert_eq!(scanned(&forged, &chain, true, true), differs);
    assert_eq!(scanned(&forged, &chain, false, true), (Finding::NotCompared, none.clone()));
    // What the chain says today may be otherwise than then.
    assert_eq!(scanned(&forged, &chain, true, false), (Finding::NotCompared, none));
    let other = printed(|report| report.request.as_mut().unwrap().receipt = Some(Hash([8; 32])));
    let (_, named) = scanned(&other.code(), &chain, false, true);
    assert_eq!(named, ["receipt"]);
}
