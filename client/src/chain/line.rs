//! A line to a node that can be dialled again.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use subxt::rpcs::{
    client::{RawRpcFuture, RawRpcSubscription, RawValue, RpcClientT},
    RpcClient,
};

use super::ChainError;

/// A new connection to the node, once it is made.
type Dialled = Pin<Box<dyn Future<Output = Result<RpcClient, ChainError>> + Send>>;

/// Requests go over the newest connection. One that is open already stays with the
/// connection on which it was made.
pub(super) struct Line {
    dial: Box<dyn Fn() -> Dialled + Send + Sync>,
    newest: Mutex<RpcClient>,
}

impl Line {
    /// A line over `first`, which `dial` replaces.
    pub fn new<D: Future<Output = Result<RpcClient, ChainError>> + Send + 'static>(
        first: RpcClient,
        dial: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        Self { dial: Box::new(move || Box::pin(dial())), newest: Mutex::new(first) }
    }

    /// Makes a connection that is not used yet.
    pub async fn dial(&self) -> Result<RpcClient, ChainError> {
        (self.dial)().await
    }

    /// Uses this connection from now on.
    pub fn switch_to(&self, client: RpcClient) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }

    fn newest(&self) -> RpcClient {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl RpcClientT for Line {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        params: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        let client = self.newest();
        Box::pin(async move { client.request_raw(method, params).await })
    }

    fn subscribe_raw<'a>(
        &'a self,
        sub: &'a str,
        params: Option<Box<RawValue>>,
        unsub: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        let client = self.newest();
        Box::pin(async move { client.subscribe_raw(sub, params, unsub).await })
    }
}
