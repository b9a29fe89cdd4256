//! Content keys in sealed boxes.

use crypto_box::{PublicKey, SecretKey};
use medchain_primitives::{EncryptionKey, SealedKey};
use rand_core::OsRng;
use zeroize::Zeroizing;

use super::{derive::derive, ContentKey, CryptoError};

/// Separates this key from everything else that is derived from the same secret.
const LABEL: &[u8] = b"medchain/encryption/2";

/// Seals `key` so that only the owner of `reader` can open it. The box does
/// not reveal the sender.
///
/// Errors: [`CryptoError::WeakKey`] where `reader` is not a safe key to seal to.
pub fn seal(key: &ContentKey, reader: &EncryptionKey) -> Result<SealedKey, CryptoError> {
    if reader.is_of_small_order() {
        return Err(CryptoError::WeakKey);
    }
    let sealed = PublicKey::from_bytes(reader.0)
        .seal(&mut OsRng, key.as_bytes())
        .map_err(|_| CryptoError::Envelope)?;
    let sealed = sealed.try_into().map_err(|_| CryptoError::Envelope)?;
    Ok(SealedKey(sealed))
}

/// An X25519 secret, which opens boxes that are sealed to its public key.
#[derive(Clone)]
pub struct EncryptionSecret(SecretKey);

impl EncryptionSecret {
    /// The secret that belongs to an account's canonical secret: HKDF-SHA-256 with the label
    /// `medchain/encryption/2`. So one secret is all that has to be backed up.
    pub fn of_account(account_secret: &[u8; 32]) -> Self {
        Self(SecretKey::from_bytes(*derive(account_secret, LABEL)))
    }

    /// The public key, which is stored on chain.
    pub fn public(&self) -> EncryptionKey {
        EncryptionKey(self.0.public_key().to_bytes())
    }

    /// The bytes, for what else is derived from them.
    pub(super) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// Opens an envelope.
    ///
    /// Errors: [`CryptoError::Envelope`] where it is sealed to another key.
    pub fn open(&self, sealed: &SealedKey) -> Result<ContentKey, CryptoError> {
        let opened =
            self.0.unseal(&sealed.0).map(Zeroizing::new).map_err(|_| CryptoError::Envelope)?;
        let bytes: [u8; 32] = opened.as_slice().try_into().map_err(|_| CryptoError::Envelope)?;
        Ok(ContentKey::from_bytes(bytes))
    }
}

impl std::fmt::Debug for EncryptionSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptionSecret").field("public", &self.public().0).finish_non_exhaustive()
    }
}
