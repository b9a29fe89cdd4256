//! The custodian's key.

use medchain_client::crypto::{CryptoError, EncryptionSecret, KeyShare};
use medchain_primitives::{EncryptionKey, SealedKey};

use crate::{
    core::{custody::Grant, Account},
    ports::custody::{SealError, Sealer},
};

/// Opens shares that are sealed to one X25519 key.
pub struct KeySealer(EncryptionSecret);

impl KeySealer {
    /// A sealer with this secret.
    pub fn new(secret: EncryptionSecret) -> Self {
        Self(secret)
    }
}

impl Sealer for KeySealer {
    fn public(&self) -> EncryptionKey {
        self.0.public()
    }

    fn reseal(
        &self,
        me: &Account,
        grant: &Grant,
        reader: &EncryptionKey,
    ) -> Result<SealedKey, SealError> {
        let Some((number, sealed)) = grant.custody.share_of(me) else {
            return Err(SealError::Unopened("there is no share for this custodian".to_owned()));
        };
        let share = KeyShare::open(&self.0, number, sealed)
            .map_err(|_| SealError::Unopened("it is sealed to another key".to_owned()))?;
        share.seal(reader).map_err(|error| match error {
            CryptoError::WeakKey => {
                SealError::Reader("the subject's encryption key is of small order".to_owned())
            }
            other => SealError::Reader(other.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use medchain_client::crypto::{combine, split, ContentKey};
    use medchain_primitives::RecordId;

    use super::*;
    use crate::core::custody::{Custody, GrantId};

    const NAMES: [&str; 3] = ["//Gwen", "//Hal", "//Ivy"];

    fn secret(name: &str) -> EncryptionSecret {
        EncryptionSecret::from_secret_uri(name)
    }

    /// A grant on a record whose key is split among three, any two of whom open it.
    fn grant(key: &ContentKey) -> Grant {
        let shares = split(key, 3, 2).unwrap();
        let sealed = shares.iter().zip(NAMES).zip(1..).map(|((share, name), account)| {
            ([account; 32], share.seal(&secret(name).public()).unwrap())
        });
        Grant {
            id: GrantId { record: RecordId(1), subject: [9; 32], granted_at: 10 },
            until: 110,
            custody: Arc::new(Custody { threshold: 2, shares: sealed.collect() }),
            delivered: BTreeSet::new(),
        }
    }

    #[test]
    fn what_two_custodians_seal_anew_is_the_key() {
        let key = ContentKey::generate();
        let grant = grant(&key);
        let reader = secret("//Erin");
        let opened: Vec<KeyShare> = [(1u8, "//Gwen"), (3, "//Ivy")]
            .into_iter()
            .map(|(number, name)| {
                let sealer = KeySealer::new(secret(name));
                let sealed = sealer.reseal(&[number; 32], &grant, &reader.public()).unwrap();
                KeyShare::open(&reader, number, &sealed).unwrap()
            })
            .collect();
        assert_eq!(combine(&opened, 2).unwrap().as_bytes(), key.as_bytes());
    }

    #[test]
    fn who_has_another_key_or_no_share_opens_nothing() {
        let grant = grant(&ContentKey::generate());
        let reader = secret("//Erin").public();
        let sealer = KeySealer::new(secret("//Hal"));
        assert!(sealer.reseal(&[2; 32], &grant, &reader).is_ok());
        for account in [[1; 32], [4; 32]] {
            let error = sealer.reseal(&account, &grant, &reader).unwrap_err();
            assert!(matches!(error, SealError::Unopened(_)) && !error.is_retryable(), "{error:?}");
        }
        let weak = sealer.reseal(&[2; 32], &grant, &EncryptionKey([0; 32])).unwrap_err();
        assert!(matches!(weak, SealError::Reader(_)), "{weak:?}");
    }
}
