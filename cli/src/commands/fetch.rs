//! `medchain fetch`: from a record's number back to the bytes that went in.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{bail, Context as _, Result};
use clap::Args;
use medchain_client::{
    chain::{Record, View},
    crypto::{self, ContentKey},
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::{
    commands::upload::elapsed_ms,
    content::{self, MAX_CIPHERTEXT_BYTES},
    context::Context,
    envelopes, files,
    output::{self, Outcome},
};

/// Arguments of `medchain fetch`.
#[derive(Args, Clone, Debug)]
pub struct FetchArgs {
    /// The number of the record.
    pub record: u64,
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Fetch and verify the encrypted file without opening it; needs no key.
    #[arg(long)]
    pub ciphertext: bool,
    /// Replace the file where it exists.
    #[arg(long)]
    pub force: bool,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FetchReport {
    /// The record.
    pub record_id: u64,
    /// Where the content came from.
    pub cid: String,
    /// The file.
    pub file: String,
    /// Its length in bytes.
    pub bytes: usize,
    /// Whether it is the content itself, not its encrypted form.
    pub decrypted: bool,
    /// How long the steps took.
    pub timings_ms: FetchTimings,
}

/// How long the steps of a fetch took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FetchTimings {
    /// Fetching by CID, every hash verified.
    pub fetch_verify: u64,
    /// Opening the envelope and decrypting.
    pub decrypt: u64,
}

impl std::fmt::Display for FetchReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let form =
            if self.decrypted { "verified and decrypted" } else { "verified, still encrypted" };
        write!(
            f,
            "record {}: {} bytes, {form}, written to {}",
            self.record_id, self.bytes, self.file
        )
    }
}

/// The content of a record.
pub struct Opened {
    /// The bytes that were uploaded.
    pub bytes: Zeroizing<Vec<u8>>,
    /// How long it took to get them.
    pub timings_ms: FetchTimings,
}

/// Runs `medchain fetch`.
pub async fn run(context: &Context, args: &FetchArgs) -> Result<Outcome> {
    output::print(&fetch(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Fetches a record into a file.
pub async fn fetch(context: &Context, args: &FetchArgs) -> Result<FetchReport> {
    let path = &args.output;
    ensure_free(path, args.force)?;
    let view = context.view().await?;
    let record = envelopes::record(&view, args.record).await?;
    let (length, timings_ms) = if args.ciphertext {
        let started = Instant::now();
        let bytes = ciphertext(context, &record).await?;
        let timings = FetchTimings { fetch_verify: elapsed_ms(started), decrypt: 0 };
        files::write_atomically(path, &bytes, args.force, false)?;
        (bytes.len(), timings)
    } else {
        let opened = open(context, &view, &record).await?;
        // An X-ray is nobody else's business on a shared computer.
        files::write_atomically(path, &opened.bytes, args.force, true)?;
        (opened.bytes.len(), opened.timings_ms)
    };
    Ok(FetchReport {
        record_id: args.record,
        cid: record.cid.to_string(),
        file: path.display().to_string(),
        bytes: length,
        decrypted: !args.ciphertext,
        timings_ms,
    })
}

/// Fetches the encrypted content of a record and verifies it.
pub async fn ciphertext(context: &Context, record: &Record) -> Result<Vec<u8>> {
    content::get(context, &record.cid, Some(record.digest), MAX_CIPHERTEXT_BYTES).await
}

/// Fetches, verifies and decrypts with what is sealed to the signer. The keys come
/// first: who has none is refused before anything is fetched.
pub async fn open(context: &Context, view: &View, record: &Record) -> Result<Opened> {
    let keys = envelopes::keys(context, view, record).await?;
    let started = Instant::now();
    let bytes = ciphertext(context, record).await?;
    let fetch_verify = elapsed_ms(started);
    let started = Instant::now();
    let (_, bytes) = fitting(&keys, record, &bytes)?;
    Ok(Opened { bytes, timings_ms: FetchTimings { fetch_verify, decrypt: elapsed_ms(started) } })
}

/// The content key of a record, to be sealed to somebody else. Where there is more
/// than one that may be it, the content tells.
pub async fn key(context: &Context, view: &View, record: &Record) -> Result<ContentKey> {
    let mut keys = envelopes::keys(context, view, record).await?;
    if keys.len() > 1 {
        let bytes = ciphertext(context, record).await?;
        return fitting(&keys, record, &bytes).map(|(key, _)| key);
    }
    keys.pop().context("there is a key, or an error")
}

/// The first key that opens the content, and the content.
fn fitting(
    keys: &[ContentKey],
    record: &Record,
    bytes: &[u8],
) -> Result<(ContentKey, Zeroizing<Vec<u8>>)> {
    let mut failed = None;
    for key in keys {
        match crypto::decrypt(key, &record.patient, bytes) {
            Ok(plain) => return Ok((key.clone(), plain)),
            Err(error) => failed = Some(error),
        }
    }
    let error = failed.context("there is a key, or an error")?;
    let way_out = if keys.len() > 1 {
        format!(
            "; if custodians handed it over, one of them may have handed over something else: \
             ask others with `medchain request-access {} --anew`",
            record.id
        )
    } else {
        String::new()
    };
    Err(anyhow::Error::new(error)
        .context(format!("record {} cannot be decrypted{way_out}", record.id)))
}

fn ensure_free(path: &Path, force: bool) -> Result<()> {
    if path.is_dir() {
        bail!("{} is a folder; name the file to write", path.display());
    }
    if path.exists() && !force {
        bail!("{} exists already; choose another name or pass --force", path.display());
    }
    Ok(())
}
