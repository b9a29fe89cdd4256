//! `medchain key passphrase`: another passphrase for the key file.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use medchain_client::keys::{KeyFile, PassphraseSource};

use super::KeyReport;
use crate::{context::Context, secrets};

/// Arguments of `medchain key passphrase`.
#[derive(Args, Clone, Debug)]
pub struct PassphraseArgs {
    /// A file with the new passphrase; - reads a line of standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "unencrypted")]
    pub new_passphrase_file: Option<PathBuf>,
    /// Store the secret without encryption from now on.
    #[arg(long)]
    pub unencrypted: bool,
}

/// Replaces the key file with one that has another passphrase.
pub fn change(context: &Context, args: &PassphraseArgs) -> Result<KeyReport> {
    let path = context.key_file().context("a development account has no key file")?;
    let file = KeyFile::read(path)?;
    let (identity, _) = secrets::open(&file, context.passphrase())?;
    let passphrase = match args.unencrypted {
        true => None,
        false => {
            let new = args.new_passphrase_file.clone().map(PassphraseSource::File);
            Some(secrets::new_passphrase(new.as_ref(), "--new-passphrase-file")?)
        }
    };
    file.renew(&identity, passphrase.as_ref())?;
    Ok(KeyReport::new(&identity, Some(path), false))
}
