//! `medchain key`: one secret that signs and, through a derived key, decrypts.

use std::{
    fmt,
    io::{BufRead, IsTerminal},
    path::{Path, PathBuf},
};

use anyhow::{bail, Context as _, Result};
use clap::Subcommand;
use medchain_client::{chain::Call, keys, keys::Identity, AccountId32};
use serde::Serialize;

use crate::{
    context::{default_key_file, Context},
    output::{self, hex, Outcome},
    signing::Included,
};

/// Subcommands of `medchain key`.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Create a key file with a new secret.
    ///
    /// The secret is written to the file and shown nowhere.
    New {
        /// The file to create; defaults to the one of --key, or the default key file.
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Ask for an existing secret instead: 12 or more words, or a 0x-prefixed seed.
        #[arg(long)]
        import: bool,
    },
    /// Show the address and the public encryption key.
    Show,
    /// Publish your encryption key on chain, so that records can be sealed to you.
    Publish,
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

/// A published encryption key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublishReport {
    /// The address.
    pub account: AccountId32,
    /// The X25519 public key in hexadecimal.
    pub encryption_key: String,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for PublishReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "encryption key {} of {} published {}",
            self.encryption_key, self.account, self.included
        )
    }
}

/// A key removed from the chain.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnpublishReport {
    /// The address.
    pub account: AccountId32,
    /// The transaction.
    #[serde(flatten)]
    pub included: Included,
}

impl fmt::Display for UnpublishReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "encryption key of {} removed {}", self.account, self.included)
    }
}

/// Runs `medchain key`.
pub async fn run(context: &Context, command: &KeyCommand) -> Result<Outcome> {
    match command {
        KeyCommand::New { out, import } => {
            let file = out.as_ref().or(context.key_file());
            let file = file.cloned().unwrap_or_else(default_key_file);
            output::print(&new(&file, *import)?, context.json)?;
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
        bail!(
            "{} exists already, and keys are never overwritten; choose another name",
            file.display()
        );
    }
    let secret = if import {
        zeroize::Zeroizing::new(ask_for_secret()?)
    } else {
        keys::generate_mnemonic()?
    };
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create the folder {}", folder.display()))?;
    }
    let identity = Identity::create(file, &secret)?;
    Ok(KeyReport::new(&identity, Some(file), true))
}

/// Reads a secret: from the terminal without echo, or a line of standard input.
fn ask_for_secret() -> Result<String> {
    let secret = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Secret words or seed: ")
    } else {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    };
    Ok(secret.context("cannot read the secret")?.trim().to_owned())
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
    Ok(PublishReport { account, encryption_key: hex(key.0), included: (&outcome).into() })
}

/// Removes the signer's encryption key from the chain.
async fn unpublish(context: &Context) -> Result<UnpublishReport> {
    let account = context.account()?;
    let outcome = context.sign(&Call::RemoveEncryptionKey, "remove the encryption key").await?;
    Ok(UnpublishReport { account, included: (&outcome).into() })
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
        assert_eq!(Identity::load(&file).unwrap().account(), report.account);
        assert!(new(&file, false).unwrap_err().to_string().contains("never overwritten"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), secret);
    }
}
