//! `medchain-portal`: serves the page until Ctrl-C.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Result;
use clap::Parser;
use medchain_portal_server::{Options, Portal, TlsFiles};

/// Serve MedChain's web page
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The node's WebSocket address.
    #[arg(long, env = "MEDCHAIN_NODE", default_value = "ws://127.0.0.1:9944", value_name = "URL")]
    node: String,
    /// Where encrypted files are stored: folders or IPFS nodes, comma-separated.
    #[arg(
        long,
        env = "MEDCHAIN_STORE",
        default_value = "http://127.0.0.1:5001",
        hide_env_values = true,
        value_name = "PLACE,…"
    )]
    store: String,
    /// The address to listen on; other machines are served only with a certificate.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// A name by which browsers call this server; repeat for more.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// The certificate chain, a PEM file.
    #[arg(long, value_name = "FILE", requires = "certificate_key")]
    certificate: Option<PathBuf>,
    /// The certificate's private key, a PEM file.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    certificate_key: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let tls = arguments.certificate.zip(arguments.certificate_key);
    let portal = Portal::bind(&Options {
        node: arguments.node,
        store: arguments.store,
        listen: arguments.listen,
        hosts: arguments.hosts,
        tls: tls.map(|(certificate, key)| TlsFiles { certificate, key }),
    })
    .await?;
    println!("MedChain's page: {}", portal.url());
    let stop = async {
        // Where the signal cannot be awaited, the system ends the program.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    portal.serve(stop).await?;
    Ok(())
}
