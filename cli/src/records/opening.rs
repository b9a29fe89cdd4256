//! Fetching and decrypting a record's content.

use std::time::Instant;

use anyhow::{Context as _, Result};
use medchain_client::{
    chain::{Record, View},
    crypto::{self, ContentKey},
};
use medchain_vision::MAX_FILE_BYTES;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{content::fetch_content, document, keys::keys};
use crate::{context::Context, output::time::elapsed_ms};

/// The largest encrypted file that is fetched, in bytes.
pub const MAX_CIPHERTEXT_BYTES: u64 = crypto::encrypted_length(MAX_FILE_BYTES);

/// A record's content.
pub struct Opened {
    /// The bytes that were uploaded.
    pub bytes: Zeroizing<Vec<u8>>,
    /// The key that opened them.
    pub key: ContentKey,
    /// How long the steps took.
    pub timings_ms: FetchTimings,
}

/// How long the steps of a fetch took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FetchTimings {
    /// Fetching by CID, with every hash verified.
    pub fetch_verify: u64,
    /// Opening the key and decrypting.
    pub decrypt: u64,
}

/// Fetches and verifies a record's encrypted content.
pub async fn ciphertext(context: &Context, record: &Record) -> Result<Vec<u8>> {
    let document = document(record)?;
    fetch_content(context, &document.cid, Some(document.digest), MAX_CIPHERTEXT_BYTES).await
}

/// Fetches, verifies and decrypts a record.
///
/// Looks for a key first: without one, nothing is fetched.
pub async fn open(context: &Context, view: &View, record: &Record) -> Result<Opened> {
    let keys = keys(context, view, record).await?;
    let started = Instant::now();
    let bytes = ciphertext(context, record).await?;
    let fetch_verify = elapsed_ms(started);
    let started = Instant::now();
    let (key, bytes) = fitting(&keys, record, &bytes)?;
    let timings_ms = FetchTimings { fetch_verify, decrypt: elapsed_ms(started) };
    Ok(Opened { bytes, key, timings_ms })
}

/// Whether the encrypted file opens with one of these keys, as a file of the record's patient.
///
/// A file opens under one key and for one patient, so this is the patient's own: whoever copied
/// its CID has no such key.
pub async fn opens(context: &Context, record: &Record, keys: &[ContentKey]) -> bool {
    if keys.is_empty() {
        return false;
    }
    let bytes = ciphertext(context, record).await;
    bytes.is_ok_and(|bytes| fitting(keys, record, &bytes).is_ok())
}

/// A record's content key, to be sealed to another reader.
///
/// Where several keys are possible, the one that decrypts the content.
pub async fn key(context: &Context, view: &View, record: &Record) -> Result<ContentKey> {
    let mut keys = keys(context, view, record).await?;
    if keys.len() > 1 {
        let bytes = ciphertext(context, record).await?;
        return fitting(&keys, record, &bytes).map(|(key, _)| key);
    }
    keys.pop().context("no key opens this record")
}

/// The first key that decrypts the content, and the content.
fn fitting(
    keys: &[ContentKey],
    record: &Record,
    bytes: &[u8],
) -> Result<(ContentKey, Zeroizing<Vec<u8>>)> {
    let mut failed = None;
    for key in keys {
        match crypto::decrypt(key, &record.patient.0, bytes) {
            Ok(plain) => return Ok((key.clone(), plain)),
            Err(error) => failed = Some(error),
        }
    }
    let error = failed.context("no key opens this record")?;
    let id = record.id;
    Err(anyhow::Error::new(error).context(format!(
        "record {id} cannot be decrypted: whoever sealed or entrusted its key gave out another; \
         ask a reader who can open it for `medchain rotate {id}`"
    )))
}
