//! Addresses, answers and errors of the RPC.

use std::time::Duration;

use reqwest::{header::LOCATION, Response, StatusCode, Url};
use serde::Deserialize;

use super::{IpfsStore, MAX_ANSWER};
use crate::store::{Store, StoreError, TOKENS_VARIABLE};

/// What to give instead of an address at which something else answers.
const WANTED: &str =
    "give the address of the RPC, which `ipfs config Addresses.API` prints (port 5001)";

/// The words of a node that refuses something.
#[derive(Deserialize)]
pub(super) struct Refusal {
    #[serde(rename = "Message")]
    pub message: String,
}

impl Refusal {
    /// The refusal in an answer, or in a line of one.
    pub fn read(answer: &[u8]) -> Option<Self> {
        serde_json::from_slice(answer).ok()
    }
}

fn is_page(answer: &[u8]) -> bool {
    let start = String::from_utf8_lossy(answer.get(..512).unwrap_or(answer)).to_lowercase();
    let start = start.trim_start();
    start.starts_with("<!doctype") || start.starts_with("<html") || start.contains("<head")
}

impl IpfsStore {
    pub(super) fn method(&self, method: &str, query: &str) -> Url {
        let mut url = self.base.clone();
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/api/v0").unwrap_or(path);
        let path = format!("{path}/api/v0/{method}");
        url.set_path(&path);
        url.set_query(Some(query));
        url
    }

    pub(super) fn failed(&self, error: &reqwest::Error, after: Duration) -> StoreError {
        if error.is_timeout() && !error.is_connect() {
            return StoreError::Timeout { store: self.describe(), seconds: after.as_secs() };
        }
        // The outer message repeats the URL; the innermost names the cause.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        StoreError::Unreachable { store: self.describe(), reason: cause.to_string() }
    }

    /// The error of an answer whose status is not 200.
    pub(super) async fn refused(&self, mut response: Response, about: &str) -> StoreError {
        let status = response.status();
        let elsewhere = response.headers().get(LOCATION).is_some();
        let body = self.bytes(&mut response, MAX_ANSWER, self.timeout).await.unwrap_or_default();
        if let Some(refusal) = Refusal::read(&body) {
            return self.understood(refusal.message, about);
        }
        let not_rpc = |what: &str| StoreError::NotRpc {
            store: self.describe(),
            reason: format!("HTTP status {status}: {what}"),
        };
        match status {
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                let reason = format!(
                    "HTTP status {status}: it wants a password or a token, or takes requests from \
                     its own machine alone; put a token into the file that {TOKENS_VARIABLE} names"
                );
                StoreError::Refused { store: self.describe(), reason }
            }
            _ if status.is_redirection() && elsewhere => {
                not_rpc(&format!("it redirects elsewhere, as a login page does; {WANTED}"))
            }
            StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::NOT_IMPLEMENTED => {
                not_rpc(&format!("this looks like a gateway, which stores nothing; {WANTED}"))
            }
            _ if is_page(&body) => not_rpc(&format!("a web page answers; {WANTED}")),
            _ => {
                let reason = format!("HTTP status {status}");
                StoreError::Refused { store: self.describe(), reason }
            }
        }
    }

    /// The error of an answer that is not a Kubo node's, although its status is 200.
    pub(super) fn not_rpc(&self, answer: &[u8], method: &str) -> StoreError {
        let what = match is_page(answer) {
            true => "a web page answers, perhaps of a gateway or a login",
            false => "its answer is none that such a node gives",
        };
        let reason = format!("asked for `{method}`, {what}; {WANTED}");
        StoreError::NotRpc { store: self.describe(), reason }
    }

    /// Kubo has no error codes, only sentences.
    pub(super) fn understood(&self, reason: String, about: &str) -> StoreError {
        let lower = reason.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let refused = |reason| StoreError::Refused { store: self.describe(), reason };
        if says(&["deadline exceeded", "timed out", "timeout"]) {
            StoreError::Timeout { store: self.describe(), seconds: self.timeout.as_secs() }
        } else if says(&["no space left", "disk quota", "storagemax", "storage limit"]) {
            refused(format!(
                "{reason}; make room there, as `ipfs repo gc` does, or name another store with \
                 --store"
            ))
        } else if says(&["not found", "could not find"]) {
            StoreError::NotFound { cid: about.into() }
        } else {
            refused(reason)
        }
    }

    /// The body, of at most `cap` bytes and one chunk more.
    pub(super) async fn bytes(
        &self,
        response: &mut Response,
        cap: usize,
        after: Duration,
    ) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        while bytes.len() <= cap {
            match response.chunk().await {
                Ok(Some(piece)) => bytes.extend_from_slice(&piece),
                Ok(None) => break,
                Err(error) => return Err(self.failed(&error, after)),
            }
        }
        Ok(bytes)
    }
}
