//! `medchain key`: one secret signs and, derived from it, decrypts.

use std::{
    io::{BufRead, IsTerminal},
    path::{Path, PathBuf},
};

use anyhow::{bail, Context as _, Result};
use clap::Subcommand;
use medchain_client::{chain::Call, keys, keys::Identity};
use serde::Serialize;

use crate::{
    context::{default_key_file, Context},
    output::{self, Outcome},
    sign::Included,
};

/// Subcommands of `medchain key`.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key file with a fresh secret. The secret is written to the file
    /// and shown nowhere.
    New {
        /// The file to make; without it, the one of --key, or else the default.
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Ask for a secret that you have already (12 or more words, or a
        /// 0x-prefixed seed) in place of making one.
        #[arg(long)]
        import: bool,
    },
    /// Show the address and the public encryption key.
    Show,
    /// Publish your encryption key on chain, so that records can be sealed to you.
    Publish,
    /// Take your encryption key off the chain: nobody seals to you any more, and
    /// its deposit comes back. What was sealed to you before stays readable.
    Unpublish,
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyReport {
    /// The address on chain.
    pub account: String,
    /// The X25519 public key in hexadecimal.
    pub encryption_key: String,
    /// Where the secret lies, where it lies in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip)]
    fresh: bool,
}

impl KeyReport {
    fn new(identity: &Identity, file: Option<&Path>, fresh: bool) -> Self {
        Self {
            account: identity.account().to_string(),
            encryption_key: format!("0x{}", hex::encode(identity.encryption_key().0)),
            file: file.map(|file| file.display().to_string()),
            fresh,
        }
    }
}

impl std::fmt::Display for KeyReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "account         {}", self.account)?;
        writeln!(f, "encryption key  {}", self.encryption_key)?;
        if let Some(file) = &self.file {
            writeln!(f, "key file        {file}")?;
        }
        if self.fresh {
            writeln!(f, "Back this file up where nobody else reads it. Without it,")?;
            writeln!(f, "nobody can sign for this account or open what is sealed to it.")?;
        }
        Ok(())
    }
}

/// A published encryption key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublishReport {
    /// The address on chain.
    pub account: String,
    /// The X25519 public key in hexadecimal.
    pub encryption_key: String,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for PublishReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "encryption key {} of {} published {}",
            self.encryption_key, self.account, self.included
        )
    }
}

/// A key that was taken off the chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnpublishReport {
    /// The address on chain.
    pub account: String,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl std::fmt::Display for UnpublishReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "encryption key of {} removed {}", self.account, self.included)
    }
}

/// Runs `medchain key`.
pub async fn run(context: &Context, command: KeyCommand) -> Result<Outcome> {
    match command {
        KeyCommand::New { out, import } => {
            let file = out.or_else(|| context.key_file().cloned()).unwrap_or_else(default_key_file);
            output::print(&new(&file, import)?, context.json)?;
        }
        KeyCommand::Show => {
            let file = context.key_file().map(PathBuf::as_path);
            let report = KeyReport::new(context.identity()?, file, false);
            output::print(&report, context.json)?;
        }
        KeyCommand::Publish => output::print(&publish(context).await?, context.json)?,
        KeyCommand::Unpublish => output::print(&unpublish(context).await?, context.json)?,
    }
    Ok(Outcome::Done)
}

fn new(file: &Path, import: bool) -> Result<KeyReport> {
    if file.exists() {
        bail!("{} exists already; a key is never overwritten", file.display());
    }
    let secret = if import {
        zeroize::Zeroizing::new(ask_for_secret()?)
    } else {
        keys::generate_mnemonic()?
    };
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let identity = Identity::create(file, &secret)?;
    Ok(KeyReport::new(&identity, Some(file), true))
}

/// From the terminal without echo, or one line of standard input.
fn ask_for_secret() -> Result<String> {
    let secret = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Secret words or seed: ")
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    };
    Ok(secret.context("cannot read the secret")?.trim().to_string())
}

/// Publishes the signer's encryption key.
pub async fn publish(context: &Context) -> Result<PublishReport> {
    context.ensure_can_ask()?;
    let identity = context.identity()?;
    let key = identity.encryption_key();
    let account = identity.account();
    if context.view().await?.encryption_key(&account).await? == Some(key) {
        bail!("the encryption key of {account} is published already; nothing was sent");
    }
    let call = Call::SetEncryptionKey { key };
    let outcome = context.sign(&call, "publish the encryption key").await?;
    Ok(PublishReport {
        account: identity.account().to_string(),
        encryption_key: format!("0x{}", hex::encode(key.0)),
        included: (&outcome).into(),
    })
}

/// Takes the signer's encryption key off the chain.
async fn unpublish(context: &Context) -> Result<UnpublishReport> {
    let account = context.account()?;
    let outcome = context.sign(&Call::RemoveEncryptionKey, "remove the encryption key").await?;
    Ok(UnpublishReport { account: account.to_string(), included: (&outcome).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_shown_without_its_secret_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys/alice");
        let report = new(&file, false).unwrap();
        let secret = std::fs::read_to_string(&file).unwrap();
        let shown = format!("{report}{}", serde_json::to_string(&report).unwrap());
        let first_words: Vec<&str> = secret.split_whitespace().take(3).collect();
        assert!(!shown.contains(&first_words.join(" ")));
        assert_eq!(Identity::load(&file).unwrap().account().to_string(), report.account);
        assert!(new(&file, false).unwrap_err().to_string().contains("never overwritten"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), secret);
    }
}
