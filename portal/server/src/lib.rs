//! Serves MedChain's web page, and relays to a node and to a store at the same origin.
//!
//! | path | what it is |
//! | --- | --- |
//! | `/`, `/*.js`, … | the page's files, which are part of this program |
//! | `/rpc` | a WebSocket to the node, for the methods that the page needs |
//! | `/ipfs/CID` | one block of the store: `GET`, `PUT` of encrypted content, `DELETE` by whoever put it |
//!
//! There is no key here, no plaintext and no cookie: the page encrypts before it stores, and
//! verifies what it gets. The server listens on this machine alone unless it is given a
//! certificate; it answers only to the names that it was told, so that a foreign site cannot
//! reach it by pointing a name of its own here.

mod blocks;
mod error;
mod files;
mod guard;
mod keepers;
mod name;
mod rpc;
mod store;
mod tls;

use std::{
    future::Future,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    extract::DefaultBodyLimit,
    middleware,
    routing::{any, get},
    Router,
};
use tokio::net::{TcpListener, TcpSocket};

pub use error::ServeError;
pub use store::Store;

/// The largest block of a store, in bytes: the limit among IPFS nodes.
pub const MAX_BLOCK: usize = 2 * 1024 * 1024;

/// What a portal is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The node's WebSocket address.
    pub node: String,
    /// Where encrypted files are stored: up to eight folders or IPFS nodes, comma-separated, as
    /// `medchain --store` takes them, apart from nodes behind TLS or a token.
    pub store: String,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The names by which browsers may call this server, besides its address and `localhost`.
    pub hosts: Vec<String>,
    /// The certificate chain and its key, as PEM files. Without them, the server listens on
    /// this machine alone.
    pub tls: Option<TlsFiles>,
}

/// A certificate chain and its key, as PEM files.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// What every request needs.
struct Shared {
    node: String,
    store: Store,
    hosts: guard::Hosts,
    /// How many more browsers may be connected to the node.
    relays: Arc<tokio::sync::Semaphore>,
    keepers: Mutex<keepers::Keepers>,
    /// Held alone while a block is removed, and together while blocks are stored.
    removing: tokio::sync::RwLock<()>,
}

impl Shared {
    fn keepers(&self) -> MutexGuard<'_, keepers::Keepers> {
        // Whoever panicked with it left it whole.
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server that listens, and does not answer yet.
pub struct Portal {
    listener: TcpListener,
    /// Nobody else listens here as long as this one does.
    _held: Option<TcpSocket>,
    tls: Option<tls::Acceptor>,
    shared: Arc<Shared>,
}

impl Portal {
    /// Binds the address.
    ///
    /// # Errors
    /// [`ServeError`] where an option cannot be used or the address is taken.
    pub async fn bind(options: &Options) -> Result<Self, ServeError> {
        if options.tls.is_none() && !options.listen.ip().is_loopback() {
            return Err(ServeError::NeedsTls { listen: options.listen });
        }
        if options.hosts.is_empty() && options.listen.ip().is_unspecified() {
            return Err(ServeError::NoName { listen: options.listen });
        }
        if !files::are_there() {
            return Err(ServeError::NotBuilt);
        }
        if !(options.node.starts_with("ws://") || options.node.starts_with("wss://")) {
            return Err(ServeError::Node { url: options.node.clone() });
        }
        let tls = options.tls.as_ref().map(tls::Acceptor::open).transpose()?;
        let store = Store::open(&options.store)?;
        let bound = |source| ServeError::Listen { listen: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(bound)?;
        let address = listener.local_addr().map_err(bound)?;
        let held = name::hold_other(address)?;
        let hosts = guard::Hosts::new(address, &options.hosts, tls.is_some());
        let shared = Shared {
            node: options.node.clone(),
            store,
            hosts,
            relays: Arc::new(tokio::sync::Semaphore::new(rpc::MAX_RELAYS)),
            keepers: Mutex::default(),
            removing: tokio::sync::RwLock::default(),
        };
        Ok(Self { listener, _held: held, tls, shared: Arc::new(shared) })
    }

    /// The address that a browser opens.
    pub fn url(&self) -> String {
        self.shared.hosts.url()
    }

    /// Answers until `stop` is ready.
    ///
    /// # Errors
    /// [`ServeError::Serving`] where the listener fails.
    pub async fn serve(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let app = router(self.shared);
        let done = match self.tls {
            None => axum::serve(self.listener, app).with_graceful_shutdown(stop).await,
            Some(tls) => {
                axum::serve(tls.listen(self.listener), app).with_graceful_shutdown(stop).await
            }
        };
        done.map_err(ServeError::Serving)
    }
}

/// Binds and answers until `stop` is ready.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    options: &Options,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    Portal::bind(options).await?.serve(stop).await
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/rpc", any(rpc::relay))
        .route("/ipfs/{cid}", get(blocks::fetch).put(blocks::keep).delete(blocks::remove))
        .fallback(files::file)
        .layer(DefaultBodyLimit::max(MAX_BLOCK))
        .layer(middleware::from_fn_with_state(shared.clone(), guard::check))
        .with_state(shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_no_browser_could_call_is_not_served() {
        let files = TlsFiles { certificate: "none.pem".into(), key: "none.key".into() };
        let options = |listen: &str, hosts: &[&str], tls: Option<&TlsFiles>| Options {
            node: "ws://127.0.0.1:9944".into(),
            store: "store".into(),
            listen: listen.parse().expect("it is an address"),
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            tls: tls.cloned(),
        };
        for listen in ["0.0.0.0:8443", "[::]:8443"] {
            let refused = Portal::bind(&options(listen, &[], None)).await.err();
            assert!(matches!(refused, Some(ServeError::NeedsTls { .. })), "{refused:?}");
            let refused = Portal::bind(&options(listen, &[], Some(&files))).await.err();
            assert!(matches!(refused, Some(ServeError::NoName { .. })), "{refused:?}");
            let refused = Portal::bind(&options(listen, &["page.example"], Some(&files))).await;
            let refused = refused.err();
            assert!(!matches!(refused, Some(ServeError::NoName { .. }) | None), "{refused:?}");
        }
    }
}
