//! The custodian's key.

use medchain_client::{
    crypto::{CryptoError, EncryptionSecret, KeyShare},
    AccountId32,
};
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
        let Some((patient, cid)) = &grant.custody.of else {
            return Err(SealError::Unopened("there is no such record".to_owned()));
        };
        let patient = AccountId32(*patient);
        let share =
            KeyShare::open_entrusted(&self.0, number, sealed, &patient, cid).map_err(|_| {
                SealError::Unopened(
                    "it is sealed to another key, or is not of this patient and content".to_owned(),
                )
            })?;
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
    use medchain_primitives::{Cid, CidCodec, RecordId};

    use super::*;
    use crate::core::custody::{Custody, GrantId};

    const NAMES: [&str; 3] = ["//Gwen", "//Hal", "//Ivy"];
    const PATIENT: AccountId32 = AccountId32([5; 32]);

    fn cid() -> Cid {
        Cid::new(CidCodec::Raw, [6; 32])
    }

    fn secret(name: &str) -> EncryptionSecret {
        EncryptionSecret::from_secret_uri(name)
    }

    /// A grant on a record whose key is split among three, any two of whom open it.
    fn grant(key: &ContentKey) -> Grant {
        let shares = split(key, 3, 2).unwrap();
        let sealed = shares.iter().zip(NAMES).zip(1..).map(|((share, name), account)| {
            let to = secret(name).public();
            ([account; 32], share.entrust(&to, &PATIENT, &cid()).unwrap())
        });
        Grant {
            id: GrantId { record: RecordId(1), subject: [9; 32], granted_at: 10 },
            until: 110,
            is_emergency: false,
            custody: Arc::new(Custody {
                threshold: 2,
                shares: sealed.collect(),
                of: Some((PATIENT.0, cid())),
            }),
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

    /// Anybody can copy the shares of another patient's record under their own.
    #[test]
    fn a_share_that_was_copied_to_another_record_is_not_opened() {
        let mut grant = grant(&ContentKey::generate());
        let reader = secret("//Erin").public();
        let sealer = KeySealer::new(secret("//Hal"));
        for of in
            [Some(([8; 32], cid())), Some((PATIENT.0, Cid::new(CidCodec::Raw, [9; 32]))), None]
        {
            let custody = Custody { of, ..(*grant.custody).clone() };
            grant.custody = Arc::new(custody);
            let error = sealer.reseal(&[2; 32], &grant, &reader).unwrap_err();
            assert!(matches!(error, SealError::Unopened(_)), "{error:?}");
        }
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
