//! TLS for whoever serves other machines.

use std::{fs, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::serve::Listener;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::{
    rustls::{
        crypto::ring,
        pki_types::{pem::PemObject, CertificateDer, PrivateKeyDer},
        ServerConfig,
    },
    server::TlsStream,
    TlsAcceptor,
};

use crate::{ServeError, TlsFiles};

const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many connections may wait for being answered.
const WAITING: usize = 64;

/// What makes connections of sockets.
pub struct Acceptor(TlsAcceptor);

impl Acceptor {
    /// Reads certificate and key.
    pub fn open(files: &TlsFiles) -> Result<Self, ServeError> {
        let invalid =
            |path: &Path, reason: String| ServeError::Certificate { path: path.to_owned(), reason };
        let read = |path: &Path| fs::read(path).map_err(|error| invalid(path, error.to_string()));
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(&files.certificate)?)
            .collect::<Result<_, _>>()
            .map_err(|error| invalid(&files.certificate, error.to_string()))?;
        let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?)
            .map_err(|error| invalid(&files.key, error.to_string()))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| invalid(&files.certificate, error.to_string()))?;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    /// Accepts connections of a socket, each of which shakes hands on its own: a slow one does
    /// not keep others waiting.
    pub fn listen(self, socket: TcpListener) -> TlsListener {
        let address = socket.local_addr();
        let (ready, accepted) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            loop {
                let Ok((stream, peer)) = socket.accept().await else {
                    // Too many open files, for one: it passes.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let (acceptor, ready) = (self.0.clone(), ready.clone());
                tokio::spawn(async move {
                    let shaken = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
                    if let Ok(Ok(stream)) = shaken {
                        let _ = ready.send((stream, peer)).await;
                    }
                });
            }
        });
        TlsListener { address, accepted }
    }
}

/// A socket whose connections are encrypted.
pub struct TlsListener {
    address: io::Result<SocketAddr>,
    accepted: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.accepted.recv().await {
            Some(accepted) => accepted,
            // The task that accepts never ends.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.address.as_ref().copied().map_err(|error| error.kind().into())
    }
}
