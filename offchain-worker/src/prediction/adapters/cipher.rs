//! What follows from the worker's encryption key.

use medchain_client::{
    chain::AnswerSalt,
    crypto::{self, ContentKey, EncryptionSecret, EnvelopeName, Sealed},
    AccountId32,
};
use medchain_primitives::{Cid, ContentDigest, RequestId, SealedKey};

use crate::prediction::ports::{Cipher, CipherError, Opened};

/// Opens what is sealed to the X25519 key of one account on one chain.
pub struct KeyCipher {
    secret: EncryptionSecret,
    genesis: [u8; 32],
    account: AccountId32,
}

impl KeyCipher {
    /// A cipher with the secret of `account`, on the chain with this genesis hash.
    pub fn new(secret: EncryptionSecret, genesis: [u8; 32], account: AccountId32) -> Self {
        Self { secret, genesis, account }
    }
}

impl Cipher for KeyCipher {
    fn digest(&self, file: &[u8]) -> ContentDigest {
        crypto::digest(file)
    }

    fn open(
        &self,
        envelope: &SealedKey,
        patient: &AccountId32,
        cid: &Cid,
        file: &[u8],
    ) -> Result<Opened, CipherError> {
        let name = EnvelopeName {
            genesis: self.genesis,
            patient: patient.0,
            content: Sealed::Record(cid),
            reader: self.account.0,
        };
        let opened = self.secret.open(envelope, &name);
        let key = opened.map_err(|error| CipherError::Envelope(error.to_string()))?;
        let image = crypto::decrypt(&key, &patient.0, file)
            .map_err(|error| CipherError::File(error.to_string()))?;
        Ok(Opened { key, image })
    }

    fn lock(
        &self,
        key: &ContentKey,
        patient: &AccountId32,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError> {
        crypto::encrypt(key, &patient.0, plaintext)
            .map_err(|error| CipherError::File(error.to_string()))
    }

    fn salt(&self, genesis: &[u8; 32], request: RequestId) -> AnswerSalt {
        self.secret.answer_salt(genesis, request)
    }
}

#[cfg(test)]
mod tests {
    use medchain_primitives::CidCodec;

    use super::*;

    const GENESIS: [u8; 32] = [9; 32];
    const ME: AccountId32 = AccountId32([6; 32]);

    fn cipher(uri: &str) -> KeyCipher {
        KeyCipher::new(EncryptionSecret::from_secret_uri(uri), GENESIS, ME)
    }

    #[test]
    fn what_is_locked_opens_with_the_envelope_of_the_film_alone() {
        let cid = |byte| Cid::new(CidCodec::Raw, [byte; 32]);
        let (film, another) = (cid(1), cid(2));
        let (key, patient) = (ContentKey::generate(), AccountId32([7; 32]));
        let name = EnvelopeName {
            genesis: GENESIS,
            patient: patient.0,
            content: Sealed::Record(&film),
            reader: ME.0,
        };
        let cipher = cipher("//Ferdie");
        let envelope = crypto::seal(&key, &cipher.secret.public(), &name).unwrap();
        let square = [111; 500];
        let locked = cipher.lock(&key, &patient, &square).unwrap();
        assert!(!locked.windows(8).any(|bytes| bytes == &square[..8]));
        let opened = cipher.open(&envelope, &patient, &film, &locked).unwrap();
        assert_eq!(opened.image.as_slice(), square);
        let fails = |cipher: &KeyCipher, patient, cid| {
            let opened = cipher.open(&envelope, patient, cid, &locked);
            assert!(matches!(opened, Err(CipherError::Envelope(_))));
        };
        fails(&cipher, &AccountId32([8; 32]), &film);
        fails(&cipher, &patient, &another);
        fails(&self::cipher("//Eve"), &patient, &film);
        let secret = || EncryptionSecret::from_secret_uri("//Ferdie");
        fails(&KeyCipher::new(secret(), [8; 32], ME), &patient, &film);
        fails(&KeyCipher::new(secret(), GENESIS, AccountId32([5; 32])), &patient, &film);
    }

    #[test]
    fn the_salt_survives_a_restart_and_differs_for_each_worker_chain_and_request() {
        let salt = |uri: &str, genesis, request| cipher(uri).salt(&[genesis; 32], request);
        let base = salt("//Ferdie", 1, RequestId(1));
        assert_eq!(base, salt("//Ferdie", 1, RequestId(1)));
        assert_ne!(base, salt("//Eve", 1, RequestId(1)));
        assert_ne!(base, salt("//Ferdie", 2, RequestId(1)));
        assert_ne!(base, salt("//Ferdie", 1, RequestId(2)));
    }
}
