//! What every request and every answer must have.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{Request, State},
    http::{header, HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::Shared;

/// What the page may load and do. Scripts are this server's own, also in workers. There are two
/// policies for Trusted Types: that of Svelte, which makes elements of the page's own templates,
/// and one that lets the page start the one script that runs a network beside it.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    worker-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
    font-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types svelte-trusted-html medchain-worker";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// The names by which browsers may call this server.
pub struct Hosts {
    /// As in a `Host` header, in lower case; the first is the one to be shown.
    names: Vec<String>,
    scheme: &'static str,
}

impl Hosts {
    /// Those of an address, and others that were named.
    pub fn new(address: SocketAddr, others: &[String], is_tls: bool) -> Self {
        let (scheme, standard) = if is_tls { ("https", 443) } else { ("http", 80) };
        let port = address.port();
        let mut names = Vec::new();
        let mut add = |name: &str| {
            names.push(format!("{name}:{port}"));
            if port == standard {
                names.push(name.to_owned());
            }
        };
        for other in others {
            add(&other.to_ascii_lowercase());
        }
        if !address.ip().is_unspecified() {
            add(&match address.ip() {
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            });
        }
        if address.ip().is_loopback() {
            add("localhost");
        }
        Self { names, scheme }
    }

    /// The address that a browser opens.
    pub fn url(&self) -> String {
        let name = self.names.first().map_or("localhost", String::as_str);
        format!("{}://{name}/", self.scheme)
    }

    fn has(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.names.contains(&host)
    }

    fn is_own(&self, origin: &str) -> bool {
        let own = origin.strip_prefix(self.scheme).and_then(|rest| rest.strip_prefix("://"));
        own.is_some_and(|host| self.has(host))
    }
}

/// Refuses requests under foreign names and from foreign pages, and adds the headers.
pub async fn check(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&shared.hosts, request.method(), request.headers()) {
        Some(why) => (StatusCode::FORBIDDEN, why).into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Why a request is refused.
fn refusal(hosts: &Hosts, method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // A name of a foreign site that leads here is not ours.
    if !text(header::HOST).is_some_and(|host| hosts.has(host)) {
        return Some("this server is not called by this name; name it with --host");
    }
    // A WebSocket of a foreign page is not subject to its origin's policy: only this tells.
    let is_change = method != Method::GET && method != Method::HEAD;
    let is_socket = headers.contains_key(header::UPGRADE);
    match text(header::ORIGIN) {
        Some(origin) if !hosts.is_own(origin) => Some("foreign pages may not use this server"),
        None if is_change || is_socket => Some("only this server's own page may do this"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        Hosts::new(SocketAddr::from(([127, 0, 0, 1], 8080)), &[], false)
    }

    fn headers(all: &[(HeaderName, &'static str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_foreign_name_is_refused() {
        for (host, fine) in [
            ("127.0.0.1:8080", true),
            ("LOCALHOST:8080", true),
            ("localhost", false),
            ("evil.example:8080", false),
            ("127.0.0.1:8081", false),
        ] {
            let mut map = HeaderMap::new();
            map.insert(header::HOST, HeaderValue::from_static(host));
            assert_eq!(refusal(&hosts(), &Method::GET, &map).is_none(), fine, "{host}");
        }
        assert!(refusal(&hosts(), &Method::GET, &HeaderMap::new()).is_some());
    }

    #[test]
    fn a_foreign_page_is_refused() {
        let own = [(header::HOST, "localhost:8080"), (header::ORIGIN, "http://localhost:8080")];
        assert!(refusal(&hosts(), &Method::PUT, &headers(&own)).is_none());
        let foreign = [(header::HOST, "localhost:8080"), (header::ORIGIN, "http://evil.example")];
        for method in [Method::GET, Method::PUT] {
            assert!(refusal(&hosts(), &method, &headers(&foreign)).is_some(), "{method}");
        }
        let silent = [(header::HOST, "localhost:8080")];
        assert!(refusal(&hosts(), &Method::PUT, &headers(&silent)).is_some());
        let socket = [(header::HOST, "localhost:8080"), (header::UPGRADE, "websocket")];
        assert!(refusal(&hosts(), &Method::GET, &headers(&socket)).is_some());
        // The scheme is part of an origin.
        let other = [(header::HOST, "localhost:8080"), (header::ORIGIN, "https://localhost:8080")];
        assert!(refusal(&hosts(), &Method::PUT, &headers(&other)).is_some());
    }

    #[test]
    fn an_address_of_version_6_is_a_name() {
        let hosts = Hosts::new(SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 8080)), &[], false);
        assert_eq!(hosts.url(), "http://[::1]:8080/");
        // A part of it may be zero.
        let address = SocketAddr::from(([0x2001, 0xdb8, 0, 1, 0, 0, 0, 1], 8443));
        let hosts = Hosts::new(address, &[], true);
        assert!(hosts.has("[2001:db8:0:1::1]:8443"), "{}", hosts.url());
    }
}
