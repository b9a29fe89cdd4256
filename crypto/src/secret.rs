//! The secrets that open envelopes.

use medchain_primitives::{EncryptionKey, SealedKey};
use zeroize::Zeroizing;

use crate::{
    derive::derive,
    envelope::{self, EnvelopeName},
    x25519::SecretKey,
    ContentKey, CryptoError,
};

/// Separates this key from everything else that is derived from the same secret.
const LABEL: &[u8] = b"medchain/encryption/2";

/// An X25519 secret, which opens envelopes that are sealed to its public key.
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
        self.0.public()
    }

    /// The bytes, for what else is derived from them.
    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// Opens an envelope that was made for `name`.
    ///
    /// # Errors
    /// [`CryptoError::UnknownEnvelope`] where its version is not known,
    /// [`CryptoError::EnvelopeForAnotherKey`] where it names another key, and
    /// [`CryptoError::Envelope`] where it does not open.
    pub fn open(
        &self,
        sealed: &SealedKey,
        name: &EnvelopeName<'_>,
    ) -> Result<ContentKey, CryptoError> {
        envelope::open(&self.0, sealed, name)
    }
}

impl core::fmt::Debug for EncryptionSecret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EncryptionSecret").field("public", &self.public().0).finish_non_exhaustive()
    }
}
