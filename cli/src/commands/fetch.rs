//! `medchain fetch`: a record's content as a file.

use std::{fmt, path::PathBuf, time::Instant};

use anyhow::Result;
use clap::Args;
use medchain_primitives::RecordId;
use serde::Serialize;

use crate::{
    arguments,
    context::Context,
    files,
    output::{self, time::elapsed_ms, Outcome},
    records::{self, FetchTimings},
};

/// Arguments of `medchain fetch`.
#[derive(Args, Clone, Debug)]
pub struct FetchArgs {
    /// The record's number.
    #[arg(value_parser = arguments::record())]
    pub record: RecordId,
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Fetch and verify the encrypted file without decrypting it; needs no key.
    #[arg(long)]
    pub ciphertext: bool,
    /// Replace the file if it exists.
    #[arg(long)]
    pub force: bool,
}

/// A written file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FetchReport {
    /// The record.
    pub record_id: RecordId,
    /// The CID of the encrypted content.
    pub cid: String,
    /// The file.
    pub file: String,
    /// The file's length in bytes.
    pub bytes: usize,
    /// Whether the content is decrypted.
    pub decrypted: bool,
    /// How long the steps took.
    pub timings_ms: FetchTimings,
}

impl fmt::Display for FetchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form =
            if self.decrypted { "verified and decrypted" } else { "verified, still encrypted" };
        write!(
            f,
            "record {}: {} bytes, {form}, written to {}",
            self.record_id, self.bytes, self.file
        )
    }
}

/// Runs `medchain fetch`.
pub async fn run(context: &Context, args: &FetchArgs) -> Result<Outcome> {
    output::print(&fetch(context, args).await?, context.json)?;
    Ok(Outcome::Done)
}

/// Fetches a record into a file.
pub async fn fetch(context: &Context, args: &FetchArgs) -> Result<FetchReport> {
    let path = &args.output;
    files::ensure_free(path, args.force)?;
    let view = context.view().await?;
    let record = records::find(&view, args.record).await?;
    let (length, timings_ms) = if args.ciphertext {
        let started = Instant::now();
        let bytes = records::ciphertext(context, &record).await?;
        let timings = FetchTimings { fetch_verify: elapsed_ms(started), decrypt: 0 };
        files::write_atomically(path, &bytes, args.force, false)?;
        (bytes.len(), timings)
    } else {
        let opened = records::open(context, &view, &record).await?;
        // An X-ray is private, also on a shared computer.
        files::write_atomically(path, &opened.bytes, args.force, true)?;
        (opened.bytes.len(), opened.timings_ms)
    };
    Ok(FetchReport {
        record_id: record.id,
        cid: records::document(&record)?.cid.to_string(),
        file: path.display().to_string(),
        bytes: length,
        decrypted: !args.ciphertext,
        timings_ms,
    })
}
