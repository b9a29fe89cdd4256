//! Why the node ended, in a sentence.

use std::{error::Error as _, path::Path};

use sc_cli::Error;

/// The cause and, where there is one, the way out.
pub fn explain(error: &Error) -> String {
    match error {
        Error::Input(reason) => reason.clone(),
        Error::NetworkKeyNotFound(path) => network_key(path),
        Error::KeyAlreadyExistsInPath(path) => {
            format!("there is a network key already, which stays as it is: {}", path.display())
        }
        _ => with_causes(error),
    }
}

/// Other nodes know a collator by its network key, so it is not made in passing.
fn network_key(path: &Path) -> String {
    // `BASE/chains/ID/network/secret_ed25519`, or the path that `--node-key-file` gives.
    let base = path.ancestors().nth(4).filter(|base| path.starts_with(base.join("chains")));
    let place = match base {
        Some(base) => format!("--base-path {} --chain CHAIN", base.display()),
        None => format!("--file {}", path.display()),
    };
    format!(
        "a collator needs a network key, and {} does not exist; make it once, as the user that \
         runs the node: `medchain-node key generate-node-key {place}`{}",
        path.display(),
        if base.is_some() { ", with the CHAIN that the node gets" } else { "" }
    )
}

/// The error and what caused it, each once.
fn with_causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}
