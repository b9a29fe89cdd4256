//! `medchain key import`: an account that a wallet exported.

use std::path::PathBuf;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::keys::KeyFile;

use super::{KeyReport, NewFile};
use crate::{
    context::Context,
    secrets,
    trust::{self, Published},
};

/// Arguments of `medchain key import`.
#[derive(Args, Clone, Debug)]
pub struct ImportArgs {
    /// The JSON file that the wallet exported, or a key file of an earlier version.
    #[arg(value_name = "FILE")]
    pub exported: PathBuf,
    /// The file to create; defaults to the one of --key, or the default key file.
    ///
    /// Folders that are not there are made, closed to others, and named.
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Do not encrypt the file, for a service whose key something else protects.
    #[arg(long)]
    pub unencrypted: bool,
}

/// Creates a key file from an exported one.
pub async fn import(context: &Context, args: &ImportArgs) -> Result<KeyReport> {
    let file = NewFile::at(context, args.out.as_ref())?;
    let exported = KeyFile::read_exported(&args.exported)?;
    let (identity, passphrase) = secrets::open(&exported, context.passphrase())?;
    let passphrase = match (args.unencrypted, passphrase) {
        (true, _) => None,
        (false, Some(passphrase)) => Some(passphrase),
        (false, None) => Some(secrets::new_passphrase(context.passphrase(), "--passphrase-file")?),
    };
    if context.has_named_node() {
        let published = Published::find(&context.view().await?, &identity).await?;
        if let Published::Other(published) = published {
            bail!(
                "{}. Nothing was imported; import without --node to have the file all the same",
                trust::differs(&identity, published)
            );
        }
    }
    exported.copy(&identity, &file.path, passphrase.as_ref())?;
    file.mention_folder();
    Ok(KeyReport::new(&identity, Some(&file.path), true))
}
