use std::{
    future::pending,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::Router;
use sha2::{Digest, Sha256};
use tokio::{net::TcpListener, time::timeout};

use super::*;
use crate::{guard::Hosts, router, store::Store};

const BLOCK: &[u8] = b"the root of a film";
const SECRET: &str = "mine";
const SHORTLY: Duration = Duration::from_millis(500);

/// What was asked of a node, in order.
type Asked = Arc<Mutex<Vec<String>>>;

/// An IPFS node that has everything pinned, or nothing, and may never answer what is to be stored.
async fn kubo(is_pinned: bool, is_slow: bool) -> (String, Asked) {
    let asked = Asked::default();
    let noted = asked.clone();
    let answer = move |uri: Uri, _: Bytes| {
        let noted = noted.clone();
        async move {
            let method = uri.path().trim_start_matches("/api/v0/").to_owned();
            noted.lock().unwrap_or_else(PoisonError::into_inner).push(method.clone());
            match method.as_str() {
                "block/put" if is_slow => pending().await,
                "pin/ls" if !is_pinned => (StatusCode::INTERNAL_SERVER_ERROR, "is not pinned"),
                _ => (StatusCode::OK, "{}"),
            }
        }
    };
    let address = listen(|_| Router::new().fallback(answer)).await;
    (format!("http://{address}"), asked)
}

/// Answers at a free port of this machine.
async fn listen(app: impl FnOnce(SocketAddr) -> Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app(address);
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn shared(store: &str, address: SocketAddr) -> Arc<Shared> {
    Arc::new(Shared {
        node: String::new(),
        store: Store::open(store).unwrap(),
        hosts: Hosts::new(address, &[], false),
        relays: Arc::new(tokio::sync::Semaphore::new(1)),
        keepers: Mutex::default(),
        removing: tokio::sync::RwLock::default(),
    })
}

/// A block that links to others.
fn cid() -> Cid {
    let digest: [u8; 32] = Sha256::digest(BLOCK).into();
    let hash = cid::multihash::Multihash::<64>::wrap(0x12, &digest).expect("32 bytes fit; qed");
    Cid::new_v1(0x70, hash)
}

fn keeper() -> String {
    format!("{:x}", Sha256::digest(SECRET))
}

fn with_keeper(text: &str) -> HeaderMap {
    HeaderMap::from_iter([(KEEPER.parse().unwrap(), HeaderValue::from_str(text).unwrap())])
}

fn uri(is_root: bool) -> Uri {
    let query = if is_root { "?root=true" } else { "" };
    format!("/ipfs/{}{query}", cid()).parse().unwrap()
}

#[tokio::test]
async fn what_a_node_has_pinned_is_unpinned_for_nobody_who_stores_it_again() {
    let (store, asked) = kubo(true, false).await;
    let address = listen(|address| router(shared(&store, address))).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let origin = format!("http://{address}");
    let url = |is_root: bool| format!("{origin}{}", uri(is_root));
    for stored_as_root in [false, true] {
        let put = client.put(url(stored_as_root)).header("origin", &origin);
        let put = put.header(KEEPER, keeper()).body(BLOCK).send().await.unwrap();
        assert_eq!(put.status(), StatusCode::NO_CONTENT);
        let remove = client.delete(url(true)).header("origin", &origin);
        let removed = remove.header(KEEPER, SECRET).send().await.unwrap();
        assert_eq!(removed.status(), StatusCode::FORBIDDEN, "{stored_as_root}");
    }
    let asked = asked.lock().unwrap();
    assert!(asked.iter().any(|method| method == "block/put"), "{asked:?}");
    assert!(!asked.iter().any(|method| method == "pin/rm"), "{asked:?}");
}

#[tokio::test]
async fn a_page_that_went_away_while_it_stored_may_have_it_removed() {
    let (store, asked) = kubo(false, true).await;
    let shared = shared(&store, SocketAddr::from(([127, 0, 0, 1], 1)));
    let (state, path) = (|| State(shared.clone()), || Path(cid().to_string()));
    let block = Bytes::from_static(BLOCK);
    let storing = keep(state(), path(), uri(true), with_keeper(&keeper()), block);
    assert!(timeout(SHORTLY, storing).await.is_err());
    let answer = remove(state(), path(), uri(true), with_keeper(SECRET)).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(*asked.lock().unwrap(), ["pin/ls", "block/put", "pin/rm"]);
}

#[tokio::test]
async fn who_may_not_remove_a_block_holds_up_no_upload() {
    let (store, _) = kubo(true, false).await;
    let shared = shared(&store, SocketAddr::from(([127, 0, 0, 1], 1)));
    // Another upload is under way.
    let _storing = shared.removing.read().await;
    let path = Path(cid().to_string());
    let removing = remove(State(shared.clone()), path, uri(true), with_keeper("theirs"));
    let answer = timeout(SHORTLY, removing).await.expect("it does not wait");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_node_that_refuses_is_none_that_lacks_a_block() {
    for (told, expected) in [
        (StatusCode::INTERNAL_SERVER_ERROR, StatusCode::NOT_FOUND),
        (StatusCode::FORBIDDEN, StatusCode::BAD_GATEWAY),
    ] {
        let node = listen(|_| Router::new().fallback(move || async move { told })).await;
        let shared = shared(&format!("http://{node}"), SocketAddr::from(([127, 0, 0, 1], 1)));
        let answer = fetch(State(shared), Path(cid().to_string())).await;
        assert_eq!(answer.status(), expected);
    }
}

#[tokio::test]
async fn what_never_came_is_gone_and_what_came_is_its_keepers() {
    let folder = tempfile::tempdir().unwrap();
    let shared = shared(&folder.path().to_string_lossy(), SocketAddr::from(([127, 0, 0, 1], 1)));
    let (state, path) = (|| State(shared.clone()), || Path(cid().to_string()));
    let ask =
        async |secret: &str| remove(state(), path(), uri(true), with_keeper(secret)).await.status();
    assert_eq!(ask("theirs").await, StatusCode::NO_CONTENT);
    let block = Bytes::from_static(BLOCK);
    let kept = keep(state(), path(), uri(true), with_keeper(&keeper()), block).await;
    assert_eq!(kept.status(), StatusCode::NO_CONTENT);
    assert_eq!(ask("theirs").await, StatusCode::FORBIDDEN);
    assert_eq!(ask(SECRET).await, StatusCode::NO_CONTENT);
    assert!(!shared.store.has(&cid(), true).await);
}
