//! Erasing and its certificates.

use crate::program::medchain;

#[test]
fn a_file_that_is_not_a_certificate_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.json");
    let verify = || medchain(folder.path(), &["verify-certificate", "c.json"]);
    verify().failed_with(&["cannot open the certificate c.json"]);
    for (text, words) in [
        ("", &["c.json is empty"][..]),
        ("not JSON", &["c.json", "not a certificate of erasure"]),
        ("{}", &["c.json", "not a certificate of erasure"]),
        ("{\"medchain_erasure_certificate\": 9}", &["version 9", "update the program"]),
        ("{\"medchain_erasure_certificate\": 1}", &["damaged"]),
    ] {
        std::fs::write(&file, text).unwrap();
        verify().failed_with(words);
    }
    medchain(folder.path(), &["verify-certificate", "."]).failed_with(&["is a folder"]);
}

#[test]
fn a_certificate_that_cannot_be_written_is_refused_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.json"), "mine").unwrap();
    let erase = |more: &[&str]| {
        let erase = ["erase", "0", "--suri", "//Bob", "--dev", "--yes", "--certificate"];
        medchain(folder.path(), &[&erase[..], more].concat())
    };
    erase(&["mine.json"]).failed_with(&["mine.json exists already", "--force"]);
    erase(&["no/such/c.json"]).failed_with(&["cannot write no/such/c.json"]);
    erase(&["c.json", "--in-block"]).failed_with(&["final block", "--in-block"]);
    // The node is asked only after that.
    erase(&["c.json"]).failed_with(&["cannot reach a node", "--node"]);
    erase(&["mine.json", "--force"]).failed_with(&["cannot reach a node"]);
    assert_eq!(std::fs::read(folder.path().join("mine.json")).unwrap(), b"mine");
    assert!(!folder.path().join("c.json").exists());
}
