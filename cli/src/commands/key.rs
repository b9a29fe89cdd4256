//! `medchain key`: one secret that signs and, through a derived key, decrypts.

mod export;
mod import;
mod new;
mod passphrase;
mod publish;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{bail, Result};
use clap::Subcommand;
use medchain_client::{keys::Identity, AccountId32};
use serde::Serialize;

use crate::{
    context::{default_key_file, Context},
    output::{self, hex, Outcome},
};

pub use publish::publish;

/// Subcommands of `medchain key`.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Create a key file with a new secret, encrypted with a passphrase.
    ///
    /// The passphrase is asked for, or read from the file of --passphrase-file, or from the
    /// program of --passphrase-command. The key file is the backup: it can be copied, and wallets
    /// such as Polkadot.js open it.
    New(new::NewArgs),
    /// Import an account that a wallet such as Polkadot.js exported as JSON.
    ///
    /// The key file keeps the passphrase. Where --node is given, the derived encryption key is
    /// compared with the published one first.
    Import(import::ImportArgs),
    /// Write the account to a JSON file that wallets import, encrypted with a passphrase.
    Export(export::ExportArgs),
    /// Change the passphrase of the key file, or encrypt one that has none.
    Passphrase(passphrase::PassphraseArgs),
    /// Show the address and the public encryption key.
    Show,
    /// Publish your encryption key on chain, so that records can be sealed to you.
    Publish(publish::PublishArgs),
    /// Remove your encryption key from the chain and get its deposit back.
    ///
    /// Nothing can be sealed to you then. You can still open what was sealed before.
    Unpublish,
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyReport {
    /// The address.
    pub account: AccountId32,
    /// The X25519 public key in hexadecimal.
    pub encryption_key: String,
    /// The key file; none for a development account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip)]
    fresh: bool,
}

impl KeyReport {
    fn new(identity: &Identity, file: Option<&Path>, fresh: bool) -> Self {
        Self {
            account: identity.account(),
            encryption_key: hex(identity.encryption_key().0),
            file: file.map(|file| file.display().to_string()),
            fresh,
        }
    }
}

impl fmt::Display for KeyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "account         {}", self.account)?;
        writeln!(f, "encryption key  {}", self.encryption_key)?;
        if let Some(file) = &self.file {
            writeln!(f, "key file        {file}")?;
        }
        if self.fresh {
            writeln!(f, "Back this file up where nobody else can read it. Without it, nobody can")?;
            writeln!(f, "sign for this account or open what is sealed to it.")?;
        }
        Ok(())
    }
}

/// Runs `medchain key`.
pub async fn run(context: &Context, command: &KeyCommand) -> Result<Outcome> {
    match command {
        KeyCommand::New(args) => output::print(&new::new(context, args)?, context.json)?,
        KeyCommand::Import(args) => {
            output::print(&import::import(context, args).await?, context.json)?;
        }
        KeyCommand::Export(args) => output::print(&export::export(context, args)?, context.json)?,
        KeyCommand::Passphrase(args) => {
            output::print(&passphrase::change(context, args)?, context.json)?;
        }
        KeyCommand::Show => {
            let file = context.key_file().map(PathBuf::as_path);
            let report = KeyReport::new(context.identity()?, file, false);
            output::print(&report, context.json)?;
        }
        KeyCommand::Publish(args) => {
            let report = publish::publish_or_replace(context, args.replace).await?;
            output::print(&report, context.json)?;
        }
        KeyCommand::Unpublish => output::print(&publish::unpublish(context).await?, context.json)?,
    }
    Ok(Outcome::Done)
}

/// A key file that is to be created.
struct NewFile {
    path: PathBuf,
    /// The folder that is made for it, where somebody named one that is not there.
    folder: Option<PathBuf>,
}

impl NewFile {
    /// The file `out`, or else the one of --key, or else the default one. It must not exist.
    fn at(context: &Context, out: Option<&PathBuf>) -> Result<Self> {
        let path = out.or(context.key_file()).cloned().unwrap_or_else(default_key_file);
        if path.exists() {
            bail!(
                "{} exists already, and keys are never overwritten; choose another name",
                path.display()
            );
        }
        let named = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = named.filter(|folder| !folder.exists()).map(Path::to_owned);
        // Everybody's first key is in the default folder, which is the program's own.
        let folder = folder.filter(|_| path != default_key_file());
        Ok(Self { path, folder })
    }

    /// Says which folder was made for the file: a slip in its name should not go unseen.
    fn mention_folder(&self) {
        if let Some(folder) = &self.folder {
            crate::output::tell!(
                "note: the folder {} was not there; it is made, and only you can open it",
                folder.display()
            );
        }
    }
}

#[cfg(test)]
mod tests;
