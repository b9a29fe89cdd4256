//! `medchain portal`: serves the web page.
//!
//! The server is a program of its own, `medchain-portal`: the page is built with other tools and
//! takes a while, and the command line does without.

use std::{net::SocketAddr, os::unix::process::CommandExt as _, path::PathBuf, process::Command};

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::{chain::NODE_VARIABLE, store::STORE_VARIABLE};

use crate::{context::Context, output::Outcome, programs::PORTAL};

/// Arguments of `medchain portal`.
#[derive(Args, Clone, Debug)]
pub struct PortalArgs {
    /// The address to listen on; other machines are served only with a certificate.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// A name by which browsers call this server; repeat for more.
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// The certificate chain, a PEM file.
    #[arg(long, value_name = "FILE", requires = "certificate_key")]
    pub certificate: Option<PathBuf>,
    /// The certificate's private key, a PEM file.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub certificate_key: Option<PathBuf>,
    /// The server's program; defaults to the medchain-portal in this program's folder.
    #[arg(long, value_name = "FILE")]
    pub portal_bin: Option<PathBuf>,
}

/// Becomes the server, so that signals and the exit code are its own.
pub fn run(context: &Context, args: &PortalArgs) -> Result<Outcome> {
    let (node, store) = context.addresses()?;
    let program = PORTAL.find(args.portal_bin.as_deref())?;
    let mut server = Command::new(&program);
    // Addresses may hold passwords, and everybody can list arguments.
    server.env(NODE_VARIABLE, node).env(STORE_VARIABLE, store);
    server.arg("--listen").arg(args.listen.to_string());
    for host in &args.hosts {
        server.arg("--host").arg(host);
    }
    if let Some((certificate, key)) = args.certificate.as_ref().zip(args.certificate_key.as_ref()) {
        server.arg("--certificate").arg(certificate).arg("--certificate-key").arg(key);
    }
    Err(server.exec()).with_context(|| format!("cannot start {}", program.display()))
}
