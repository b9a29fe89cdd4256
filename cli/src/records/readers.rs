//! The accounts that content keys are sealed to.

use anyhow::{Context as _, Result};
use medchain_client::{
    chain::View,
    crypto::{self, ContentKey},
    AccountId32,
};
use medchain_primitives::{EncryptionKey, SealedKey};

use crate::{context::Context, trust};

/// An account and the encryption key that is believed to be its own.
#[derive(Clone)]
pub struct Reader {
    /// The account.
    pub account: AccountId32,
    /// Its key.
    pub key: EncryptionKey,
}

impl Reader {
    /// Looks up an account's key; without one, nothing can be sealed to it. Which key is
    /// believed, [`trust::believed`] says.
    pub async fn find(context: &Context, view: &View, account: &AccountId32) -> Result<Self> {
        Self::find_if_published(context, view, account).await?.with_context(|| {
            format!(
                "{account} has published no encryption key, so nothing can be sealed to it; \
                 its owner runs `medchain key publish`"
            )
        })
    }

    /// Looks up an account's key, where it may have none.
    pub async fn find_if_published(
        context: &Context,
        view: &View,
        account: &AccountId32,
    ) -> Result<Option<Self>> {
        let Some(told) = view.encryption_key(account).await? else { return Ok(None) };
        let key = trust::believed(context, account, told).await?;
        Ok(Some(Self { account: *account, key }))
    }

    /// Seals a content key to this reader.
    pub fn seal(&self, key: &ContentKey) -> Result<(AccountId32, SealedKey)> {
        let sealed = crypto::seal(key, &self.key)
            .with_context(|| format!("cannot seal the key to {}", self.account))?;
        Ok((self.account, sealed))
    }
}
