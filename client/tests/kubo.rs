//! The store against a real IPFS node: runs where `MEDCHAIN_TEST_IPFS` has the
//! address of its RPC, such as `http://127.0.0.1:5001`.

use std::time::Duration;

use medchain_client::store::{cid_of, IpfsStore, LetGo, LocalStore, Store, StoreError};

const CHUNK: usize = 262_144;

fn node() -> Option<IpfsStore> {
    let Ok(url) = std::env::var("MEDCHAIN_TEST_IPFS") else {
        eprintln!("skipped: MEDCHAIN_TEST_IPFS does not name an IPFS node");
        return None;
    };
    let store = IpfsStore::open(&url).expect("MEDCHAIN_TEST_IPFS is an address");
    Some(store.with_timeout(Duration::from_secs(10)))
}

fn content(length: usize) -> Vec<u8> {
    (0..length as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u8).collect()
}

#[tokio::test]
async fn the_same_bytes_have_the_same_cid_in_both_stores() {
    let Some(ipfs) = node() else { return };
    let folder = tempfile::tempdir().unwrap();
    let local = LocalStore::open(folder.path()).unwrap();
    // A leaf, several leaves, a full node, and a tree of two levels whose
    // last node has one leaf.
    for length in [0, 3, CHUNK, CHUNK + 1, 174 * CHUNK, 174 * CHUNK + 1] {
        let bytes = content(length);
        let cid = ipfs.put(&bytes).await.unwrap();
        assert_eq!(cid, local.put(&bytes).await.unwrap(), "{length}");
        let got = ipfs.get(&cid, length as u64).await.unwrap();
        assert!(got == bytes, "{length}");
    }
}

#[tokio::test]
async fn the_limit_holds() {
    let Some(ipfs) = node() else { return };
    let cid = ipfs.put(&content(CHUNK + 1)).await.unwrap();
    let error = ipfs.get(&cid, CHUNK as u64).await.unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn content_that_nobody_has_is_an_error_in_time() {
    let Some(ipfs) = node() else { return };
    let ipfs = ipfs.with_timeout(Duration::from_secs(2));
    let never = cid_of(b"nobody ever stored these bytes anywhere");
    let asked = ipfs.get(&never, 1000);
    let error = tokio::time::timeout(Duration::from_secs(10), asked)
        .await
        .expect("the store's own time-out comes first")
        .unwrap_err();
    assert!(matches!(error, StoreError::Timeout { .. } | StoreError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn content_is_unpinned_once() {
    let Some(ipfs) = node() else { return };
    let ask = async |bytes: &[u8]| ipfs.unpin(&cid_of(bytes)).await.pop().unwrap().outcome;
    // A leaf alone and a tree; lengths that no other test here stores.
    for length in [1001, 2 * CHUNK + 1001] {
        let bytes = content(length);
        ipfs.put(&bytes).await.unwrap();
        assert_eq!(ask(&bytes).await.unwrap(), LetGo::Unpinned, "{length}");
        assert_eq!(ask(&bytes).await.unwrap(), LetGo::NotKept, "{length}, a second time");
    }
    let never = b"nobody ever stored these bytes, so nobody ever pinned them";
    assert_eq!(ask(never).await.unwrap(), LetGo::NotKept);
}
