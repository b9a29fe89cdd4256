//! What follows from the worker's encryption key.

use medchain_client::{
    chain::AnswerSalt,
    crypto::{self, ContentKey, EncryptionSecret},
    AccountId32, H256,
};
use medchain_primitives::{ContentDigest, RequestId, SealedKey};

use crate::prediction::ports::{Cipher, CipherError, Opened};

/// Opens what is sealed to one X25519 key.
pub struct KeyCipher(EncryptionSecret);

impl KeyCipher {
    /// A cipher with this secret.
    pub fn new(secret: EncryptionSecret) -> Self {
        Self(secret)
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
        file: &[u8],
    ) -> Result<Opened, CipherError> {
        let key =
            self.0.open(envelope).map_err(|error| CipherError::Envelope(error.to_string()))?;
        let image = crypto::decrypt(&key, patient, file)
            .map_err(|error| CipherError::File(error.to_string()))?;
        Ok(Opened { key, image })
    }

    fn lock(
        &self,
        key: &ContentKey,
        patient: &AccountId32,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError> {
        crypto::encrypt(key, patient, plaintext)
            .map_err(|error| CipherError::File(error.to_string()))
    }

    fn salt(&self, genesis: &[u8; 32], request: RequestId) -> AnswerSalt {
        self.0.answer_salt(H256(*genesis), request)
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::keys::Identity;

    use super::*;

    fn secret_of(uri: &str) -> EncryptionSecret {
        Identity::from_secret_uri(uri).unwrap().encryption_secret().clone()
    }

    #[test]
    fn what_is_locked_opens_with_the_envelope_of_the_film_alone() {
        let secret = secret_of("//Ferdie");
        let (key, patient) = (ContentKey::generate(), AccountId32([7; 32]));
        let envelope = crypto::seal(&key, &secret.public()).unwrap();
        let cipher = KeyCipher::new(secret);
        let square = [111; 500];
        let locked = cipher.lock(&key, &patient, &square).unwrap();
        assert!(!locked.windows(8).any(|bytes| bytes == &square[..8]));
        let opened = cipher.open(&envelope, &patient, &locked).unwrap();
        assert_eq!(opened.image.as_slice(), square);
        assert!(cipher.open(&envelope, &AccountId32([8; 32]), &locked).is_err());
        let other = KeyCipher::new(secret_of("//Eve"));
        assert!(other.open(&envelope, &patient, &locked).is_err());
    }

    #[test]
    fn the_salt_survives_a_restart_and_differs_for_each_worker_chain_and_request() {
        let cipher = |uri: &str| KeyCipher::new(secret_of(uri));
        let salt = |uri: &str, genesis, request| cipher(uri).salt(&[genesis; 32], request);
        let base = salt("//Ferdie", 1, RequestId(1));
        assert_eq!(base, salt("//Ferdie", 1, RequestId(1)));
        assert_ne!(base, salt("//Eve", 1, RequestId(1)));
        assert_ne!(base, salt("//Ferdie", 2, RequestId(1)));
        assert_ne!(base, salt("//Ferdie", 1, RequestId(2)));
    }
}
