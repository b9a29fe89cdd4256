//! The node's RPC, relayed for the methods that the page needs.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{
        ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
        State,
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio_tungstenite::{connect_async_with_config, tungstenite};

use crate::Shared;

/// How many browsers, or tabs of one, may be connected at once.
pub const MAX_RELAYS: usize = 64;
/// The largest message of a browser: a transaction that deploys a contract has half a megabyte.
const MAX_REQUEST: usize = 4 * 1024 * 1024;
/// The largest message of the node: the metadata has one.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The methods of a node that its owner alone may call are not among them, whatever the node
/// itself allows.
const PREFIXES: [&str; 5] =
    ["archive_v1_", "chainHead_v1_", "chainSpec_v1_", "transaction_v1_", "transactionWatch_v1_"];
const METHODS: [&str; 14] = [
    "author_submitExtrinsic",
    "chain_getBlockHash",
    "chain_getFinalizedHead",
    "chain_getHeader",
    "rpc_methods",
    "state_call",
    "state_getKeysPaged",
    "state_getMetadata",
    "state_getRuntimeVersion",
    "state_getStorage",
    "system_accountNextIndex",
    "system_chain",
    "system_health",
    "system_properties",
];

/// Relays one browser to the node.
pub async fn relay(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    // Before the node hears of it: one browser too many costs it nothing.
    let Ok(permit) = shared.relays.clone().try_acquire_owned() else {
        let why = "as many browsers as may be are connected to the node; try again later";
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    };
    let config = tungstenite::protocol::WebSocketConfig::default()
        .max_message_size(Some(MAX_ANSWER))
        .max_frame_size(Some(MAX_ANSWER));
    let connecting = connect_async_with_config(&shared.node, Some(config), true);
    // Connected first: a browser that is told so tries again.
    let Ok(Ok((node, _))) = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await else {
        return (StatusCode::BAD_GATEWAY, "the node does not answer").into_response();
    };
    upgrade.max_message_size(MAX_REQUEST).max_frame_size(MAX_REQUEST).on_upgrade(
        move |browser| async move {
            let _permit = permit;
            between(browser, node).await;
        },
    )
}

type Node =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// Passes messages on until one side closes.
async fn between(browser: WebSocket, node: Node) {
    let (mut to_browser, mut from_browser) = browser.split();
    let (mut to_node, mut from_node) = node.split();
    loop {
        tokio::select! {
            message = from_browser.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let sent = match refused(&text) {
                        None => to_node.send(tungstenite::Message::text(text.as_str())).await.is_ok(),
                        Some(answer) => to_browser.send(Message::Text(answer)).await.is_ok(),
                    };
                    if !sent { break }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => break,
            },
            message = from_node.next() => match message {
                Some(Ok(tungstenite::Message::Text(text))) => {
                    if to_browser.send(Message::Text(text.as_str().into())).await.is_err() { break }
                }
                Some(Ok(tungstenite::Message::Ping(_) | tungstenite::Message::Pong(_))) => {}
                _ => break,
            },
        }
    }
    let _ = to_browser.send(Message::Close(None)).await;
    let _ = to_node.close().await;
}

/// The answer to a message that is not passed on.
fn refused(text: &str) -> Option<Utf8Bytes> {
    #[derive(Deserialize)]
    struct Call {
        method: String,
        #[serde(default)]
        id: serde_json::Value,
    }
    let (id, message) = match serde_json::from_str::<Call>(text) {
        Ok(call) if is_relayed(&call.method) => return None,
        Ok(call) => (call.id, "this method is not relayed"),
        // Several calls in one message are not passed on either.
        Err(_) => (serde_json::Value::Null, "this is not a single call"),
    };
    let error = serde_json::json!({ "code": -32601, "message": message });
    Some(serde_json::json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string().into())
}

fn is_relayed(method: &str) -> bool {
    PREFIXES.iter().any(|prefix| method.starts_with(prefix)) || METHODS.contains(&method)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::{
        net::TcpListener,
        sync::{RwLock, Semaphore},
        time::timeout,
    };
    use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

    use super::*;
    use crate::{guard::Hosts, router, Store};

    fn answer(text: &str) -> Option<serde_json::Value> {
        refused(text).map(|answer| serde_json::from_str(&answer).unwrap_or_default())
    }

    #[test]
    fn what_the_page_needs_is_passed_on() {
        for method in ["chainHead_v1_follow", "transactionWatch_v1_submitAndWatch", "state_call"] {
            assert_eq!(answer(&format!(r#"{{"id":1,"method":"{method}","params":[]}}"#)), None);
        }
    }

    #[test]
    fn a_nodes_own_methods_are_not() {
        for method in ["author_rotateKeys", "system_addReservedPeer", "offchain_localStorageSet"] {
            let told = answer(&format!(r#"{{"id":7,"method":"{method}"}}"#)).unwrap_or_default();
            assert_eq!((&told["id"], &told["error"]["code"]), (&7.into(), &(-32601).into()));
        }
        // Several at once, where one could hide.
        let batch = r#"[{"id":1,"method":"state_call"},{"id":2,"method":"author_rotateKeys"}]"#;
        assert!(answer(batch).is_some());
        assert!(answer("no JSON").is_some());
    }

    #[tokio::test]
    async fn one_browser_too_many_costs_the_node_nothing() -> Result<(), Box<dyn std::error::Error>>
    {
        let (node, listener) =
            (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            node: format!("ws://{}", node.local_addr()?),
            store: Store::open("store")?,
            hosts: Hosts::new(address, &[], false),
            relays: Arc::new(Semaphore::new(0)),
            keepers: Mutex::default(),
            removing: RwLock::default(),
        });
        tokio::spawn(async move { axum::serve(listener, router(shared)).await });
        let mut request = format!("ws://{address}/rpc").into_client_request()?;
        request.headers_mut().insert("origin", format!("http://{address}").parse()?);
        let status = match connect_async(request).await {
            Err(tungstenite::Error::Http(refused)) => Some(refused.status().as_u16()),
            _ => None,
        };
        assert_eq!(status, Some(503));
        let asked = timeout(Duration::from_millis(300), node.accept()).await;
        assert!(asked.is_err(), "the node was asked");
        Ok(())
    }
}
