//! Sealing with the custodian's key.

use medchain_client::{
    crypto::{CryptoError, EncryptionSecret, KeyShare},
    AccountId32,
};
use medchain_primitives::{EncryptionKey, SealedKey};

use crate::custody::{
    deliveries::Grant,
    ports::{SealError, Sealer},
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
        me: &AccountId32,
        grant: &Grant,
        reader: &EncryptionKey,
    ) -> Result<SealedKey, SealError> {
        let unopened = |reason: &str| SealError::Unopened(reason.to_owned());
        let entrusted = grant.entrusted.as_deref();
        let share = entrusted.and_then(|entrusted| {
            entrusted.custody.share_of(me).map(|(number, sealed)| (&entrusted.of, number, sealed))
        });
        let Some((of, number, sealed)) = share else {
            return Err(unopened("there is no share for this custodian"));
        };
        let Some((patient, cid)) = of else {
            return Err(unopened("there is no such record"));
        };
        let share = KeyShare::open_entrusted(&self.0, number, sealed, patient, cid);
        let share = share
            .map_err(|_| unopened("it is sealed to another key, or bound to another record"))?;
        share.seal(reader).map_err(|error| match error {
            CryptoError::WeakKey => {
                SealError::Reader("the reader's encryption key is of small order".to_owned())
            }
            other => SealError::Reader(other.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use medchain_client::{
        chain::Custody,
        crypto::{combine, split, ContentKey},
    };
    use medchain_primitives::{Cid, CidCodec, RecordId};

    use super::*;
    use crate::custody::deliveries::{Entrusted, GrantId};

    const NAMES: [&str; 3] = ["//Gwen", "//Hal", "//Ivy"];
    const PATIENT: AccountId32 = AccountId32([5; 32]);

    fn cid() -> Cid {
        Cid::new(CidCodec::Raw, [6; 32])
    }

    fn secret(name: &str) -> EncryptionSecret {
        EncryptionSecret::from_secret_uri(name)
    }

    /// A grant on a record whose key is split among three custodians, with threshold 2.
    fn grant(key: &ContentKey) -> Grant {
        let shares = split(key, 3, 2).unwrap();
        let sealed = shares.iter().zip(NAMES).zip(1..).map(|((share, name), account)| {
            let to = secret(name).public();
            (AccountId32([account; 32]), share.entrust(&to, &PATIENT, &cid()).unwrap())
        });
        let shares = sealed.collect();
        let custody = Custody { threshold: 2, shares, depositor: PATIENT, deposit: 0 };
        Grant {
            id: GrantId { record: RecordId(1), subject: AccountId32([9; 32]), granted_at: 10 },
            until: 110,
            is_emergency: false,
            entrusted: Some(Arc::new(Entrusted { custody, of: Some((PATIENT, cid())) })),
            delivered: BTreeSet::new(),
        }
    }

    #[test]
    fn the_shares_that_two_custodians_reseal_make_up_the_key() {
        let key = ContentKey::generate();
        let grant = grant(&key);
        let reader = secret("//Erin");
        let opened: Vec<KeyShare> = [(1u8, "//Gwen"), (3, "//Ivy")]
            .into_iter()
            .map(|(number, name)| {
                let sealer = KeySealer::new(secret(name));
                let sealed =
                    sealer.reseal(&AccountId32([number; 32]), &grant, &reader.public()).unwrap();
                KeyShare::open(&reader, number, &sealed).unwrap()
            })
            .collect();
        assert_eq!(combine(&opened, 2).unwrap().verdict_root(), key.verdict_root());
    }

    /// Anybody can copy the shares of another patient's record to a record of their own.
    #[test]
    fn a_share_that_was_copied_to_another_record_is_not_opened() {
        let grant = grant(&ContentKey::generate());
        let reader = secret("//Erin").public();
        let sealer = KeySealer::new(secret("//Hal"));
        let custody = grant.entrusted.as_ref().unwrap().custody.clone();
        let elsewhere = Cid::new(CidCodec::Raw, [9; 32]);
        for of in [Some((AccountId32([8; 32]), cid())), Some((PATIENT, elsewhere)), None] {
            let custody = custody.clone();
            let grant =
                Grant { entrusted: Some(Arc::new(Entrusted { custody, of })), ..grant.clone() };
            let error = sealer.reseal(&AccountId32([2; 32]), &grant, &reader).unwrap_err();
            assert!(matches!(error, SealError::Unopened(_)), "{error:?}");
        }
    }

    #[test]
    fn a_different_key_or_a_missing_share_opens_nothing() {
        let grant = grant(&ContentKey::generate());
        let reader = secret("//Erin").public();
        let sealer = KeySealer::new(secret("//Hal"));
        assert!(sealer.reseal(&AccountId32([2; 32]), &grant, &reader).is_ok());
        for account in [[1; 32], [4; 32]] {
            let error = sealer.reseal(&AccountId32(account), &grant, &reader).unwrap_err();
            assert!(matches!(error, SealError::Unopened(_)) && !error.is_retryable(), "{error:?}");
        }
        let weak =
            sealer.reseal(&AccountId32([2; 32]), &grant, &EncryptionKey([0; 32])).unwrap_err();
        assert!(matches!(weak, SealError::Reader(_)), "{weak:?}");
    }
}
