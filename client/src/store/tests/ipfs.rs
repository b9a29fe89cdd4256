//! The adapter against a node that answers what each test wants.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use cid::Cid as BlockCid;
use medchain_primitives::Cid;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::store::{
    cid_of,
    dag::{self, BlockSource},
    Depth, Found, IpfsStore, LetGo, Store, StoreError, TOKENS_VARIABLE,
};

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
    assert!(matches!(elsewhere, Err(StoreError::NotRpc { .. })), "{elsewhere:?}");
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

/// The head of the first request that a node gets, which answers nothing of use.
async fn first_request(open: impl FnOnce(&str) -> IpfsStore) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = open(&format!("http://{}", listener.local_addr().unwrap()));
    let asked = tokio::spawn(async move { store.get(&cid_of(b"abc"), 1000).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while !head.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the request has no end");
        head.extend_from_slice(&buffer[..read]);
    }
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    drop(stream);
    assert!(asked.await.unwrap().is_err());
    String::from_utf8(head).unwrap().to_lowercase()
}

#[tokio::test]
async fn a_node_is_shown_its_token_and_nothing_without_one() {
    let with = first_request(|url| IpfsStore::open(url).unwrap().with_token("s3cret")).await;
    assert!(with.contains("authorization: bearer s3cret\r\n"), "{with}");
    let without = first_request(|url| IpfsStore::open(url).unwrap()).await;
    assert!(
        without.starts_with("post /api/v0/") && !without.contains("authorization"),
        "{without}"
    );
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
    assert!(matches!(other, Err(StoreError::NotRpc { .. })), "{other:?}");
    let nothing = unpin(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    assert!(matches!(nothing, Err(StoreError::NotRpc { .. })), "{nothing:?}");
    let forbidden = unpin(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno").await;
    assert!(matches!(forbidden, Err(StoreError::Refused { .. })), "{forbidden:?}");
}

async fn put(answer: &'static [u8]) -> StoreError {
    let store = IpfsStore::open(&node(answer).await).unwrap();
    store.put(b"abc").await.unwrap_err()
}

async fn ping(answer: &'static [u8]) -> Result<(), StoreError> {
    IpfsStore::open(&node(answer).await).unwrap().ping().await
}

#[tokio::test]
async fn a_full_disk_is_told_in_the_nodes_own_words() {
    // Kubo answers with success and a name, and says afterwards that it could not write.
    let late = put(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
        {\"Name\":\"content\",\"Hash\":\"bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu\",\"Size\":\"3\"}\n\
        {\"Message\":\"write /data/ipfs/blocks/put-1: no space left on device\",\"Code\":0,\"Type\":\"error\"}\n")
    .await;
    let at_once = put(b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n\
        {\"Message\":\"write /data/ipfs/blocks/put-1: no space left on device\"}")
    .await;
    for error in [late, at_once] {
        assert!(matches!(error, StoreError::Refused { .. }), "{error}");
        for words in ["no space left on device", "ipfs repo gc", "--store"] {
            assert!(error.to_string().contains(words), "no '{words}' in {error}");
        }
    }
}

#[tokio::test]
async fn what_is_not_the_rpc_says_what_is_wanted() {
    const GATEWAY: &[u8] = b"HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n\r\n\
        method not allowed";
    const NOWHERE: &[u8] = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n404 page not found";
    const LOGIN: &[u8] = b"HTTP/1.1 302 Found\r\nLocation: https://login.example.org/\r\n\
        Content-Length: 0\r\n\r\n";
    const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
        <!DOCTYPE html><html><head><title>Sign in</title>";
    for (answer, words) in
        [(GATEWAY, "gateway"), (NOWHERE, "gateway"), (LOGIN, "login page"), (PAGE, "web page")]
    {
        for error in [put(answer).await, ping(answer).await.unwrap_err()] {
            assert!(matches!(error, StoreError::NotRpc { .. }), "{error}");
            for words in [words, "port 5001", "ipfs config Addresses.API"] {
                assert!(error.to_string().contains(words), "no '{words}' in {error}");
            }
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
    }
    let locked = put(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno").await;
    for words in ["password or a token", TOKENS_VARIABLE] {
        assert!(locked.to_string().contains(words), "no '{words}' in {locked}");
    }
}

#[tokio::test]
async fn only_a_kubo_node_is_healthy() {
    let kubo = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
        {\"Version\":\"0.39.0\",\"Commit\":\"\",\"Repo\":\"17\",\"System\":\"amd64/linux\"}";
    assert!(ping(kubo).await.is_ok());
    for other in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
    ] {
        assert!(ping(other).await.is_err(), "{}", String::from_utf8_lossy(other));
    }
}

#[tokio::test]
async fn the_pins_of_a_node_are_listed() {
    let store = IpfsStore::open(
        &node(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
            {\"Cid\":\"bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu\",\"Type\":\"recursive\"}\n\
            {\"Cid\":\"QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn\",\"Type\":\"recursive\"}\n",
        )
        .await,
    )
    .unwrap();
    let kept = store.kept().await.pop().unwrap();
    assert!(kept.cids.unwrap().contains(&cid_of(b"abc")));
    let broken = IpfsStore::open(&node(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno").await);
    assert!(broken.unwrap().kept().await.pop().unwrap().cids.is_err());
}

/// A node that lacks nothing of `bytes`, and answers each request after `latency`.
async fn distant_node(bytes: &[u8], latency: Duration) -> (IpfsStore, Cid) {
    let mut blocks = HashMap::new();
    let cid = dag::build(bytes, |cid, block| {
        blocks.insert(cid.to_string(), block.to_vec());
        Ok(())
    });
    let blocks = Arc::new(blocks);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let blocks = blocks.clone();
            tokio::spawn(async move {
                let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
                loop {
                    while !request.ends_with(b"\r\n\r\n") {
                        match stream.read(&mut buffer).await {
                            Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
                            _ => return,
                        }
                    }
                    let head = String::from_utf8_lossy(&request).into_owned();
                    request.clear();
                    let cid = head.split_once("arg=").unwrap().1.split_once('&').unwrap().0;
                    let block = &blocks[cid];
                    tokio::time::sleep(latency).await;
                    let head =
                        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", block.len());
                    let _ = stream.write_all(&[head.as_bytes(), block].concat()).await;
                }
            });
        }
    });
    (IpfsStore::open(&url).unwrap(), cid.unwrap())
}

/// The same store, one block after the other, as it was read before.
struct OneByOne(IpfsStore);

#[async_trait]
impl BlockSource for OneByOne {
    async fn block(&self, cid: &BlockCid) -> Result<Vec<u8>, StoreError> {
        self.0.block(cid).await
    }
}

#[tokio::test]
async fn a_distant_node_is_asked_for_several_blocks_at_once() {
    // A film of 10 MiB: forty leaves and their root.
    let bytes: Vec<u8> = (0..40 * dag::CHUNK as u32).map(|at| (at / 1000 % 251) as u8).collect();
    let (store, cid) = distant_node(&bytes, Duration::from_millis(50)).await;
    let begun = Instant::now();
    let one_by_one = dag::read(&OneByOne(store.clone()), &cid, 1 << 26, &|_| ()).await.unwrap();
    let before = begun.elapsed();
    let begun = Instant::now();
    let at_once = store.get(&cid, 1 << 26).await.unwrap();
    let now = begun.elapsed();
    println!("10 MiB at 50 ms of latency: {before:?} one by one, {now:?} at once");
    assert!(one_by_one == bytes && at_once == bytes);
    assert!(now * 2 < before, "{now:?}, and {before:?} one by one");
}

/// A node that answers each method of the RPC as it is told, and anything else with an error.
async fn node_with(answers: &'static [(&'static str, &'static [u8])]) -> IpfsStore {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
            while !request.ends_with(b"\r\n\r\n") {
                match stream.read(&mut buffer).await {
                    Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let head = String::from_utf8_lossy(&request).into_owned();
            let found = answers.iter().find(|(method, _)| head.contains(method));
            let answer =
                found.map_or(&b"HTTP/1.1 500 Internal Server Error\r\n\r\n"[..], |one| one.1);
            let _ = stream.write_all(answer).await;
        }
    });
    IpfsStore::open(&url).unwrap()
}

#[tokio::test]
async fn what_a_node_keeps_is_looked_at_without_searching_its_network() {
    const PINNED: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\
        {\"Keys\":{\"bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu\":{\"Type\":\"recursive\"}}}";
    const NOT_PINNED: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n\
        {\"Message\":\"path 'bafk' is not pinned\",\"Code\":0,\"Type\":\"error\"}";
    const RIGHT: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc";
    const WRONG: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabd";
    const MISSING: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n\
        {\"Message\":\"block was not found locally (offline): ipld: could not find it\"}";
    let look = async |answers: &'static [(&'static str, &'static [u8])], depth: Depth| {
        let looked = node_with(answers).await.look(&cid_of(b"abc"), depth).await.pop().unwrap();
        looked.found
    };
    for depth in [Depth::Present, Depth::Verified] {
        // Asked offline, or the fake does not answer.
        let whole = look(&[("pin/ls", PINNED), ("offline=true", RIGHT)], depth).await;
        assert!(matches!(whole, Ok(Found::Whole)), "{whole:?}");
        let unkept = look(&[("pin/ls", NOT_PINNED), ("block/get", RIGHT)], depth).await;
        assert!(matches!(unkept, Ok(Found::Nothing)), "{unkept:?}");
        let lost = look(&[("pin/ls", PINNED), ("block/get", MISSING)], depth).await;
        assert!(matches!(lost, Ok(Found::Nothing)), "{lost:?}");
        let damaged = look(&[("pin/ls", PINNED), ("block/get", WRONG)], depth).await;
        assert!(matches!(damaged, Ok(Found::Damaged(_))), "{damaged:?}");
        let unknown = look(&[("pin/ls", RIGHT), ("block/get", RIGHT)], depth).await;
        assert!(matches!(unknown, Err(StoreError::NotRpc { .. })), "{unknown:?}");
    }
}
