//! Addresses, answers and errors of the RPC.

use std::time::Duration;

use reqwest::{Response, Url};
use serde::Deserialize;

use super::{IpfsStore, MAX_ANSWER};
use crate::store::{Store, StoreError};

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
        #[derive(Deserialize)]
        struct Refusal {
            #[serde(rename = "Message")]
            message: String,
        }
        let status = response.status();
        let body = self.bytes(&mut response, MAX_ANSWER, self.timeout).await.unwrap_or_default();
        let reason = match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) => refusal.message,
            Err(_) => format!("HTTP status {status}"),
        };
        self.understood(reason, about)
    }

    /// Kubo has no error codes, only sentences.
    fn understood(&self, reason: String, about: &str) -> StoreError {
        let lower = reason.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if says(&["deadline exceeded", "timed out", "timeout"]) {
            StoreError::Timeout { store: self.describe(), seconds: self.timeout.as_secs() }
        } else if says(&["not found", "could not find"]) {
            StoreError::NotFound { cid: about.into() }
        } else {
            StoreError::Refused { store: self.describe(), reason }
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
