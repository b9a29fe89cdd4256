use crate::store::{open, shown, StoreError};

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
    check("/ip4/127.0.0.1/tcp/5001", node);
    check("127.0.0.1:5001", node);
    check("https://kubo.example.org", "the IPFS node at https://kubo.example.org");
}

#[test]
fn what_is_not_a_store_is_refused() {
    for url in ["", "127.0.0.1", "ftp://example.org", "http://", "file://host/path"] {
        let error = open(url).unwrap_err();
        assert!(matches!(error, StoreError::InvalidUrl { .. }), "{url}: {error}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let error = open("/dev/null/store").unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
}

#[test]
fn commas_part_several_stores_in_their_order() {
    let store = open("http://127.0.0.1:5002, /a/store ,ipfs+http://127.0.0.1:5001/").unwrap();
    assert_eq!(
        store.describe(),
        "the IPFS node at http://127.0.0.1:5002, or else the folder /a/store, \
         or else the IPFS node at http://127.0.0.1:5001"
    );
}

#[test]
fn a_list_that_makes_no_sense_is_refused() {
    let check = |list: &str, reason: &str| {
        let error = open(list).unwrap_err();
        assert!(matches!(error, StoreError::InvalidList { .. }), "{list}: {error}");
        let whole = format!("cannot use the list of stores: {reason}");
        assert_eq!(error.to_string(), whole, "{list}");
    };
    check(",", "entry 1 is empty");
    check("/a,", "entry 2 is empty");
    check("/a, ,/b", "entry 2 is empty");
    check("/a,/b,//a/", "entries 1 and 3 are both the folder //a/");
    check("/a,file:///a", "entries 1 and 2 are both the folder /a");
    let node = "the IPFS node at http://h:1";
    check("http://h:1,ipfs+http://me:secret@h:1/", &format!("entries 1 and 2 are both {node}"));
    check("h:1,/dns4/h/tcp/1", &format!("entries 1 and 2 are both {node}"));
    check("/1,/2,/3,/4,/5,/6,/7,/8,/9", "it has 9 entries; at most 8 are allowed");
    assert!(open("/1,/2,/3,/4,/5,/6,/7,/8").is_ok());
    let error = open("/a,ftp://example.org").unwrap_err().to_string();
    assert!(error.starts_with("`ftp://example.org` is not a store"), "{error}");
}

#[tokio::test]
async fn a_password_is_never_shown() {
    let secret = "pa55word";
    let hidden = |text: String| assert!(!text.contains(secret) && !text.contains("me"), "{text}");
    for url in [
        "ftp://me:pa55word@host",
        "http://me:pa55word@host:port",
        "http://me:pa55word",
        "http://me:pa55word@",
        "http://me:a,pa55word@host",
        "http://me:1,x,pa55word@host",
        "/a,http://me:pa55word@host:port",
    ] {
        let error = open(url).unwrap_err();
        assert!(!error.to_string().contains(secret), "{error}");
        assert!(!format!("{error:?}").contains(secret), "{error:?}");
    }
    let store = open("http://me:pa55word@127.0.0.1:1").unwrap();
    hidden(store.describe());
    assert!(!format!("{store:?}").contains(secret), "{store:?}");
    hidden(store.put(b"abc").await.unwrap_err().to_string());
    assert_eq!(shown("http://me:pa55word@h:1/"), "http://…@h:1/");
    for plain in ["/a/b@c", "http://h:5001", "http://[::1]:5001"] {
        assert_eq!(shown(plain), plain);
    }
}
