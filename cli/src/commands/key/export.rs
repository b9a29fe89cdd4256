//! `medchain key export`: a file that wallets import.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::keys::{KeyFile, PassphraseSource};

use super::{KeyReport, NewFile};
use crate::{context::Context, secrets};

/// Arguments of `medchain key export`.
#[derive(Args, Clone, Debug)]
pub struct ExportArgs {
    /// The file to create.
    ///
    /// Folders that are not there are made, closed to others, and named.
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// A file with the passphrase of the exported file [default: that of the key file].
    ///
    /// With - it is read from standard input. An unencrypted key file has none, so one is
    /// asked for on the terminal.
    #[arg(long, value_name = "FILE")]
    pub new_passphrase_file: Option<PathBuf>,
}

/// Writes the account of the key file to another file.
pub fn export(context: &Context, args: &ExportArgs) -> Result<KeyReport> {
    let out = NewFile::at(context, Some(&args.out))?;
    let file = context.key_file().context("a development account has no key file to export")?;
    let file = KeyFile::read(file)?;
    let (identity, passphrase) = secrets::open(&file, context.passphrase())?;
    let new = args.new_passphrase_file.clone().map(PassphraseSource::File);
    let passphrase = match (new.as_ref(), passphrase) {
        (None, Some(passphrase)) => passphrase,
        (new, _) => secrets::new_passphrase(new, "--new-passphrase-file")?,
    };
    file.copy(&identity, &out.path, Some(&passphrase))?;
    out.mention_folder();
    Ok(KeyReport::new(&identity, Some(&out.path), false))
}
