//! Addresses of nodes: which ones may be used, and how they are shown.

use std::{fmt, net::IpAddr};

use reqwest::Url;
use thiserror::Error;

/// Why an address is not that of a node.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not an address.
    #[error("`{shown}` is not the address of a node; give one such as ws://127.0.0.1:9944")]
    Malformed {
        /// What was given, without credentials.
        shown: String,
    },
    /// A node on another machine, without encryption.
    #[error(
        "{shown} is a node on another machine and the connection is not encrypted: whoever is on \
         the way can read and replace what it says. Give a wss:// address; or open a tunnel \
         (`ssh -L 9944:127.0.0.1:9944 HOST`) and give ws://127.0.0.1:9944; or, on a network that \
         you trust, pass --insecure-node"
    )]
    Plaintext {
        /// The address, without credentials.
        shown: String,
    },
}

/// Whether connections that anybody on the way can read and change are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plaintext {
    /// Only to nodes on this machine.
    #[default]
    LocalOnly,
    /// To every node.
    Everywhere,
}

/// The address of a node. What displays it shows neither user, password nor path, which
/// may be a secret as well.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeAddress(Url);

impl NodeAddress {
    /// Reads an address, `ws://…` or `wss://…`.
    ///
    /// # Errors
    /// [`AddressError`]
    pub fn parse(text: &str, plaintext: Plaintext) -> Result<Self, AddressError> {
        let malformed = || AddressError::Malformed { shown: hide(text) };
        let url = Url::parse(text.trim()).map_err(|_| malformed())?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(malformed());
        }
        let address = Self(url);
        match address.0.scheme() {
            "wss" => Ok(address),
            "ws" if plaintext == Plaintext::Everywhere || address.is_local() => Ok(address),
            "ws" => Err(AddressError::Plaintext { shown: address.to_string() }),
            _ => Err(malformed()),
        }
    }

    /// Whether packets to it stay on this machine.
    fn is_local(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        // Other spellings of addresses, such as 127.1, have been resolved.
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// The whole address, with its secrets.
    pub(super) fn whole(&self) -> &str {
        self.0.as_str()
    }

    /// What the network said about this address, without the address's secrets.
    pub(super) fn clean(&self, reason: &str) -> String {
        let mut clean = reason.replace(self.0.as_str(), &self.to_string());
        let user = Some(self.0.username()).filter(|user| !user.is_empty());
        let path = Some(self.0.path()).filter(|path| path.len() > 1);
        for secret in [user, self.0.password(), path, self.0.query()].into_iter().flatten() {
            clean = clean.replace(secret, "…");
        }
        clean
    }
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.0.scheme())?;
        if !self.0.username().is_empty() || self.0.password().is_some() {
            f.write_str("…@")?;
        }
        f.write_str(self.0.host_str().unwrap_or_default())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        if self.0.path().len() > 1 || self.0.query().is_some() {
            f.write_str("/…")?;
        }
        Ok(())
    }
}

impl fmt::Debug for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeAddress({self})")
    }
}

/// A text that is no address, without what may be a password in it.
fn hide(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<NodeAddress, AddressError> {
        NodeAddress::parse(text, Plaintext::LocalOnly)
    }

    #[test]
    fn plaintext_stays_on_this_machine() {
        for text in [
            "ws://127.0.0.1:9944",
            "ws://127.8.9.1",
            "ws://127.1:9944",
            "ws://localhost:9944",
            "WS://LOCALHOST:9944",
            "ws://[::1]:9944",
            "wss://node.example",
            "wss://192.0.2.1:443/path",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in [
            "ws://node.example:9944",
            "ws://192.168.0.7:9944",
            "ws://0.0.0.0:9944",
            "ws://[2001:db8::1]:9944",
            "ws://localhost.example",
            "ws://127.0.0.1.example",
            "ws://127.0.0.1@node.example",
            "ws://localhost:9944@node.example",
        ] {
            let error = parse(text).unwrap_err();
            assert!(matches!(error, AddressError::Plaintext { .. }), "{text}: {error}");
            assert!(error.to_string().contains("--insecure-node"), "{error}");
            assert!(NodeAddress::parse(text, Plaintext::Everywhere).is_ok(), "{text}");
        }
        for text in ["", "127.0.0.1:9944", "http://127.0.0.1:9944", "ws://", "node"] {
            let error = parse(text).unwrap_err();
            assert!(matches!(error, AddressError::Malformed { .. }), "{text}: {error}");
        }
    }

    #[test]
    fn secrets_in_an_address_are_not_shown() {
        let secrets = ["hunter2", "clinic", "k3y"];
        for (text, shown) in [
            ("wss://clinic:hunter2@node.example:8443/k3y", "wss://…@node.example:8443/…"),
            ("wss://clinic@node.example", "wss://…@node.example"),
            ("wss://node.example/?key=k3y", "wss://node.example/…"),
            ("wss://node.example", "wss://node.example"),
            ("ws://127.0.0.1:9944", "ws://127.0.0.1:9944"),
        ] {
            let address = parse(text).unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), format!("NodeAddress({shown})"));
            let reason =
                address.clean(&format!("cannot reach {text}: {} is wrong", address.whole()));
            assert!(secrets.iter().all(|secret| !reason.contains(secret)), "{reason}");
        }
        for text in ["ws://clinic:hunter2@node.example", "clinic:hunter2@node.example"] {
            let error = parse(text).unwrap_err();
            for said in [error.to_string(), format!("{error:?}")] {
                assert!(secrets.iter().all(|secret| !said.contains(secret)), "{said}");
            }
        }
    }
}
