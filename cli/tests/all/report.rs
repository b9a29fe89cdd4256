//! Reports, without a node.

use medchain_report::{render, Block, Hash, Outcome, Record, Report};

use crate::program::medchain;

fn report() -> Report {
    Report {
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
        outcome: Outcome::NotOrdered,
        model: None,
        request: None,
        salt: Hash([0; 32]),
    }
}

#[test]
fn what_is_no_report_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let rendered = render(&report(), None).unwrap();
    let code = rendered.code.to_string();
    let verify = |what: &str| medchain(folder.path(), &["verify-report", what]);
    verify("medchain-report.pdf").failed_with(&["cannot open the report medchain-report.pdf"]);
    verify(&code[..code.len() - 1]).failed_with(&["the code is damaged"]);
    verify(&code.replace("/1/", "/2/")).failed_with(&["version 2", "update the program"]);
    std::fs::write(folder.path().join("other.pdf"), "%PDF-1.7\nhello").unwrap();
    verify("other.pdf").failed_with(&["cannot read other.pdf", "not a PDF"]);
    let layout = String::from_utf8_lossy(&rendered.pdf).contains("\"layout\":1");
    assert!(layout, "the values are attached as they are");
    std::fs::write(folder.path().join("medchain-report.pdf"), &rendered.pdf).unwrap();
    // The node is asked only about what can be read.
    verify("medchain-report.pdf").failed_with(&["cannot reach a node", "--node"]);
    verify(&code).failed_with(&["cannot reach a node"]);
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.pdf"), "mine").unwrap();
    let write = |more: &[&str]| {
        let report = ["report", "0", "--suri", "//Bob", "--dev", "-o"];
        medchain(folder.path(), &[&report[..], more].concat())
    };
    write(&["mine.pdf"]).failed_with(&["mine.pdf exists already", "--force"]);
    write(&["no/such/report.pdf"]).failed_with(&["cannot write no/such/report.pdf"]);
    write(&["report.pdf"]).failed_with(&["cannot reach a node"]);
    write(&["mine.pdf", "--force"]).failed_with(&["cannot reach a node"]);
    assert_eq!(std::fs::read(folder.path().join("mine.pdf")).unwrap(), b"mine");
    assert!(!folder.path().join("report.pdf").exists());
}
