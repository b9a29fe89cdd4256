//! A report on paper, and what the chain says of it.

use std::collections::BTreeMap;

use medchain_e2e::{model_folder, Answer, World, LAB, PATIENT, STRANGER};
use medchain_vision::synthetic_radiograph_png;
use serde_json::Value;

/// What was found of each value.
fn findings(answer: &Answer) -> BTreeMap<String, String> {
    let report = answer.json();
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("{report}"));
    let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    checks.iter().map(|check| (text(check, "what"), text(check, "finding"))).collect()
}

/// What was found that is not `agrees`.
fn odd(answer: &Answer) -> Vec<String> {
    let odd = findings(answer).into_iter().filter(|(_, finding)| finding != "agrees");
    odd.map(|(what, finding)| format!("{what} {finding}")).collect()
}

/// Replaces text in a file by text of the same length.
fn forge(world: &World, from: &str, to: &str) {
    let mut bytes = std::fs::read(world.folder().join("report.pdf")).unwrap();
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
    std::fs::write(world.folder().join("forged.pdf"), bytes).unwrap();
}

pub fn a_report_agrees_with_the_chain_and_a_forged_one_does_not(world: &World) {
    let model = model_folder().display().to_string();
    let path = world.write_image("scan.png", &synthetic_radiograph_png(71));
    let record = world.upload(&path);
    let id = record.to_string();
    let report = |who: &str, more: &[&str]| {
        let arguments = ["report", &id, "-o", "report.pdf", "--model-dir", &model];
        world.run(who, &[&arguments[..], more].concat())
    };
    let verify =
        |who: &str, what: &str| world.run(who, &["verify-report", what, "--model-dir", &model]);

    // Before there is a verdict, the page says so.
    let pending = report(LAB, &[]);
    assert_eq!(pending.code, 0, "{}", pending.err);
    assert_eq!(
        (&pending.json()["state"], &pending.json()["label"]),
        (&"pending".into(), &Value::Null)
    );

    let worker = world.worker();
    let verdict = world.verdict(record, &worker);
    let refused = report(PATIENT, &[]);
    assert!(refused.one_error_line().contains("exists already"), "{}", refused.err);
    let written = report(PATIENT, &["--force"]);
    assert_eq!(written.code, 0, "{}", written.err);
    let written = written.json();
    assert_eq!(written["label"], verdict["label"]);
    assert_eq!(written["uncertain"], verdict["uncertain"]);
    let pdf = std::fs::read(world.folder().join("report.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));
    assert!(pdf.windows(12).any(|window| window == b"recall covid"), "the card's numbers");

    // Whoever opens the record can compare everything, from the file and from its code.
    let code = written["code"].as_str().unwrap();
    for (who, what) in [(PATIENT, "report.pdf"), (LAB, "report.pdf"), (PATIENT, code), (LAB, code)]
    {
        let answer = verify(who, what);
        assert_eq!((answer.code, odd(&answer)), (0, vec![]), "{}{}", answer.out, answer.err);
    }
    let listed = verify(PATIENT, code).json();
    assert_eq!(listed["expected"]["report"]["outcome"]["label"], verdict["label"]);

    // For others, what is sealed stays so, and they are told.
    let answer = verify(STRANGER, "report.pdf");
    assert_ne!(answer.code, 0);
    assert_eq!(answer.json()["agrees"], true);
    for what in ["result", "film", "salt of the code", "film and verdict"] {
        assert_eq!(findings(&answer)[what], "not_compared", "{what}");
    }
    assert_eq!(findings(&answer)["request"], "agrees");
    let of_code = verify(STRANGER, code);
    assert_eq!(findings(&of_code)["printed values"], "not_compared");
    assert_eq!(of_code.json()["expected"], Value::Null);
    let refused = report(STRANGER, &["--force"]);
    assert!(refused.one_error_line().contains("envelope"), "{}", refused.err);

    // A number that was changed is found, by everybody.
    forge(world, "\"threshold\":9", "\"threshold\":2");
    for who in [PATIENT, STRANGER] {
        let answer = verify(who, "forged.pdf");
        assert_ne!(answer.code, 0);
        for what in ["threshold", "what is drawn on the page", "code on the page"] {
            assert_eq!(findings(&answer)[what], "differs", "{what}: {}", answer.out);
        }
    }
    // A probability, by readers.
    let label = verdict["label"].as_str().unwrap();
    forge(
        world,
        &format!("\"label\":\"{label}\""),
        &format!("\"label\":\"{}\"", "x".repeat(label.len())),
    );
    assert_eq!(findings(&verify(PATIENT, "forged.pdf"))["result"], "differs");

    // Text that is no code, and a name, which the chain does not know.
    let damaged = verify(PATIENT, &code[..code.len() - 1]);
    assert!(damaged.one_error_line().contains("damaged"), "{}", damaged.err);
    let named = report(PATIENT, &["--force", "--patient-name", "Ana Núñez"]).json();
    let answer = verify(PATIENT, "report.pdf");
    assert_eq!(odd(&answer), ["patient's name not_compared"], "{}", answer.out);
    let code = named["code"].as_str().unwrap();
    let with_name = ["verify-report", code, "--model-dir", &model, "--patient-name", "Ana Núñez"];
    assert_eq!(world.run(PATIENT, &with_name).code, 0);
    assert_eq!(findings(&verify(PATIENT, code))["printed values"], "differs");
}
