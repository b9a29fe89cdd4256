//! Decryption with the worker's key.

use medchain_client::{
    crypto::{self, EncryptionSecret},
    AccountId32,
};
use medchain_primitives::{ContentDigest, SealedKey};
use zeroize::Zeroizing;

use crate::prediction::ports::{Cipher, CipherError};

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
    ) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        let key =
            self.0.open(envelope).map_err(|error| CipherError::Envelope(error.to_string()))?;
        crypto::decrypt(&key, patient, file).map_err(|error| CipherError::File(error.to_string()))
    }
}
