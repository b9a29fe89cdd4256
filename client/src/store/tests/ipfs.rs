//! The adapter against a node that answers what each test wants.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::store::{cid_of, IpfsStore, LetGo, Store, StoreError};

const ABC: &str = "bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu";

/// A node that answers every request with `answer`; returns its address.
async fn node(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                // The end of a multipart body, or of a request without one.
                while !request.ends_with(b"--\r\n") {
                    let head_only =
                        request.ends_with(b"\r\n\r\n") && !request.starts_with(b"POST /api/v0/add");
                    if head_only {
                        break;
                    }
                    match stream.read(&mut buffer).await {
                        Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
                        _ => break,
                    }
                }
                let _ = stream.write_all(answer).await;
            });
        }
    });
    format!("http://{address}")
}

async fn get(answer: &'static [u8]) -> Result<Vec<u8>, StoreError> {
    let store = IpfsStore::open(&node(answer).await).unwrap();
    store.get(&cid_of(b"abc"), 1000).await
}

#[tokio::test]
async fn a_right_block_is_taken_and_a_wrong_one_is_corrupt() {
    let right = get(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").await;
    assert_eq!(right.unwrap(), b"abc");
    let wrong = get(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabd").await;
    assert!(matches!(wrong, Err(StoreError::Corrupt { cid, .. }) if cid == ABC));
}

#[tokio::test]
async fn what_the_node_says_becomes_an_error_of_its_own() {
    let missing = get(b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n\
        {\"Message\":\"block was not found locally (offline): ipld: could not find it\"}")
    .await;
    assert!(matches!(missing, Err(StoreError::NotFound { cid }) if cid == ABC));
    let late = get(b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n\
        {\"Message\":\"context deadline exceeded\"}")
    .await;
    assert!(matches!(late, Err(StoreError::Timeout { .. })));
    let forbidden = get(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno").await;
    assert!(matches!(forbidden, Err(StoreError::Refused { .. })));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = get(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\n\
        Content-Length: 0\r\n\r\n")
    .await;
    assert!(matches!(elsewhere, Err(StoreError::Refused { .. })), "{elsewhere:?}");
}

#[tokio::test]
async fn a_false_cid_is_noticed() {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
        {\"Name\":\"content\",\"Hash\":\"bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu\",\"Size\":\"3\"}\n";
    let store = IpfsStore::open(&node(ANSWER).await).unwrap();
    assert_eq!(store.put(b"abc").await.unwrap().as_str(), ABC);
    let error = store.put(b"abx").await.unwrap_err();
    assert!(matches!(error, StoreError::CidMismatch { got, .. } if got == ABC));
}

#[tokio::test]
async fn a_node_that_is_not_there_is_unreachable() {
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let store = IpfsStore::open(&url).unwrap();
    let error = store.put(b"abc").await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_silent_node_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let store = IpfsStore::open(&url).unwrap().with_timeout(Duration::from_secs(1));
    let error = store.get(&cid_of(b"abc"), 1000).await.unwrap_err();
    assert!(matches!(error, StoreError::Timeout { .. }), "{error}");
}

async fn unpin(answer: &'static [u8]) -> Result<LetGo, StoreError> {
    let store = IpfsStore::open(&node(answer).await).unwrap();
    store.unpin(&cid_of(b"abc")).await.pop().unwrap().outcome
}

#[tokio::test]
async fn a_pin_that_is_removed_or_was_not_there_is_an_answer() {
    let ours = unpin(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
        {\"Pins\":[\"bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu\"]}",
    )
    .await;
    assert_eq!(ours.unwrap(), LetGo::Unpinned);
    // The same CID in base58, as js-ipfs writes it.
    let base58 = unpin(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
        {\"Pins\":[\"zb2rhjCBERUodVMcKTiFjjbWP12nfh2nNKKcpDNHeQPReWC2G\"]}",
    )
    .await;
    assert_eq!(base58.unwrap(), LetGo::Unpinned);
    for message in [
        &b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n\
            {\"Message\":\"not pinned or pinned indirectly\",\"Code\":0,\"Type\":\"error\"}"[..],
        b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n\
            {\"Message\":\"Failed to remove pin: bafk is not pinned\",\"Code\":0}",
    ] {
        assert_eq!(unpin(message).await.unwrap(), LetGo::NotKept);
    }
}

#[tokio::test]
async fn a_node_that_did_not_remove_the_pin_is_not_believed() {
    let other = unpin(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
        {\"Pins\":[\"bafkreiay3jpbvwvqhjoirtvmqsgxxmuyv3rqzbhlf7otq36hsnflntuvva\"]}",
    )
    .await;
    assert!(matches!(other, Err(StoreError::Refused { .. })), "{other:?}");
    let nothing = unpin(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    assert!(matches!(nothing, Err(StoreError::Refused { .. })), "{nothing:?}");
    let forbidden = unpin(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno").await;
    assert!(matches!(forbidden, Err(StoreError::Refused { .. })), "{forbidden:?}");
}
