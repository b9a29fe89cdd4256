use crate::store::{open, StoreError};

#[test]
fn a_url_names_a_node_and_a_path_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/store");
    let check = |url: &str, description: &str| {
        assert_eq!(open(url).unwrap().describe(), description);
    };
    let text = path.to_str().unwrap();
    check(text, &format!("the folder {text}"));
    check(&format!("file://{text}"), &format!("the folder {text}"));
    assert!(!path.exists(), "naming a store makes no folder");
    let node = "the IPFS node at http://127.0.0.1:5001";
    check("http://127.0.0.1:5001", node);
    check("ipfs+http://127.0.0.1:5001/", node);
}

#[test]
fn what_is_not_a_store_is_refused() {
    for url in ["", "https://example.org", "ftp://example.org", "http://", "file://host/path"] {
        let error = open(url).unwrap_err();
        assert!(matches!(error, StoreError::InvalidUrl { .. }), "{url}: {error}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let error = open("/dev/null/store").unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
}
