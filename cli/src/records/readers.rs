//! The accounts that content keys are sealed to.

use anyhow::{Context as _, Result};
use medchain_client::{
    chain::View,
    crypto::{self, ContentKey, EnvelopeName, Sealed},
    AccountId32, H256,
};
use medchain_primitives::{Cid, EncryptionKey, SealedKey};

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

    /// Seals the key of a content to this reader.
    pub fn seal(&self, key: &ContentKey, of: &EnvelopesOf<'_>) -> Result<(AccountId32, SealedKey)> {
        let sealed = crypto::seal(key, &self.key, &of.name(&self.account))
            .with_context(|| format!("cannot seal the key to {}", self.account))?;
        Ok((self.account, sealed))
    }
}

/// What envelopes are for: a content of a patient, on one chain. Anywhere else they do not open.
#[derive(Clone, Copy)]
pub struct EnvelopesOf<'a> {
    genesis: H256,
    patient: AccountId32,
    content: Sealed<'a>,
}

impl<'a> EnvelopesOf<'a> {
    /// Those of a record with this content.
    pub async fn record(context: &Context, patient: &AccountId32, cid: &'a Cid) -> Result<Self> {
        let genesis = context.chain().await?.genesis_hash();
        Ok(Self { genesis, patient: *patient, content: Sealed::Record(cid) })
    }

    /// That of the patient's profile.
    pub async fn profile(context: &Context, patient: &AccountId32) -> Result<Self> {
        let genesis = context.chain().await?.genesis_hash();
        Ok(Self { genesis, patient: *patient, content: Sealed::Profile })
    }

    /// What the envelope of one reader is for.
    pub fn name(&self, reader: &AccountId32) -> EnvelopeName<'a> {
        EnvelopeName {
            genesis: self.genesis.0,
            patient: self.patient.0,
            content: self.content,
            reader: reader.0,
        }
    }
}
