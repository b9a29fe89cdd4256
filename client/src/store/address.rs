//! The address of one store, in the forms that people have at hand.
//!
//! `ipfs config Addresses.API` prints a multiaddress, and `ss` prints `127.0.0.1:5001`. Taken
//! as the name of a folder, either would hide an X-ray on this computer.
//!
//! The web page's server is compiled with this file as well, which uses nothing of the client but
//! [`StoreError`].

use std::net::IpAddr;

use super::StoreError;

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// The RPC of a Kubo node, as `http://…` or `https://…`.
    Node(String),
    /// A folder.
    Folder(String),
}

/// How a node is named, for errors.
const FORM: &str = "give the RPC address of a Kubo node as http://127.0.0.1:5001, or a folder as \
                    /path/to/it or ./path/to/it";

impl Address {
    /// Reads the address of one store.
    ///
    /// Errors: [`StoreError::InvalidUrl`] with the form that is wanted.
    pub fn read(text: &str) -> Result<Self, StoreError> {
        let text = text.trim();
        let invalid = |reason: &str| {
            Err(StoreError::InvalidUrl { url: shown(text), reason: reason.to_owned() })
        };
        if text.is_empty() {
            return invalid("the name of the store is empty");
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            return match scheme.to_ascii_lowercase().as_str() {
                "http" | "ipfs+http" => Ok(Self::Node(format!("http://{rest}"))),
                "https" | "ipfs+https" => Ok(Self::Node(format!("https://{rest}"))),
                "file" if rest.starts_with('/') => Ok(Self::Folder(rest.to_owned())),
                _ => invalid(FORM),
            };
        }
        if let Some(multiaddress) = multiaddress(text) {
            return match multiaddress {
                Some(url) => Ok(Self::Node(url)),
                None => invalid(
                    "only multiaddresses such as /ip4/127.0.0.1/tcp/5001 name the RPC of a Kubo \
                     node; give it as http://127.0.0.1:5001",
                ),
            };
        }
        let lower = text.to_ascii_lowercase();
        let misspelt =
            ["http:", "https:", "ipfs+http:", "ipfs+https:", "file:", "http//", "https//"];
        if misspelt.iter().any(|start| lower.starts_with(start)) {
            return invalid(FORM);
        }
        match host_and_port(text) {
            Host::WithPort => {
                // A path that is not the RPC's belongs to something else.
                Ok(Self::Node(format!("http://{text}")))
            }
            Host::WithoutPort => invalid(
                "an address needs the port of the node's RPC, such as http://127.0.0.1:5001; a \
                 folder of that name is ./NAME",
            ),
            Host::None => Ok(Self::Folder(text.to_owned())),
        }
    }
}

/// `url` without user and password, for messages.
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match (rest.rsplit_once('@'), rest.split_once(':')) {
        (Some((_, host)), _) => format!("{scheme}://…@{host}"),
        // Something other than a port here may be half of a password.
        (None, Some((host, port)))
            if !host.starts_with('[') && !port.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            format!("{scheme}://{host}:…")
        }
        _ => url.to_owned(),
    }
}

/// The URL that a multiaddress names; the outer none where it is none.
fn multiaddress(text: &str) -> Option<Option<String>> {
    let mut parts = text.strip_prefix('/')?.trim_end_matches('/').split('/');
    let protocol = parts.next()?;
    let kinds = ["ip4", "ip6", "dns", "dns4", "dns6", "dnsaddr", "unix", "p2p", "ipfs", "onion3"];
    // A folder may be called so, but with what follows it is an address.
    if !kinds.contains(&protocol) || (protocol == "ipfs" && !text.contains("/Qm")) {
        return None;
    }
    let rest: Vec<&str> = parts.collect();
    let url = || {
        let (host, after) = rest.split_first()?;
        let host = match protocol {
            "ip6" => format!("[{host}]"),
            "ip4" | "dns" | "dns4" | "dns6" => (*host).to_owned(),
            _ => return None,
        };
        let (tcp, after) = after.split_first()?;
        let (port, after) = after.split_first()?;
        let port: u16 = (*tcp == "tcp").then(|| port.parse().ok())??;
        let scheme = match after {
            [] | ["http"] => "http",
            ["https"] | ["tls", "http"] => "https",
            _ => return None,
        };
        Some(format!("{scheme}://{host}:{port}"))
    };
    Some(url())
}

enum Host {
    WithPort,
    WithoutPort,
    None,
}

/// Whether a text without scheme begins like an address of the network, and not like a path.
fn host_and_port(text: &str) -> Host {
    let (host, path) = match text.find('/') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let is_rpc = matches!(path.trim_end_matches('/'), "" | "/api/v0" | "/api");
    let port = host.rsplit_once(':').map(|(name, port)| (name, port.parse::<u16>().is_ok()));
    match port {
        Some((name, true)) if is_rpc && is_name(name) => Host::WithPort,
        _ if is_rpc && is_bare_address(host) => Host::WithoutPort,
        _ => Host::None,
    }
}

fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match bracketed {
        Some(address) => address.parse::<IpAddr>().is_ok(),
        None => !name.is_empty() && name.chars().all(is_letter) && !name.starts_with('.'),
    }
}

fn is_bare_address(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().is_ok() || host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_node_however_it_is_written() {
        for (text, url) in [
            ("http://127.0.0.1:5001", "http://127.0.0.1:5001"),
            ("HTTP://127.0.0.1:5001/", "http://127.0.0.1:5001/"),
            ("ipfs+http://127.0.0.1:5001", "http://127.0.0.1:5001"),
            (" http://127.0.0.1:5001\n", "http://127.0.0.1:5001"),
            ("https://kubo.example.org", "https://kubo.example.org"),
            ("/ip4/127.0.0.1/tcp/5001", "http://127.0.0.1:5001"),
            ("/ip4/127.0.0.1/tcp/5001/", "http://127.0.0.1:5001"),
            ("/ip4/127.0.0.1/tcp/5001/http", "http://127.0.0.1:5001"),
            ("/ip6/::1/tcp/5001", "http://[::1]:5001"),
            ("/dns4/kubo/tcp/5001", "http://kubo:5001"),
            ("/dns/kubo.example.org/tcp/443/https", "https://kubo.example.org:443"),
            ("/dns/kubo.example.org/tcp/443/tls/http", "https://kubo.example.org:443"),
            ("127.0.0.1:5001", "http://127.0.0.1:5001"),
            ("127.0.0.1:5001/", "http://127.0.0.1:5001/"),
            ("127.0.0.1:5001/api/v0", "http://127.0.0.1:5001/api/v0"),
            ("localhost:5001", "http://localhost:5001"),
            ("[::1]:5001", "http://[::1]:5001"),
            ("kubo-1.hospital.example:5001", "http://kubo-1.hospital.example:5001"),
        ] {
            assert_eq!(Address::read(text).unwrap(), Address::Node(url.into()), "{text}");
        }
    }

    #[test]
    fn what_is_neither_node_nor_folder_says_what_is_wanted() {
        for text in [
            "",
            "127.0.0.1",
            "localhost",
            "[::1]",
            "::1",
            "http:/127.0.0.1:5001",
            "http:127.0.0.1:5001",
            "http//127.0.0.1:5001",
            "/ip4/127.0.0.1",
            "/ip4/127.0.0.1/udp/5001/quic",
            "/ip4/127.0.0.1/tcp/4001/p2p/12D3KooW",
            "/unix/run/kubo.sock",
            "/p2p/12D3KooW",
            "ipfs://bafy",
            "file://host/path",
            "ftp://example.org",
        ] {
            let error = Address::read(text).unwrap_err();
            assert!(matches!(error, StoreError::InvalidUrl { .. }), "{text}: {error}");
            let wanted = text.is_empty() || error.to_string().contains("http://127.0.0.1:5001");
            assert!(wanted, "{text}: {error}");
        }
    }

    #[test]
    fn a_folder_is_a_folder() {
        for text in [
            "/var/lib/medchain/store",
            "store",
            "./store",
            "../a/b",
            "./127.0.0.1:5001",
            "./localhost",
            "/a/127.0.0.1:5001",
            "stores/kubo:5001",
            "my store",
            "a:b",
            "12:30 backup",
            "127.0.0.1:5001/films",
            "/ip4",
            "/ipfs/store",
            "/dnsstore/x",
        ] {
            let read = Address::read(text);
            // `/ip4` alone is an address that lacks the rest.
            if text == "/ip4" {
                assert!(read.is_err());
                continue;
            }
            assert_eq!(read.unwrap(), Address::Folder(text.into()), "{text}");
        }
        assert_eq!(Address::read("file:///a").unwrap(), Address::Folder("/a".into()));
    }
}
