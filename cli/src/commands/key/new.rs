//! `medchain key new`: a new secret, or one that somebody has on paper.

use std::path::PathBuf;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::keys::{self, Identity};

use super::{KeyReport, NewFile};
use crate::{context::Context, secrets};

/// Arguments of `medchain key new`.
#[derive(Args, Clone, Debug, Default)]
pub struct NewArgs {
    /// The file to create; defaults to the one of --key, or the default key file.
    ///
    /// Folders that are not there are made, closed to others, and named.
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Ask for an existing secret instead: 12 or more words, or a 0x-prefixed seed.
    ///
    /// Spaces and capitals in the words do not matter. From a pipe, all of it is read, after the
    /// line of the passphrase if that is read from standard input as well.
    #[arg(long)]
    pub import: bool,
    /// Show the words of the new secret once, for a copy on paper.
    #[arg(long, conflicts_with = "import")]
    pub show_words: bool,
    /// Do not encrypt the file, for a service whose key something else protects.
    #[arg(long)]
    pub unencrypted: bool,
}

/// Creates a key file.
pub fn new(context: &Context, args: &NewArgs) -> Result<KeyReport> {
    let file = NewFile::at(context, args.out.as_ref())?;
    // The passphrase first: it is one line of standard input, and the secret is the rest.
    let passphrase = match args.unencrypted {
        true => None,
        false => Some(secrets::new_passphrase(context.passphrase(), "--passphrase-file")?),
    };
    let secret = match args.import {
        true => secrets::secret()?,
        false => keys::generate_mnemonic()?,
    };
    if keys::is_development(&secret) && !context.is_development() {
        bail!(
            "there are no words and no seed before the first /, which means a development \
             account: its secret is public. Give words or a seed, or add --dev"
        );
    }
    let identity = Identity::create(&file.path, &secret, passphrase.as_ref())?;
    file.mention_folder();
    if args.show_words {
        crate::output::tell!("The words of the secret, which are shown only now: {}", *secret);
    }
    Ok(KeyReport::new(&identity, Some(&file.path), true))
}
