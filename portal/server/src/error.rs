//! Why a portal cannot be served.

use std::{io, net::SocketAddr, path::PathBuf};

/// Why a portal cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The page was not there when this program was compiled.
    #[error("this program was compiled without the page; build it with scripts/build-portal.sh")]
    NotBuilt,
    /// Other machines would be served without encryption.
    #[error(
        "{listen} can be reached from other machines, and a page that handles keys must not be \
         served to them unencrypted; give a certificate (--certificate, --certificate-key), or \
         listen on 127.0.0.1"
    )]
    NeedsTls {
        /// The address.
        listen: SocketAddr,
    },
    /// No browser could call the server.
    #[error(
        "{listen} stands for every address of this machine, and is no name that browsers call; \
         give the name with --host"
    )]
    NoName {
        /// The address.
        listen: SocketAddr,
    },
    /// The node's address cannot be used.
    #[error("{url} is no node's address; give it as ws://127.0.0.1:9944")]
    Node {
        /// The address.
        url: String,
    },
    /// The store's name cannot be used.
    #[error("the store {name} cannot be used: {reason}")]
    Store {
        /// Its name, without a password.
        name: String,
        /// Why.
        reason: String,
    },
    /// A file of the certificate cannot be used.
    #[error("{path} cannot be used for TLS: {reason}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {listen}: {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Another program can answer by this server's own name.
    #[error(
        "another program has {other}, and browsers could take it for this page by the name \
         localhost; end it, or choose another port with --listen"
    )]
    Name {
        /// The other address of that name.
        other: SocketAddr,
    },
    /// The listener failed.
    #[error("the server failed: {0}")]
    Serving(io::Error),
}
