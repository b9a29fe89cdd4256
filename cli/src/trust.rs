//! Which encryption keys are believed: one's own as the key file gives it, those of others as
//! they were the first time; and who is believed to receive keys.
//!
//! With a second node, everything that a node tells of who receives which key is compared with
//! what both vouch for, before anything is sealed.

mod witnessed;

use anyhow::{bail, Result};
use medchain_client::{
    chain::View,
    keys::{Identity, KeyKind},
    AccountId32,
};
use medchain_primitives::EncryptionKey;

pub use witnessed::{
    ensure_custodians, ensure_drawn, ensure_reader, ensure_record, witnessed, Both,
};

use crate::{context::Context, output::hex};

/// What an account has published, compared with its key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// No key.
    Nothing,
    /// The key of the key file.
    Own,
    /// Another key.
    Other(EncryptionKey),
}

impl Published {
    /// Compares what the chain has with an identity's own key.
    pub fn of(told: Option<EncryptionKey>, own: EncryptionKey) -> Self {
        match told {
            None => Self::Nothing,
            Some(key) if key == own => Self::Own,
            Some(key) => Self::Other(key),
        }
    }

    /// Asks the chain.
    pub async fn find(view: &View, identity: &Identity) -> Result<Self> {
        let told = view.encryption_key(&identity.account()).await?;
        Ok(Self::of(told, identity.encryption_key()))
    }

    /// Fails where another key is published, naming both.
    pub fn ensure_not_other(self, identity: &Identity) -> Result<Self> {
        let Self::Other(published) = self else { return Ok(self) };
        bail!("{}; nothing was sent", differs(identity, published))
    }
}

/// That the published key is not the key file's, and the way out.
pub fn differs(identity: &Identity, published: EncryptionKey) -> String {
    format!(
        "{} has published the encryption key {}, but this key file has {}, which opens nothing \
         that is sealed to the published one. Use the key file that the published key belongs to; \
         or replace it with `medchain key publish --replace`: what was sealed to it stays sealed \
         to it",
        identity.account(),
        hex(published.0),
        hex(identity.encryption_key().0)
    )
}

/// The key to seal to for an account, of which a node tells a published key.
///
/// For oneself it is one's own key: where the chain has another one, it would refuse the envelope.
/// For others it must be the one that was told before, on this chain.
pub async fn believed(
    context: &Context,
    account: &AccountId32,
    told: EncryptionKey,
) -> Result<EncryptionKey> {
    if *account == context.account()? {
        let identity = context.identity()?;
        if told != identity.encryption_key() {
            bail!("{}. Nothing was sealed", differs(identity, told));
        }
        return Ok(identity.encryption_key());
    }
    if let Some(proven) = witnessed(context).await? {
        ensure_proven(account, told, proven.encryption_key(account).await?)?;
    }
    ensure_known(context, KeyKind::Encryption, &[(*account, told.0)]).await?;
    Ok(told)
}

/// Checks that keys of others are those that were told before, on this chain, and remembers
/// the new ones.
pub async fn ensure_known(
    context: &Context,
    kind: KeyKind,
    told: &[(AccountId32, [u8; 32])],
) -> Result<()> {
    let genesis = context.chain().await?.genesis_hash();
    let accepted = context.accepted_keys()?;
    Ok(context.known_keys().check(genesis, kind, told, &accepted)??)
}

/// Checks that the key which a node tells is the one that two nodes vouch for.
fn ensure_proven(
    account: &AccountId32,
    told: EncryptionKey,
    proven: Option<EncryptionKey>,
) -> Result<()> {
    match proven {
        Some(proven) if proven == told => Ok(()),
        Some(proven) => bail!(
            "the node tells the encryption key {} of {account}, but both nodes have {} in their \
             last final block: if {account} has just published another one, try again in a \
             minute; else the first node lies. Nothing was sealed",
            hex(told.0),
            hex(proven.0)
        ),
        None => bail!(
            "the node tells an encryption key of {account}, but it has none in the last block \
             that both nodes call final: if it was just published, try again in a minute; else \
             the first node lies. Nothing was sealed"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_two_nodes_do_not_vouch_for_stops() {
        let (bob, key) = (AccountId32([2; 32]), EncryptionKey([5; 32]));
        assert!(ensure_proven(&bob, key, Some(key)).is_ok());
        let other = ensure_proven(&bob, key, Some(EncryptionKey([6; 32]))).unwrap_err();
        assert!(other.to_string().contains("0x0606"), "{other}");
        assert!(ensure_proven(&bob, key, None).unwrap_err().to_string().contains("has none"));
    }

    #[test]
    fn another_published_key_stops_and_names_both() {
        let alice = Identity::from_secret_uri("//Alice").unwrap();
        let own = alice.encryption_key();
        let other = EncryptionKey([7; 32]);
        assert_eq!(Published::of(None, own), Published::Nothing);
        assert_eq!(Published::of(Some(own), own), Published::Own);
        let published = Published::of(Some(other), own);
        assert_eq!(published, Published::Other(other));
        assert!(Published::Own.ensure_not_other(&alice).is_ok());
        assert!(Published::Nothing.ensure_not_other(&alice).is_ok());
        let said = published.ensure_not_other(&alice).unwrap_err().to_string();
        for part in [&hex(own.0), &hex(other.0), "--replace", "stays sealed", &alice.ss58()] {
            assert!(said.contains(part), "{said}");
        }
    }
}
