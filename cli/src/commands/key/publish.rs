//! `medchain key publish` and `unpublish`: the encryption key on chain.

use std::fmt;

use anyhow::{bail, Result};
use clap::Args;
use medchain_client::{chain::Call, AccountId32};
use serde::Serialize;

use crate::{
    context::Context,
    output::hex,
    signing::Included,
    trust::{self, Published},
};

/// Arguments of `medchain key publish`.
#[derive(Args, Clone, Debug)]
pub struct PublishArgs {
    /// Replace another published key. What was sealed to it stays sealed to it.
    #[arg(long)]
    pub replace: bool,
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

/// Publishes the signer's encryption key, unless another one is published.
pub async fn publish(context: &Context) -> Result<PublishReport> {
    publish_or_replace(context, false).await
}

/// Publishes the signer's encryption key; in place of another one only if `replace`.
pub async fn publish_or_replace(context: &Context, replace: bool) -> Result<PublishReport> {
    context.ensure_can_ask()?;
    let identity = context.identity()?;
    let key = identity.encryption_key();
    let account = identity.account();
    match Published::find(&context.view().await?, identity).await? {
        Published::Nothing => {}
        Published::Own => {
            bail!("the encryption key of {account} is published already; nothing was sent")
        }
        Published::Other(_) if replace => {}
        Published::Other(published) => {
            bail!("{}; nothing was sent", trust::differs(identity, published))
        }
    }
    let call = Call::SetEncryptionKey { key };
    let outcome = context.sign(&call, "publish the encryption key").await?;
    Ok(PublishReport { account, encryption_key: hex(key.0), included: (&outcome).into() })
}

/// Removes the signer's encryption key from the chain.
pub async fn unpublish(context: &Context) -> Result<UnpublishReport> {
    let account = context.account()?;
    let outcome = context.sign(&Call::RemoveEncryptionKey, "remove the encryption key").await?;
    Ok(UnpublishReport { account, included: (&outcome).into() })
}
